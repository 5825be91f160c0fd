package cdcl

import "slices"

// learn adds the clause that a conflict proves and goes back to where it makes
// one of its literals true.
func (s *Solver) learn(id int32) {
	cause := int32(len(s.causes))
	s.analyse(id)
	s.minimise()
	back := s.backLevel()
	spread := s.spread()
	for _, v := range s.touched {
		s.seen[v] = false
	}
	s.touched = s.touched[:0]
	s.undo(back)

	from := int32(len(s.arena))
	s.arena = append(s.arena, s.clause...)
	id = int32(len(s.from))
	s.from, s.to = append(s.from, from), append(s.to, int32(len(s.arena)))
	s.learnt = append(s.learnt, learntClause{spread, cause})
	if len(s.clause) > 1 {
		s.watch(id, s.arena[from:])
	}
	s.assign(s.clause[0], id)
	s.step *= 1 / 0.95
	s.pace.learnt(spread)
}

func (s *Solver) see(v int32) {
	s.seen[v] = true
	s.touched = append(s.touched, v)
}

// analyse makes the clause of the first unique implication point. Its first
// literal is that point.
func (s *Solver) analyse(id int32) {
	now := int32(len(s.limits))
	s.clause = append(s.clause[:0], none)
	open, point := 0, none
	for i := len(s.trail) - 1; ; i-- {
		s.causes = append(s.causes, id)
		for _, l := range s.lits(id) {
			v := l >> 1
			if s.seen[v] || l == point {
				continue
			}
			if s.level[v] == 0 {
				s.causes = append(s.causes, ^v)
				continue
			}
			s.see(v)
			s.bump(v)
			if s.level[v] == now {
				open++
			} else {
				s.clause = append(s.clause, l)
			}
		}
		for !s.seen[s.trail[i]>>1] {
			i--
		}
		point = s.trail[i]
		if open--; open == 0 {
			s.clause[0] = point ^ 1
			return
		}
		id = s.reason[point>>1]
	}
}

// minimise drops literals that follow from others of the clause.
func (s *Solver) minimise() {
	kept := s.clause[:1]
	for _, l := range s.clause[1:] {
		if s.reason[l>>1] == none || !s.follows(l) {
			kept = append(kept, l)
		}
	}
	s.clause = kept
}

// follows reports whether a literal is implied by the other seen ones.
func (s *Solver) follows(l Lit) bool {
	causes, touched := len(s.causes), len(s.touched)
	s.stack = append(s.stack[:0], l)
	for len(s.stack) > 0 {
		l := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		id := s.reason[l>>1]
		s.causes = append(s.causes, id)
		for _, m := range s.lits(id) {
			v := m >> 1
			switch {
			case v == l>>1 || s.seen[v]:
			case s.level[v] == 0:
				s.causes = append(s.causes, ^v)
			case s.reason[v] == none:
				for _, v := range s.touched[touched:] {
					s.seen[v] = false
				}
				s.touched, s.causes = s.touched[:touched], s.causes[:causes]
				return false
			default:
				s.see(v)
				s.stack = append(s.stack, m)
			}
		}
	}
	return true
}

// backLevel returns the highest level but that of the first literal, and moves a
// literal of it to the second place.
func (s *Solver) backLevel() int {
	if len(s.clause) == 1 {
		return 0
	}
	best := 1
	for i, l := range s.clause {
		if i > 0 && s.level[l>>1] > s.level[s.clause[best]>>1] {
			best = i
		}
	}
	s.clause[1], s.clause[best] = s.clause[best], s.clause[1]
	return int(s.level[s.clause[1]>>1])
}

// spread counts the levels of the clause's literals.
func (s *Solver) spread() int32 {
	s.stamp++
	var n int32
	for _, l := range s.clause {
		if at := s.level[l>>1]; s.levels[at] != s.stamp {
			s.levels[at] = s.stamp
			n++
		}
	}
	return n
}

func (s *Solver) bump(v int32) {
	s.activity[v] += s.step
	if s.activity[v] > 1e100 {
		for i := range s.activity {
			s.activity[i] *= 1e-100
		}
		s.step *= 1e-100
	}
	s.order.update(v)
}

// forget drops the worse half of what was learnt, at level 0.
func (s *Solver) forget() {
	var old []int32
	for i, c := range s.learnt {
		if id := s.firstID + int32(i); c.spread > 2 && s.to[id]-s.from[id] > 2 {
			old = append(old, id)
		}
	}
	slices.SortStableFunc(old, func(a, b int32) int {
		return int(s.learnt[b-s.firstID].spread - s.learnt[a-s.firstID].spread)
	})
	for _, id := range old[:len(old)/2] {
		if v := s.lits(id)[0] >> 1; s.value[2*v] != 0 && s.reason[v] == id {
			continue
		}
		s.to[id] = s.from[id]
	}
	for l, list := range s.watches {
		s.watches[l] = slices.DeleteFunc(list, func(w watcher) bool { return w.clause >= 0 && s.to[w.clause] == s.from[w.clause] })
	}
}

// fail notes which clauses cannot hold together, given one that is false at level
// 0.
func (s *Solver) fail(id int32) {
	s.failed = true
	clauses, variables := make([]bool, len(s.from)), make([]bool, len(s.level))
	todo := []int32{id}
	for _, l := range s.lits(id) {
		todo = append(todo, ^(l >> 1))
	}
	for len(todo) > 0 {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case x < 0:
			if variables[^x] {
				continue
			}
			variables[^x] = true
			why := s.reason[^x]
			todo = append(todo, why)
			for _, l := range s.lits(why) {
				todo = append(todo, ^(l >> 1))
			}
		case clauses[x]:
		case x >= s.firstID:
			clauses[x] = true
			i, to := int(x-s.firstID), int32(len(s.causes))
			if i+1 < len(s.learnt) {
				to = s.learnt[i+1].cause
			}
			todo = append(todo, s.causes[s.learnt[i].cause:to]...)
		default:
			clauses[x] = true
			s.broken = append(s.broken, x)
		}
	}
	slices.Sort(s.broken)
}
