package sat

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

// clause has its literals in head, if that is not -1, then in arena[from:to];
// those of a binary clause, which has no head, are its two watches.
type clause struct {
	watch    [2]lit   // -1 if the clause is not watched
	next     [2]int32 // the following clause in the list of each watch, or -1
	head     lit
	from, to int32
	info     int32 // version set, name, solvable or reason; by kind
	kind     clauseKind
}

// clauseBlock is how many clauses are allocated at once. They never move.
const clauseBlock = 512

// clauses holds all clauses.
type clauses struct {
	blocks []*[clauseBlock]clause
	count  int32
	arena  []lit
}

// at returns a clause.
func (c *clauses) at(id int32) *clause {
	return &c.blocks[uint32(id)/clauseBlock][uint32(id)%clauseBlock]
}

func (c *clauses) add(k clauseKind, head lit, from, to, info int32) int32 {
	id := c.count
	if id%clauseBlock == 0 {
		c.blocks = append(c.blocks, new([clauseBlock]clause))
	}
	c.count++
	*c.at(id) = clause{watch: [2]lit{-1, -1}, next: [2]int32{-1, -1}, head: head, from: from, to: to, info: info, kind: k}
	return id
}

// literals calls f for each literal of a clause.
func (c *clauses) literals(id int32, f func(lit)) {
	x := c.at(id)
	if x.head < 0 && x.kind.binary() {
		f(x.watch[0])
		f(x.watch[1])
		return
	}
	if x.head >= 0 {
		f(x.head)
	}
	for _, l := range c.arena[x.from:x.to] {
		f(l)
	}
}

// startWatching puts a clause in front of the lists of two literals, which it
// visits when they become false.
func (s *Solver) startWatching(id int32, a, b lit) {
	c := s.c.at(id)
	c.watch = [2]lit{a, b}
	c.next[0] = s.heads[a]
	s.heads[a] = id
	c.next[1] = s.heads[b]
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
