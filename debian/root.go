package debian

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Root is a root file system made of packages: every directory once, what each
// package puts there, and the files that rules make.
type Root struct {
	Dirs     []tree.Header // sorted by path
	Packages []Part        // by name
	Made     []Made        // sorted by path
	Dropped  []string      // files that lost setuid or setgid bits, sorted
	Facts    Facts
}

// Part is what one package adds besides directories: its link description.
type Part struct {
	Name   string
	SHA256 string      // of the .deb
	Files  []Placement // in the archive's order
}

// Placement is where a file of the archive goes.
type Placement struct {
	From   string // path in the archive; of a hard link, that of its content
	Header tree.Header
}

// Made is a file that no package holds.
type Made struct {
	Header  tree.Header
	Content []byte
	Rule    string // the package, or the kind of link, that a rule of docs/debian.md stands for
}

// Rules is the number of the rules by which roots are made: other bytes for the
// same packages need another number.
const Rules = 2

// Assemble makes a root of packages of one architecture, in any order. Two packages that own one
// path are an error unless one says that it replaces the other, or both paths
// are directories.
func Assemble(metas []*Meta) (*Root, error) {
	metas = slices.Clone(metas)
	slices.SortFunc(metas, func(a, b *Meta) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Name(), b.Name()))
	})
	r := &assembly{metas: metas, dirs: map[string]tree.Header{}, owner: map[string]*Meta{}, headers: map[string]tree.Header{}, made: map[string]Made{}}
	r.names()
	for _, m := range metas {
		if err := r.place(m); err != nil {
			return nil, err
		}
	}
	if err := r.rules(); err != nil {
		return nil, err
	}
	return r.root()
}

// order puts first what debootstrap unpacks first: its directories' modes hold.
func order(m *Meta) int {
	switch m.Name() {
	case "base-files":
		return 0
	case "base-passwd":
		return 1
	}
	return 2
}

// assembly is a root in the making.
type assembly struct {
	metas   []*Meta
	users   map[string]int
	groups  map[string]int
	dirs    map[string]tree.Header
	owner   map[string]*Meta       // of files and links, by final path
	headers map[string]tree.Header // likewise
	parts   []Part
	made    map[string]Made
	dropped []string
	passwd  string
	group   string
}

// merged returns where a path lies once /bin, /sbin and /lib* are links into
// /usr (Debian's usr-merge, in effect since bookworm).
func merged(path string) string {
	top, rest, below := strings.Cut(path, "/")
	if !isMerged(top) {
		return path
	}
	if !below {
		return "usr/" + top
	}
	return "usr/" + top + "/" + rest
}

func isMerged(top string) bool {
	return slices.Contains([]string{"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32"}, top)
}

// place puts a package's files into the root.
func (r *assembly) place(m *Meta) error {
	part := Part{Name: m.Name(), SHA256: m.SHA256}
	for _, e := range m.Entries {
		if e.Kind == tree.Symlink && isMerged(e.Path) {
			continue // base-files of trixie has the links that a rule makes
		}
		path, from := e.Path, e.Path
		if e.Hard {
			e = *m.content(e.Target)
			from = e.Path
		}
		h := tree.Header{Path: merged(path), Kind: e.Kind, Mode: e.Mode, ModTime: e.ModTime, Size: e.Size}
		h.UID, h.GID = r.id(r.users, e.User, e.UID), r.id(r.groups, e.Group, e.GID)
		switch e.Kind {
		case tree.Dir:
			if h.Mode &^= 0o4000; h.Mode&0o1000 == 0 {
				h.Mode &^= 0o002
			}
			h.ModTime = 0
			if err := r.dir(h, m); err != nil {
				return err
			}
			continue
		case tree.Symlink:
			h.Mode, h.Target = 0o777, e.Target
		case tree.File:
			if h.Mode&0o6000 != 0 {
				r.dropped = append(r.dropped, h.Path)
			}
			h.Mode &^= 0o7002
		}
		keep, err := r.claim(h, m)
		if err != nil {
			return err
		}
		if keep {
			part.Files = append(part.Files, Placement{from, h})
		}
	}
	r.parts = append(r.parts, part)
	return nil
}

