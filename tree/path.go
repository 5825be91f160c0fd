package tree

import (
	"strings"
	"unicode/utf8"
)

// Limits of a path in a layer (promises.md §3.3).
const (
	MaxPath  = 4096 // bytes
	MaxDepth = 128  // elements
)

// CheckPath reports whether p can be the path of a file in a layer: relative,
// clean, slash-separated UTF-8 without control characters, inside its root,
// and no overlay whiteout (image-spec layer.md: names that begin with ".wh.").
// The error is an *Error of class "verification".
func CheckPath(p string) error {
	problem := pathProblem(p)
	if problem == "" {
		return nil
	}
	return NewError("", "path %q %s", p, problem)
}

func pathProblem(p string) string {
	switch {
	case p == "":
		return "is empty"
	case len(p) > MaxPath:
		return "is longer than 4096 bytes"
	case p[0] == '/':
		return "is absolute"
	case !utf8.ValidString(p):
		return "is not UTF-8"
	case strings.ContainsFunc(p, isControl):
		return "has a control character"
	case strings.Count(p, "/") >= MaxDepth:
		return "is deeper than 128 directories"
	}
	for element := range strings.SplitSeq(p, "/") {
		if problem := elementProblem(element); problem != "" {
			return problem
		}
	}
	return ""
}

func elementProblem(element string) string {
	switch {
	case element == "":
		return "has an empty element"
	case element == ".":
		return "has an element \".\""
	case element == "..":
		return "leaves its root"
	case strings.HasPrefix(element, ".wh."):
		return "is an overlay whiteout"
	}
	return ""
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// Parents calls yield with every directory above p, the topmost first, until
// yield returns false: for "a/b/c", "a" and "a/b".
func Parents(p string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range len(p) {
			if p[i] == '/' && !yield(p[:i]) {
				return
			}
		}
	}
}
