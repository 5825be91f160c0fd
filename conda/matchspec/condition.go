package matchspec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/conda/version"
)

// maxConditionDepth is how deep the parentheses of a condition may nest.
const maxConditionDepth = 64

// Condition is when a match spec counts (CEP 43): if Spec is fulfilled, or if
// All or one of Any holds. Exactly one of the three is set.
type Condition struct {
	Spec *MatchSpec
	All  []*Condition
	Any  []*Condition
}

// String returns the condition in one way of writing.
func (c *Condition) String() string {
	switch {
	case c.Spec != nil:
		return c.Spec.leaf()
	case c.All != nil:
		return joinConditions(c.All, " and ", true)
	}
	return joinConditions(c.Any, " or ", false)
}

// leaf returns the spec as part of a condition, where parentheses and the two
// words must stand in brackets.
func (m *MatchSpec) leaf() string {
	build := m.Build.String()
	return m.format(build != "and" && build != "or" && !strings.Contains(m.Version.String(), "("))
}

func joinConditions(parts []*Condition, word string, closer bool) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString(word)
		}
		if closer && part.Any != nil {
			b.WriteString("(" + part.String() + ")")
		} else {
			b.WriteString(part.String())
		}
	}
	return b.String()
}

type conditionParser struct {
	options Options
	text    string
	at      int
	depth   int
}

func (c *conditionParser) errorAt(at int, format string, args ...any) error {
	return &version.SyntaxError{Kind: "condition", Input: c.text, Offset: at, Problem: fmt.Sprintf(format, args...)}
}

func (c *conditionParser) parse() (*Condition, error) {
	when, err := c.any()
	if err == nil && c.at < len(c.text) {
		err = c.errorAt(c.at, "expected %q, %q or the end of the condition", "and", "or")
	}
	return when, err
}

func (c *conditionParser) any() (*Condition, error) {
	parts, err := c.joined("or", c.all, func(part *Condition) []*Condition { return part.Any })
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return &Condition{Any: parts}, nil
}

func (c *conditionParser) all() (*Condition, error) {
	parts, err := c.joined("and", c.term, func(part *Condition) []*Condition { return part.All })
	if err != nil || len(parts) == 1 {
		return first(parts), err
	}
	return &Condition{All: parts}, nil
}

func first(parts []*Condition) *Condition {
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}

// joined reads what a word joins. Parts of the same kind are taken apart.
func (c *conditionParser) joined(word string, read func() (*Condition, error), same func(*Condition) []*Condition) ([]*Condition, error) {
	var parts []*Condition
	for {
		part, err := read()
		if err != nil {
			return nil, err
		}
		if inner := same(part); inner != nil {
			parts = append(parts, inner...)
		} else {
			parts = append(parts, part)
		}
		if !c.isWord(c.at, word) {
			return parts, nil
		}
		c.at += len(word)
	}
}

// term reads a match spec or a condition in parentheses.
func (c *conditionParser) term() (*Condition, error) {
	c.blanks()
	if c.at == len(c.text) || c.text[c.at] != '(' {
		return c.leaf()
	}
	open := c.at
	if c.depth++; c.depth > maxConditionDepth {
		return nil, c.errorAt(open, "parentheses nest deeper than %d", maxConditionDepth)
	}
	c.at++
	inner, err := c.any()
	if err != nil {
		return nil, err
	}
	if c.at == len(c.text) || c.text[c.at] != ')' {
		return nil, c.errorAt(open, "no %q for this %q", ")", "(")
	}
	c.at++
	c.depth--
	c.blanks()
	return inner, nil
}

func (c *conditionParser) leaf() (*Condition, error) {
	start := c.at
	c.at = c.leafEnd()
	spec, err := c.options.Parse(c.text[start:c.at])
	if err != nil {
		var inner *version.SyntaxError
		if errors.As(err, &inner) {
			return nil, c.errorAt(start+inner.Offset, "%s", inner.Problem)
		}
		return nil, err
	}
	return &Condition{Spec: spec}, nil
}

// leafEnd returns where a match spec ends: at "and", "or" or a parenthesis
// that is not in quotes or brackets and does not start a version.
func (c *conditionParser) leafEnd() int {
	depth, quote := 0, byte(0)
	for i := c.at; i < len(c.text); i++ {
		switch b := c.text[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '[':
			depth++
		case b == ']':
			depth = max(0, depth-1)
		case depth > 0:
		case b == '(' || b == ')' || c.isWord(i, "and") || c.isWord(i, "or"):
			return i
		}
	}
	return len(c.text)
}

// isWord reports whether a word stands at i between blanks, parentheses or
// ends.
func (c *conditionParser) isWord(i int, word string) bool {
	isEdge := func(i int) bool {
		return i < 0 || i >= len(c.text) || isBlank(c.text[i]) || c.text[i] == '(' || c.text[i] == ')'
	}
	return strings.HasPrefix(c.text[i:], word) && isEdge(i-1) && isEdge(i+len(word))
}

func (c *conditionParser) blanks() {
	for c.at < len(c.text) && isBlank(c.text[c.at]) {
		c.at++
	}
}
