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

// ordered returns packages by name, but each behind what it depends on.
func ordered(packages []lock.Conda) []lock.Conda {
	g := graph{packages: map[string]lock.Conda{}, done: map[string]bool{}}
	for _, c := range packages {
		g.packages[c.Name] = c
	}
	for _, c := range packages {
		g.visit(c.Name)
	}
	return g.order
}

// graph is packages by name, with those that are in order already.
type graph struct {
	packages map[string]lock.Conda
	done     map[string]bool
	order    []lock.Conda
}

// visit puts a package behind what it needs. Of a cycle, the need of a package
// for a noarch one does not count.
func (g *graph) visit(name string) {
	if g.done[name] {
		return
	}
	g.done[name] = true
	for _, n := range g.needs(name) {
		cut := g.packages[name].Noarch == "" && g.packages[n].Noarch != "" && g.reaches(n, name)
		if !cut {
			g.visit(n)
		}
	}
	g.order = append(g.order, g.packages[name])
}

// needs returns what a package depends on, sorted.
func (g *graph) needs(name string) []string {
	var all []string
	for _, d := range g.packages[name].Depends {
		if n := specName(d); g.packages[n].Name != "" {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// reaches reports whether a package needs another, directly or not.
func (g *graph) reaches(from, to string) bool {
	seen := map[string]bool{from: true}
	for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
		for _, n := range g.needs(todo[0]) {
			if n == to {
				return true
			}
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return false
}

// specName returns the name that a match spec of a depends list begins with.
func specName(spec string) string {
	name, _ := splitSpec(spec)
	return name
}

// splitSpec cuts a match spec behind its name.
func splitSpec(spec string) (name, constraint string) {
	spec = strings.TrimSpace(spec)
	if i := strings.IndexAny(spec, " =<>!~["); i >= 0 {
		return spec[:i], strings.TrimSpace(spec[i:])
	}
	return spec, ""
}
