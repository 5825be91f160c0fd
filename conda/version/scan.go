package version

import "strings"

// Kinds of component, in their order.
const (
	kindDev uint8 = iota
	kindTrailing
	kindLetters
	kindNumber
	kindPost
)

// component is a run of digits or letters, or a trailing "_".
type component struct {
	kind uint8
	text string // digits without leading zeros ("" is 0), or letters as written
}

func (c component) isZero() bool { return c.kind == kindNumber && c.text == "" }

func (c component) equal(d component) bool {
	if c.kind != d.kind {
		return false
	}
	return c.text == d.text || c.kind == kindLetters && strings.EqualFold(c.text, d.text)
}

// cursor walks the components of one part of a version that check accepts.
type cursor struct {
	part string
	at   int
	// zeroed says that the 0 in front of the letter at part[at] was returned.
	zeroed bool
}

// next returns the next component and whether it starts a segment.
func (c *cursor) next() (found component, first, ok bool) {
	if c.at == len(c.part) {
		return component{}, false, false
	}
	first = c.at == 0
	if isSeparator(c.part[c.at]) && !c.zeroed {
		if c.at+1 == len(c.part) {
			c.at++
			return component{kind: kindTrailing}, false, true
		}
		c.at++
		first = true
	}
	start := c.at
	switch ch := c.part[start]; {
	case isDigit(ch):
		c.at += digits(c.part[start:])
		return component{kindNumber, strings.TrimLeft(c.part[start:c.at], "0")}, first, true
	case first && !c.zeroed:
		c.zeroed = true
		return component{kind: kindNumber}, true, true
	case isSeparator(ch):
		c.zeroed = false
		c.at++
		return component{kind: kindTrailing}, false, true
	}
	c.zeroed = false
	c.at += letters(c.part[start:])
	return word(c.part[start:c.at]), false, true
}

func word(s string) component {
	switch {
	case strings.EqualFold(s, "dev"):
		return component{kind: kindDev}
	case strings.EqualFold(s, "post"):
		return component{kind: kindPost}
	}
	return component{kindLetters, s}
}

// segment appends the components of the next segment to buf.
func (c *cursor) segment(buf []component) ([]component, bool) {
	found, _, ok := c.next()
	if !ok {
		return buf, false
	}
	for ok {
		buf = append(buf, found)
		ahead := *c
		var first bool
		if found, first, ok = ahead.next(); first {
			break
		}
		*c = ahead
	}
	return buf, true
}

// split cuts a version into epoch digits, main and local part.
func split(s string) (epoch, main, local string) {
	main = s
	if n := digits(s); n > 0 && n < len(s) && s[n] == '!' {
		epoch, main = s[:n], s[n+1:]
	}
	main, local, _ = strings.Cut(main, "+")
	return strings.TrimLeft(epoch, "0"), main, local
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isLetter(c byte) bool    { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isSeparator(c byte) bool { return c == '.' || c == '-' || c == '_' }

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func letters(s string) int {
	n := 0
	for n < len(s) && isLetter(s[n]) {
		n++
	}
	return n
}
