package sat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// graph is a provider made from text, one fact a line:
//
//	a1: b23 c !d1 ?text   a1 requires b 2 or 3, any c, allows only d 1, is not understood
//	a1: b2?c1&d|e         a1 requires b 2 if c 1 and any d are chosen, or any e
//	exclude a1 text       a1 must not be chosen
//	favor a1, lock a1     a1 is tried first, is the only a
//	lazy a                dependencies of all a are asked for late
//	want b c1 !d1         the request
//	soft a1 b1            to be added where they fit
//	answer a1 b1          what is expected, in order of names; or "answer none"
//	tree text             what is expected of Explain, line by line
//
// Versions are digits, and higher ones are tried first.
type graph struct {
	names     []string
	byName    map[string]Name
	solvables []string // by id
	nameOf    []Name
	sets      []string // by id: "b23"
	setID     map[string]VersionSet
	setName   []Name
	deps      map[Solvable]*Dependencies
	cands     map[Name]*Candidates
	problem   Problem
	answer    string
	tree      []string
}

func newGraph() *graph {
	return &graph{
		byName: map[string]Name{}, setID: map[string]VersionSet{},
		solvables: []string{"request"}, nameOf: []Name{-1},
		deps: map[Solvable]*Dependencies{}, cands: map[Name]*Candidates{},
	}
}

func (g *graph) name(s string) Name {
	s = strings.TrimRight(s, "0123456789")
	n, ok := g.byName[s]
	if !ok {
		n = Name(len(g.names))
		g.byName[s] = n
		g.names = append(g.names, s)
		g.cands[n] = &Candidates{}
	}
	return n
}

func (g *graph) id(s string) Solvable {
	if i := slices.Index(g.solvables, s); i > 0 {
		return Solvable(i)
	}
	n := g.name(s)
	x := Solvable(len(g.solvables))
	g.solvables = append(g.solvables, s)
	g.nameOf = append(g.nameOf, n)
	g.cands[n].All = append(g.cands[n].All, x)
	g.deps[x] = &Dependencies{}
	return x
}

func (g *graph) set(s string) VersionSet {
	v, ok := g.setID[s]
	if !ok {
		v = VersionSet(len(g.sets))
		g.setID[s] = v
		g.sets = append(g.sets, s)
		g.setName = append(g.setName, g.name(s))
	}
	return v
}

func (g *graph) wishes(words []string, d *Dependencies) {
	for _, w := range words {
		switch {
		case strings.Contains(w, "?") && w[0] != '?':
			set, condition, _ := strings.Cut(w, "?")
			c := Conditional{Set: g.set(set)}
			for _, all := range strings.Split(condition, "|") {
				var sets []VersionSet
				for _, s := range strings.Split(all, "&") {
					sets = append(sets, g.set(s))
				}
				c.If = append(c.If, sets)
			}
			d.When = append(d.When, c)
		case w[0] == '!':
			d.Constrains = append(d.Constrains, g.set(w[1:]))
		case w[0] == '?':
			d.Unknown = w[1:]
		default:
			d.Requires = append(d.Requires, g.set(w))
		}
	}
}

func parseGraph(t testing.TB, text string) *graph {
	t.Helper()
	g := newGraph()
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		if len(w) == 0 || w[0][0] == '#' {
			continue
		}
		switch w[0] {
		case "want":
			var d Dependencies
			g.wishes(w[1:], &d)
			g.problem.Requires, g.problem.Constrains, g.problem.When = d.Requires, d.Constrains, d.When
		case "soft":
			for _, x := range w[1:] {
				g.problem.Soft = append(g.problem.Soft, g.id(x))
			}
		case "exclude":
			c := g.cands[g.name(w[1])]
			c.Excluded = append(c.Excluded, Exclusion{g.id(w[1]), strings.Join(w[2:], " ")})
		case "favor":
			g.cands[g.name(w[1])].Favored = g.id(w[1])
		case "lock":
			g.cands[g.name(w[1])].Locked = g.id(w[1])
		case "lazy":
			g.cands[g.name(w[1])].Lazy = true
		case "answer":
			g.answer = strings.Join(w[1:], " ")
		case "tree":
			g.tree = append(g.tree, strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "tree "), "\n"))
		default:
			x, ok := strings.CutSuffix(w[0], ":")
			if !ok {
				t.Fatalf("unknown line %q", line)
			}
			g.wishes(w[1:], g.deps[g.id(x)])
		}
	}
	return g
}

