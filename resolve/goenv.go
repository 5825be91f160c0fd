package resolve

import (
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// goDefaults returns the variables of the go command that an image with Go has
// unless its configuration or environment.yml says otherwise. Several toolchains
// find each other as commands on PATH (GOTOOLCHAIN=local+path), one needs no other
// (local). GOROOT is never set: each toolchain finds its own. CGO_ENABLED is set
// only where there is no C compiler (design.md §10): versions of Go before 1.20
// would look for one.
func (s *resolver) goDefaults(env *spec.Environment, p platforms.Platform) []string {
	switching := "local"
	if s.defaultGo(env.Name) != "" {
		switching = "local+path"
	}
	vars := []string{"GOPATH=/go", "GOTOOLCHAIN=" + switching}
	if !s.compilesC(env, p) {
		vars = append(vars, "CGO_ENABLED=0")
	}
	return vars
}

// goDirs returns where PATH has programs of Go: what go install writes, and the
// default toolchain. One that is conda's own package lies in the environment,
// and is found there.
func (s *resolver) goDirs(env *spec.Environment, p platforms.Platform, vars []string) (dirs []string) {
	if bin := variable(vars, "GOBIN"); bin != "" {
		dirs = append(dirs, bin)
	}
	for dir := range strings.SplitSeq(variable(vars, "GOPATH"), ":") {
		if bin := path.Join(dir, "bin"); dir != "" && !slices.Contains(dirs, bin) {
			dirs = append(dirs, bin)
		}
	}
	place := release.Place{Platform: p}
	if env.Go.InPrefix {
		place.Prefix = env.Conda.Prefix
	}
	for _, t := range s.lock.Go {
		if t.Image && t.Platform == p && slices.Contains(t.Envs, env.Name) && t.Source != lock.SourceConda {
			v := s.defaultGo(env.Name)
			place.Several = v != ""
			return append(dirs, place.Bin(v))
		}
	}
	return dirs
}

// variable returns the value of a variable, or "".
func variable(vars []string, name string) string {
	for _, v := range vars {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// compilesC reports whether an image has a C compiler: of conda, of Debian, or of
// its base image.
func (s *resolver) compilesC(env *spec.Environment, p platforms.Platform) bool {
	q := (&lock.Lock{Base: s.lock.Base, Deb: s.lock.Deb, Conda: s.lock.Conda}).For(env.Name, p)
	return q.Base != nil && q.Base.Compiler ||
		slices.ContainsFunc(q.Debs, func(d lock.Deb) bool { return d.Name == "gcc" || d.Name == "clang" || d.Name == "tcc" }) ||
		slices.ContainsFunc(q.Conda, func(c lock.Conda) bool { return isCompiler(c.Name) })
}

// isCompiler reports whether a conda package is a C compiler, or stands for the
// platform's.
func isCompiler(name string) bool {
	switch name {
	case "c-compiler", "compilers", "gcc", "clang", "tcc":
		return true
	}
	return slices.ContainsFunc([]string{"gcc_linux-", "gcc_impl_linux-", "clang_linux-", "clang_impl_linux-"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// checkPrefix refuses toolchains inside a conda environment that has conda's own
// in the same place.
func (s *resolver) checkPrefix(env *spec.Environment) error {
	if !env.Go.InPrefix {
		return nil
	}
	for _, c := range s.lock.Conda {
		switch c.Name {
		case "go", "go-cgo", "go-nocgo":
			if slices.Contains(c.Envs, env.Name) {
				return fault.New(fault.Usage, "go.in-prefix", "conda package %s has its toolchain in %s/go too", c.Name, env.Conda.Prefix).
					WithHint("leave in-prefix out: a Go of the environment is in it already")
			}
		}
	}
	return nil
}
