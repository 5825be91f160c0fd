package sat

// assign makes a literal true at the present level, for the reason of a clause.
func (s *Solver) assign(l lit, reason int32) {
	v := l >> 1
	s.value[l], s.value[l^1] = isTru, isFal
	x := &s.vars[v]
	x.level, x.reason = s.now, reason
	s.trail = append(s.trail, l)
	if l&1 == 0 {
		s.queue.wake(x.firstReq, x.lastReq)
	}
}

// undoLast takes back the newest assignment and returns its literal.
func (s *Solver) undoLast() lit {
	l := s.trail[len(s.trail)-1]
	s.trail = s.trail[:len(s.trail)-1]
	s.done = min(s.done, len(s.trail))
	s.value[l], s.value[l^1] = free, free
	s.unitsDone = min(s.unitsDone, s.unitsBase)
	if l&1 == 0 {
		s.unsatisfy(l >> 1)
	}
	return l
}

// undoTo takes back all assignments above a level.
func (s *Solver) undoTo(level int32) {
	for n := len(s.trail); n > 0 && s.vars[s.trail[n-1]>>1].level > level; n-- {
		s.undoLast()
	}
	s.now = level
	if level == 0 {
		s.unitsDone, s.unitsBase = 0, 0
	}
}

// topLevel is the level of the newest assignment.
func (s *Solver) topLevel() int32 {
	if len(s.trail) == 0 {
		return 0
	}
	return s.vars[s.trail[len(s.trail)-1]>>1].level
}

const noConflict int32 = -1

// propagate assigns what follows from the assignments so far and returns the
// clause that cannot hold, or noConflict.
func (s *Solver) propagate() int32 {
	if id := s.assertUnits(); id != noConflict {
		return id
	}
	for s.done < len(s.trail) {
		l := s.trail[s.done] ^ 1 // the literal that became false
		s.done++
		if id := s.visit(l); id != noConflict {
			return id
		}
	}
	return noConflict
}

// assertUnits asserts the unit clauses that are not known to hold.
func (s *Solver) assertUnits() int32 {
	for ; s.unitsDone < len(s.units); s.unitsDone++ {
		id := s.units[s.unitsDone]
		l := s.c.at(id).head
		switch s.value[l] {
		case isFal:
			return id
		case free:
			s.assign(l, id)
		}
	}
	if s.now <= 1 {
		s.unitsBase = len(s.units)
	}
	return noConflict
}

// visit goes through the clauses that watch a literal that became false.
func (s *Solver) visit(l lit) int32 {
	value := s.value
	link := &s.heads[l]
	for id := *link; id >= 0; {
		c, w := s.c.at(id), 0
		if c.watch[0] != l {
			w = 1
		}
		other := c.watch[w^1]
		if value[other] != isTru {
			if m := s.replacement(c, other); m >= 0 {
				nxt := c.next[w]
				*link = nxt
				c.watch[w] = m
				c.next[w] = s.heads[m]
				s.heads[m] = id
				id = nxt
				continue
			}
			if value[other] == isFal {
				return id
			}
			s.assign(other, id)
		}
		link = &c.next[w]
		id = *link
	}
	return noConflict
}

// replacement finds a literal of the clause that is not false and not other, or
// returns -1.
func (s *Solver) replacement(c *clause, other lit) lit {
	value := s.value
	if c.kind.binary() {
		return -1
	}
	if h := c.head; h >= 0 && h != other && value[h] != isFal {
		return h
	}
	for _, m := range s.c.arena[c.from:c.to] {
		if m != other && value[m] != isFal {
			return m
		}
	}
	return -1
}
