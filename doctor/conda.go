package doctor

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

// conda judges whether PATH, CONDA_PREFIX and the variables that Python and the
// dynamic linker read speak of the same environment.
func (c *check) conda() {
	prefix := c.Env["CONDA_PREFIX"]
	switch at := c.at(path.Join(prefix, c.programs())); {
	case prefix == "":
	case !c.PrefixMeta:
		c.found(Error, "conda-prefix", "CONDA_PREFIX", c.again("unset CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_SHLVL, and activate an environment that is there"),
			"%q is no conda environment: it has no conda-meta", prefix)
	case at < 0:
		c.found(Error, "conda-stale", "CONDA_PREFIX", c.again("conda deactivate && conda activate "+prefix),
			"is %q, whose programs are not on PATH: something set PATH after the environment was activated", prefix)
	case len(c.Prefixes) > 0 && path.Clean(c.Prefixes[0]) != path.Clean(prefix):
		c.found(Error, "conda-stale", "CONDA_PREFIX", c.again("conda deactivate && conda activate "+prefix),
			"is %q, but programs of %q come first on PATH", prefix, c.Prefixes[0])
	}
	if len(c.Condas) > 1 {
		c.found(Warning, "conda-several", "conda", "keep the init block of one of them in the start-up files", "PATH has %d installations: %s", len(c.Condas), strings.Join(c.Condas, ", "))
	}
	if prefix == "" && len(c.Prefixes) == 0 && (c.want.Lock == nil || len(c.want.Lock.Conda) == 0) {
		return // nobody's Python, or the system's
	}
	if home := c.Env["PYTHONHOME"]; home != "" {
		c.found(Error, "pythonhome", "PYTHONHOME", c.drop("PYTHONHOME"), "is %q, so every python looks for its library there", home)
	}
	if dirs := c.Env["PYTHONPATH"]; dirs != "" {
		c.found(Warning, "pythonpath", "PYTHONPATH", c.drop("PYTHONPATH"), "is %q, which comes before the packages of the environment", dirs)
	}
	for _, dir := range c.Libraries {
		if prefix == "" || !strings.HasPrefix(path.Clean(dir)+"/", path.Clean(prefix)+"/") {
			name := "LD_LIBRARY_PATH"
			if c.OS == "darwin" {
				name = "DYLD_LIBRARY_PATH"
			}
			c.found(Warning, "library-path", name, c.drop(name), "has %s, whose libraries come before those that packages were built with", dir)
			break
		}
	}
}

// programs is where an environment has its programs.
func (c *check) programs() string {
	if c.OS == "windows" {
		return "Scripts"
	}
	return "bin"
}

func (c *check) again(command string) string {
	if c.Image != nil {
		return "build the image from the lock, which sets it and PATH together"
	}
	return command
}

func (c *check) drop(name string) string {
	if c.Image != nil {
		return "take " + name + " out of the image's ENV"
	}
	return "unset " + name
}

// libc compares the C library that is there with the one that packages need
// (CEP 30: a package depends on __glibc).
func (c *check) libc() {
	if c.Libc == "" || c.OS != "linux" {
		return
	}
	needs := c.Needs
	if c.want.Lock != nil && !c.want.Foreign {
		needs = nil
		for _, p := range c.want.Lock.Conda {
			for _, d := range p.Depends {
				needs = append(needs, Need{p.Name + " " + p.Version + " " + p.Build, d})
			}
		}
	}
	family, have, _ := strings.Cut(c.Libc, " ")
	for _, n := range needs {
		if !lacks(n.Spec, family, have) {
			continue
		}
		remedy := "use a base with a newer glibc, or older packages"
		switch {
		case c.Image == nil && family == "glibc":
			remedy = "work in a container of the image: this machine is too old for the environment"
		case c.Image == nil:
			remedy = "work in a container of the image: this machine has no glibc"
		case family != "glibc":
			remedy = "use a base with glibc, such as Debian's"
		}
		c.found(Error, "libc", n.Package, remedy, "needs %s, and there is %s", n.Spec, c.Libc)
		return
	}
}

// lacks reports whether a package's need of glibc is not met.
func lacks(spec, family, have string) bool {
	m, err := matchspec.Parse(spec)
	if err != nil || m.Name != "__glibc" {
		return false
	}
	if family != "glibc" {
		return true
	}
	v, err := version.Parse(have)
	return err == nil && !m.Version.Matches(v)
}

// IsLibrary reports whether a file of that name is a shared library.
func IsLibrary(name string) bool {
	return strings.HasSuffix(name, ".so") || strings.Contains(name, ".so.") || strings.HasSuffix(name, ".dylib")
}
