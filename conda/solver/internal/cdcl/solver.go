package cdcl

import "context"

// Lit is a literal: 2*variable, plus 1 if negated.
type Lit = int32

// Result is what a search found.
type Result uint8

// The results.
const (
	Unknown Result = iota // the budget was used up
	Sat
	Unsat
)

const none int32 = -1

// watcher is a clause in the list of a literal that it watches. Blocker is another
// of its literals: if that is true, the clause need not be looked at. The number
// of a clause of two literals is negated, and its blocker is all the rest of it.
type watcher struct {
	clause  int32
	blocker Lit
}

// Solver holds clauses and what was learnt from them.
type Solver struct {
	value   []int8 // by literal: 1 true, -1 false, 0 free
	level   []int32
	reason  []int32
	phase   []bool // the last value
	watches [][]watcher

	from, to []int32 // by clause: literals in the arena; empty if forgotten
	arena    []Lit
	learnt   []learntClause
	firstID  int32 // of learnt

	trail  []Lit
	limits []int32 // where levels begin
	head   int     // of trail: propagated so far

	order    heap
	activity []float64
	step     float64

	seen    []bool
	touched []int32 // variables to forget in seen
	stack   []Lit
	clause  []Lit // that is being learnt
	levels  []int64
	stamp   int64

	causes    []int32 // clauses, and ^variable for what holds at level 0
	conflicts int
	pace      pace
	broken    []int32 // clauses that cannot hold together, once that is known
	failed    bool
}

// learntClause is what is kept about a clause that was learnt.
type learntClause struct {
	spread int32 // how many levels its literals had
	cause  int32 // in causes, up to that of the next
}

// New returns a solver for variables from 0 up to, not including, n.
func New(n int) *Solver {
	s := &Solver{
		value: make([]int8, 2*n), level: make([]int32, n), reason: make([]int32, n), phase: make([]bool, n),
		watches: make([][]watcher, 2*n), activity: make([]float64, n), step: 1,
		seen: make([]bool, n), levels: make([]int64, n+1),
	}
	s.order.init(s.activity)
	s.pace.init()
	return s
}

// Add adds a clause; clauses are numbered from 0. It must not be called once
// Solve has been.
func (s *Solver) Add(lits []Lit) {
	id := int32(len(s.from))
	from := int32(len(s.arena))
	tautology := false
	for _, l := range lits {
		twice := false
		for _, m := range s.arena[from:] {
			twice = twice || m == l
			tautology = tautology || m == l^1
		}
		if !twice {
			s.arena = append(s.arena, l)
		}
	}
	if tautology {
		s.arena = s.arena[:from]
	}
	s.from, s.to = append(s.from, from), append(s.to, int32(len(s.arena)))
	s.firstID = id + 1
	if !tautology {
		s.attach(id)
	}
}

// attach watches a new clause at level 0.
func (s *Solver) attach(id int32) {
	c := s.lits(id)
	switch len(c) {
	case 0:
		s.fail(id)
	case 1:
		switch s.value[c[0]] {
		case 0:
			s.assign(c[0], id)
		case -1:
			s.fail(id)
		}
	default:
		s.watch(id, c)
	}
}

func (s *Solver) watch(id int32, c []Lit) {
	if len(c) == 2 {
		s.watches[c[0]] = append(s.watches[c[0]], watcher{^id, c[1]})
		s.watches[c[1]] = append(s.watches[c[1]], watcher{^id, c[0]})
		return
	}
	s.watches[c[0]] = append(s.watches[c[0]], watcher{id, c[1]})
	s.watches[c[1]] = append(s.watches[c[1]], watcher{id, c[0]})
}

func (s *Solver) lits(id int32) []Lit { return s.arena[s.from[id]:s.to[id]] }

// Warm gives a variable an activity to begin with.
func (s *Solver) Warm(v int32, activity float64) {
	s.activity[v] = activity
	s.order.update(v)
}

// True reports whether a variable is true in the answer that Solve found last.
func (s *Solver) True(v int32) bool { return s.phase[v] }

// Conflicts is how many conflicts there were so far.
func (s *Solver) Conflicts() int { return s.conflicts }

// Core returns the numbers of clauses that cannot hold together, after Solve
// without assumptions said Unsat.
func (s *Solver) Core() []int32 { return s.broken }

