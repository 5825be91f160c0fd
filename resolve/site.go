package resolve

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/spec/envfile"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// site is what wheels of an environment are installed into on one platform.
type site struct {
	platform platforms.Platform
	where    string // for errors
	conda    []lock.Conda
	solve    *lock.Solve
	old      lock.Selection
	python   string // version
	target   wheel.Target
	tags     []wheel.Tag // of the target
	markers  pypi.Environment
	provided map[string]provided // by normalised name; set by provide
}

// provided is a Python package that a conda package holds.
type provided struct {
	version string
	conda   lock.Conda
}

// freeThreaded is how the builds of a Python without a global lock end.
var freeThreaded = regexp.MustCompile(`_cp3[0-9]+t$`)

// site looks at the Python and the C library that an environment has.
func (s *resolver) site(env *spec.Environment, p platforms.Platform) (*site, error) {
	now := s.lock.For(env.Name, p)
	t := &site{
		platform: p, where: strings.Replace(where(env.Name, p), "conda", "wheels", 1),
		conda: now.Conda, solve: now.Solve, old: s.Old.For(env.Name, p),
	}
	i := slices.IndexFunc(t.conda, func(c lock.Conda) bool { return c.Name == "python" })
	if i < 0 {
		return nil, fault.New(fault.Usage, t.where, "there is no python among the conda packages").WithHint("add python to the dependencies")
	}
	python := t.conda[i]
	if strings.Contains(python.Build, "pypy") {
		return nil, fault.New(fault.Usage, t.where, "python %s is PyPy: wheels are installed for CPython only", python.Version)
	}
	if _, err := pypi.ParseVersion(python.Version); err != nil {
		return nil, fault.New(fault.Usage, t.where, "python: %w", err)
	}
	t.python = python.Version
	t.target = wheel.Target{Python: t.python, OS: p.OS, Arch: p.Arch, FreeThreaded: freeThreaded.MatchString(python.Build)}
	for _, c := range t.conda {
		if c.Name == "python_abi" && freeThreaded.MatchString(c.Build) {
			t.target.FreeThreaded = true
		}
	}
	virtual, err := s.virtual(env, p)
	if err != nil {
		return nil, err
	}
	for _, v := range candidates(virtual) {
		if v.Name == "__glibc" {
			t.target.Glibc = v.Version
		}
	}
	t.tags = t.target.Tags()
	t.markers = pypi.Linux(t.python, map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[p.Arch])
	return t, nil
}

// sameConda reports whether the old lock has the same conda packages.
func (t *site) sameConda() bool {
	return slices.EqualFunc(t.conda, t.old.Conda, func(a, b lock.Conda) bool { return a.Name == b.Name && a.SHA256 == b.SHA256 })
}

// provide finds out which Python packages conda provides, by what the conda
// packages hold: their names are often others than PyPI's, and some of the same
// name are something else (conda's tzdata holds no Python).
func (s *resolver) provide(ctx context.Context, t *site) error {
	if t.provided != nil {
		return nil
	}
	t.provided = map[string]provided{}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for _, c := range t.conda {
		if !isPython(c) {
			continue
		}
		g.Go(func() error {
			_, meta, err := s.Package(gctx, c)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for name, version := range distributions(c, meta) {
				t.provided[name] = provided{version, c}
			}
			return nil
		})
	}
	return g.Wait()
}

// isPython reports whether a conda package is Python or needs it.
func isPython(c lock.Conda) bool {
	return c.Name == "python" || c.Noarch == "python" || slices.ContainsFunc(c.Depends, func(text string) bool {
		m, err := matchspec.Parse(text)
		return err == nil && (m.Name == "python" || m.Name == "python_abi")
	})
}

// distInfo is a directory (or, of old packages, a file) of a Python package's
// metadata: NAME-VERSION.dist-info, NAME-VERSION-py3.11.egg-info.
var distInfo = regexp.MustCompile(`(?:^|/)site-packages/([^/-]+)-([^/-]+)(?:-py[0-9.]+)?\.(?:dist|egg)-info(?:/|$)`)

// distributions returns the Python packages of a conda package and their
// versions. One without metadata counts as the Python package of its own name.
func distributions(c lock.Conda, meta *archive.Meta) map[string]string {
	found := map[string]string{}
	for _, p := range meta.Paths {
		if m := distInfo.FindStringSubmatch(p.Path); m != nil {
			found[wheel.Normalize(m[1])] = strings.ReplaceAll(m[2], "_", "-")
		}
	}
	if len(found) == 0 {
		found[wheel.Normalize(c.Name)] = c.Version
	}
	return found
}

