package link

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// checkOwn refuses a package that conflicts with itself, or with the files
// that the installer writes.
func (p *planner) checkOwn(i int) error {
	stem := p.packages[i].Record.Stem()
	files := map[string]string{} // path → type
	for k := range p.files[i] {
		f := &p.files[i][k]
		if old, ok := files[f.Path]; ok && (old != typeDir || f.Type != typeDir) {
			return tree.NewError(stem, "%s: the package has this path twice", f.Path)
		}
		files[f.Path] = f.Type
	}
	for k := range p.files[i] {
		for dir := range tree.Parents(p.files[i][k].Path) {
			if t, ok := files[dir]; ok && t != typeDir {
				return tree.NewError(stem, "%s: lies below %s, which the package does not have as a directory", p.files[i][k].Path, dir)
			}
		}
	}
	for k := range p.packages {
		own := p.packages[k].Record.metaPath()
		if _, ok := files[own]; ok {
			return tree.NewError(stem, "%s: the package has a file that only the installer writes", own)
		}
	}
	if _, ok := files["conda-meta/history"]; ok {
		return tree.NewError(stem, "conda-meta/history: the package has a file that only the installer writes")
	}
	return nil
}

// settle leaves out every file that a stronger package's file stands in the
// way of: the same path, a file where this one needs a directory, or a
// directory where this one is a file. The strongest package is the last in
// topological order: a package beats what it depends on.
func (p *planner) settle() {
	claims := claims{files: map[string]int{}, dirs: map[string]int{}}
	losers := map[string]*Clobber{}
	for _, i := range slices.Backward(p.order) {
		name := p.packages[i].Record.Name
		p.files[i] = slices.DeleteFunc(p.files[i], func(f File) bool {
			winner, lost := claims.blocker(&f)
			if lost {
				c := losers[f.Path]
				if c == nil {
					c = &Clobber{Path: f.Path, Winner: p.packages[winner].Record.Name}
					losers[f.Path] = c
				}
				c.Losers = append(c.Losers, name)
			}
			return lost
		})
		for k := range p.files[i] {
			claims.add(&p.files[i][k], i)
		}
	}
	for _, c := range losers {
		slices.Sort(c.Losers)
		p.plan.Clobbers = append(p.plan.Clobbers, *c)
	}
	slices.SortFunc(p.plan.Clobbers, func(a, b Clobber) int { return cmp.Compare(a.Path, b.Path) })
}

// claims are the paths that stronger packages have, each with one of them.
type claims struct {
	files map[string]int // files and symbolic links
	dirs  map[string]int // directories
}

// blocker returns the package whose claim f conflicts with.
func (c *claims) blocker(f *File) (pkg int, blocked bool) {
	if i, ok := c.files[f.Path]; ok {
		return i, true
	}
	if i, ok := c.dirs[f.Path]; ok && f.Type != typeDir {
		return i, true
	}
	for dir := range tree.Parents(f.Path) {
		if i, ok := c.files[dir]; ok {
			return i, true
		}
	}
	return 0, false
}

func (c *claims) add(f *File, pkg int) {
	for dir := range tree.Parents(f.Path) {
		if _, ok := c.dirs[dir]; !ok {
			c.dirs[dir] = pkg
		}
	}
	if f.Type == typeDir {
		c.dirs[f.Path] = pkg
	} else {
		c.files[f.Path] = pkg
	}
}

// checkCase refuses paths that differ in letter case only where the target's
// file system does not tell them apart.
func (p *planner) checkCase() error {
	if p.system == linux {
		return nil
	}
	type place struct {
		path, stem string
		dir        bool
	}
	seen := map[string]place{}
	check := func(path, stem string, dir bool) error {
		key := strings.ToLower(path)
		old, ok := seen[key]
		if ok && old.path != path && !(old.dir && dir) {
			return usage(stem, "%s: differs from %s of %s in letter case only, which file systems of %s do not tell apart",
				path, old.path, old.stem, p.system)
		}
		seen[key] = place{path, stem, dir}
		return nil
	}
	for i := range p.files {
		stem := p.packages[i].Record.Stem()
		for k := range p.files[i] {
			f := &p.files[i][k]
			for dir := range tree.Parents(f.Path) {
				if err := check(dir, stem, true); err != nil {
					return err
				}
			}
			if err := check(f.Path, stem, f.Type == typeDir); err != nil {
				return err
			}
		}
	}
	return nil
}
