package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/conda/version"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// virtual returns the virtual packages of an environment's image (CEP 30),
// "name=version=build", sorted: what every machine of the platform has, with the
// C library of the base; over that Request.Override; over that the
// configuration's. An empty version takes a package away. The machine that
// resolves is never asked.
func (s *resolver) virtual(env *spec.Environment, p platforms.Platform) ([]string, error) {
	has := map[string]platforms.VirtualPackage{}
	for _, v := range platforms.Virtual(p) {
		has[v.Name] = v
	}
	libc, known := s.libc(env, p)
	if v, glibc := strings.CutPrefix(libc, "glibc "); glibc {
		has["__glibc"] = platforms.VirtualPackage{Name: "__glibc", Version: v, Build: "0"}
	} else if known {
		delete(has, "__glibc")
	}
	possible := []string{"__cuda"}
	for _, v := range platforms.Virtual(p) {
		possible = append(possible, v.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Override)) {
		if !slices.Contains(possible, name) {
			continue // of another system
		}
		if err := override(has, name, s.Override[name], "CONDA_OVERRIDE_"+strings.ToUpper(name[2:])); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env.Conda.VirtualPackages)) {
		if err := override(has, name, env.Conda.VirtualPackages[name], "conda.virtual-packages."+name); err != nil {
			return nil, err
		}
	}
	var all []string
	for _, v := range has {
		all = append(all, v.String())
	}
	slices.Sort(all)
	return all, nil
}

// override sets a virtual package to "version" or "version=build". Of
// __archspec it is the build that says which processor it is (CEP 30).
func override(has map[string]platforms.VirtualPackage, name, value, where string) error {
	value = strings.TrimSpace(value)
	if value == "" {
		delete(has, name)
		return nil
	}
	v, build, found := strings.Cut(value, "=")
	if name == "__archspec" && !found {
		v, build = "1", value
	}
	if _, err := version.Parse(v); err != nil {
		return fault.New(fault.Usage, where, "%w", err)
	}
	if build == "" {
		build = "0"
	}
	has[name] = platforms.VirtualPackage{Name: name, Version: v, Build: build}
	return nil
}

// libc returns the C library of an environment's base, and whether it is known
// which one there is, if any: of an unusual glibc the version is not.
func (s *resolver) libc(env *spec.Environment, p platforms.Platform) (libc string, known bool) {
	b := (&lock.Lock{Base: s.lock.Base}).For(env.Name, p).Base
	if b == nil {
		return "", true // scratch
	}
	return b.Libc, b.Libc != "glibc"
}

// below tells what an environment's base has instead of the glibc that packages
// want, and what can be done about it.
func (s *resolver) below(env *spec.Environment, p platforms.Platform) (has, hint string) {
	libc, _ := s.libc(env, p)
	const stated = `; a C library that you add yourself can be stated: [conda] virtual-packages = { __glibc = "2.36" }`
	base := "the base " + cmp.Or(env.Base.Image, "of Debian packages")
	switch {
	case env.Base.Scratch():
		return "the image has no base, so that it has no C library", `set [base] image to an image with glibc` + stated
	case libc == "":
		return base + " has no C library", "choose a base with glibc" + stated
	case strings.HasPrefix(libc, "musl"):
		return base + " has " + libc + " and no glibc", "choose a base with glibc" + stated
	}
	return base + " has " + libc, "choose a newer base" + stated
}

// candidates returns virtual packages as the solver takes them.
func candidates(virtual []string) []solver.Record {
	var all []solver.Record
	for _, text := range virtual {
		parts := strings.SplitN(text, "=", 3)
		all = append(all, solver.Record{Name: parts[0], Version: parts[1], Build: parts[2]})
	}
	return all
}

// grounded checks that packages which another tool chose get the virtual
// packages that they need.
func (s *resolver) grounded(env *spec.Environment, p platforms.Platform, packages []lock.Conda) error {
	virtual, err := s.virtual(env, p)
	if err != nil {
		return err
	}
	for _, c := range packages {
		for _, text := range c.Depends {
			m, err := matchspec.Parse(text)
			if err != nil || !strings.HasPrefix(m.Name, "__") || slices.ContainsFunc(candidates(virtual), func(r solver.Record) bool { return meets(m, &r) }) {
				continue
			}
			if m.Name == "__glibc" {
				has, hint := s.below(env, p)
				return fault.New(fault.Unsatisfiable, where(env.Name, p), "package %s-%s-%s needs %s, and %s", c.Name, c.Version, c.Build, text, has).WithHint("%s", hint)
			}
			return fault.New(fault.Unsatisfiable, where(env.Name, p), "package %s-%s-%s needs %s, which images of %s have not", c.Name, c.Version, c.Build, text, p).
				WithHint("if they do, say so: [conda] virtual-packages = { %s = %q }", m.Name, "VERSION")
		}
	}
	return nil
}

// meets reports whether a record is what a match spec asks for.
func meets(m *matchspec.MatchSpec, r *solver.Record) bool {
	v, err := version.Parse(r.Version)
	return err == nil && m.Matches(&matchspec.Record{
		Name: r.Name, Version: v, Build: r.Build, BuildNumber: r.BuildNumber, Channel: r.Channel, Subdir: r.Subdir,
		FileName: r.FileName, URL: r.URL, MD5: r.MD5, SHA256: r.SHA256, License: r.License, LicenseFamily: r.LicenseFamily,
		TrackFeatures: r.TrackFeatures, Flags: r.Flags,
	})
}
