package link

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Systems, the first part of a subdir.
const (
	linux   = "linux"
	osx     = "osx"
	windows = "win"
)

// maxPlaceholder is the longest placeholder that is replaced, in bytes.
// conda-build's are 255 at most.
const maxPlaceholder = 4096

// Environment is where packages are linked to and by which rules. Its zero
// values of rules mean: as packaged.
type Environment struct {
	Subdir          string // the target in conda's spelling (CEP 26): "linux-64"
	Prefix          string // absolute path that is written into files: "/opt/conda"
	Root            string // path of the prefix below the image's root, links resolved; "" means Prefix
	DropPyc         bool   // leave .pyc files out
	ClearGroupWrite bool   // clear the group's write permission
	GroupAsUser     bool   // give the group the owner's permissions; beats ClearGroupWrite
}

// target is an Environment that has been checked.
type target struct {
	system          string
	prefix          string
	root            string
	dropPyc         bool
	clearGroupWrite bool
	groupAsUser     bool
	python          *Python // nil where the environment has no Python
}

// Python is what installing Python packages needs to know of the environment's
// Python (CEP 17).
type Python struct {
	Version      string // "3.11"
	SitePackages string // below the prefix
}

func newTarget(env Environment, packages []Package) (*target, error) {
	system, arch, _ := strings.Cut(env.Subdir, "-")
	if arch == "" || system != linux && system != osx && system != windows {
		return nil, usage("", "subdir %q is not one that packages can be linked for", env.Subdir)
	}
	t := &target{
		system: system, prefix: env.Prefix, root: env.Root, dropPyc: env.DropPyc,
		clearGroupWrite: env.ClearGroupWrite, groupAsUser: env.GroupAsUser,
	}
	if system == windows {
		t.prefix = strings.ReplaceAll(t.prefix, `\`, "/")
	} else if !path.IsAbs(t.prefix) || path.Clean(t.prefix) != t.prefix || t.prefix == "/" {
		return nil, usage("", "prefix %q is not a clean absolute path below /", env.Prefix)
	}
	if t.root == "" {
		t.root = strings.TrimPrefix(t.prefix, "/")
	}
	if err := tree.CheckPath(t.root); err != nil {
		return nil, usage("", "prefix: %w", err)
	}
	for i := range packages {
		if packages[i].Record.Name == "python" {
			var err error
			if t.python, err = t.newPython(&packages[i].Record); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *target) newPython(r *Record) (*Python, error) {
	major, rest, _ := strings.Cut(r.Version, ".")
	minor := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	if !isDigits(major) || minor == "" {
		return nil, usage(r.Stem(), "python version %q has no minor version", r.Version)
	}
	p := &Python{Version: major + "." + minor, SitePackages: r.PythonSitePackagesPath}
	switch {
	case p.SitePackages != "":
		if err := tree.CheckPath(p.SitePackages); err != nil {
			return nil, tree.NewError(r.Stem(), "python_site_packages_path: %w", err)
		}
	case t.system == windows:
		p.SitePackages = "Lib/site-packages"
	default:
		p.SitePackages = "lib/python" + p.Version + "/site-packages"
	}
	return p, nil
}

// binDir returns where python-scripts/ goes.
func (t *target) binDir() string {
	if t.system == windows {
		return "Scripts"
	}
	return "bin"
}

// destination returns the path below the prefix of a packaged path.
func (t *target) destination(p string, noarchPython bool) string {
	if !noarchPython {
		return p
	}
	if rest, ok := strings.CutPrefix(p, "site-packages/"); ok {
		return path.Join(t.python.SitePackages, rest)
	}
	if rest, ok := strings.CutPrefix(p, "python-scripts/"); ok {
		return path.Join(t.binDir(), rest)
	}
	return p
}

// usage returns an error about input that cannot be used as asked.
func usage(where, format string, args ...any) error {
	return tree.NewError(where, format, args...).WithClass("usage")
}