func (g *graph) Candidates(n Name) Candidates          { return *g.cands[n] }
func (g *graph) Dependencies(x Solvable) *Dependencies { return g.deps[x] }
func (g *graph) SetName(v VersionSet) Name             { return g.setName[v] }
func (g *graph) NameOf(x Solvable) Name                { return g.nameOf[x] }

func (g *graph) has(v VersionSet, x Solvable) bool {
	name := g.names[g.setName[v]]
	versions := g.sets[v][len(name):]
	return g.nameOf[x] == g.setName[v] &&
		(versions == "" || strings.Contains(versions, g.solvables[x][len(name):]))
}

func (g *graph) Filter(v VersionSet, in []Solvable) []Solvable {
	var out []Solvable
	for _, x := range in {
		if g.has(v, x) {
			out = append(out, x)
		}
	}
	return out
}

func (g *graph) Sort(_ Lookup, in []Solvable) {
	slices.SortFunc(in, func(a, b Solvable) int { return strings.Compare(g.solvables[b], g.solvables[a]) })
}

func (g *graph) text(answer []Solvable) string {
	var out []string
	for _, x := range answer {
		out = append(out, g.solvables[x])
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// check is independent of the search: it says what is wrong with an answer.
func (g *graph) check(answer []Solvable) error {
	byName := map[Name]Solvable{}
	for _, x := range answer {
		if y, twice := byName[g.nameOf[x]]; twice {
			return fmt.Errorf("%s and %s chosen", g.solvables[x], g.solvables[y])
		}
		byName[g.nameOf[x]] = x
	}
	meets := func(who string, d Dependencies) error {
		if d.Unknown != "" {
			return fmt.Errorf("%s chosen, but %s", who, d.Unknown)
		}
		for _, v := range d.Requires {
			if x := byName[g.setName[v]]; x == Root || !g.has(v, x) {
				return fmt.Errorf("%s lacks %s", who, g.sets[v])
			}
		}
		for _, w := range d.When {
			if x := byName[g.setName[w.Set]]; g.holds(w, byName) && (x == Root || !g.has(w.Set, x)) {
				return fmt.Errorf("%s lacks %s under its condition", who, g.sets[w.Set])
			}
		}
		for _, v := range d.Constrains {
			if x := byName[g.setName[v]]; x != Root && !g.has(v, x) {
				return fmt.Errorf("%s forbids %s", who, g.solvables[x])
			}
		}
		return nil
	}
	if err := meets("request", Dependencies{Requires: g.problem.Requires, Constrains: g.problem.Constrains, When: g.problem.When}); err != nil {
		return err
	}
	for n, x := range byName {
		c := g.cands[n]
		if c.Locked != Root && c.Locked != x {
			return fmt.Errorf("%s chosen, but %s is locked", g.solvables[x], g.solvables[c.Locked])
		}
		for _, e := range c.Excluded {
			if e.Solvable == x {
				return fmt.Errorf("%s chosen, but excluded", g.solvables[x])
			}
		}
		if err := meets(g.solvables[x], *g.deps[x]); err != nil {
			return err
		}
	}
	return nil
}

// holds evaluates a condition.
func (g *graph) holds(w Conditional, byName map[Name]Solvable) bool {
	return slices.ContainsFunc(w.If, func(all []VersionSet) bool {
		return !slices.ContainsFunc(all, func(v VersionSet) bool {
			x := byName[g.setName[v]]
			return x == Root || !g.has(v, x)
		})
	})
}

// needed says which chosen solvable nothing asks for.
func (g *graph) needed(answer []Solvable) error {
	byName := map[Name]Solvable{}
	for _, x := range answer {
		byName[g.nameOf[x]] = x
	}
	want := slices.Clone(g.problem.Requires)
	when := slices.Clone(g.problem.When)
	for _, x := range answer {
		want = append(want, g.deps[x].Requires...)
		when = append(when, g.deps[x].When...)
	}
	for _, w := range when {
		if g.holds(w, byName) {
			want = append(want, w.Set)
		}
	}
	for _, x := range answer {
		if slices.Contains(g.problem.Soft, x) {
			continue
		}
		if !slices.ContainsFunc(want, func(v VersionSet) bool { return g.has(v, x) }) {
			return fmt.Errorf("nothing asks for %s", g.solvables[x])
		}
	}
	return nil
}

// exists searches all choices, name by name.
func (g *graph) exists() bool {
	var try func(n int, answer []Solvable) bool
	try = func(n int, answer []Solvable) bool {
		if n == len(g.names) {
			return g.check(answer) == nil
		}
		if try(n+1, answer) {
			return true
		}
		for _, x := range g.cands[Name(n)].All {
			if try(n+1, append(answer, x)) {
				return true
			}
		}
		return false
	}
	return try(0, nil)
}
