package version

import "strings"

const (
	// MaxSpecLength is how many bytes a version spec may have.
	MaxSpecLength = 1 << 13
	// MaxDepth is how deep the parentheses of a version spec may nest.
	MaxDepth = 64
)

// ParseSpec reads a version spec the way conda and rattler read the ones that
// channels and users have written. The error is a *[SyntaxError].
func ParseSpec(s string) (Spec, error) { return parseSpec(s, false) }

// ParseSpecStrict reads a version spec and refuses what is ambiguous.
func ParseSpecStrict(s string) (Spec, error) { return parseSpec(s, true) }

func parseSpec(s string, strict bool) (Spec, error) {
	p := specParser{text: s, strict: strict}
	if len(s) > MaxSpecLength {
		return Spec{}, p.errorAt(MaxSpecLength, "too long")
	}
	top := opOr
	if strings.IndexByte(s, '|') < 0 {
		top = opAnd
	}
	found, err := p.group(top)
	if err == nil && p.at < len(s) {
		err = p.errorAt(p.at, "expected %q, %q or the end", ",", "|")
	}
	if err != nil {
		return Spec{}, err
	}
	return found, nil
}

type specParser struct {
	text   string
	at     int
	depth  int
	strict bool
}

// group reads alternatives (opOr) or what all must hold (opAnd).
func (p *specParser) group(op operator) (Spec, error) {
	sep := byte('|')
	if op == opAnd {
		sep = ','
	}
	var parts []Spec
	for {
		part, err := p.member(op)
		if err != nil {
			return Spec{}, err
		}
		if parts == nil {
			if p.peek() != sep {
				return part, nil
			}
			parts = make([]Spec, 0, 1+strings.Count(p.text[p.at:], string(rune(sep))))
		}
		if part.op == op {
			parts = append(parts, part.parts...)
		} else {
			parts = append(parts, part)
		}
		if p.peek() != sep {
			break
		}
		p.at++
	}
	return Spec{op: op, parts: parts}, nil
}

func (p *specParser) member(op operator) (Spec, error) {
	if op == opOr {
		return p.group(opAnd)
	}
	p.blanks()
	defer p.blanks()
	if p.peek() != '(' {
		return p.constraint()
	}
	open := p.at
	if p.depth++; p.depth > MaxDepth {
		return Spec{}, p.errorAt(open, "parentheses nest deeper than %d", MaxDepth)
	}
	p.at++
	found, err := p.group(opOr)
	if err != nil {
		return Spec{}, err
	}
	if p.peek() != ')' {
		return Spec{}, p.errorAt(open, "no %q for this %q", ")", "(")
	}
	p.at++
	p.depth--
	return found, nil
}

func (p *specParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *specParser) blanks() {
	for isBlank(p.peek()) {
		p.at++
	}
}

// take returns the longest run of bytes for which is holds.
func (p *specParser) take(is func(byte) bool) string {
	start := p.at
	for p.at < len(p.text) && is(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isOperator(c byte) bool { return strings.IndexByte("=!<>~", c) >= 0 }

func isVersionOrStar(c byte) bool {
	return isDigit(c) || isLetter(c) || strings.IndexByte("!-_.*+", c) >= 0
}
