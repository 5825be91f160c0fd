package sat

// sharedConstrains is the number of forbidden candidates from which on a
// constraint gets a helper variable that all who state it share.
const sharedConstrains = 4

// sharedRequires is the number of candidates from which on a requirement gets a
// gate, a helper variable that all who state it share.
const sharedRequires = 4

// encoder is the work of one call of encode.
type encoder struct {
	tasks    []task
	next     int
	named    []bool // per name: its candidates are encoded
	groups   []group
	fresh    []Name // names with new members, in the order they were met
	members  [][]int32
	filled   int32 // the next reserved place in reqs
	conflict int32
}

// task is one of four things, in this order for each solvable: look at a name's
// candidates, a requirement, a constraint, a conditional requirement.
type task struct {
	kind taskKind
	of   Solvable
	id   int32
}

type taskKind uint8

const (
	taskSolvable taskKind = iota
	taskName
	taskRequires
	taskConstrains
	taskWhen
)

// group is the at-most-one constraint of a name: members are numbered, and
// helpers stand for the bits of the number of the one that is chosen.
type group struct {
	members []int32
	helpers []int32
}

// encode makes the clauses of solvables and, unless they are lazy, of all that
// can be reached from them. It returns the first clause that cannot hold under
// the present assignments, or noConflict.
func (s *Solver) encode(of ...Solvable) int32 {
	e := &s.encoder
	e.conflict = noConflict
	e.tasks, e.next = e.tasks[:0], 0
	for _, x := range of {
		s.enqueue(x)
	}
	for ; e.next < len(e.tasks); e.next++ {
		switch t := e.tasks[e.next]; t.kind {
		case taskSolvable:
			s.encodeSolvable(t.of)
		case taskName:
			s.encodeName(Name(t.id))
		case taskRequires:
			s.encodeRequires(t.of, VersionSet(t.id))
		case taskConstrains:
			s.encodeConstrains(t.of, VersionSet(t.id))
		case taskWhen:
			s.encodeWhen(t.of, &s.Dependencies(t.of).When[t.id])
		}
	}
	s.encodeGroups()
	return e.conflict
}

func (s *Solver) note(id int32, conflict bool) {
	if conflict && s.encoder.conflict == noConflict {
		s.encoder.conflict = id
	}
}

func (s *Solver) enqueue(x Solvable) {
	k := s.solvable(x)
	if k.encoded {
		return
	}
	k.encoded = true
	s.encoder.tasks = append(s.encoder.tasks, task{kind: taskSolvable, of: x})
}

func (s *Solver) encodeSolvable(x Solvable) {
	d := s.Dependencies(x)
	if d.Unknown != "" {
		s.exclude(s.variable(x), d.Unknown)
		return
	}
	e := &s.encoder
	for _, v := range d.Requires {
		s.lookAt(s.p.SetName(v))
	}
	for _, v := range d.Constrains {
		s.lookAt(s.p.SetName(v))
	}
	for _, w := range d.When {
		s.lookAt(s.p.SetName(w.Set))
		for _, all := range w.If {
			for _, v := range all {
				s.lookAt(s.p.SetName(v))
			}
		}
	}
	for _, v := range d.Requires {
		e.tasks = append(e.tasks, task{taskRequires, x, int32(v)})
	}
	for _, v := range d.Constrains {
		e.tasks = append(e.tasks, task{taskConstrains, x, int32(v)})
	}
	for i := range d.When {
		e.tasks = append(e.tasks, task{taskWhen, x, int32(i)})
	}
}

// lookAt has the candidates of a name looked at once.
func (s *Solver) lookAt(n Name) {
	e := &s.encoder
	if !at(e.named, int(n)) {
		put(&e.named, int(n), true)
		e.tasks = append(e.tasks, task{kind: taskName, id: int32(n)})
	}
}

func (s *Solver) exclude(v int32, reason string) {
	s.texts = append(s.texts, reason)
	s.note(s.addUnit(kindExcluded, neg(v), int32(len(s.texts)-1)))
}

func (s *Solver) encodeName(n Name) {
	c := s.candidates(n)
	if c.Locked != Root {
		for _, x := range c.All {
			if x != c.Locked {
				s.note(s.addBinary(kindLocked, neg(0), neg(s.variable(x)), int32(c.Locked)))
			}
		}
	}
	for _, x := range c.Excluded {
		s.exclude(s.variable(x.Solvable), x.Reason)
	}
}

func (s *Solver) encodeRequires(x Solvable, v VersionSet) {
	n := s.p.SetName(v)
	r := s.offer(v)
	parent := s.parent(x)
	if r.to-r.from >= sharedRequires && x != Root {
		s.requireByGate(parent, v)
		return
	}
	if own := &s.vars[parent]; own.firstReq == own.lastReq {
		s.reserve(parent, s.direct(x))
		s.encoder.filled = own.firstReq
	}
	s.require(s.encoder.filled, parent, n, s.addRequires(parent, v, r))
	s.encoder.filled++
}

// offer makes the members of a set reachable and returns them in their order.
func (s *Solver) offer(v VersionSet) span {
	r := s.ordered(v)
	k := s.set(v)
	if k.offered {
		return r
	}
	k.offered = true
	n := s.p.SetName(v)
	lazy := s.candidates(n).Lazy
	for i := r.from; i < r.to; i++ {
		c := s.c.arena[i] >> 1
		s.group(n, c)
		if !lazy {
			s.enqueue(s.vars[c].solvable)
		}
	}
	return r
}

// parent is the variable of a solvable that wants something.
func (s *Solver) parent(x Solvable) int32 {
	if x == Root {
		return 0
	}
	return s.variable(x)
}

