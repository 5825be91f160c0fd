package tool

import (
	"archive/zip"
	"bytes"
	"go/build"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophersnake/gophersnake/golang/release"
)

// Module is what a module's zip says of its commands.
type Module struct {
	path, version string
	h1            string // of the zip
	mod           *modfile.File
	modText, sum  []byte
	files         map[string]*zip.File // below the module's root
	dirs          map[string][]string  // names of the files of each directory
}

// Read reads a module's zip, whose hash it computes and does not check. Errors
// are of class "verification" for a zip that is none, and "usage" for a module
// that cannot give tools.
func Read(r io.ReaderAt, size int64, modPath, version string) (*Module, error) {
	place := modPath + "@" + version
	z, err := release.OpenZip(r, size)
	if err != nil {
		return nil, problem("verification", place, "%w", err)
	}
	m := &Module{path: modPath, version: version, files: map[string]*zip.File{}, dirs: map[string][]string{}}
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, place+"/")
		if !ok || !fs.ValidPath(name) {
			return nil, problem("verification", place, "file name %q of the zip is not a clean path below %q", f.Name, place+"/")
		}
		m.files[name] = f
		m.dirs[path.Dir(name)] = append(m.dirs[path.Dir(name)], path.Base(name))
	}
	if m.h1, _, err = release.HashZip(r, size); err != nil {
		return nil, err
	}
	if m.modText, err = m.text("go.mod"); err != nil {
		return nil, err
	}
	if m.sum, err = m.text("go.sum"); err != nil {
		return nil, err
	}
	if m.modText == nil {
		m.modText = []byte("module " + modfile.AutoQuote(modPath) + "\n") // as proxies give it
	}
	if m.mod, err = modfile.ParseLax("go.mod", m.modText, nil); err != nil {
		return nil, problem("usage", place, "%w", err)
	}
	return m, nil
}

// H1 returns the hash of the zip.
func (m *Module) H1() string { return m.h1 }

// Needs returns the go line of go.mod, or "".
func (m *Module) Needs() string {
	if m.mod.Go == nil {
		return ""
	}
	return m.mod.Go.Version
}

// text reads a file below the module's root; nil if there is none.
func (m *Module) text(name string) ([]byte, error) {
	f := m.files[name]
	if f == nil {
		return nil, nil
	}
	if f.UncompressedSize64 > maxText {
		return nil, problem("verification", m.place(), "%s is larger than 4 MiB", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, problem("verification", m.place(), "%s: %w", name, err)
	}
	defer func() { _ = r.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(r, maxText))
	if err != nil {
		return nil, problem("verification", m.place(), "%s: %w", name, err)
	}
	return data, nil
}

func (m *Module) place() string { return m.path + "@" + m.version }

// check reports whether a package of the module can be compiled as a tool. A
// package that the module does not have may be another module's.
func (m *Module) check(pkg string) error {
	place := pkg + "@" + m.version
	dir := path.Clean(inside(pkg, m.path))
	p, err := m.source(dir)
	switch {
	case p == nil:
		return elsewhere{m.advise(problem("usage", place, "module %s has no such package", m.path))}
	case p.Name != "main":
		return m.advise(problem("usage", place, "is not a command"))
	case len(p.GoFiles) == 0 && len(p.CgoFiles) > 0:
		return hinted(problem("usage", place, "needs cgo"), "tools are compiled for all platforms without a C compiler; take it from a conda package or the base")
	case err != nil:
		return problem("usage", place, "%w", err)
	case m.replaces():
		return hinted(problem("usage", m.place(), "its go.mod has replace or exclude directives"), "go install refuses it too; choose another version")
	case len(m.mod.Require) > 0 && len(bytes.TrimSpace(m.sum)) == 0:
		return hinted(problem("usage", m.place(), "has no go.sum, so nothing says what its dependencies must be"), "choose a version that has one")
	}
	return nil
}

// replaces reports whether go.mod has directives that ParseLax passes over.
func (m *Module) replaces() bool {
	f, err := modfile.Parse("go.mod", m.modText, nil)
	return err == nil && (f.Replace != nil || f.Exclude != nil)
}

// source reads the package in a directory as for linux/amd64: nil where there
// are no Go files.
func (m *Module) source(dir string) (*build.Package, error) {
	if !slices.ContainsFunc(m.dirs[dir], func(name string) bool { return strings.HasSuffix(name, ".go") }) {
		return nil, nil
	}
	c := build.Context{
		GOARCH: "amd64", GOOS: "linux", Compiler: "gc", CgoEnabled: true, ReleaseTags: build.Default.ReleaseTags,
		JoinPath: path.Join, IsAbsPath: path.IsAbs,
		IsDir:   func(dir string) bool { return m.dirs[dir] != nil },
		ReadDir: func(dir string) ([]fs.FileInfo, error) { return m.infos(dir), nil },
		OpenFile: func(name string) (io.ReadCloser, error) {
			f := m.files[name]
			if f == nil {
				return nil, fs.ErrNotExist
			}
			return f.Open()
		},
	}
	return c.ImportDir(dir, 0)
}

func (m *Module) infos(dir string) []fs.FileInfo {
	var all []fs.FileInfo
	for _, name := range m.dirs[dir] {
		all = append(all, m.files[path.Join(dir, name)].FileInfo())
	}
	return all
}

// maxCommands is how many commands a hint names.
const maxCommands = 8

// advise names the commands that the module has.
func (m *Module) advise(e *release.Error) *release.Error {
	var all []string
	for dir := range m.dirs {
		if slices.ContainsFunc(strings.Split(dir, "/"), func(s string) bool { return s == "testdata" || s == "internal" || s[0] == '_' }) {
			continue
		}
		if p, err := m.source(dir); err == nil && p != nil && p.Name == "main" {
			all = append(all, path.Join(m.path, dir))
		}
	}
	slices.Sort(all)
	switch {
	case len(all) == 0:
		return hinted(e, "the module has no commands")
	case len(all) > maxCommands:
		return hinted(e, "its commands are %s, …", strings.Join(all[:maxCommands], ", "))
	}
	return hinted(e, "its commands are %s", strings.Join(all, ", "))
}

// projectPath is the path of the module that tools are compiled in. It does not
// enter them.
const projectPath = "gophersnake.invalid/tools"

// Project returns go.mod and go.sum of a module in which the module's commands
// are compiled.
func (m *Module) Project() (goMod, goSum []byte, err error) {
	f := new(modfile.File)
	if err := f.AddModuleStmt(projectPath); err != nil {
		return nil, nil, problem("failed", m.place(), "%w", err)
	}
	if m.mod.Go != nil {
		if err := f.AddGoStmt(m.mod.Go.Version); err != nil {
			return nil, nil, problem("usage", m.place(), "%w", err)
		}
	}
	f.AddNewRequire(m.path, m.version, false)
	for _, r := range m.mod.Require {
		f.AddNewRequire(r.Mod.Path, r.Mod.Version, r.Indirect)
	}
	if goMod, err = f.Format(); err != nil {
		return nil, nil, problem("failed", m.place(), "%w", err)
	}
	modHash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(m.modText)), nil
	})
	if err != nil {
		return nil, nil, problem("failed", m.place(), "%w", err)
	}
	own := module.Version{Path: m.path, Version: m.version}
	sum := bytes.NewBuffer(bytes.TrimSpace(m.sum))
	for _, line := range []string{own.String() + " " + m.h1, own.String() + "/go.mod " + modHash} {
		sum.WriteString("\n" + strings.Replace(line, "@", " ", 1))
	}
	return goMod, append(bytes.TrimLeft(sum.Bytes(), "\n"), '\n'), nil
}
