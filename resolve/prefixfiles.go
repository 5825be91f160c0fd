package resolve

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/conda/activate"
	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// maxScriptFile is the most bytes that are read of a file that scripts look at.
const maxScriptFile = 16 << 20

// prefixFiles are the files of an environment as its activation scripts see
// them: linked, but read only where a script asks. Packages with activation
// files are looked at first, the others' metadata only when a path is not among
// those.
type prefixFiles struct {
	near, all func() (*listing, error)
	walk      func(c *lock.Conda, visit func(archive.Member) error) error
	read      map[string]archive.Member // by path below the prefix, contents relocated
	content   map[string][]byte
}

// listing is what lies where in a prefix.
type listing struct {
	files map[string]place
	dirs  map[string][]string // names in each directory, sorted
}

// place is a file and where it comes from.
type place struct {
	file *link.File
	of   *link.Description
	pkg  *lock.Conda
}

// prefixFiles returns the files of an environment. They may be used as long as
// the context lives.
func (s *resolver) prefixFiles(ctx context.Context, prefix string, p platforms.Platform, packages []lock.Conda) activate.Files {
	target := link.Environment{Subdir: p.Subdir(), Prefix: prefix}
	list := func(packages []lock.Conda) func() (*listing, error) {
		return sync.OnceValues(func() (*listing, error) { return s.list(ctx, target, packages) })
	}
	var near []lock.Conda
	for _, c := range packages {
		if len(c.Activation) > 0 && c.Noarch != "python" { // which needs the environment's Python to be linked
			near = append(near, c)
		}
	}
	return &prefixFiles{
		near: list(near), all: list(packages), read: map[string]archive.Member{}, content: map[string][]byte{},
		walk: func(c *lock.Conda, visit func(archive.Member) error) error { return s.Walk(ctx, c, visit) },
	}
}

