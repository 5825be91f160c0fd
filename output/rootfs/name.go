package rootfs

import (
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an image holds (promises.md §3.3).
const (
	maxMembers = 1e6
	maxPath    = 4096
	maxDepth   = 128
)

// clean returns a member's path relative to the root, "." for the root itself,
// or why it is unsafe.
func clean(name string) (p, problem string) {
	switch {
	case name == "":
		return "", "the name is empty"
	case len(name) > maxPath:
		return "", "the name is longer than 4096 bytes"
	case !utf8.ValidString(name):
		return "", "the name is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", "the name has control characters"
	case strings.HasPrefix(name, "/"):
		return "", "the name is absolute"
	case filepath.Separator != '/' && strings.ContainsAny(name, `\:`):
		return "", "the name means something else on this system"
	}
	for e := range strings.SplitSeq(name, "/") {
		if e == ".." {
			return "", "the name leads out of the root"
		}
	}
	p = path.Clean(name)
	if strings.Count(p, "/") >= maxDepth {
		return "", "the name is deeper than 128 directories"
	}
	return p, ""
}
