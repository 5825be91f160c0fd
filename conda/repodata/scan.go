package repodata

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
)

// maxDepth is how deep JSON and msgpack values may be nested.
const maxDepth = 64

// scanner walks over JSON text (RFC 8259), as strictly as encoding/json. After
// its first problem, all its methods do nothing.
type scanner struct {
	data  []byte
	base  int // where data begins in the document
	pos   int
	depth int
	bad   string // the first problem
	short bool   // which is that the text ends early
}

func quoteRune(c rune) string { return strconv.QuoteRune(c) }

// at returns the place in the document, for errors.
func (s *scanner) at() int { return s.base + s.pos }

// fail keeps the first problem, which is at pos.
func (s *scanner) fail(format string, args ...any) bool {
	if s.bad == "" {
		s.short = s.pos >= len(s.data)
		s.bad = fmt.Sprintf(format, args...)
	}
	return false
}

// refuse is fail for what is read but is not as it should be, wherever in the
// window it ends.
func (s *scanner) refuse(format string, args ...any) bool {
	if s.bad == "" {
		s.fail(format, args...)
		s.short = false
	}
	return false
}

func (s *scanner) want(what string) bool {
	if s.pos >= len(s.data) {
		return s.fail("ends early, at byte %d", s.base+len(s.data))
	}
	return s.fail("byte %d: want %s, got %s", s.at(), what, quoteRune(rune(s.data[s.pos])))
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		if c := s.data[s.pos]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// open enters an object or array and says whether anything is in it.
func (s *scanner) open(begin, end byte) bool {
	if s.bad != "" {
		return false
	}
	if s.peek() != begin {
		return s.want(map[byte]string{'{': "an object", '[': "a list"}[begin])
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("byte %d: nested more than %d deep", s.at(), maxDepth)
	}
	s.pos++
	if s.peek() != end {
		return s.pos < len(s.data) || s.want("")
	}
	s.pos++
	s.depth--
	return false
}

// more goes on to the next value of an object or array, if there is one.
func (s *scanner) more(end byte) bool {
	if s.bad != "" {
		return false
	}
	switch s.peek() {
	case ',':
		s.pos++
		return true
	case end:
		s.pos++
		s.depth--
		return false
	}
	return s.want(fmt.Sprintf("',' or %q", end))
}

// key reads an object's next key and the colon. See text for what it returns.
func (s *scanner) key() (raw []byte, plain bool) {
	if s.peek() != '"' {
		s.want("a key")
		return nil, false
	}
	raw, plain = s.text()
	if s.bad == "" && s.peek() != ':' {
		s.want("':'")
	}
	s.pos++
	return raw, plain
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

// special returns where the next quote, backslash or control character is, or
// len(d). It looks at eight bytes at once.
func special(d []byte, i int) int {
	for ; i+8 <= len(d); i += 8 {
		w := binary.LittleEndian.Uint64(d[i:])
		quote, slash := w^('"'*ones), w^('\\'*ones)
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w) & high; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(d) && d[i] != '"' && d[i] != '\\' && d[i] >= ' ' {
		i++
	}
	return i
}

// text reads the string at pos and returns what stands between its quotes.
// It is plain if it holds no escape.
func (s *scanner) text() (raw []byte, plain bool) {
	d, i := s.data, s.pos+1
	begin := i
	plain = true
	for {
		i = special(d, i)
		if s.pos = i; i >= len(d) {
			return nil, s.want("")
		}
		switch d[i] {
		case '"':
			s.pos++
			return d[begin:i], plain
		case '\\':
			plain = false
			if i = s.escape(); s.bad != "" {
				return nil, false
			}
		default:
			return nil, s.want("a character of a string")
		}
	}
}

// escape checks the escape at pos and returns where it ends.
func (s *scanner) escape() int {
	n := 2
	if s.pos++; s.pos >= len(s.data) {
		s.want("")
		return 0
	}
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		n = 6
		for range 4 {
			if s.pos++; s.pos >= len(s.data) || !isHex(s.data[s.pos]) {
				s.want("a hexadecimal digit")
				return 0
			}
		}
		s.pos -= 4
	default:
		s.want("an escape")
	}
	return s.pos - 1 + n
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// skip goes over any value.
func (s *scanner) skip() bool {
	if s.bad != "" {
		return false
	}
	switch c := s.peek(); c {
	case '"':
		s.text()
	case '{':
		for more := s.open('{', '}'); more; more = s.more('}') {
			s.key()
			s.skip()
		}
	case '[':
		for more := s.open('[', ']'); more; more = s.more(']') {
			s.skip()
		}
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
	return s.bad == ""
}

// null reads a null, if the next value is one.
func (s *scanner) null() bool { return s.bad == "" && s.peek() == 'n' && s.literal("null") }

func (s *scanner) literal(word string) bool {
	for i := range len(word) {
		if s.pos >= len(s.data) || s.data[s.pos] != word[i] {
			return s.want(word)
		}
		s.pos++
	}
	return true
}

// number reads a number and returns its text.
func (s *scanner) number() []byte {
	if s.bad != "" {
		return nil
	}
	s.peek()
	begin := s.pos
	s.accept('-')
	if !s.accept('0') && !s.digits("a value") {
		return nil
	}
	if s.accept('.') && !s.digits("a digit") {
		return nil
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		if !s.digits("a digit") {
			return nil
		}
	}
	return s.data[begin:s.pos]
}

func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits(what string) bool {
	begin := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > begin || s.want(what)
}

// end checks that nothing follows.
func (s *scanner) end() bool {
	if s.bad == "" && (s.peek() != 0 || s.pos < len(s.data)) {
		return s.want("the end")
	}
	return s.bad == ""
}