// best returns the wheel that fits the target best: by its tags in the order of
// the target (PEP 425), then by the build tag (PEP 427).
func (t *site) best(lockFile string, all []importer.Imported) (importer.Imported, error) {
	best, bestRank, bestBuild := -1, 0, -1
	var tags []string
	for i, f := range all {
		n, err := wheel.ParseName(fileName(f.URL))
		if err != nil {
			return f, fault.New(fault.Usage, fmt.Sprintf("%s:%d", lockFile, f.Line), "%w", err)
		}
		tag := strings.Join(n.Pythons, ".") + "-" + strings.Join(n.ABIs, ".") + "-" + strings.Join(n.Platforms, ".")
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		rank, ok := n.RankIn(t.tags)
		build := buildNumber(n.Build)
		if ok && (best < 0 || rank < bestRank || rank == bestRank && build > bestBuild) {
			best, bestRank, bestBuild = i, rank, build
		}
	}
	if best >= 0 {
		return all[best], nil
	}
	const most = 12
	if len(tags) > most {
		tags = append(tags[:most], fmt.Sprintf("and %d more", len(tags)-most))
	}
	glibc := "no glibc"
	if t.target.Glibc != "" {
		glibc = "glibc " + t.target.Glibc
	}
	f := all[0]
	return f, fault.New(fault.Unsatisfiable, fmt.Sprintf("%s:%d", lockFile, f.Line), "wheel %s %s fits %s with Python %s and %s by none of its tags: %s",
		f.Name, f.Version, t.platform, t.python, glibc, strings.Join(tags, ", ")).
		WithHint("lock the wheels for this Python and a C library that is not newer, or choose a newer base")
}

// fileName returns the name of the file that a URL or path leads to.
func fileName(place string) string {
	if u, err := url.Parse(place); err == nil && u.Host != "" {
		place = u.Path
	}
	return path.Base(place)
}

// buildNumber returns the number that a build tag begins with, and -1 for none.
func buildNumber(tag string) int {
	end := strings.IndexFunc(tag, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(tag)
	}
	n, err := strconv.Atoi(tag[:end])
	if err != nil {
		return -1
	}
	return n
}

// runs checks that a wheel is for the environment's Python.
func (t *site) runs(w lock.Wheel) error {
	list, err := pypi.ParseSpecifiers(w.RequiresPython)
	python, _ := pypi.ParseVersion(t.python)
	if err != nil || list.Contains(python) {
		return nil // what cannot be read (">=3.8.*" was once usual) forbids nothing
	}
	return fault.New(fault.Usage, t.where, "wheel %s %s needs Python %s, and the environment has %s", w.Name, w.Version, w.RequiresPython, t.python).
		WithHint("ask for another version of one of the two")
}

// met checks that locked wheels are what the user asks for, and marks those.
func (t *site) met(lockFile string, rows []lock.Wheel, pip []envfile.Dependency) error {
	for _, d := range pip {
		r, err := pypi.ParseRequirement(d.Text)
		if err != nil || !r.Applies(t.markers) {
			continue
		}
		i := slices.IndexFunc(rows, func(w lock.Wheel) bool { return w.Name == r.Name })
		if i < 0 {
			return fault.New(fault.Stale, lockFile, "no wheel %q for %s, which %q asks for", r.Name, t.platform, d.Text).WithHint("lock with the other tool again")
		}
		if v, err := pypi.ParseVersion(rows[i].Version); err == nil && !r.Specifiers.Contains(v) {
			return fault.New(fault.Stale, lockFile, "wheel %s %s for %s is not what %q asks for", r.Name, rows[i].Version, t.platform, d.Text).
				WithHint("lock with the other tool again")
		}
		rows[i].Requested = true
	}
	return nil
}

// unmet tells which requirements of wheels neither a wheel nor a conda package
// fulfils. Extras count where a requirement names them; of conda packages none
// are known.
func (t *site) unmet(rows []lock.Wheel, pip []envfile.Dependency) []string {
	if t.provided == nil {
		return nil // nothing changed since this was told
	}
	versions := map[string]string{}
	for name, p := range t.provided {
		versions[name] = p.version
	}
	for _, w := range rows {
		versions[w.Name] = w.Version
	}
	extras := t.extras(rows, pip)
	notes := map[string]bool{}
	for _, w := range rows {
		for _, text := range w.Requires {
			who := fmt.Sprintf("wheel %s %s requires %q", w.Name, w.Version, text)
			r, err := pypi.ParseRequirement(text)
			if err != nil {
				notes[who+", which cannot be read"] = true
				continue
			}
			if !r.Applies(t.markers, extras[w.Name]...) {
				continue
			}
			has, ok := versions[r.Name]
			v, err := pypi.ParseVersion(has)
			switch {
			case !ok:
				notes[who+", which neither a wheel nor a conda package provides"] = true
			case err == nil && !r.Specifiers.Contains(v):
				notes[fmt.Sprintf("%s, and the environment has %s %s", who, r.Name, has)] = true
			}
		}
	}
	return slices.Collect(maps.Keys(notes))
}

// extras returns the extras that wheels are asked for with, by the requirements
// of the user and of other wheels.
func (t *site) extras(rows []lock.Wheel, pip []envfile.Dependency) map[string][]string {
	extras := map[string][]string{}
	changed := true
	add := func(text, of string) {
		r, err := pypi.ParseRequirement(text)
		if err != nil || !r.Applies(t.markers, extras[of]...) {
			return
		}
		for _, x := range r.Extras {
			if !slices.Contains(extras[r.Name], x) {
				extras[r.Name] = append(extras[r.Name], x)
				changed = true
			}
		}
	}
	for changed {
		changed = false
		for _, d := range pip {
			add(d.Text, "")
		}
		for _, w := range rows {
			for _, text := range w.Requires {
				add(text, w.Name)
			}
		}
	}
	return extras
}
