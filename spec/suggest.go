package spec

import (
	"reflect"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/near"
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
	if meant := near.Word(word, known); meant != "" {
		return f.hinted("did you mean %q?", meant)
	}
	return f
}

// alternatives joins words as "a, b or c".
func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
