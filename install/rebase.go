package install

import (
	"cmp"
	"slices"
	"strings"
)

// Move is a directory of an image and where it lies on this machine.
type Move struct{ From, To string }

// Rebase returns a value of a variable with the directories of an image moved,
// the longest first. A path is moved where it stands as a whole: /opt/conda in
// /opt/conda/lib, in -I/opt/conda/include, in a list and in file:///opt/conda,
// but not in /opt/conda2, in /srv/opt/conda or in x.org/opt/conda.
func Rebase(value string, moves []Move) string {
	moves = slices.Clone(moves)
	slices.SortStableFunc(moves, func(a, b Move) int { return cmp.Compare(len(b.From), len(a.From)) })
	var out strings.Builder
	for at := 0; at < len(value); {
		i := slices.IndexFunc(moves, func(m Move) bool {
			return strings.HasPrefix(value[at:], m.From) && begins(value[:at]) && ends(value[at+len(m.From):])
		})
		if i < 0 {
			out.WriteByte(value[at])
			at++
			continue
		}
		out.WriteString(moves[i].To)
		at += len(moves[i].From)
	}
	return out.String()
}

// begins reports whether an absolute path may begin behind a text: at its start,
// behind what is no part of a name, behind file://, or behind an option
// such as -I.
func begins(before string) bool {
	if strings.HasSuffix(before, "file://") {
		return true
	}
	start := strings.LastIndexFunc(before, func(r rune) bool { return !inName(r) && r != '/' }) + 1
	word := before[start:]
	return word == "" || word[0] == '-' && !strings.Contains(word, "/")
}

// ends reports whether a path's last name ends before a text.
func ends(after string) bool {
	return after == "" || !inName([]rune(after)[0])
}

func inName(r rune) bool {
	return r == '.' || r == '_' || r == '-' || r == '+' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' || r > 0x7f
}
