package sat

import "slices"

// lit is a variable, shifted left by one, with bit 0 set if negated.
type lit = int32

func pos(v int32) lit { return v << 1 }
func neg(v int32) lit { return v<<1 | 1 }

// Values of a literal.
const (
	free  int8 = 0
	isTru int8 = 1
	isFal int8 = -1
)

type clauseKind uint8

const (
	kindRoot       clauseKind = iota // the request itself is chosen
	kindRequires                     // head or a range of the arena
	kindLearnt                       // a range of the arena
	kindConstrains                   // binary
	kindAtMostOne                    // binary
	kindLocked                       // binary
	kindGate                         // binary: a parent opens the gate of a requirement
	kindMet                          // binary: a chosen member of a set meets it
	kindWhen                         // a range of the arena, the parent first
	kindExcluded                     // unit: head
)

func (k clauseKind) binary() bool {
	return k == kindConstrains || k == kindAtMostOne || k == kindLocked || k == kindGate || k == kindMet
}

// clauses holds all clauses, one slice per property. The literals of a clause
// are head, if it is not -1, then arena[from:to]; those of a binary clause, which
// has no head, are its two watches.
type clauses struct {
	kind  []clauseKind
	head  []lit
	from  []int32
	to    []int32
	info  []int32 // version set, name, solvable or reason; by kind
	watch []lit   // two for each clause; -1 if the clause is not watched
	next  []int32 // the following clause in the list of each watch, or -1
	arena []lit
}

// grow makes room for n clauses.
func (c *clauses) grow(n int) {
	c.kind = slices.Grow(c.kind, n)
	for _, list := range []*[]int32{&c.head, &c.from, &c.to, &c.info} {
		*list = slices.Grow(*list, n)
	}
	c.watch, c.next, c.arena = slices.Grow(c.watch, 2*n), slices.Grow(c.next, 2*n), slices.Grow(c.arena, 2*n)
}

func (c *clauses) add(k clauseKind, head lit, from, to, info int32) int32 {
	if len(c.kind) == cap(c.kind) {
		c.grow(len(c.kind))
	}
	c.kind = append(c.kind, k)
	c.head = append(c.head, head)
	c.from = append(c.from, from)
	c.to = append(c.to, to)
	c.info = append(c.info, info)
	c.watch = append(c.watch, -1, -1)
	c.next = append(c.next, -1, -1)
	return int32(len(c.kind) - 1)
}

// literals calls f for each literal of a clause.
func (c *clauses) literals(id int32, f func(lit)) {
	if c.head[id] < 0 && c.kind[id].binary() {
		f(c.watch[2*id])
		f(c.watch[2*id+1])
		return
	}
	if h := c.head[id]; h >= 0 {
		f(h)
	}
	for _, l := range c.arena[c.from[id]:c.to[id]] {
		f(l)
	}
}

// startWatching puts a clause in front of the lists of two literals, which it
// visits when they become false.
func (s *Solver) startWatching(id int32, a, b lit) {
	s.c.watch[2*id], s.c.watch[2*id+1] = a, b
	s.c.next[2*id] = s.heads[a]
	s.heads[a] = id
	s.c.next[2*id+1] = s.heads[b]
	s.heads[b] = id
}

// addBinary adds the clause (a or b). It reports whether both are false now; if
// one is, the other follows at the present level.
func (s *Solver) addBinary(k clauseKind, a, b lit, info int32) (id int32, conflict bool) {
	id = s.c.add(k, -1, 0, 0, info)
	s.startWatching(id, a, b)
	va, vb := s.value[a], s.value[b]
	switch {
	case va == isFal && vb == isFal:
		return id, true
	case va == isFal && vb == free:
		s.assign(b, id)
	case vb == isFal && va == free:
		s.assign(a, id)
	}
	return id, false
}

// addUnit adds the clause (l), which is asserted at every level. It reports
// whether l is false now.
func (s *Solver) addUnit(k clauseKind, l lit, info int32) (id int32, conflict bool) {
	id = s.c.add(k, l, 0, 0, info)
	s.units = append(s.units, id)
	return id, s.value[l] == isFal
}
