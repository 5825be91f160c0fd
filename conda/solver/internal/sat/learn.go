package sat

const (
	activityStep  float32 = 1
	activityDecay float32 = 0.95
)

// learn adds the clause that a conflict proves, goes back to the level at which
// all but one of its literals are false, and asserts that one.
func (s *Solver) learn(conflict int32) {
	from := int32(len(s.c.arena))
	s.causesFrom = append(s.causesFrom, int32(len(s.causes)))
	uip, back := s.analyse(conflict)
	s.c.arena = append(s.c.arena, uip^1)
	to := int32(len(s.c.arena))
	s.bump(s.c.arena[from:to])

	s.undoTo(max(back, 1))
	id := s.c.add(kindLearnt, -1, from, to, int32(len(s.causesFrom)-1))
	if to-from == 1 {
		c := s.c.at(id)
		c.head, c.to = uip^1, from
		s.units = append(s.units, id)
		return // asserted by the next propagation
	}
	s.startWatching(id, s.highestOf(s.c.arena[from:to-1]), uip^1)
	s.assign(uip^1, id)
}

// analyse takes back the newest assignments until one is left of those that led
// to the conflict at its level, and returns it. It appends the other literals
// of the clause to the arena; back is the highest of their levels.
func (s *Solver) analyse(id int32) (uip lit, back int32) {
	level := s.topLevel()
	s.stamps++
	count := 0
	skip := int32(-1)
	for {
		s.causes = append(s.causes, id)
		s.c.literals(id, func(l lit) {
			v := l >> 1
			x := &s.vars[v]
			if v == skip || x.stamp == s.stamps {
				return
			}
			x.stamp = s.stamps
			if x.level == level {
				count++
				return
			}
			s.c.arena = append(s.c.arena, l)
			back = max(back, x.level)
		})
		for {
			uip = s.undoLast()
			if s.vars[uip>>1].stamp == s.stamps {
				break
			}
		}
		skip, id = uip>>1, s.vars[uip>>1].reason
		if count--; count == 0 {
			return uip, back
		}
	}
}

// highestOf returns the literal that became false last by level.
func (s *Solver) highestOf(lits []lit) lit {
	best := lits[0]
	for _, l := range lits[1:] {
		if s.vars[l>>1].level > s.vars[best>>1].level {
			best = l
		}
	}
	return best
}

// bump raises the activity of the names in a learnt clause and lets that of all
// names decay.
func (s *Solver) bump(learnt []lit) {
	for _, l := range learnt {
		x := s.vars[l>>1].solvable
		if x <= Root {
			continue
		}
		n := s.p.NameOf(x)
		put(&s.activity, int(n), at(s.activity, int(n)))
		if s.activity[n] == 0 {
			s.hot = append(s.hot, n)
		}
		s.activity[n] += activityStep
	}
	s.highest = 0
	for _, n := range s.hot {
		s.activity[n] *= activityDecay
		s.highest = max(s.highest, s.activity[n])
	}
}
