package debian

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Archive holds the packages of one architecture that suites offer.
type Archive struct {
	arch      string
	byName    map[string][]*Package // newest first
	providers map[string][]*Package // by priority, then name, newest first
}

// NewArchive returns an archive of packages of an architecture. Of several
// versions of a name the newest counts, the first of equal ones.
func NewArchive(arch string, packages []*Package) *Archive {
	a := &Archive{arch: arch, byName: map[string][]*Package{}, providers: map[string][]*Package{}}
	for _, p := range packages {
		a.byName[p.Name] = append(a.byName[p.Name], p)
	}
	for _, list := range a.byName {
		slices.SortStableFunc(list, func(x, y *Package) int { return CompareVersions(y.Version, x.Version) })
		for _, p := range list {
			for _, any := range p.Provides {
				for _, r := range any {
					a.providers[r.Name] = append(a.providers[r.Name], p)
				}
			}
		}
	}
	for _, list := range a.providers {
		slices.SortStableFunc(list, func(x, y *Package) int {
			return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.Name, y.Name))
		})
	}
	return a
}

// rank orders priorities (policy §2.5): what is required is there already on
// most systems.
func (p *Package) rank() int {
	for i, priority := range [...]string{"required", "important", "standard", "optional"} {
		if p.Priority == priority {
			return i
		}
	}
	return 4
}

