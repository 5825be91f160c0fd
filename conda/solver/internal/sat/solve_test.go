package sat

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var graphs = []struct{ name, text string }{
	{"nothing", "want\nanswer"},
	{"newest", "a1:\na2:\nwant a\nanswer a2"},
	{"set", "a1:\na2:\na3:\nwant a12\nanswer a2"},
	{"chain", "a1: b1\na2: b2\nb1:\nb2:\nwant a\nanswer a2 b2"},
	{"backtrack", "a1: b1\na2: b2 c1\nb1:\nb2: c2\nc1:\nc2:\nwant a\nanswer a1 b1"},
	{"missing", "want a\nanswer none"},
	{"missing below", "a1: b\nwant a\nanswer none"},
	{"cycle", "a1: b\nb1: c\nc1: a\nwant a\nanswer a1 b1 c1"},
	{"self", "a1: a1\na2: a1\nwant a\nanswer a1"},
	{"self constrained", "a1:\na2: !a1\nwant a\nanswer a1"},
	{"order of requests 1", "x1: z1 \nx2: z1\nz1:\nz2: x1\nwant x z\nanswer x2 z1"},
	{"order of requests 2", "x1: z2\nx2: z1\nz1:\nz2: x1\nwant z x\nanswer x1 z2"},
	{"constrains absent", "a1: !b1\nb2:\nwant a\nanswer a1"},
	{"constrains present", "a1: !b1\nb1:\nb2:\nwant a b\nanswer a1 b1"},
	{"constrains many", "a1: !b1\nb1:\nb2:\nb3:\nb4:\nb5:\nb6:\nc1: !b1\nwant b a c\nanswer a1 b1 c1"},
	{"request constrains", "a1:\na2:\nb1: a\nwant b !a1\nanswer a1 b1"},
	{"excluded", "a1:\na2:\nexclude a2 too new\nwant a\nanswer a1"},
	{"unknown", "a1:\na2: ?cannot be read\nwant a\nanswer a1"},
	{"unknown late", "lazy a\na1:\na2: ?cannot be read\nwant a\nanswer a1"},
	{"favored", "a1:\na2:\na3:\nfavor a2\nwant a\nanswer a2"},
	{"favored not allowed", "a1:\na2:\na3:\nfavor a2\nwant a13\nanswer a3"},
	{"locked", "a1:\na2:\na3:\nlock a2\nwant a\nanswer a2"},
	{"locked contradicted", "a1:\na2:\nlock a1\nwant a2\nanswer none"},
	{"lazy", "lazy b\na1: b\nb1: c1\nb2: c2\nc1:\nwant a\nanswer a1 b1 c1"},
	{"lazy contradiction", "lazy a\nlazy b\na2: b\na1:\nb1: !a1\nwant a\nanswer a1"},
	{"condition", "a1: b?c1\nb1:\nc1:\nc2:\nwant a c1\nanswer a1 b1 c1"},
	{"condition that does not hold", "a1: b?c1\nb1:\nc1:\nc2:\nwant a c\nanswer a1 c2"},
	{"condition on what is absent", "a1: b?c\nb1:\nc1:\nwant a\nanswer a1"},
	{"condition on nothing", "a1: b?d\nb1:\nwant a\nanswer a1"},
	{"two conditions", "a1: b?c1&d1\nb1:\nc1:\nd1:\nd2:\nwant a c d\nanswer a1 c1 d2"},
	{"either condition", "a1: b?c2|d1\nb1:\nc1:\nd1:\nwant a c d1\nanswer a1 b1 c1 d1"},
	{"condition avoided", "a1: b?c2\nc1:\nc2:\nwant a c\nanswer a1 c1"},
	{"chain of conditions", "a1: b?c\nb1: d?b1&c1\nc1:\nd1:\nwant a c\nanswer a1 b1 c1 d1"},
	{"condition of the request", "a1:\nb1:\nwant a b?a1\nanswer a1 b1"},
	{"soft", "a1:\nb1: c\nc1:\nwant a\nsoft b1\nanswer a1 b1 c1"},
	{"soft misfit", "a1: !c1\nc1:\nc2:\nb1: c2\nd1:\nwant a\nsoft b1 d1\nanswer a1 d1"},
	{"soft keeps the answer", "a1:\na2:\nb1: a1\nwant a\nsoft b1\nanswer a2"},
}

