package link

import (
	"slices"
	"strings"
)

// topological returns the packages in the order in which they are linked: a
// package behind what it depends on, otherwise by name, descending. The later
// of two packages wins a path that both have.
//
// The order is that of rattler's sort_topologically. Its rule for cycles,
// "noarch behind the others", holds here too; among packages of one kind the
// cycle is cut at the name that sorts first, where rattler's choice is left to
// chance.
func topological(packages []Package) []int {
	g := newGraph(packages)
	g.cutCycles()
	var roots []int
	for i := range packages {
		if !g.needed(i) {
			roots = append(roots, i)
		}
	}
	var order []int
	done := make([]bool, len(packages))
	var visit func(i int)
	visit = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		for _, d := range slices.Backward(g.deps[i]) {
			visit(d)
		}
		order = append(order, i)
	}
	for _, i := range slices.Backward(roots) {
		visit(i)
	}
	for i := range packages { // what only cycles that share an edge hold
		visit(i)
	}
	return order
}

// graph is the dependencies among packages that are sorted by name, by index
// and ascending.
type graph struct {
	deps   [][]int
	noarch []bool
}

func newGraph(packages []Package) *graph {
	g := &graph{deps: make([][]int, len(packages)), noarch: make([]bool, len(packages))}
	index := make(map[string]int, len(packages))
	for i := range packages {
		index[packages[i].Record.Name] = i
	}
	for i := range packages {
		g.noarch[i] = packages[i].Record.Noarch != ""
		for _, spec := range packages[i].Record.Depends {
			if d, ok := index[specName(spec)]; ok {
				g.deps[i] = append(g.deps[i], d)
			}
		}
		slices.Sort(g.deps[i])
		g.deps[i] = slices.Compact(g.deps[i])
	}
	return g
}

// specName returns the package name that a match spec of a depends list
// begins with.
func specName(spec string) string {
	if i := strings.IndexAny(spec, " =<>!~["); i >= 0 {
		return spec[:i]
	}
	return spec
}

// needed reports whether another package depends on i.
func (g *graph) needed(i int) bool {
	return slices.ContainsFunc(g.deps, func(deps []int) bool { return slices.Contains(deps, i) })
}

// cutCycles removes one edge of each cycle that a depth-first walk meets.
func (g *graph) cutCycles() {
	type edge struct{ from, to int }
	var cuts []edge
	var path []int
	visited := make([]bool, len(g.deps))
	var walk func(i int)
	walk = func(i int) {
		if start := slices.Index(path, i); start >= 0 {
			from, to := g.weakest(path[start:])
			cuts = append(cuts, edge{from, to})
			return
		}
		if visited[i] {
			return
		}
		visited[i] = true
		path = append(path, i)
		for _, d := range g.deps[i] {
			walk(d)
		}
		path = path[:len(path)-1]
	}
	for i := range g.deps {
		walk(i)
	}
	for _, c := range cuts {
		g.deps[c.from] = slices.DeleteFunc(g.deps[c.from], func(d int) bool { return d == c.to })
	}
}

// weakest returns the edge of a cycle that is cut: one from a package of an
// architecture to a noarch package, else the one that closes the cycle.
func (g *graph) weakest(cycle []int) (from, to int) {
	for k, from := range cycle {
		to := cycle[(k+1)%len(cycle)]
		if !g.noarch[from] && g.noarch[to] {
			return from, to
		}
	}
	return cycle[len(cycle)-1], cycle[0]
}