// content returns the entry that a path's hard links lead to, which ReadMeta saw
// to be there.
func (m *Meta) content(path string) *Entry {
	i := slices.IndexFunc(m.Entries, func(e Entry) bool { return e.Path == path })
	if e := &m.Entries[i]; !e.Hard {
		return e
	}
	return m.content(m.Entries[i].Target)
}

// id returns the number of a name that base-passwd knows, as dpkg does.
func (r *assembly) id(known map[string]int, name string, number int) int {
	if n, ok := known[name]; ok && name != "" {
		return n
	}
	return number
}

func (r *assembly) dir(h tree.Header, m *Meta) error {
	if other := r.owner[h.Path]; other != nil {
		if r.headers[h.Path].Kind == tree.Symlink {
			return nil // dpkg keeps a link in the place of a directory
		}
		return clash(h.Path, other, m)
	}
	if _, there := r.dirs[h.Path]; !there {
		r.dirs[h.Path] = h
	}
	return nil
}

// claim gives a path to a package, and reports whether it keeps it.
func (r *assembly) claim(h tree.Header, m *Meta) (bool, error) {
	if _, there := r.dirs[h.Path]; there {
		if h.Kind == tree.Symlink {
			return false, nil // dpkg keeps a directory in the place of a link to one
		}
		return false, tree.NewError("package "+m.Name(), "%q is a directory in another package", h.Path)
	}
	other := r.owner[h.Path]
	switch {
	case other == nil || other != m && m.replaces(other):
		if other != nil {
			r.drop(other, h.Path)
		}
		r.owner[h.Path], r.headers[h.Path] = m, h
		return true, nil
	case other == m:
		return false, tree.NewError("package "+m.Name(), "%q and its place in /usr are both there", h.Path)
	case other.replaces(m):
		return false, nil
	}
	return false, clash(h.Path, other, m)
}

func clash(path string, a, b *Meta) error {
	return tree.NewError("package "+b.Name(), "%q is also in package %q, and neither replaces the other", path, a.Name()).WithClass("unsatisfiable")
}

// replaces reads Replaces (policy §7.6).
func (m *Meta) replaces(other *Meta) bool {
	list, err := ParseRelations(m.Control.Get("Replaces"), "any")
	if err != nil {
		return false
	}
	for _, any := range list {
		for _, r := range any {
			if r.Name == other.Name() && r.fulfilled(other.Control.Get("Version")) {
				return true
			}
		}
	}
	return false
}

// drop takes a path from the package that had it.
func (r *assembly) drop(m *Meta, path string) {
	for i := range r.parts {
		if r.parts[i].Name == m.Name() {
			r.parts[i].Files = slices.DeleteFunc(r.parts[i].Files, func(p Placement) bool { return p.Header.Path == path })
		}
	}
}

// has reports whether the root has a path.
func (r *assembly) has(path string) bool {
	_, dir := r.dirs[path]
	_, made := r.made[path]
	return dir || made || r.owner[path] != nil
}

// root returns what was assembled: with all parents, sorted.
func (r *assembly) root() (*Root, error) {
	slices.Sort(r.dropped)
	out := &Root{Packages: r.parts, Dropped: r.dropped}
	slices.SortFunc(out.Packages, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	for path := range r.owner {
		r.parents(path)
	}
	for path, m := range r.made {
		r.parents(path)
		out.Made = append(out.Made, m)
	}
	for path := range r.dirs {
		r.parents(path)
	}
	for path, h := range r.dirs {
		if r.owner[path] != nil {
			return nil, tree.NewError("", "%q is a directory and a file of package %q", path, r.owner[path].Name())
		}
		out.Dirs = append(out.Dirs, h)
	}
	slices.SortFunc(out.Dirs, func(a, b tree.Header) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(out.Made, func(a, b Made) int { return cmp.Compare(a.Header.Path, b.Header.Path) })
	out.Facts = r.facts(out)
	return out, nil
}

func (r *assembly) parents(path string) {
	for p := range tree.Parents(path) {
		if _, there := r.dirs[p]; !there {
			r.dirs[p] = tree.Header{Path: p, Kind: tree.Dir, Mode: 0o755}
		}
	}
}