func TestSolve(t *testing.T) {
	for _, tt := range graphs {
		t.Run(tt.name, func(t *testing.T) {
			g := parseGraph(t, tt.text)
			if got := g.solve(t); got != g.answer {
				t.Errorf("got %q, want %q", got, g.answer)
			}
		})
	}
}

// solve returns the answer as text after checking it, or "none".
func (g *graph) solve(t testing.TB) string {
	t.Helper()
	answer, err := Solve(t.Context(), g, g.problem)
	var c *Conflict
	if errors.As(err, &c) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := g.check(answer); err != nil {
		t.Errorf("wrong answer %s: %v", g.text(answer), err)
	}
	return g.text(answer)
}

// randomGraph makes small graphs that are close to the border between solvable
// and not.
func randomGraph(r *rand.Rand, conditions bool) *graph {
	g := newGraph()
	names := "abcdefg"[:2+r.IntN(6)]
	versions := 1 + r.IntN(4)
	if len(names) < 6 && r.IntN(2) == 0 {
		versions = 5 + r.IntN(2) // enough for gates
	}
	wish := func() string {
		n := string(names[r.IntN(len(names))])
		if r.IntN(4) == 0 {
			return n
		}
		var set []string
		for v := range versions {
			if r.IntN(5) < 3 {
				set = append(set, fmt.Sprint(v+1))
			}
		}
		if len(set) == 0 {
			set = []string{"9"}
		}
		return n + strings.Join(set, "")
	}
	for _, n := range names {
		for v := range 1 + r.IntN(versions) {
			x := g.id(fmt.Sprintf("%c%d", n, v+1))
			var words []string
			for range r.IntN(3) {
				words = append(words, wish())
			}
			if r.IntN(3) == 0 {
				words = append(words, "!"+wish())
			}
			if conditions && r.IntN(3) == 0 {
				w := wish() + "?" + wish()
				for range r.IntN(3) {
					w += string("&|"[r.IntN(2)]) + wish()
				}
				words = append(words, w)
			}
			if r.IntN(30) == 0 {
				words = append(words, "?unreadable")
			}
			g.wishes(words, g.deps[x])
			if r.IntN(25) == 0 {
				c := g.cands[g.nameOf[x]]
				c.Excluded = append(c.Excluded, Exclusion{x, "excluded"})
			}
		}
		c := g.cands[g.name(string(n))]
		c.Lazy = r.IntN(4) == 0
		if r.IntN(12) == 0 {
			c.Locked = c.All[0]
		}
		if r.IntN(6) == 0 {
			c.Favored = c.All[len(c.All)/2]
		}
	}
	var d Dependencies
	for range 1 + r.IntN(3) {
		g.wishes([]string{wish()}, &d)
	}
	if r.IntN(4) == 0 {
		g.wishes([]string{"!" + wish()}, &d)
	}
	g.problem = Problem{Requires: d.Requires, Constrains: d.Constrains}
	if r.IntN(3) == 0 {
		g.problem.Soft = append(g.problem.Soft, Solvable(1+r.IntN(len(g.solvables)-1)))
	}
	return g
}

func TestAgainstExhaustiveSearch(t *testing.T) { testAgainstSearch(t, 0, false) }

func TestConditionsAgainstExhaustiveSearch(t *testing.T) { testAgainstSearch(t, 0, true) }

// TestHandOver has package cdcl decide at the first conflict.
func TestHandOver(t *testing.T) {
	testAgainstSearch(t, 1, false)
	testAgainstSearch(t, 1, true)
}

