package arch

import (
	"cmp"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the module path, and root its directory as seen from this one.
const (
	module = "github.com/gophersnake/gophersnake"
	root   = "../.."
)

// A pkg is one package: all of its files but tests, for every platform.
type pkg struct {
	path  string // below the module
	name  string
	files []*file
	info  *types.Info
	scope *types.Scope
}

// A file is one Go file.
type file struct {
	name    string // below the module
	lines   int
	syntax  *ast.File
	imports []string // as written; packages of this module without its path and with a "./"
}

// sources is what has been read: tests share it.
type sources struct {
	fset     *token.FileSet
	packages []*pkg // sorted by path
}

var load = sync.OnceValues(read)

// module's packages, or a failed test.
func packages(t *testing.T) *sources {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.packages) < 10 {
		t.Fatalf("found %d packages below %s, which cannot be all", len(s.packages), root)
	}
	return s
}

// read parses the module. Folders that hold another module, testdata, and what
// the go command passes over are left out.
func read() (*sources, error) {
	s := &sources{fset: token.NewFileSet()}
	fsys := os.DirFS(root)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case name != "." && skipped(fsys, name):
			return fs.SkipDir
		}
		return s.readFolder(fsys, name)
	})
	slices.SortFunc(s.packages, func(a, b *pkg) int { return cmp.Compare(a.path, b.path) })
	return s, err
}

func skipped(fsys fs.FS, dir string) bool {
	base := path.Base(dir)
	if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func (s *sources) readFolder(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return err
	}
	p := &pkg{path: dir}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := s.parse(fsys, path.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // an editor's file, gone already
		}
		if err != nil {
			return err
		}
		p.name, p.files = f.syntax.Name.Name, append(p.files, f)
	}
	if len(p.files) > 0 {
		s.resolveNames(p)
		s.packages = append(s.packages, p)
	}
	return nil
}

func (s *sources) parse(fsys fs.FS, name string) (*file, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(s.fset, name, data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, lines: strings.Count(string(data), "\n"), syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if imported == module || strings.HasPrefix(imported, module+"/") {
			imported = "." + strings.TrimPrefix(imported, module)
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}

// resolveNames finds what identifiers mean, which needs no imported package to
// be there: "time" is known to be the import "time", whatever it holds.
func (s *sources) resolveNames(p *pkg) {
	p.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	var files []*ast.File
	for _, f := range p.files {
		files = append(files, f.syntax)
	}
	conf := types.Config{Importer: nothing{}, Error: func(error) {}}
	checked, _ := conf.Check(module+"/"+p.path, s.fset, files, p.info)
	p.scope = checked.Scope()
}

type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not looked at") }

// at is where a node stands, as "file:line".
func (s *sources) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// find returns a package by its path below the module, or nil.
func (s *sources) find(p string) *pkg {
	i, found := slices.BinarySearchFunc(s.packages, p, func(a *pkg, p string) int { return cmp.Compare(a.path, p) })
	if !found {
		return nil
	}
	return s.packages[i]
}

// match reports whether a path is what a pattern says: itself, or with "/..." at
// the end itself and all below.
func match(pattern, p string) bool {
	if pattern == "..." || pattern == p {
		return true
	}
	above, all := strings.CutSuffix(pattern, "/...")
	return all && (p == above || strings.HasPrefix(p, above+"/"))
}

func matchAny(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, p) })
}
