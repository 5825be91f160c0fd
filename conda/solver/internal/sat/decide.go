package sat

import "math/bits"

// requirement is one clause (not parent or candidates...), numbered in the order
// in which they were made. All requirements of a parent follow each other, and
// those of the request come first.
type requirement struct {
	parent int32 // variable
	name   Name
	clause int32
	heldBy int32 // the chosen candidate in whose list it is kept, or 0
	next   int32 // the following one of that list, or -1
}

// bitset is an ordered set of small numbers with a summary level.
type bitset struct {
	words []uint64
	above []uint64 // one bit for each word that is not zero
}

func (b *bitset) set(i int32) {
	w := int(i >> 6)
	for len(b.words) <= w {
		b.words = append(b.words, 0)
	}
	for len(b.above) <= w>>6 {
		b.above = append(b.above, 0)
	}
	b.words[w] |= 1 << (i & 63)
	b.above[w>>6] |= 1 << (w & 63)
}

func (b *bitset) clear(i int32) {
	w := i >> 6
	if b.words[w] &^= 1 << (i & 63); b.words[w] == 0 {
		b.above[w>>6] &^= 1 << (w & 63)
	}
}

// next returns the least member that is at least i, or -1.
func (b *bitset) next(i int32) int32 {
	w := int(i >> 6)
	if w >= len(b.words) {
		return -1
	}
	if x := b.words[w] >> (i & 63); x != 0 {
		return i + int32(bits.TrailingZeros64(x))
	}
	w++
	for a := w >> 6; a < len(b.above); a++ {
		x := b.above[a]
		if a == w>>6 {
			x &= ^uint64(0) << (w & 63)
		}
		if x != 0 {
			w = a<<6 + bits.TrailingZeros64(x)
			return int32(w<<6 + bits.TrailingZeros64(b.words[w]))
		}
	}
	return -1
}

// wake adds the numbers from first up to, not including, last.
func (b *bitset) wake(first, last int32) {
	for ; first < last; first++ {
		b.set(first)
	}
}

// unsatisfy wakes the requirements that a candidate, no longer chosen, held.
func (s *Solver) unsatisfy(v int32) {
	for r := s.vars[v].holds; r >= 0; r = s.reqs[r].next {
		s.reqs[r].heldBy = 0
		s.queue.set(r)
	}
	s.vars[v].holds = -1
}

// frontier returns the first free candidate of a requirement and the number of
// free ones. It returns 0 for a requirement that asks for nothing now, and takes
// it out of the queue until that changes.
func (s *Solver) frontier(r int32) (candidate int32, count int) {
	q := &s.reqs[r]
	if s.value[pos(q.parent)] != isTru {
		s.queue.clear(r) // woken when the parent is chosen
		return 0, 0
	}
	c := s.c.at(q.clause)
	for _, l := range s.c.arena[c.from:c.to] {
		switch s.value[l] {
		case isTru:
			s.queue.clear(r)
			if q.heldBy == 0 {
				holds := &s.vars[l>>1].holds
				q.heldBy, q.next, *holds = l>>1, *holds, r
			}
			return 0, 0
		case free:
			if count == 0 {
				candidate = l >> 1
			}
			count++
		}
	}
	return candidate, count
}

// decide picks the next variable to make true and the clause that asks for it;
// the variable is 0 if nothing is asked for any more.
func (s *Solver) decide() (v, clause int32) {
	var (
		best     float32
		fewest   int
		explicit bool
	)
	for r := s.queue.next(0); r >= 0; r = s.queue.next(r + 1) {
		q := &s.reqs[r]
		activity := s.activity[q.name]
		if v != 0 && (explicit && q.parent != 0 || fewest == 1 || best == s.highest) {
			break
		}
		if v != 0 && activity <= best {
			continue
		}
		c, n := s.frontier(r)
		if c == 0 || v != 0 && n >= fewest {
			continue
		}
		v, clause = c, q.clause
		best, fewest, explicit = activity, n, q.parent == 0
	}
	return v, clause
}