// Preset returns the packages of a ready list, as it is: without what their
// maintainer scripts need. The only one is "glibc": what programs that link
// against glibc and libstdc++ need, certificates and time zones, and no shell.
// The error is of class usage.
func (a *Archive) Preset(name string) ([]*Package, error) {
	if name != "glibc" {
		return nil, tree.NewError("", "there is no preset %q", name).WithClass("usage").WithHint("the preset is \"glibc\"")
	}
	var all []*Package
	for _, n := range []string{"base-files", "ca-certificates", "libc6", "libgcc-s1", "libstdc++6", "netbase", "tzdata", "zlib1g"} {
		p, err := a.named(n)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Closure returns the packages of names and all that they need, sorted by
// name, and those of have, whose own needs are not looked at. A name may be
// "name=version". The error is of class usage for a name or version
// that is not there, and unsatisfiable, with the chain of packages, for
// dependencies that cannot be met.
func (a *Archive) Closure(names []string, have ...*Package) ([]*Package, error) {
	c := &closure{archive: a, chosen: map[string]*Package{}, why: map[string]string{}}
	wanted, err := a.wanted(names)
	if err != nil {
		return nil, err
	}
	for _, p := range have {
		c.chosen[p.Name] = p
	}
	for _, p := range wanted {
		if q := c.chosen[p.Name]; q != nil && q != p {
			delete(c.chosen, p.Name) // a version that was asked for instead of the newest
		}
		c.add(p, "")
	}
	for len(c.queue) > 0 {
		p := c.queue[0]
		c.queue = c.queue[1:]
		needs, err := a.relations(p, p.PreDepends, p.Depends, unsaid[p.Name])
		if err != nil {
			return nil, err
		}
		for _, any := range needs {
			if err := c.need(p, any); err != nil {
				return nil, err
			}
		}
	}
	all := make([]*Package, 0, len(c.chosen))
	for _, p := range c.chosen {
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y *Package) int { return cmp.Compare(x.Name, y.Name) })
	return all, c.peace(all)
}

// unsaid are needs that packages do not name because what they need is
// Essential: apt reads dpkg's tables and runs it.
var unsaid = map[string]string{"apt": "dpkg"}

// relations reads fields of a package.
func (a *Archive) relations(p *Package, fields ...string) (all [][]Relation, err error) {
	for _, f := range fields {
		list, err := ParseRelations(f, a.arch)
		if err != nil {
			return nil, tree.NewError("package "+p.Name, "%w", err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// wanted returns the packages that a user asked for: a version that is named
// counts wherever in the list it stands.
func (a *Archive) wanted(names []string) ([]*Package, error) {
	exact := map[string]*Package{}
	all := make([]*Package, len(names))
	for i, name := range names {
		p, err := a.named(name)
		if err != nil {
			return nil, err
		}
		all[i] = p
		if !strings.Contains(name, "=") {
			continue
		}
		if q := exact[p.Name]; q != nil && q != p {
			return nil, tree.NewError("", "package %q is asked for in the versions %s and %s", p.Name, q.Version, p.Version).WithClass("usage")
		}
		exact[p.Name] = p
	}
	for i, p := range all {
		all[i] = cmp.Or(exact[p.Name], p)
	}
	return all, nil
}

// named returns the package that a user asked for.
func (a *Archive) named(want string) (*Package, error) {
	name, version, exact := strings.Cut(want, "=")
	for _, p := range a.byName[name] {
		if !exact || p.Version == version {
			return p, nil
		}
	}
	switch list := a.byName[name]; {
	case len(list) > 0:
		return nil, tree.NewError("", "package %q has no version %s", name, version).WithClass("usage").WithHint("there is %s", versions(list, version))
	case len(a.providers[name]) > 0:
		return nil, tree.NewError("", "package %q is virtual", name).WithClass("usage").WithHint("name one that provides it: %s", names(a.providers[name]))
	}
	return nil, tree.NewError("", "there is no package %q", name).WithClass("usage")
}

// versions lists up to five versions around one, newest first.
func versions(list []*Package, near string) string {
	const most = 5
	var all []string
	at := 0 // how many are newer
	for _, p := range list {
		if len(all) > 0 && all[len(all)-1] == p.Version {
			continue
		}
		if CompareVersions(p.Version, near) > 0 {
			at++
		}
		all = append(all, p.Version)
	}
	from := max(0, min(at-most/2, len(all)-most))
	return strings.Join(all[from:min(from+most, len(all))], ", ")
}

func names(list []*Package) string {
	var all []string
	for _, p := range list {
		all = append(all, p.Name)
	}
	return strings.Join(slices.Compact(all), ", ")
}

type closure struct {
	archive *Archive
	chosen  map[string]*Package
	why     map[string]string // the package that needs one
	queue   []*Package
}

func (c *closure) add(p *Package, by string) {
	if c.chosen[p.Name] == nil {
		c.chosen[p.Name], c.why[p.Name] = p, by
		c.queue = append(c.queue, p)
	}
}

// need meets one dependency: by what is chosen already, else by the first
// alternative that the archive has.
func (c *closure) need(p *Package, any []Relation) error {
	for _, r := range any {
		if c.met(r) {
			return nil
		}
	}
	for _, r := range any {
		if q := c.archive.find(r); q != nil && c.chosen[q.Name] == nil {
			c.add(q, p.Name)
			return nil
		}
	}
	var texts []string
	instead := ""
	for _, r := range any {
		texts = append(texts, r.String())
		if q := c.chosen[r.Name]; q != nil && instead == "" {
			instead = " beside " + c.chain(q)
		}
	}
	return tree.NewError("", "%s needs %s, which cannot be had%s", c.chain(p), strings.Join(texts, " | "), instead).WithClass("unsatisfiable")
}

// chain returns the packages that led to one.
func (c *closure) chain(p *Package) string {
	text := p.Name + " " + p.Version
	for by := c.why[p.Name]; by != ""; by = c.why[by] {
		text = by + " -> " + text
	}
	return text
}

func (c *closure) met(r Relation) bool {
	if p := c.chosen[r.Name]; p != nil && r.fulfilled(p.Version) {
		return true
	}
	return slices.ContainsFunc(c.archive.providers[r.Name], func(p *Package) bool {
		return c.chosen[p.Name] == p && p.provides(r)
	})
}

// find returns the package that meets a relation.
func (a *Archive) find(r Relation) *Package {
	for _, p := range a.byName[r.Name] {
		if r.fulfilled(p.Version) {
			return p
		}
	}
	for _, p := range a.providers[r.Name] {
		if p == a.byName[p.Name][0] && p.provides(r) {
			return p
		}
	}
	return nil
}

// provides reports whether a package provides what a relation asks for. Only a
// provision with a version meets a relation with one (policy §7.5).
func (p *Package) provides(r Relation) bool {
	for _, any := range p.Provides {
		for _, v := range any {
			if v.Name == r.Name && (r.Op == "" || v.Op == "=" && r.fulfilled(v.Version)) {
				return true
			}
		}
	}
	return false
}

// peace checks that no two chosen packages exclude each other.
func (c *closure) peace(all []*Package) error {
	for _, p := range all {
		excluded, err := c.archive.relations(p, p.Conflicts, p.Breaks)
		if err != nil {
			return err
		}
		for _, any := range excluded {
			for _, r := range any {
				for _, q := range all {
					if q != p && (q.Name == r.Name && r.fulfilled(q.Version) || q.Name != r.Name && q.provides(r)) {
						return tree.NewError("", "%s excludes %s (%s)", c.chain(p), c.chain(q), r).WithClass("unsatisfiable")
					}
				}
			}
		}
	}
	return nil
}