// list links packages, from their metadata alone.
func (s *resolver) list(ctx context.Context, target link.Environment, packages []lock.Conda) (*listing, error) {
	metas := make([]*archive.Meta, len(packages))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for i := range packages {
		g.Go(func() (err error) {
			metas[i], err = s.Meta(gctx, &packages[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byName := map[string]*lock.Conda{}
	var linked []link.Package
	for i := range packages {
		c := &packages[i]
		byName[c.Name] = c
		linked = append(linked, link.Package{Meta: metas[i], Record: link.Record{
			Name: c.Name, Version: c.Version, Build: c.Build, BuildNumber: c.BuildNumber, Subdir: c.Subdir, Noarch: c.Noarch,
			Depends: c.Depends, SHA256: c.SHA256, PythonSitePackagesPath: c.SitePackages, URL: c.URL, FileName: path.Base(c.URL),
		}, Listing: s.headers(c)})
	}
	plan, err := link.Describe(ctx, target, linked)
	if err != nil {
		return nil, err
	}
	l := &listing{files: map[string]place{}, dirs: map[string][]string{}}
	for _, d := range plan.Descriptions {
		for i := range d.Files {
			l.add(place{&d.Files[i], d, byName[d.Record.Name]})
		}
	}
	for dir := range l.dirs {
		slices.Sort(l.dirs[dir])
		l.dirs[dir] = slices.Compact(l.dirs[dir])
	}
	return l, nil
}

// headers returns how the headers of a package's files are read, which linking
// asks for where the target of a symbolic link matters.
func (s *resolver) headers(c *lock.Conda) func(context.Context) ([]archive.Entry, error) {
	return func(ctx context.Context) ([]archive.Entry, error) {
		var all []archive.Entry
		err := s.Walk(ctx, c, func(m archive.Member) error {
			all = append(all, archive.Entry{Header: m.Header})
			return nil
		})
		return all, err
	}
}

func (l *listing) add(p place) {
	if p.file.Type == string(archive.Directory) {
		l.dirs[p.file.Path] = append(l.dirs[p.file.Path], nil...)
	} else {
		l.files[p.file.Path] = p
	}
	known := false
	for at := p.file.Path; at != "." && !known; at = path.Dir(at) {
		dir := path.Dir(at)
		_, known = l.dirs[dir]
		l.dirs[dir] = append(l.dirs[dir], path.Base(at))
	}
}

// find returns what lies at a path: a file, or a directory's names.
func (f *prefixFiles) find(name string) (place, []string, error) {
	for _, list := range []func() (*listing, error){f.near, f.all} {
		l, err := list()
		if err != nil {
			return place{}, nil, err
		}
		if p, ok := l.files[name]; ok {
			return p, nil, nil
		}
		if names, ok := l.dirs[name]; ok {
			return place{}, names, nil
		}
	}
	return place{}, nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// resolve follows symbolic links and returns the file that they lead to.
func (f *prefixFiles) resolve(name string) (string, place, error) {
	for range 16 {
		p, _, err := f.find(name)
		if err != nil || p.file == nil || p.file.Type != string(archive.SoftLink) {
			return name, p, err
		}
		m, err := f.member(name, p)
		if err != nil {
			return name, p, err
		}
		if m.Target == "" || strings.HasPrefix(m.Target, "/") {
			break
		}
		name = path.Join(path.Dir(name), m.Target)
	}
	return name, place{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// member reads a file from its package, and with it the package's activation
// files.
func (f *prefixFiles) member(name string, p place) (archive.Member, error) {
	if m, ok := f.read[name]; ok {
		return m, nil
	}
	if p.file.Source == "" { // an entry point
		f.content[name] = []byte(p.file.Script)
		var m archive.Member
		m.Path, m.Mode = name, 0o775
		return m, nil
	}
	want := map[string]*link.File{}
	for i := range p.of.Files {
		if file := &p.of.Files[i]; file.Path == name || slices.Contains(p.pkg.Activation, file.Path) {
			want[file.Source] = file
		}
	}
	err := f.walk(p.pkg, func(m archive.Member) error {
		file, ok := want[m.Path]
		if !ok {
			return nil
		}
		if m.Target == "" {
			packaged, err := io.ReadAll(io.LimitReader(m.Content, maxScriptFile+1))
			if err != nil {
				return err
			}
			if f.content[file.Path], err = p.of.Read(file, packaged); err != nil {
				return err
			}
		}
		m.Content = nil
		f.read[file.Path] = m
		return nil
	})
	if err != nil {
		return archive.Member{}, err
	}
	m, ok := f.read[name]
	if !ok {
		return m, fault.New(fault.Verification, p.of.Record.Stem(), "%s: the package lists it, but has it not", name)
	}
	return m, nil
}

// Stat implements activate.Files.
func (f *prefixFiles) Stat(name string) (activate.Info, error) {
	if name == "." {
		return activate.Info{Dir: true, Size: 1}, nil
	}
	_, p, err := f.resolve(name)
	switch {
	case err != nil:
		return activate.Info{}, err
	case p.file == nil:
		return activate.Info{Dir: true, Size: 1}, nil
	case p.file.Size == 0:
		return activate.Info{}, nil
	}
	return activate.Info{Size: max(p.file.Size, 1)}, nil
}

// Read implements activate.Files.
func (f *prefixFiles) Read(name string) ([]byte, error) {
	at, p, err := f.resolve(name)
	if err != nil {
		return nil, err
	}
	if p.file == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	if _, err := f.member(at, p); err != nil {
		return nil, err
	}
	return bytes.Clone(f.content[at]), nil
}

// List implements activate.Files.
func (f *prefixFiles) List(name string) ([]string, error) {
	l, err := f.all()
	if err != nil {
		return nil, err
	}
	names, ok := l.dirs[name]
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return names, nil
}

// Executable implements activate.Files.
func (f *prefixFiles) Executable(name string) (bool, error) {
	at, p, err := f.resolve(name)
	if err != nil || p.file == nil {
		return false, err
	}
	m, err := f.member(at, p)
	return m.Mode&0o111 != 0, err
}
