package wheel

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Owned is a path that something else than a wheel puts into the prefix.
type Owned struct {
	Path   string // below the prefix
	Owner  string // for people: "conda package python-3.11.9-h0"
	Kind   tree.Kind
	SHA256 string // hex, of a file as it is installed; "" where that is not known
}

// Settle decides who has a path that several own: what is there already, or
// else the wheel that comes first by name. The others' file is left out
// ([File.Elsewhere]) where its bytes are equal, though RECORD goes on to name
// it. It returns new descriptions, sorted by project.
//
// Anything else is an error of class "usage", which names one path and both
// owners: different bytes, or a file where another needs a directory, or a path
// through another's symbolic link; where the target's file system does not tell
// letter case apart, also paths that differ in nothing else.
func Settle(ds []*Description, others []Owned) ([]*Description, error) {
	ds = slices.Clone(ds)
	slices.SortFunc(ds, func(a, b *Description) int { return cmp.Compare(a.Project, b.Project) })
	s := &settler{files: map[string]Owned{}, dirs: map[string]string{}, cases: map[string]string{}}
	for i := range ds {
		if i > 0 && ds[i-1].Project == ds[i].Project {
			return nil, usage(ds[i].title(), "the wheel %s is there too", ds[i-1].title())
		}
		s.foldCase = s.foldCase || ds[i].System != linux
	}
	for _, o := range others {
		s.add(o)
	}
	for i, d := range ds {
		changed := *d
		changed.Files = slices.Clone(d.Files)
		for k := range changed.Files {
			f := &changed.Files[k]
			same, err := s.meet(d, f)
			if err != nil {
				return nil, err
			}
			if f.Elsewhere = same; !same {
				s.add(Owned{Path: f.Path, Owner: "wheel " + d.title(), SHA256: f.SHA256})
			}
		}
		ds[i] = &changed
	}
	return ds, nil
}

// settler knows all paths so far.
type settler struct {
	files    map[string]Owned  // files and symbolic links
	dirs     map[string]string // directories, each with one of those that need it
	cases    map[string]string // all of them by their lower-case form
	foldCase bool
}

func (s *settler) add(o Owned) {
	for dir := range tree.Parents(o.Path) {
		if s.dirs[dir] == "" {
			s.dirs[dir] = o.Owner
			s.cases[s.fold(dir)] = dir
		}
	}
	if o.Kind == tree.Dir {
		s.dirs[o.Path] = cmp.Or(s.dirs[o.Path], o.Owner)
	} else {
		s.files[o.Path] = o
	}
	s.cases[s.fold(o.Path)] = o.Path
}

func (s *settler) fold(p string) string {
	if s.foldCase {
		return strings.ToLower(p)
	}
	return p
}

// meet reports whether a wheel's file is there already, or refuses it.
func (s *settler) meet(d *Description, f *File) (same bool, err error) {
	for dir := range tree.Parents(f.Path) {
		if o, ok := s.files[dir]; ok {
			what := "a file"
			if o.Kind == tree.Symlink {
				what = "a symbolic link"
			}
			return false, s.refuse(d, f, "lies below %s, which is %s of the %s", dir, what, o.Owner)
		}
		if other, ok := s.cases[s.fold(dir)]; ok && other != dir {
			return false, s.refuse(d, f, "%s differs from %s of the %s in letter case only, which file systems of %s do not tell apart",
				dir, other, s.owner(other), d.System)
		}
	}
	if owner, ok := s.dirs[f.Path]; ok {
		return false, s.refuse(d, f, "is a directory of the %s", owner)
	}
	if o, ok := s.files[f.Path]; ok {
		if o.Kind == tree.File && o.SHA256 != "" && o.SHA256 == f.SHA256 {
			return true, nil
		}
		return false, s.refuse(d, f, "the %s has other bytes at this path", o.Owner)
	}
	if other, ok := s.cases[s.fold(f.Path)]; ok && other != f.Path {
		return false, s.refuse(d, f, "differs from %s of the %s in letter case only, which file systems of %s do not tell apart",
			other, s.owner(other), d.System)
	}
	return false, nil
}

func (s *settler) owner(p string) string { return cmp.Or(s.files[p].Owner, s.dirs[p]) }

func (s *settler) refuse(d *Description, f *File, format string, args ...any) error {
	return usage("wheel "+d.title(), "%s: "+format, append([]any{f.Path}, args...)...).
		WithHint("a wheel never overwrites a file: leave one of the two out, or take both from conda")
}
