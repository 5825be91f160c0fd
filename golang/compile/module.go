package compile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// mod is the main module of a build and what go.work says of it.
type mod struct {
	base      string // where the package was named from; absolute, links resolved
	dir       string // the module's root; likewise
	path      string
	goLine    string
	toolchain string
	file      *modfile.File
	workDir   string // where go.work lies; "" if there is none for this module
	work      *modfile.WorkFile
}

// findModule finds the module of a package named from a directory: the one
// that the package's directory lies in, or for an import path the one that
// base lies in.
func findModule(base, pkg string) (*mod, error) {
	if pkg == "" || strings.Contains(pkg, "...") || filepath.IsAbs(pkg) {
		return nil, newError("usage", "", "package %q is not one package", pkg).
			advise("name a directory beginning with ./ or an import path")
	}
	base, err := realDir(base)
	if err != nil {
		return nil, newError("usage", pkg, "%w", err)
	}
	from := base
	if pkg == "." || pkg == ".." || strings.HasPrefix(pkg, "./") || strings.HasPrefix(pkg, "../") {
		from = filepath.Join(base, filepath.FromSlash(pkg))
		if info, err := os.Stat(from); err != nil || !info.IsDir() {
			return nil, newError("usage", pkg, "no such directory")
		}
	}
	dir := above(from, "go.mod")
	if dir == "" {
		return nil, newError("usage", pkg, "lies in no Go module").advise("run go mod init, or name a package of a module")
	}
	m := &mod{base: base, dir: dir}
	if m.file, err = readMod(filepath.Join(dir, "go.mod")); err != nil {
		return nil, err
	}
	if m.file.Module == nil {
		return nil, newError("usage", filepath.Base(dir)+"/go.mod", "has no module line")
	}
	m.path = m.file.Module.Mod.Path
	if m.file.Go != nil {
		m.goLine = m.file.Go.Version
	}
	if m.file.Toolchain != nil {
		m.toolchain = m.file.Toolchain.Name
	}
	return m, m.findWork(from)
}

func realDir(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// above returns the nearest directory, dir itself first, that has a file of
// this name, or "".
func above(dir, name string) string {
	for {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// findWork reads the go.work that the go command would use.
func (m *mod) findWork(from string) error {
	dir := above(from, "go.work")
	if dir == "" {
		return nil
	}
	name := filepath.Join(dir, "go.work")
	data, err := os.ReadFile(name)
	if err != nil {
		return newError("disk", "", "%w", err)
	}
	if m.work, err = modfile.ParseWork("go.work", data, nil); err != nil {
		return newError("usage", "", "%w", err)
	}
	m.workDir = dir
	return nil
}

func readMod(name string) (*modfile.File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, newError("disk", "", "%w", err)
	}
	f, err := modfile.Parse(filepath.Base(filepath.Dir(name))+"/go.mod", data, nil)
	if err != nil {
		return nil, newError("usage", "", "%w", err)
	}
	return f, nil
}

// closure returns the root directories of all modules that a build reads from
// this machine, and files outside them that say so. Only main modules can
// replace (Go Modules Reference, "replace directive"), so one step is enough.
func (m *mod) closure() (roots, files []string, err error) {
	roots = []string{m.dir}
	replaced, err := localDirs(m.dir, m.file.Replace)
	if err != nil || m.work == nil {
		return append(roots, replaced...), nil, err
	}
	roots = append(roots, replaced...)
	for _, use := range m.work.Use {
		dir, err := localDir(m.workDir, use.Path)
		if err != nil {
			return nil, nil, err
		}
		f, err := readMod(filepath.Join(dir, "go.mod"))
		if err != nil {
			return nil, nil, err
		}
		more, err := localDirs(dir, f.Replace)
		if err != nil {
			return nil, nil, err
		}
		roots = append(append(roots, dir), more...)
	}
	more, err := localDirs(m.workDir, m.work.Replace)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"go.work", "go.work.sum"} {
		name = filepath.Join(m.workDir, name)
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			files = append(files, name)
		}
	}
	return append(roots, more...), files, nil
}

// localDirs returns the directories among the replacements that a go.mod or
// go.work in dir makes.
func localDirs(dir string, replace []*modfile.Replace) ([]string, error) {
	var dirs []string
	for _, r := range replace {
		if r.New.Version != "" {
			continue // a module of the proxy
		}
		p, err := localDir(dir, r.New.Path)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, p)
	}
	return dirs, nil
}

func localDir(dir, p string) (string, error) {
	full := filepath.FromSlash(p)
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	real, err := realDir(full)
	if err != nil {
		return "", newError("usage", p, "no such module directory")
	}
	return real, nil
}
