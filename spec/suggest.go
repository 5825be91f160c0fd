package spec

import (
	"reflect"
	"slices"
	"strings"
)

// unknownKey says that a table has no such key, and which it may mean.
func unknownKey(path, key string, known []reflect.StructField) flaw {
	var names []string
	for _, f := range known {
		names = append(names, f.Tag.Get("toml"))
	}
	f := flawf("unknown key %q", key)
	if path != "" {
		f = flawf("unknown key %q in %s", key, path)
	}
	slices.Sort(names)
	return f.hinted("known keys: %s", strings.Join(names, ", ")).suggest(key, names)
}

// suggest adds the hint "did you mean" where one of the known words is near.
func (f flaw) suggest(word string, known []string) flaw {
	if near := nearest(word, known); near != "" {
		return f.hinted("did you mean %q?", near)
	}
	return f
}

// nearest returns the known word with the fewest edits to a word, the first of
// equals, or "" where all take more than a third of the word.
func nearest(word string, known []string) string {
	const longest = 64 // longer words are no slips, and cost quadratic time
	if len(word) > longest {
		return ""
	}
	best, fewest := "", max(1, len(word)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// that turn a into b (optimal string alignment).
func edits(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// alternatives joins words as "a, b or c".
func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