func testAgainstSearch(t *testing.T, patience int, conditions bool) {
	t.Helper()
	seeds := uint64(3000)
	if patience > 0 || conditions {
		seeds = 1000
	}
	if testing.Short() {
		seeds = 500
	}
	solved := 0
	for seed := range seeds {
		g := randomGraph(rand.New(rand.NewPCG(seed, 1)), conditions)
		g.problem.Patience = patience
		compareWithSearch(t, g, seed)
		if g.answer != "none" {
			solved++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if solved < int(seeds)/5 || solved > int(seeds)*4/5 {
		t.Errorf("%d of %d graphs can be solved: a test of both cases needs more balance", solved, seeds)
	}
}

func compareWithSearch(t *testing.T, g *graph, seed uint64) {
	t.Helper()
	answer, err := Solve(t.Context(), g, g.problem)
	exists := g.exists()
	var c *Conflict
	switch {
	case errors.As(err, &c):
		g.answer = "none"
		if exists {
			t.Errorf("seed %d: no answer found where one exists", seed)
		}
		g.checkConflict(t, c)
		if tree := c.Explain(g); len(tree) == 0 {
			t.Errorf("seed %d: no reason given", seed)
		}
	case err != nil:
		t.Error(err)
	default:
		if !exists {
			t.Errorf("seed %d: answer %s where none exists", seed, g.text(answer))
		}
		if err := g.check(answer); err != nil {
			t.Errorf("seed %d: answer %s: %v", seed, g.text(answer), err)
		}
		if err := g.needed(answer); err != nil && len(g.problem.Soft) == 0 {
			t.Errorf("seed %d: answer %s: %v", seed, g.text(answer), err)
		}
	}
}

// checkConflict tests that the facts of a conflict suffice: a graph in which
// only they hold has no solution either.
func (g *graph) checkConflict(t *testing.T, c *Conflict) {
	t.Helper()
	core := *g
	core.deps = map[Solvable]*Dependencies{}
	core.cands = map[Name]*Candidates{}
	core.problem = Problem{}
	for x := range g.deps {
		core.deps[x] = &Dependencies{}
	}
	for n, c := range g.cands {
		core.cands[n] = &Candidates{All: c.All}
	}
	for _, r := range c.Reasons {
		d := core.deps[r.Solvable]
		switch {
		case r.Kind == Requires && r.Solvable == Root:
			core.problem.Requires = append(core.problem.Requires, r.Set)
		case r.Kind == Requires:
			d.Requires = append(d.Requires, r.Set)
		case r.Kind == Constrains && r.Solvable == Root:
			core.problem.Constrains = append(core.problem.Constrains, r.Set)
		case r.Kind == Constrains:
			d.Constrains = append(d.Constrains, r.Set)
		case r.Kind == Locked:
			core.cands[r.Name].Locked = r.Solvable
		case r.Kind == Excluded:
			d.Unknown = r.Text
		}
	}
	if core.exists() {
		t.Errorf("the reasons given do not exclude every answer: %v", c.Reasons)
	}
}

func TestSameTwice(t *testing.T) {
	for seed := range uint64(300) {
		first := randomGraph(rand.New(rand.NewPCG(seed, 2)), seed%2 == 0)
		second := randomGraph(rand.New(rand.NewPCG(seed, 2)), seed%2 == 0)
		a, errA := Solve(t.Context(), first, first.problem)
		b, errB := Solve(t.Context(), second, second.problem)
		if !slices.Equal(a, b) || fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Fatalf("seed %d: %v %v and %v %v", seed, a, errA, b, errB)
		}
	}
}

// pigeons asks for more packages than there are places, each of which takes one.
func pigeons(n, places int) *graph {
	g := newGraph()
	var d Dependencies
	for i := range n {
		name := strings.Repeat("p", i+1)
		for j := range places {
			x := g.id(fmt.Sprintf("%s%d", name, j+1))
			g.wishes([]string{fmt.Sprintf("%s%d", strings.Repeat("q", j+1), i+1)}, g.deps[x])
			g.id(fmt.Sprintf("%s%d", strings.Repeat("q", j+1), i+1))
		}
		g.wishes([]string{name}, &d)
	}
	g.problem.Requires = d.Requires
	return g
}

func TestPigeons(t *testing.T) {
	if got := pigeons(5, 5).solve(t); got == "none" {
		t.Error("no answer for as many places as pigeons")
	}
	if got := pigeons(6, 5).solve(t); got != "none" {
		t.Errorf("answer %s for too few places", got)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	g := pigeons(9, 8)
	start := time.Now()
	_, err := Solve(ctx, g, g.problem)
	var c *Conflict
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &c) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v to stop", d)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	if _, err := Solve(stopped, g, g.problem); err == nil || err.Error() != "enough" {
		t.Errorf("got %v, want the cause", err)
	}
}
