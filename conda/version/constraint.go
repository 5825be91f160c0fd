package version

import (
	"fmt"
	"regexp"
	"strings"
)

func (p *specParser) errorAt(at int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Kind: "version spec", Input: p.text, Offset: at, Problem: fmt.Sprintf(format, args...)}
}

// constraint reads one operator and version, glob or regular expression.
func (p *specParser) constraint() (Spec, error) {
	if p.peek() == '^' {
		return p.regex()
	}
	start := p.at
	op, err := p.operator()
	if err != nil {
		return Spec{}, err
	}
	p.blanks()
	at := p.at
	text := p.take(isVersionOrStar)
	if text == "" {
		return Spec{}, p.errorAt(at, "expected a version")
	}
	c := constraint{specParser: p, start: start, at: at, text: text, op: op}
	return c.read()
}

// operator reads an operator; opAny stands for none.
func (p *specParser) operator() (operator, error) {
	at := p.at
	text := p.take(isOperator)
	switch text {
	case "":
		return opAny, nil
	case "==":
		return opEqual, nil
	case "!=":
		return opNotEqual, nil
	case "<":
		return opLess, nil
	case "<=":
		return opLessEqual, nil
	case ">":
		return opGreater, nil
	case ">=":
		return opGreaterEqual, nil
	case "=":
		return opStartsWith, nil
	case "~=":
		return opCompatible, nil
	case "=>":
		if !p.strict {
			return opGreaterEqual, nil
		}
	}
	err := p.errorAt(at, "unknown operator %q", text)
	err.Advice = operatorAdvice(text)
	return opAny, err
}

func operatorAdvice(text string) string {
	switch text {
	case "===":
		return `write "=="`
	case "=>":
		return `write ">="`
	case "=<":
		return `write "<="`
	case "<>", "!":
		return `write "!="`
	case "~":
		return `write "~="`
	}
	return `operators are ==, !=, <, <=, >, >=, = and ~=`
}

// regex reads a pattern up to the first "$" that a spec may end with or go on
// after.
func (p *specParser) regex() (Spec, error) {
	start := p.at
	for i := start; i < len(p.text); i++ {
		if p.text[i] != '$' || i+1 < len(p.text) && strings.IndexByte(" ,|)", p.text[i+1]) < 0 {
			continue
		}
		p.at = i + 1
		text := p.text[start:p.at]
		if _, err := regexp.Compile(text); err != nil {
			return Spec{}, p.errorAt(start, "%v", err) // which does not show the flag below
		}
		return p.pattern(start, text, "(?i)"+text)
	}
	return Spec{}, p.errorAt(start, "no %q at the end of the regular expression", "$")
}

func (p *specParser) pattern(at int, text, expression string) (Spec, error) {
	pattern, err := regexp.Compile(expression)
	if err != nil {
		return Spec{}, p.errorAt(at, "%v", err)
	}
	return Spec{op: opPattern, pattern: pattern, text: text}, nil
}

// constraint is an operator and the text after it.
type constraint struct {
	*specParser
	start int // of the operator
	at    int // of the text
	text  string
	op    operator
}

func (c *constraint) read() (Spec, error) {
	if c.text == "*" || c.text == "*.*" && c.op == opAny && !c.strict {
		return c.star()
	}
	base, stars := cutStars(c.text)
	if strings.IndexByte(base, '*') >= 0 { // no version has one
		return c.glob()
	}
	limit, err := Parse(base)
	if err != nil {
		e := err.(*SyntaxError) //nolint:errorlint // Parse returns no other
		return Spec{}, c.errorAt(c.at+e.Offset, "%s", e.Problem)
	}
	if c.strict {
		if err := c.ambiguous(stars); err != nil {
			return Spec{}, err
		}
	}
	op := c.op
	switch {
	case op == opAny && stars == "":
		op = opEqual
	case op == opAny, op == opEqual && stars != "":
		op = opStartsWith
	case op == opNotEqual && stars != "":
		op = opNotStartsWith
	case op == opGreater && stars != "":
		op = opGreaterEqual
	}
	return Spec{op: op, limit: limit}, nil
}

// star reads what stands for "any version" in the wild. "!=", "<" and ">"
// with "*" mean nothing.
func (c *constraint) star() (Spec, error) {
	switch c.op {
	case opNotEqual, opLess, opGreater:
	case opAny:
		return Spec{}, nil
	default:
		if !c.strict {
			return Spec{}, nil
		}
	}
	return Spec{}, c.errorAt(c.start, "an operator with %q", "*")
}

// glob reads "1.*.3": "*" is any text, all else itself.
func (c *constraint) glob() (Spec, error) {
	if c.op != opAny && c.op != opStartsWith && c.op != opEqual {
		return Spec{}, c.errorAt(c.start, "an operator with %q inside a version", "*")
	}
	if c.strict {
		return Spec{}, c.errorAt(c.at, "%q is only allowed at the end of a version", "*")
	}
	return c.pattern(c.at, c.text, globExpression(c.text))
}

// globExpression returns a regular expression for a glob of version
// characters, in which "*" is any text and case does not matter.
func globExpression(glob string) string {
	return "(?is)^" + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + "$"
}

// ambiguous refuses what strict readers refuse.
func (c *constraint) ambiguous(stars string) error {
	base := strings.TrimSuffix(c.text, stars)
	switch {
	case stars == "" && c.op == opAny:
		err := c.errorAt(c.at, "a version without operator")
		err.Advice = fmt.Sprintf("write %q or %q", "=="+base, base+".*")
		return err
	case stars == "", stars == "*" || stars == ".*":
		if stars == "" || c.op == opAny || c.op == opNotEqual {
			return nil
		}
		return c.errorAt(c.start, "an operator with %q", "*")
	}
	return c.errorAt(c.at+len(base), "more than one %q", "*")
}

// cutStars cuts "*" or any number of ".*", with or without a last ".", from
// the end of a version.
func cutStars(text string) (base, stars string) {
	if text[len(text)-1] != '*' && text[len(text)-1] != '.' {
		return text, ""
	}
	base = text
	if cut := strings.TrimSuffix(text, "."); strings.HasSuffix(cut, ".*") {
		base = cut
	}
	dots := base
	for strings.HasSuffix(dots, ".*") {
		dots = strings.TrimSuffix(dots, ".*")
	}
	if dots == base {
		dots = strings.TrimSuffix(text, "*")
	}
	return dots, text[len(dots):]
}
