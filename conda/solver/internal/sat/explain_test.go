package sat

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (g *graph) RequestText(v VersionSet) string { return g.sets[v] }
func (g *graph) SetText(v VersionSet) string     { return g.sets[v] }

func (g *graph) SolvablesText(list []Solvable) string {
	var out []string
	for _, x := range list {
		out = append(out, g.solvables[x])
	}
	return strings.Join(out, "|")
}

func (g *graph) EmptyText(v VersionSet) string {
	if all := g.cands[g.setName[v]].All; len(all) > 0 {
		return "no match among " + g.SolvablesText(all)
	}
	return "no such package"
}

func (g *graph) ExcludedText(_ []Solvable, reason string) string { return reason }

func lines(nodes []Node, indent string) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, indent+n.Text)
		out = append(out, lines(n.Why, indent+"> ")...)
	}
	return out
}

var conflicts = []struct{ name, text string }{
	{"missing", `want a
tree requested "a": no such package`},
	{"no match", `a1:
want a2
tree requested "a2": no match among a1`},
	{"missing below", `a1: b
a2: b
want a
tree requested "a"
tree > a2|a1
tree > > requires b: no such package`},
	{"two versions", `a1: c1
b1: c2
c1:
c2:
want a b
tree requested "a"
tree > a1
tree > > requires c1
tree > > > c1: b1 requires c2
tree requested "b"
tree > b1
tree > > requires c2
tree > > > c2: a1 requires c1`},
	{"constrained", `a1: !b1
b2:
want a b
tree requested "b"
tree > b2: a1 allows only b1
tree requested "a"
tree > a1
tree > > allows only b1`},
	{"excluded and unknown", `a1: ?unreadable
a2:
exclude a2 is too new
want a
tree requested "a"
tree > a2: is too new
tree > a1: unreadable`},
	{"locked", `a1:
a2:
lock a1
want a2
tree requested "a2"
tree > a2: a1 is locked`},
	{"innocent lines are not told", `a1:
b1: d
c1:
want a b c
tree requested "b"
tree > b1
tree > > requires d: no such package`},
}

func TestExplain(t *testing.T) {
	for _, tt := range conflicts {
		t.Run(tt.name, func(t *testing.T) {
			g := parseGraph(t, tt.text)
			_, err := Solve(t.Context(), g, g.problem)
			var c *Conflict
			if !errors.As(err, &c) {
				t.Fatalf("got %v, want a conflict", err)
			}
			if diff := cmp.Diff(g.tree, lines(c.Explain(g), "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzSolve(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		compareWithSearch(t, randomGraph(rand.New(rand.NewPCG(a, b)), a%2 == 0), a)
	})
}

func BenchmarkPigeons(b *testing.B) {
	for b.Loop() {
		if pigeons(7, 6).solve(b) != "none" {
			b.Fatal("answer for too few places")
		}
	}
}
