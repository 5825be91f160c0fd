package envfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// condition is a selector that was read.
type condition func(p platforms.Platform) bool

// readSelectors returns the selectors of lines, by index.
func readSelectors(f yamltree.File, lines []string) (map[int]condition, error) {
	found := map[int]condition{}
	for i, line := range lines {
		at := comment(line)
		if at < 0 || strings.TrimSpace(line[:at]) == "" {
			continue
		}
		c, err := readSelector(line, at)
		if err != nil {
			return nil, fault.New(fault.Usage, fmt.Sprintf("%s:%d", f.At(i+1), err.at+1), "selector %s", err.problem).
				WithHint("names are %s, joined by not, and, or and parentheses", strings.Join(selectorNames(), ", "))
		}
		if c != nil {
			found[i] = c
		}
	}
	return found, nil
}

// readSelector returns the selector of a comment, or nil.
func readSelector(line string, comment int) (condition, *selectorError) {
	text := line[comment:]
	open, end := strings.IndexByte(text, '['), strings.IndexByte(text, ']')
	sole := open >= 0 && strings.Trim(text[:open], "# \t") == "" // else it may be a remark with a bracket in it
	if open < 0 || end < open {
		if sole {
			return nil, &selectorError{comment + open, "has no closing bracket"}
		}
		return nil, nil
	}
	c, err := parseSelector(text[open+1 : end])
	switch more := strings.IndexByte(text[end:], '['); {
	case err == nil && more >= 0:
		return nil, &selectorError{comment + end + more, "is the second of its line"}
	case err == nil:
		return c, nil
	case sole:
		err.at += comment + open + 1
		return nil, err
	}
	return nil, nil
}

// comment returns where a line's comment starts, or -1. A quote opens a text
// only where a value can start.
func comment(line string) int {
	var quote byte
	before := byte(' ') // the last character that is not a space
	for i := 0; i < len(line); i++ {
		c := line[i]
		spaced := i == 0 || line[i-1] == ' ' || line[i-1] == '\t'
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '#' && spaced:
			return i
		case (c == '"' || c == '\'') && strings.IndexByte(" -:,[{", before) >= 0:
			quote = c
		}
		if c != ' ' && c != '\t' {
			before = c
		}
	}
	return -1
}

// choose returns the text of a file for a platform. Lines that are not there
// are empty, so that the others keep their numbers.
func choose(lines []string, selectors map[int]condition, p platforms.Platform) string {
	kept := slices.Clone(lines)
	for i := 0; i < len(kept); i++ {
		holds, selected := selectors[i]
		if !selected || holds(p) {
			continue
		}
		head := kept[i]
		kept[i] = ""
		for i+1 < len(kept) && below(head, kept[i+1]) {
			i++
			kept[i] = ""
		}
	}
	return strings.Join(kept, "\n")
}

// below reports whether a line belongs to an earlier one: it is indented more,
// or is an item of the list that a key's value is.
func below(head, line string) bool {
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return true
	}
	isItem := func(s string) bool { s = strings.TrimSpace(s); return s == "-" || strings.HasPrefix(s, "- ") }
	return indent(line) > indent(head) || indent(line) == indent(head) && isItem(line) && !isItem(head)
}

// selectorError is a problem at an offset of a line, or of an expression.
type selectorError struct {
	at      int
	problem string
}

// selectorParser reads
//
//	or   = and { "or" and }
//	and  = not { "and" not }
//	not  = "not" not | "(" or ")" | NAME
type selectorParser struct {
	text string
	at   int // of word
	word string
	next int // behind word
	deep int
}

func parseSelector(text string) (condition, *selectorError) {
	s := &selectorParser{text: text}
	s.advance()
	c, err := s.or()
	if err == nil && s.word != "" {
		err = s.fail("has %q where it could end", s.word)
	}
	return c, err
}

func (s *selectorParser) fail(format string, args ...any) *selectorError {
	return &selectorError{s.at, fmt.Sprintf(format, args...)}
}

// advance reads the next word: a parenthesis, or what stands up to one or to a
// space.
func (s *selectorParser) advance() {
	for s.next < len(s.text) && strings.IndexByte(" \t", s.text[s.next]) >= 0 {
		s.next++
	}
	s.at = s.next
	switch n := strings.IndexAny(s.text[s.at:], " \t()"); {
	case n < 0:
		s.next = len(s.text)
	case n == 0:
		s.next++
	default:
		s.next += n
	}
	s.word = s.text[s.at:s.next]
}

func (s *selectorParser) or() (condition, *selectorError) {
	return s.joined("or", s.and, func(a, b bool) bool { return a || b })
}

func (s *selectorParser) and() (condition, *selectorError) {
	return s.joined("and", s.not, func(a, b bool) bool { return a && b })
}

func (s *selectorParser) joined(word string, part func() (condition, *selectorError), join func(a, b bool) bool) (condition, *selectorError) {
	left, err := part()
	for err == nil && s.word == word {
		s.advance()
		var right condition
		if right, err = part(); err == nil {
			before := left
			left = func(p platforms.Platform) bool { return join(before(p), right(p)) }
		}
	}
	return left, err
}

const maxDeep = 64 // parentheses and nots inside each other

func (s *selectorParser) not() (condition, *selectorError) {
	if s.deep++; s.deep > maxDeep {
		return nil, s.fail("is nested more than %d deep", maxDeep)
	}
	defer func() { s.deep-- }()
	switch s.word {
	case "":
		return nil, s.fail("ends where a name is missing")
	case "not":
		s.advance()
		c, err := s.not()
		return func(p platforms.Platform) bool { return !c(p) }, err
	case "(":
		s.advance()
		c, err := s.or()
		if err == nil && s.word != ")" {
			return nil, s.fail("lacks a closing parenthesis")
		}
		s.advance()
		return c, err
	}
	if !slices.Contains(selectorNames(), s.word) && !slices.Contains(foreignNames(), s.word) {
		return nil, s.fail("has %q, which is not a name of a platform", s.word)
	}
	name := s.word
	s.advance()
	return func(p platforms.Platform) bool { return named(name, p) }, nil
}

// selectorNames returns the names that can be true.
func selectorNames() []string {
	return []string{
		"linux", "osx", "win", "unix", "linux64", "aarch64", "osx64", "arm64", "win64", "x86_64", "x86",
	}
}

// foreignNames returns conda-build's names of platforms that gophersnake does
// not know.
func foreignNames() []string {
	return []string{
		"linux32", "win32", "armv6l", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "freebsd", "zos", "emscripten", "wasi", "wasm32",
	}
}

// named reports whether a name is one of a platform's (conda-build's
// metadata.py, as its documentation lists them).
func named(name string, p platforms.Platform) bool {
	switch name {
	case "linux":
		return p.OS == "linux"
	case "osx":
		return p.OS == "darwin"
	case "win":
		return p.OS == "windows"
	case "unix":
		return p.OS != "windows"
	case "linux64":
		return p.Subdir() == "linux-64"
	case "aarch64":
		return p.Subdir() == "linux-aarch64"
	case "osx64":
		return p.Subdir() == "osx-64"
	case "win64":
		return p.Subdir() == "win-64"
	case "arm64":
		return p.Arch == "arm64" && p.OS != "linux"
	case "x86_64", "x86":
		return p.Arch == "amd64"
	}
	return false
}
