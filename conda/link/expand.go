package link

import (
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/tree"
)

// expand returns what a package installs if no other package interferes.
func (p *planner) expand(pkg *Package) ([]File, error) {
	meta, stem := pkg.Meta, pkg.Record.Stem()
	if meta.NoarchPython && p.python == nil {
		return nil, usage(stem, "it is a noarch Python package, but the environment has no python")
	}
	files := make([]File, 0, len(meta.Paths)+len(meta.EntryPoints))
	stale := stalePyc(meta.Paths, p.system)
	for _, entry := range meta.Paths {
		if strings.HasSuffix(entry.Path, ".pyc") && (p.dropPyc || stale[pycSource(entry.Path)]) {
			continue
		}
		f, err := p.newFile(&entry, meta.NoarchPython)
		if err != nil {
			return nil, tree.NewError(stem, "%s: %w", entry.Path, err).WithClass(classOf(err))
		}
		files = append(files, f)
	}
	if !meta.NoarchPython || len(meta.EntryPoints) == 0 {
		return files, nil
	}
	if p.system == windows {
		return nil, usage(stem, "entry points for Windows are not supported: they need a launcher program")
	}
	return p.addEntryPoints(files, meta.EntryPoints, stem)
}

func (p *planner) newFile(e *archive.Path, noarchPython bool) (File, error) {
	f := File{
		Source: e.Path, Path: p.destination(e.Path, noarchPython), Type: string(e.Type), NoLink: e.NoLink,
		SHA256: e.SHA256, Size: e.Size, FileMode: e.FileMode, Placeholder: e.Placeholder,
	}
	if f.Placeholder == "" {
		f.FileMode = ""
	}
	if err := p.checkPath(f.Path); err != nil {
		return f, err
	}
	return f, p.checkPlaceholder(&f)
}

// checkPath refuses paths that no file can have, or only the installer's.
func (p *planner) checkPath(dest string) error {
	if err := tree.CheckPath(path.Join(p.root, dest)); err != nil {
		return err
	}
	if err := tree.CheckPath(dest); err != nil { // Join would clean it
		return err
	}
	if p.system != windows {
		return nil
	}
	for element := range strings.SplitSeq(dest, "/") {
		if !windowsName(element) {
			return tree.NewError("", "%q is no name for a file on Windows", element)
		}
	}
	return nil
}

// checkPlaceholder refuses a placeholder that cannot be replaced.
func (p *planner) checkPlaceholder(f *File) error {
	switch {
	case !f.patched(p.system):
		return nil
	case f.FileMode != modeText && f.FileMode != modeBinary:
		return tree.NewError("", "file mode %q is neither text nor binary", f.FileMode)
	case len(f.Placeholder) > maxPlaceholder:
		return tree.NewError("", "the placeholder has %d bytes, more than %d", len(f.Placeholder), maxPlaceholder)
	case f.FileMode == modeBinary && len(p.prefix) > len(f.Placeholder):
		return usage("", "the prefix %q has %d bytes, more than the %d of the placeholder in this binary file",
			p.prefix, len(p.prefix), len(f.Placeholder))
	}
	return nil
}

// addEntryPoints adds the scripts of a noarch Python package. A script beats a
// file of the same package, since rattler writes it later.
func (p *planner) addEntryPoints(files []File, lines []string, stem string) ([]File, error) {
	for _, line := range lines {
		e, err := parseEntryPoint(line)
		if err != nil {
			return nil, tree.NewError(stem, "%w", err)
		}
		dest := path.Join(p.binDir(), e.command)
		n := len(files)
		files = slices.DeleteFunc(files, func(f File) bool { return f.Path == dest })
		if len(files) < n {
			p.warn(stem, dest, "the package has both a file and an entry point of this name; the entry point is installed")
		}
		files = append(files, File{Path: dest, Type: typeEntryPoint, Script: p.script(e)})
	}
	return files, nil
}

func (p *planner) warn(stem, file, text string) {
	p.plan.Warnings = append(p.plan.Warnings, stem+": "+file+": "+text)
}

// stalePyc returns the Python sources whose placeholder is replaced: a .pyc
// holds its source's size, so that theirs would never be used.
func stalePyc(paths []archive.Path, system string) map[string]bool {
	stale := map[string]bool{}
	for i := range paths {
		f := File{FileMode: paths[i].FileMode, Placeholder: paths[i].Placeholder}
		if strings.HasSuffix(paths[i].Path, ".py") && f.patched(system) {
			stale[paths[i].Path] = true
		}
	}
	return stale
}

// pycSource returns the path of the source of a .pyc file (PEP 3147):
// "a/__pycache__/b.cpython-311.opt-1.pyc" and "a/b.pyc" come from "a/b.py".
func pycSource(pyc string) string {
	dir, name := path.Split(strings.TrimSuffix(pyc, ".pyc"))
	if outer, ok := strings.CutSuffix(dir, "__pycache__/"); ok {
		dir = outer
		if i := strings.LastIndex(name, ".opt-"); i >= 0 {
			name = name[:i]
		}
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			name = name[:i]
		}
	}
	return dir + name + ".py"
}

// windowsName reports whether an element of a path can be a file's name on
// Windows.
func windowsName(s string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL":
		return false
	}
	if len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '1' && base[3] <= '9' {
		return false
	}
	return !strings.ContainsAny(s, `\:*?"<>|`) && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, " ")
}

// classOf returns the class of an error of this package.
func classOf(err error) string {
	if c, ok := err.(interface{ Class() string }); ok {
		return c.Class()
	}
	return "verification"
}
