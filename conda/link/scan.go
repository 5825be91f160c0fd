package link

import "bytes"

// scan finds placeholders in one window. It remembers each encoding's next
// occurrence, so that a window is read once per encoding, not once per find.
type scan struct {
	window []byte
	safe   int // occurrences begin before it
	pairs  []pair
	hits   []hit
}

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

// nextOf returns the first occurrence of one encoding that begins at or after
// pos and lies before end, or nil. At the window's safe border it may reach
// beyond end.
func (s *scan) nextOf(p *pair, pos, end int) (*pair, int) {
	for i := range s.pairs {
		if &s.pairs[i] != p {
			continue
		}
		at := s.find(i, pos)
		if at < end && (at+len(p.from) <= end || end == s.safe) {
			return p, at
		}
	}
	return nil, 0
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
	if n := bytes.Index(s.window[pos:], s.pairs[i].from); n >= 0 {
		h.at = pos + n
	}
	return h.at
}
