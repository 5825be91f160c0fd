package sat

import (
	"cmp"
	"math"
	"slices"
)

// encodeWhen lets a parent open the gate of a requirement where a condition holds:
// (not parent or not met or not met or ... or gate) for each alternative, with a
// helper for each set of the condition.
func (s *Solver) encodeWhen(x Solvable, w *Conditional) {
	s.offer(w.Set)
	gate := s.gate(w.Set)
	for _, all := range w.If {
		lits := []lit{neg(s.parent(x))}
		for _, v := range all {
			m := s.met(v)
			if m == 0 {
				lits = nil
				break
			}
			if !slices.Contains(lits, neg(m)) {
				lits = append(lits, neg(m))
			}
		}
		if lits != nil {
			s.addWhen(append(lits, pos(gate)), w.Set)
		}
	}
}

// met returns the helper that is true if a member of a set is chosen, or 0 if the
// set has none.
func (s *Solver) met(v VersionSet) int32 {
	if helper := s.set(v).met; helper != 0 {
		return helper
	}
	members := s.Matching(v)
	if len(members) == 0 {
		return 0
	}
	helper := s.newVariable(-1)
	s.set(v).met = helper
	for _, x := range members {
		member := neg(s.variable(x))
		id, conflict := s.addBinary(kindMet, member, pos(helper), int32(v))
		s.note(id, conflict)
		if s.value[member] == isFal {
			s.late = append(s.late, id)
		}
	}
	return helper
}

// addWhen adds a clause under the present assignments. It watches two literals
// that are not false; where there is one, or none, then those that became false
// last, which are the first to be open again.
func (s *Solver) addWhen(lits []lit, v VersionSet) {
	from := int32(len(s.c.arena))
	s.c.arena = append(s.c.arena, lits...)
	id := s.c.add(kindWhen, -1, from, int32(len(s.c.arena)), int32(v))
	level := func(l lit) int32 {
		if s.value[l] != isFal {
			return math.MaxInt32
		}
		return s.vars[l>>1].level
	}
	slices.SortStableFunc(lits, func(a, b lit) int { return cmp.Compare(level(b), level(a)) })
	first, second := lits[0], lits[1]
	s.startWatching(id, first, second)
	switch {
	case s.value[first] == isFal:
		s.note(id, true)
	case s.value[second] == isFal:
		s.late = append(s.late, id)
		if s.value[first] == free {
			s.assign(first, id)
		}
	}
}

// fires reports whether a condition holds for what is chosen.
func (w *Conditional) fires(s *Solver, chosen map[Name]Solvable) bool {
	for _, all := range w.If {
		met := true
		for _, v := range all {
			x := chosen[s.p.SetName(v)]
			met = met && x != Root && contains(s.Matching(v), x)
		}
		if met {
			return true
		}
	}
	return false
}

func contains(list []Solvable, x Solvable) bool {
	for _, y := range list {
		if y == x {
			return true
		}
	}
	return false
}