// direct counts the requirements of a solvable that have no gate.
func (s *Solver) direct(x Solvable) int32 {
	var n int32
	for _, v := range s.Dependencies(x).Requires {
		if x == Root || len(s.Matching(v)) < sharedRequires {
			n++
		}
	}
	return n
}

// requireByGate lets a parent open the gate that all parents of a requirement
// share: (not gate or c1 or c2 or ...) and (gate or not parent).
func (s *Solver) requireByGate(parent int32, v VersionSet) {
	gate := s.gate(v)
	id, conflict := s.addBinary(kindGate, pos(gate), neg(parent), int32(v))
	s.note(id, conflict)
	if s.value[pos(parent)] == isTru {
		s.late = append(s.late, id)
	}
}

// gate returns the gate of a requirement.
func (s *Solver) gate(v VersionSet) int32 {
	gate := s.set(v).gate
	if gate == 0 {
		gate = s.newVariable(-1)
		s.set(v).gate = gate
		id := s.addRequires(gate, v, s.ordered(v))
		s.reserve(gate, 1)
		s.require(s.vars[gate].firstReq, gate, s.p.SetName(v), id)
	}
	return gate
}

// openGates asserts what late clauses leave no choice about. Such a clause was
// made after the choices that it depends on, and what it asserted then, at a
// higher level than these, was taken back by going to one between. It reports
// whether there were any.
func (s *Solver) openGates() bool {
	opened := false
	for _, id := range s.late {
		if l := s.unit(id); l >= 0 {
			s.assign(l, id)
			opened = true
		}
	}
	return opened
}

// unit returns the free literal of a clause whose others are all false, or -1.
func (s *Solver) unit(id int32) lit {
	open, n := lit(-1), 0
	s.c.literals(id, func(l lit) {
		if s.value[l] != isFal {
			open, n = l, n+1
		}
	})
	if n != 1 || s.value[open] != free {
		return -1
	}
	return open
}

// addRequires makes the clause (not parent or candidates...).
func (s *Solver) addRequires(parent int32, v VersionSet, r span) int32 {
	if r.from == r.to {
		id, conflict := s.addUnit(kindRequires, neg(parent), int32(v))
		s.note(id, conflict)
		return id
	}
	id := s.c.add(kindRequires, neg(parent), r.from, r.to, int32(v))
	s.watchRequires(id, parent, r)
	return id
}

// watchRequires watches the parent and the first candidate that is not ruled
// out now.
func (s *Solver) watchRequires(id, parent int32, r span) {
	for _, l := range s.c.arena[r.from:r.to] {
		if s.value[l] != isFal {
			s.startWatching(id, neg(parent), l)
			return
		}
	}
	s.startWatching(id, neg(parent), s.c.arena[r.from])
	switch s.value[neg(parent)] {
	case isFal:
		s.note(id, true)
	case free:
		s.assign(neg(parent), id)
	}
}

// reserve gives a parent the next n places in the order of requirements.
func (s *Solver) reserve(parent, n int32) {
	r := int32(len(s.reqs))
	own := &s.vars[parent]
	own.firstReq, own.lastReq = r, r+n
	for range n {
		s.reqs = append(s.reqs, requirement{parent: parent, next: -1})
	}
}

// require queues a requirement for decisions.
func (s *Solver) require(r, parent int32, n Name, clause int32) {
	s.reqs[r] = requirement{parent: parent, name: n, clause: clause, next: -1}
	s.queue.set(r)
}

// encodeConstrains makes no unit of a solvable that rules out itself, though one
// would do: learning it counts as activity, on which later decisions depend.
func (s *Solver) encodeConstrains(x Solvable, v VersionSet) {
	out := s.outside(v)
	parent := s.parent(x)
	if len(out) < sharedConstrains {
		for _, c := range out {
			s.note(s.addBinary(kindConstrains, neg(parent), neg(s.variable(c)), int32(v)))
		}
		return
	}
	helper := s.set(v).shared
	if helper == 0 {
		helper = s.newVariable(-1)
		s.set(v).shared = helper
		for _, c := range out {
			s.note(s.addBinary(kindConstrains, neg(s.variable(c)), pos(helper), int32(v)))
		}
	}
	s.note(s.addBinary(kindConstrains, neg(parent), neg(helper), int32(v)))
}

// group adds a candidate to those of its name of which at most one is chosen.
func (s *Solver) group(n Name, v int32) {
	if s.vars[v].grouped {
		return
	}
	s.vars[v].grouped = true
	e := &s.encoder
	members := ref(&e.members, int(n))
	if len(*members) == 0 {
		e.fresh = append(e.fresh, n)
	}
	*members = append(*members, v)
}

func (s *Solver) encodeGroups() {
	e := &s.encoder
	for _, n := range e.fresh {
		g := ref(&e.groups, int(n))
		for _, v := range e.members[n] {
			s.join(g, n, v)
		}
		e.members[n] = e.members[n][:0]
	}
	e.fresh = e.fresh[:0]
}

// join numbers a new member of a group, adding helpers while the numbers need
// more bits.
func (s *Solver) join(g *group, n Name, v int32) {
	bind := func(member int32, number, bit int) {
		l := neg(g.helpers[bit])
		if number>>bit&1 == 1 {
			l = pos(g.helpers[bit])
		}
		s.note(s.addBinary(kindAtMostOne, neg(member), l, int32(n)))
	}
	number := len(g.members)
	for number > 0 && number > 1<<len(g.helpers)-1 {
		g.helpers = append(g.helpers, s.newVariable(-1))
		for i, m := range g.members {
			bind(m, i, len(g.helpers)-1)
		}
	}
	g.members = append(g.members, v)
	for bit := range g.helpers {
		bind(v, number, bit)
	}
}