// Solve looks for values with which all clauses and assumptions hold, for at most
// budget conflicts; 0 means no end. The error is the cause of the context's end.
func (s *Solver) Solve(ctx context.Context, assumptions []Lit, budget int) (Result, error) {
	defer s.undo(0)
	for end := s.conflicts + budget; ; {
		if s.failed {
			return Unsat, nil
		}
		if id := s.propagate(); id != none {
			s.conflicts++
			if len(s.limits) == 0 {
				s.fail(id)
				return Unsat, nil
			}
			s.learn(id)
			if s.conflicts%256 == 0 && ctx.Err() != nil {
				return Unknown, context.Cause(ctx)
			}
			continue
		}
		switch {
		case budget > 0 && s.conflicts >= end:
			return Unknown, nil
		case s.pace.restart(s.conflicts):
			s.undo(0)
			continue
		case s.pace.forget(s.conflicts):
			s.undo(0)
			s.forget()
			continue
		}
		l, ok := s.assume(assumptions)
		if !ok {
			return Unsat, nil
		}
		if l < 0 {
			if l = s.decide(); l < 0 {
				for v := range s.phase {
					s.phase[v] = s.value[2*v] > 0
				}
				return Sat, nil
			}
		}
		s.limits = append(s.limits, int32(len(s.trail)))
		s.assign(l, none)
	}
}

// assume returns the next assumption to decide, or -1 if all hold; ok is false if
// one cannot. Each has a level of its own, which is empty if it held already.
func (s *Solver) assume(assumptions []Lit) (l Lit, ok bool) {
	for len(s.limits) < len(assumptions) {
		l := assumptions[len(s.limits)]
		switch s.value[l] {
		case 0:
			return l, true
		case -1:
			return none, false
		}
		s.limits = append(s.limits, int32(len(s.trail)))
	}
	return none, true
}

// decide returns the most active free variable as it was last, or -1.
func (s *Solver) decide() Lit {
	for {
		v := s.order.pop()
		if v < 0 {
			return none
		}
		if s.value[2*v] != 0 {
			continue
		}
		if s.phase[v] {
			return 2 * v
		}
		return 2*v + 1
	}
}

func (s *Solver) assign(l Lit, reason int32) {
	v := l >> 1
	s.value[l], s.value[l^1] = 1, -1
	s.level[v], s.reason[v] = int32(len(s.limits)), reason
	s.trail = append(s.trail, l)
}

// undo takes back all levels above the given one.
func (s *Solver) undo(level int) {
	if len(s.limits) <= level {
		return
	}
	begin := int(s.limits[level])
	for i := len(s.trail) - 1; i >= begin; i-- {
		l := s.trail[i]
		s.value[l], s.value[l^1] = 0, 0
		s.phase[l>>1] = l&1 == 0
		s.order.push(l >> 1)
	}
	s.trail = s.trail[:begin]
	s.head = begin
	s.limits = s.limits[:level]
}

// propagate assigns what follows and returns a clause that cannot hold, or none.
func (s *Solver) propagate() int32 {
	for s.head < len(s.trail) {
		l := s.trail[s.head] ^ 1 // became false
		s.head++
		if id := s.visit(l); id != none {
			return id
		}
	}
	return none
}

// visit goes through the clauses that watch a literal that became false, and
// returns one that cannot hold, or none.
func (s *Solver) visit(l Lit) int32 {
	list, value, broken := s.watches[l], s.value, none
	kept := 0
	for i := 0; i < len(list); i++ {
		w := list[i]
		v := value[w.blocker]
		if v > 0 {
			list[kept] = w
			kept++
			continue
		}
		if w.clause < 0 {
			list[kept] = w
			kept++
			if v < 0 {
				broken = ^w.clause
				kept += copy(list[kept:], list[i+1:])
				break
			}
			s.assign(w.blocker, ^w.clause)
			continue
		}
		first, moved := s.replace(l, w)
		if moved {
			continue
		}
		list[kept] = watcher{w.clause, first}
		kept++
		switch v := value[first]; {
		case v < 0:
			broken = w.clause
			kept += copy(list[kept:], list[i+1:])
			i = len(list)
		case v == 0:
			s.assign(first, w.clause)
		}
	}
	s.watches[l] = list[:kept]
	return broken
}

// replace finds another literal to watch in place of a false one. It returns the
// other watched literal, and whether the clause has moved to another list.
func (s *Solver) replace(l Lit, w watcher) (first Lit, moved bool) {
	c := s.arena[s.from[w.clause]:s.to[w.clause]]
	if c[0] == l {
		c[0], c[1] = c[1], l
	}
	first = c[0]
	if s.value[first] > 0 {
		return first, false
	}
	for k := 2; k < len(c); k++ {
		if m := c[k]; s.value[m] >= 0 {
			c[1], c[k] = m, l
			s.watches[m] = append(s.watches[m], watcher{w.clause, first})
			return first, true
		}
	}
	return first, false
}
