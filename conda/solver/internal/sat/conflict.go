package sat

import "fmt"

// ReasonKind says what a Reason states.
type ReasonKind uint8

// The kinds of reasons.
const (
	Requires   ReasonKind = iota // Solvable requires Set
	Constrains                   // Solvable allows only Set of its name
	OnlyOne                      // at most one of Name is chosen
	Locked                       // Solvable is the only one allowed of its name
	Excluded                     // Solvable must not be chosen because of Text
)

// Reason is one fact that takes part in a conflict.
type Reason struct {
	Kind     ReasonKind
	Solvable Solvable
	Set      VersionSet
	Name     Name
	Text     string
}

// Conflict is the proof that a problem has no solution: the facts that cannot
// hold together.
type Conflict struct {
	Reasons []Reason
	Hard    bool // it took many conflicts to find
	lookup  *Solver
}

// Error counts the reasons; [Conflict.Explain] tells them.
func (c *Conflict) Error() string {
	return fmt.Sprintf("no solution: %d facts contradict each other", len(c.Reasons))
}

// conflict collects the facts behind a clause that cannot hold at level 1.
func (s *Solver) conflict(id int32) error {
	c := &Conflict{lookup: s}
	seen := make(map[int32]bool)
	facts := make(map[Reason]bool)
	s.stamps++
	involve := func(l lit) { s.vars[l>>1].stamp = s.stamps }
	s.collect(c, id, seen, facts)
	s.c.literals(id, involve)
	for i := len(s.trail) - 1; i > 0; i-- {
		v := s.trail[i] >> 1
		if s.vars[v].stamp != s.stamps || s.vars[v].reason == 0 {
			continue
		}
		s.collect(c, s.vars[v].reason, seen, facts)
		s.c.literals(s.vars[v].reason, involve)
	}
	return c
}

// collect adds the facts of one clause: those of its causes if it is learnt.
func (s *Solver) collect(c *Conflict, id int32, seen map[int32]bool, facts map[Reason]bool) {
	for todo := []int32{id}; len(todo) > 0; {
		id, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		if x := s.c.at(id); x.kind == kindLearnt {
			from, to := s.causesFrom[x.info], int32(len(s.causes))
			if next := x.info + 1; int(next) < len(s.causesFrom) {
				to = s.causesFrom[next]
			}
			todo = append(todo, s.causes[from:to]...)
			continue
		}
		if r, ok := s.fact(id); ok && !facts[r] {
			facts[r] = true
			c.Reasons = append(c.Reasons, r)
		}
	}
}

// fact states a clause in terms of the provider. Clauses of helper variables
// state part of a fact; those without a subject of their own are left out.
func (s *Solver) fact(id int32) (Reason, bool) {
	c := s.c.at(id)
	info := c.info
	switch c.kind {
	case kindRequires:
		x := s.vars[c.head>>1].solvable
		return Reason{Kind: Requires, Solvable: x, Set: VersionSet(info)}, x >= Root
	case kindGate:
		return Reason{Kind: Requires, Solvable: s.vars[c.watch[1]>>1].solvable, Set: VersionSet(info)}, true
	case kindWhen:
		return Reason{Kind: Requires, Solvable: s.vars[s.c.arena[c.from]>>1].solvable, Set: VersionSet(info)}, true
	case kindConstrains:
		l := c.head
		if l < 0 {
			l = c.watch[0]
			if other := c.watch[1]; other&1 == 0 {
				return Reason{}, false // candidate to helper
			}
		}
		return Reason{Kind: Constrains, Solvable: s.vars[l>>1].solvable, Set: VersionSet(info)}, true
	case kindAtMostOne:
		return Reason{Kind: OnlyOne, Name: Name(info)}, true
	case kindLocked:
		return Reason{Kind: Locked, Solvable: Solvable(info), Name: s.p.NameOf(Solvable(info))}, true
	case kindExcluded:
		return Reason{Kind: Excluded, Solvable: s.vars[c.head>>1].solvable, Text: s.texts[info]}, true
	}
	return Reason{}, false
}
