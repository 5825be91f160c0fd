package sat

import (
	"context"
	"errors"

	"github.com/gophersnake/gophersnake/conda/solver/internal/cdcl"
)

// Counts of conflicts.
const (
	// DefaultPatience is many times what any request to a real channel has taken.
	DefaultPatience = 4000
	// tryEffort is what it may take to replace one member of an answer by a better
	// one, and triesEffort what all of that may take, beside half of what the
	// answer took.
	tryEffort   = 300
	triesEffort = 10000
)

// errHard says that the search has met as many conflicts as it has patience for.
var errHard = errors.New("hard problem")

// hard decides a problem that the search of this package does not decide soon.
// All clauses so far, the learnt ones included, are handed over; what is chosen is
// then assigned here as if it had been found here.
func (s *Solver) hard(ctx context.Context) error {
	for {
		h := s.handOver()
		result, err := h.Solve(ctx, nil, 0)
		if err != nil {
			return err
		}
		if result == cdcl.Unsat {
			return s.broken(h.Core())
		}
		chosen, err := s.improve(ctx, h)
		if err != nil {
			return err
		}
		s.undoTo(0)
		s.now = 1
		s.assign(pos(0), 0)
		for _, x := range chosen {
			if l := pos(s.variable(x)); s.value[l] == free {
				s.assign(l, 0)
			}
		}
		late := s.unencoded()
		if len(late) == 0 {
			return s.search(ctx)
		}
		s.undoTo(0)
		s.encode(late...)
	}
}

// handOver copies all clauses, so that each has the number that it has here.
func (s *Solver) handOver() *cdcl.Solver {
	h := cdcl.New(len(s.vars))
	var lits []lit
	for id := range s.c.count {
		lits = lits[:0]
		if s.c.at(id).kind == kindRoot {
			lits = append(lits, pos(0))
		}
		s.c.literals(id, func(l lit) { lits = append(lits, l) })
		h.Add(lits)
	}
	for v := range s.vars {
		x := s.vars[v].solvable
		if x <= Root {
			continue
		}
		if n := s.p.NameOf(x); at(s.activity, int(n)) > 0 {
			h.Warm(int32(v), float64(s.activity[n]))
		}
	}
	return h
}

// broken is the conflict of clauses that cannot hold together.
func (s *Solver) broken(clauses []int32) error {
	c := &Conflict{lookup: s, Hard: true}
	seen := make(map[int32]bool)
	facts := make(map[Reason]bool)
	for _, id := range clauses {
		s.collect(c, id, seen, facts)
	}
	return c
}

// improvement makes an answer better, name by name.
type improvement struct {
	s     *Solver
	h     *cdcl.Solver
	model []bool // by variable
	fixed []lit
	done  map[Name]Solvable
	todo  []Solvable
	end   int // of conflicts

	waiting []Conditional
}

// improve goes through an answer from the request on and puts, for each name,
// the first candidate that an answer is soon found with, given those of the names
// before. It returns what the request leads to.
func (s *Solver) improve(ctx context.Context, h *cdcl.Solver) ([]Solvable, error) {
	m := &improvement{
		s: s, h: h, model: make([]bool, len(s.vars)), done: map[Name]Solvable{}, todo: []Solvable{Root},
		end: h.Conflicts()*3/2 + triesEffort,
	}
	m.keep()
	for i := 0; i < len(m.todo); i++ {
		if !s.solvable(m.todo[i]).encoded {
			continue // what it wants is no clause yet
		}
		d := s.Dependencies(m.todo[i])
		for _, v := range d.Requires {
			if err := m.want(ctx, v); err != nil {
				return nil, err
			}
		}
		m.waiting = append(m.waiting, d.When...)
		if i == len(m.todo)-1 {
			if err := m.fire(ctx); err != nil {
				return nil, err
			}
		}
	}
	return m.todo[1:], nil
}

// fire wants what conditions ask for that hold now.
func (m *improvement) fire(ctx context.Context) error {
	for i := range m.waiting {
		if w := &m.waiting[i]; w.fires(m.s, m.done) {
			if err := m.want(ctx, w.Set); err != nil {
				return err
			}
		}
	}
	return nil
}

// want adds the best member of a set, unless its name is chosen already.
func (m *improvement) want(ctx context.Context, v VersionSet) error {
	n := m.s.p.SetName(v)
	if m.done[n] != Root {
		return nil
	}
	x, err := m.best(ctx, v)
	if err == nil {
		m.done[n] = x
		m.todo = append(m.todo, x)
	}
	return err
}

// keep remembers the answer that was found last.
func (m *improvement) keep() {
	for v := range m.model {
		m.model[v] = m.h.True(int32(v))
	}
}

// best fixes the first candidate of a set for which there is an answer.
func (m *improvement) best(ctx context.Context, v VersionSet) (Solvable, error) {
	r := m.s.ordered(v)
	for i := r.from; i < r.to; i++ {
		l := m.s.c.arena[i]
		if !m.model[l>>1] {
			if m.h.Conflicts() >= m.end {
				continue
			}
			result, err := m.h.Solve(ctx, append(m.fixed, l), tryEffort)
			if err != nil {
				return Root, err
			}
			if result != cdcl.Sat {
				continue
			}
			m.keep()
		}
		m.fixed = append(m.fixed, l)
		return m.s.vars[l>>1].solvable, nil
	}
	return Root, errors.New("sat: an answer lacks a requirement")
}
