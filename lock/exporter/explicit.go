package exporter

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// Explicit writes an environment on one platform as an @EXPLICIT file. Errors
// are of class usage, or the writer's.
func Explicit(w io.Writer, l *lock.Lock, env string, on platforms.Platform) error {
	all, err := parts(l, env, []platforms.Platform{on})
	if err != nil {
		return err
	}
	p := all[0]
	var b strings.Builder
	b.WriteString("# platform: " + on.Subdir() + "\n" + head)
	if p.hasPaths() {
		b.WriteString(paths)
	}
	b.WriteString("@EXPLICIT\n")
	for _, c := range ordered(p.Conda) {
		fmt.Fprintf(&b, "%s#sha256:%s\n", c.URL, c.SHA256)
	}
	for _, wheel := range p.Wheels {
		fmt.Fprintf(&b, "# pip %s @ %s#sha256=%s\n", wheel.Name, wheel.URL, wheel.SHA256)
	}
	return write(w, b.String())
}

// ordered returns packages behind what they depend on. They come sorted by
// name.
func ordered(packages []lock.Conda) []lock.Conda {
	g := graph{needs: map[string][]string{}}
	for _, c := range packages {
		g.names = append(g.names, c.Name)
		for _, d := range c.Depends {
			g.needs[c.Name] = append(g.needs[c.Name], specName(d))
		}
	}
	byName := map[string]lock.Conda{}
	for _, c := range packages {
		byName[c.Name] = c
	}
	var order []lock.Conda
	for len(g.names) > 0 {
		next := slices.IndexFunc(g.names, func(n string) bool { return len(g.missing(n)) == 0 })
		if next < 0 {
			next = g.cut(func(n string) bool { return byName[n].Noarch == "" })
		}
		order = append(order, byName[g.names[next]])
		g.names = slices.Delete(g.names, next, next+1)
	}
	return order
}

// graph is the packages that are not in order yet.
type graph struct {
	names []string            // sorted
	needs map[string][]string // of all packages
}

// missing returns what a package needs that is still to come.
func (g *graph) missing(name string) []string {
	var all []string
	for _, n := range g.needs[name] {
		if _, found := slices.BinarySearch(g.names, n); found && n != name {
			all = append(all, n)
		}
	}
	return all
}

// cut returns the package with which a cycle starts that waits for nothing but
// itself: the first one preferred, else the first.
func (g *graph) cut(prefer func(name string) bool) int {
	first := -1
	for i, name := range g.names {
		within := g.reach(name)
		closed := true
		for n := range within {
			closed = closed && g.reach(n)[name]
		}
		switch {
		case closed && prefer(name):
			return i
		case closed && first < 0:
			first = i
		}
	}
	return first
}

// reach returns what a package needs, directly or not.
func (g *graph) reach(name string) map[string]bool {
	seen := map[string]bool{}
	for todo := []string{name}; len(todo) > 0; todo = todo[1:] {
		for _, n := range g.missing(todo[0]) {
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return seen
}

// specName returns the name that a match spec of a depends list begins with,
// and constraint the rest.
func specName(spec string) string {
	n, _ := splitSpec(spec)
	return n
}

func splitSpec(spec string) (name, constraint string) {
	spec = strings.TrimSpace(spec)
	if i := strings.IndexAny(spec, " =<>!~["); i >= 0 {
		return spec[:i], strings.TrimSpace(spec[i:])
	}
	return spec, ""
}
