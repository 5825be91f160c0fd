package sat

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// ErrEffort says that a problem was given up as too hard.
var ErrEffort = errors.New("no answer within the permitted effort")

// Solver holds one search. Use [Solve].
type Solver struct {
	p    Provider
	root Problem

	value []int8  // per literal
	heads []int32 // per literal: the first clause that watches it, or -1
	vars  []variable

	c         clauses
	trail     []lit
	done      int // literals of trail that are propagated
	now       int32
	units     []int32 // clauses of one literal
	unitsDone int     // units that are known to hold
	unitsBase int     // units that hold at level 1

	late []int32 // clauses that asserted something when they were made, see openGates

	reqs     []requirement
	queue    bitset
	activity []float32 // per name
	hot      []Name    // names with an activity
	highest  float32
	stamps   int32

	causes     []int32 // arena: the clauses that learnt clauses come from
	causesFrom []int32 // per learnt clause, range of causes
	texts      []string

	cache    cache
	list     []Solvable // scratch of ordered
	encoder  encoder
	patience int // after how many conflicts the problem is hard; 0 means never
}

// variable is what is known of one, beside its value.
type variable struct {
	level, reason     int32
	firstReq, lastReq int32    // range of reqs; empty if none
	holds             int32    // the first of the requirements that a chosen candidate satisfies, or -1
	stamp             int32    // mark of the analysis
	solvable          Solvable // or -1 for a helper
	grouped           bool     // is part of an at-most-one group
}

// Solve returns the solvables that are chosen for the problem, in the order in
// which they were chosen. The error is a [*Conflict] if the problem has no
// solution, or the cause of the context's end.
func Solve(ctx context.Context, p Provider, problem Problem) ([]Solvable, error) {
	s := newSolver(p, problem)
	s.patience = cmp.Or(problem.Patience, DefaultPatience)
	err := s.run(ctx)
	s.patience = 0
	if errors.Is(err, errHard) {
		err = s.hard(ctx)
	}
	if err != nil {
		return nil, err
	}
	answer := s.chosen(nil)
	for _, soft := range problem.Soft {
		ok, err := s.extend(ctx, soft, answer)
		if err != nil {
			return nil, err
		}
		if ok {
			answer = s.chosen(answer[:0])
		}
	}
	return answer, nil
}

// tasksEach is how many tasks a solvable mostly makes, and maxRoom for how many
// solvables there is room at first.
const (
	tasksEach = 5
	maxRoom   = 1 << 13
)

func newSolver(p Provider, problem Problem) *Solver {
	s := &Solver{p: p, root: problem}
	n := min(problem.Size, maxRoom)
	s.c.arena = make([]lit, 0, 2*n)
	s.grow(n + n/2)
	s.encoder.tasks = make([]task, 0, tasksEach*n)
	s.newVariable(Root)
	s.c.add(kindRoot, -1, 0, 0, 0)
	return s
}

// grow makes room for n variables.
func (s *Solver) grow(n int) {
	s.value = slices.Grow(s.value, 2*n)
	s.heads, s.vars = slices.Grow(s.heads, 2*n), slices.Grow(s.vars, n)
}

func (s *Solver) newVariable(of Solvable) int32 {
	v := int32(len(s.vars))
	if len(s.vars) == cap(s.vars) {
		s.grow(len(s.vars))
	}
	s.value = append(s.value, free, free)
	s.heads = append(s.heads, -1, -1)
	s.vars = append(s.vars, variable{holds: -1, solvable: of})
	return v
}

func (s *Solver) chosen(into []Solvable) []Solvable {
	for _, l := range s.trail {
		if x := s.vars[l>>1].solvable; l&1 == 0 && x > Root {
			into = append(into, x)
		}
	}
	return into
}

// run searches until all that is chosen has its requirements met.
func (s *Solver) run(ctx context.Context) error {
	for s.now == 0 {
		s.now = 1
		s.assign(pos(0), 0)
		if id := s.encode(Root); id != noConflict {
			return s.conflict(id)
		}
		if err := s.search(ctx); err != nil {
			return err
		}
		if err := s.chooseAndEncode(ctx); err != nil {
			return err
		}
	}
	return nil
}

// chooseAndEncode decides until nothing is asked for and all that was chosen is
// encoded. Where late clauses contradict the choices it returns at level 0.
func (s *Solver) chooseAndEncode(ctx context.Context) error {
	for {
		for {
			if v, clause := s.decide(); v != 0 {
				s.now++
				s.assign(pos(v), clause)
			} else if !s.openGates() {
				break
			}
			if err := s.search(ctx); err != nil {
				return err
			}
		}
		late := s.unencoded()
		if len(late) == 0 {
			return nil
		}
		id := s.encode(late...)
		if id == noConflict {
			id = s.propagate()
		}
		if id != noConflict {
			s.undoTo(0)
			return nil
		}
	}
}

// unencoded lists what is chosen but has no clauses yet.
func (s *Solver) unencoded() []Solvable {
	var late []Solvable
	for _, l := range s.trail {
		if x := s.vars[l>>1].solvable; l&1 == 0 && x > Root && !s.solvable(x).encoded {
			late = append(late, x)
		}
	}
	return late
}

// search propagates, learning from each conflict, until none is left. A
// conflict at level 1 has no way out.
func (s *Solver) search(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		id := s.propagate()
		if id == noConflict {
			return nil
		}
		if s.topLevel() <= 1 {
			return s.conflict(id)
		}
		if n := s.root.Effort; n > 0 && len(s.causesFrom) >= n {
			return ErrEffort
		}
		if s.patience > 0 && len(s.causesFrom) >= s.patience {
			return errHard
		}
		s.learn(id)
	}
}

// extend tries to add one solvable to a finished answer and reports whether it
// stands. If it cannot be added, the assignments are no answer; the next call
// starts from the given one again.
func (s *Solver) extend(ctx context.Context, soft Solvable, answer []Solvable) (bool, error) {
	s.undoTo(0)
	s.now = 1
	s.assign(pos(0), 0)
	if s.encode(s.needed(soft)...) != noConflict {
		return false, nil
	}
	for _, x := range answer {
		if l := pos(s.variable(x)); s.value[l] == free {
			s.assign(l, 0)
		}
	}
	v := s.variable(soft)
	for {
		err := s.search(ctx)
		if _, no := err.(*Conflict); no {
			return false, nil
		} else if err != nil {
			return false, err
		}
		switch s.value[pos(v)] {
		case isFal:
			return false, nil
		case free:
			s.now++
			s.assign(pos(v), 0)
			continue
		}
		if err := s.chooseAndEncode(ctx); err != nil {
			if _, no := err.(*Conflict); no {
				return false, nil
			}
			return false, err
		}
		if s.now == 0 {
			return s.extend(ctx, soft, answer)
		}
		if s.value[pos(v)] == isTru {
			return true, nil
		}
	}
}

// needed returns the solvable if it has no clauses yet.
func (s *Solver) needed(x Solvable) []Solvable {
	if s.solvable(x).encoded {
		return nil
	}
	n := s.p.NameOf(x)
	if !at(s.encoder.named, int(n)) {
		put(&s.encoder.named, int(n), true)
		s.encodeName(n)
	}
	s.group(n, s.variable(x))
	return []Solvable{x}
}
