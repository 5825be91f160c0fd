package cdcl

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// formula is clauses as people write them: variables from 1, negative if negated.
type formula [][]int

func (f formula) solver(variables int) *Solver {
	s := New(variables)
	for _, c := range f {
		var lits []Lit
		for _, x := range c {
			lits = append(lits, lit(x))
		}
		s.Add(lits)
	}
	return s
}

func lit(x int) Lit {
	if x < 0 {
		return Lit(-x-1)<<1 | 1
	}
	return Lit(x-1) << 1
}

// holds evaluates the formula where bit i-1 of values is variable i.
func (f formula) holds(values uint32) bool {
	for _, c := range f {
		if !slices.ContainsFunc(c, func(x int) bool {
			if x < 0 {
				return values>>(-x-1)&1 == 0
			}
			return values>>(x-1)&1 == 1
		}) {
			return false
		}
	}
	return true
}

// satisfiable tries all values.
func (f formula) satisfiable(variables int) bool {
	for values := range uint32(1) << variables {
		if f.holds(values) {
			return true
		}
	}
	return false
}

func randomFormula(r *rand.Rand) (formula, int) {
	variables := 3 + r.IntN(10)
	var f formula
	for range variables * (2 + r.IntN(4)) {
		var c []int
		for range 1 + r.IntN(4) {
			x := 1 + r.IntN(variables)
			if r.IntN(2) == 0 {
				x = -x
			}
			c = append(c, x)
		}
		f = append(f, c)
	}
	return f, variables
}

func TestAgainstExhaustiveSearch(t *testing.T) {
	sat := 0
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 3))
		f, n := randomFormula(r)
		s := f.solver(n)
		assumed := f
		var assumptions []Lit
		if seed%3 == 0 { // answers under assumptions do not spoil the next ones
			for range 1 + r.IntN(3) {
				x := 1 + r.IntN(n)
				assumptions = append(assumptions, lit(-x))
				assumed = append(slices.Clip(assumed), []int{-x})
			}
			checkResult(t, seed, s, assumed, n, assumptions)
		}
		if checkResult(t, seed, s, f, n, nil) == Sat {
			sat++
			continue
		}
		var core formula
		for _, id := range s.Core() {
			core = append(core, f[id])
		}
		if core.satisfiable(n) {
			t.Fatalf("seed %d: the core %v can hold", seed, core)
		}
	}
	t.Logf("%d of 5000 have an answer", sat)
}

func checkResult(t *testing.T, seed uint64, s *Solver, f formula, n int, assumptions []Lit) Result {
	t.Helper()
	got, err := s.Solve(t.Context(), assumptions, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := f.satisfiable(n); (got == Sat) != want {
		t.Fatalf("seed %d: %v %v: got %d, satisfiable: %t", seed, f, assumptions, got, want)
	}
	var values uint32
	for v := range n {
		if s.True(int32(v)) {
			values |= 1 << v
		}
	}
	if got == Sat && !f.holds(values) {
		t.Fatalf("seed %d: %b is no answer to %v", seed, values, f)
	}
	return got
}

// pigeons asks for a hole of its own for each of one more pigeons than holes.
func pigeons(holes int) (formula, int) {
	at := func(p, h int) int { return p*holes + h + 1 }
	var f formula
	for p := range holes + 1 {
		var some []int
		for h := range holes {
			some = append(some, at(p, h))
			for q := range p {
				f = append(f, []int{-at(p, h), -at(q, h)})
			}
		}
		f = append(f, some)
	}
	return f, holes * (holes + 1)
}

func TestPigeons(t *testing.T) {
	f, n := pigeons(8)
	s := f.solver(n)
	got, err := s.Solve(t.Context(), nil, 0)
	if err != nil || got != Unsat {
		t.Fatalf("got %d, %v", got, err)
	}
	if len(s.Core()) != len(f) {
		t.Errorf("the core has %d of %d clauses, and needs all", len(s.Core()), len(f))
	}
	if s.Conflicts() < firstWeed {
		t.Errorf("%d conflicts are too few to forget what was learnt", s.Conflicts())
	}
}

func TestBudget(t *testing.T) {
	f, n := pigeons(8)
	s := f.solver(n)
	if got, err := s.Solve(t.Context(), nil, 100); got != Unknown || err != nil || s.Conflicts() != 100 {
		t.Errorf("got %d after %d conflicts, %v", got, s.Conflicts(), err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	f, n := pigeons(9)
	if _, err := f.solver(n).Solve(ctx, nil, 0); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
}

func TestLuby(t *testing.T) {
	var got []int
	for i := range 15 {
		got = append(got, luby(i))
	}
	if want := []int{1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func BenchmarkPigeons(b *testing.B) {
	f, n := pigeons(8)
	for b.Loop() {
		if _, err := f.solver(n).Solve(b.Context(), nil, 0); err != nil {
			b.Fatal(err)
		}
	}
}
