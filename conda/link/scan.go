package link

import "bytes"

// scan finds placeholders in one window. It remembers each encoding's next
// occurrence, so that a window is read once per encoding, not once per find.
type scan struct {
	window []byte
	safe   int // occurrences begin before it
	pairs  []pair
	hits   []hit
	nul    presence // of a zero byte in the window
}

// presence is what is known of a byte.
type presence uint8

const (
	unknown presence = iota
	absent
	present
)

// hit is an encoding's first occurrence at or after a position; at is the
// window's length where there is none.
type hit struct {
	from, at int
	known    bool
}

// next returns the first occurrence at or after pos, or nil.
//
// An occurrence in UTF-16-LE behind a zero byte is also one in UTF-16-BE one
// byte earlier; UTF-32 has the same twins three bytes apart. Inside a C string
// the choice matters: the one that lies at a multiple of its code unit in the
// file is meant, as compilers align strings.
func (s *scan) next(pos int, offset int64, aligned bool) (*pair, int) {
	best, at := -1, s.safe
	for i := range s.pairs {
		if h := s.find(i, pos); h < at {
			best, at = i, h
		}
	}
	if best < 0 {
		return nil, 0
	}
	unit := s.pairs[best].unit
	if !aligned || unit == 1 || (offset+int64(at))%int64(unit) == 0 {
		return &s.pairs[best], at
	}
	for i := range s.pairs {
		h := s.find(i, pos)
		if s.pairs[i].unit == unit && h < at+unit && (offset+int64(h))%int64(unit) == 0 {
			return &s.pairs[i], h
		}
	}
	return &s.pairs[best], at
}

// nextOf returns where the first occurrence of one encoding begins, from pos on
// and before end, if anywhere.
func (s *scan) nextOf(p *pair, pos, end int) (at int, ok bool) {
	for i := range s.pairs {
		if &s.pairs[i] == p {
			at = s.find(i, pos)
			return at, at < end
		}
	}
	return 0, false
}

func (s *scan) find(i, pos int) int {
	if s.hits == nil {
		s.hits = make([]hit, len(s.pairs))
	}
	h := &s.hits[i]
	if h.known && h.from <= pos && pos <= h.at {
		return h.at
	}
	*h = hit{from: pos, at: len(s.window), known: true}
	if p := &s.pairs[i]; !p.nul || s.hasNUL() {
		h.at = s.index(p, pos)
	}
	return h.at
}

// hasNUL reports whether the window has a zero byte; text has none.
func (s *scan) hasNUL() bool {
	if s.nul == unknown {
		s.nul = absent
		if bytes.IndexByte(s.window, 0) >= 0 {
			s.nul = present
		}
	}
	return s.nul == present
}

// index returns where an encoding's placeholder begins first, from pos on, or the
// window's length.
func (s *scan) index(p *pair, pos int) int {
	for pos+len(p.from) <= len(s.window) {
		n := bytes.Index(s.window[pos+p.skip:], p.key)
		if n < 0 {
			break
		}
		if pos += n; bytes.HasPrefix(s.window[pos:], p.from) {
			return pos
		}
		pos++
	}
	return len(s.window)
}
