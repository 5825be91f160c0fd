package matchspec

import (
	"regexp"
	"strings"
)

// Pattern matches a text without regard to case: as a whole, by glob ("*" is
// any text), or by a regular expression written as "^…$". The zero Pattern
// matches everything.
type Pattern struct {
	text       string
	glob       bool
	expression *regexp.Regexp
}

// ParsePattern reads a pattern. Only a regular expression can be wrong.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	if strings.HasPrefix(text, "^") && strings.HasSuffix(text, "$") {
		if _, err := regexp.Compile(text); err != nil {
			return Pattern{}, err // which does not show the flag below
		}
		expression, err := regexp.Compile("(?i)" + text)
		p.expression = expression
		return p, err
	}
	if strings.Trim(text, "*") == "" {
		return Pattern{}, nil
	}
	p.glob = strings.Contains(text, "*")
	return p, nil
}

// IsAny reports whether the pattern matches everything.
func (p Pattern) IsAny() bool { return p.text == "" }

// String returns the pattern as written, "*" if it matches everything.
func (p Pattern) String() string {
	if p.IsAny() {
		return "*"
	}
	return p.text
}

// Match reports whether the pattern matches a text.
func (p Pattern) Match(s string) bool {
	switch {
	case p.text == "":
		return true
	case p.expression != nil:
		return p.expression.MatchString(s)
	case p.glob:
		return matchGlob(p.text, s)
	}
	return p.text == s || len(p.text) == len(s) && hasPrefixFold(s, p.text)
}

// matchGlob matches the text before the first "*" at the start, the text after
// the last at the end, and the others one after another in between.
func matchGlob(glob, s string) bool {
	head, rest, _ := strings.Cut(glob, "*")
	if !hasPrefixFold(s, head) {
		return false
	}
	s = s[len(head):]
	for {
		middle, after, more := strings.Cut(rest, "*")
		if !more {
			return len(s) >= len(middle) && hasPrefixFold(s[len(s)-len(middle):], middle)
		}
		at := indexFold(s, middle)
		if at < 0 {
			return false
		}
		s, rest = s[at+len(middle):], after
	}
}

func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if hasPrefixFold(s[i:], sub) {
			return i
		}
	}
	return -1
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(s[i]) != lower(prefix[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
