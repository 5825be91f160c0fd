package resolve

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// fetches is how many packages are fetched at a time.
const fetches = 6

// conda locks the conda packages of every platform.
func (s *resolver) conda(ctx context.Context, env *spec.Environment) error {
	if !env.Conda.Used() {
		return nil
	}
	locked := env.Conda.Lock != ""
	for _, t := range env.Conda.Target {
		locked = locked || t.Lock != ""
	}
	if !locked {
		return s.solve(ctx, env)
	}
	for _, p := range env.Image.Platforms {
		_, lockFile := env.Conda.For(p.Subdir())
		if lockFile == "" {
			return fault.New(fault.Usage, "conda", "there is a lock file for other platforms, and none for %s", p).
				WithHint("name one in [conda.target.%s], or take %s out of [image] platforms", p.Subdir(), p)
		}
		packages, err := s.locked(ctx, lockFile, env, p)
		if err != nil {
			return err
		}
		s.add(env, p, packages)
	}
	return nil
}

// locked returns the packages of another tool's lock file, as far as an image
// can have them.
func (s *resolver) locked(ctx context.Context, lockFile string, env *spec.Environment, p platforms.Platform) ([]lock.Conda, error) {
	packages, err := s.imported(lockFile, env, p)
	if err != nil {
		return nil, err
	}
	if packages, err = s.complete(ctx, packages, describe); err != nil {
		return nil, err
	}
	if err := coherent(lockFile, p, packages); err != nil {
		return nil, err
	}
	if err := s.grounded(env, p, packages); err != nil {
		return nil, err
	}
	return packages, s.scripts(ctx, env, packages)
}

// complete fills in what a lock file or a channel did not say: from the old
// lock where it has the same package, else by fetching the package once.
func (s *resolver) complete(ctx context.Context, packages []lock.Conda, describe func(lock.Conda, *archive.Meta) (lock.Conda, error)) ([]lock.Conda, error) {
	done := make([]lock.Conda, len(packages))
	var ask []int
	for i, want := range packages {
		have, ok := s.known(want)
		switch {
		case ok:
			done[i] = have
		case want.SHA256 == "" && !s.AllowMD5:
			return nil, unhashed(want)
		default:
			ask = append(ask, i)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for _, i := range ask {
		g.Go(func() error {
			c, meta, err := s.Package(gctx, packages[i])
			if err != nil {
				return err
			}
			done[i], err = describe(c, meta)
			return err
		})
	}
	return done, g.Wait()
}

// known returns a package as the old lock has it.
func (s *resolver) known(want lock.Conda) (lock.Conda, bool) {
	if s.Update(want.Name) {
		return lock.Conda{}, false
	}
	for _, have := range s.Old.Conda {
		bySHA256 := want.SHA256 != "" && want.SHA256 == have.SHA256
		byMD5 := want.SHA256 == "" && want.MD5 != "" && want.MD5 == have.MD5
		if have.URL == want.URL && (bySHA256 || byMD5) {
			return have, true
		}
	}
	return lock.Conda{}, false
}

// indexed completes a package that a channel has a record of: the record, which
// holds the channel's hot fixes, counts more than what the package says.
func indexed(c lock.Conda, meta *archive.Meta) (lock.Conda, error) {
	c.Noarch, c.SitePackages = cmp.Or(c.Noarch, meta.Index.Noarch), cmp.Or(c.SitePackages, meta.Index.PythonSitePackagesPath)
	c.LinkScripts, c.Activation = meta.Scripts, activationFiles(meta)
	return c, itself(c, meta)
}

// itself checks that a package is the one that it is said to be.
func itself(c lock.Conda, meta *archive.Meta) error {
	if x := meta.Index; c.Name != x.Name || c.Version != x.Version || c.Build != x.Build {
		return fault.New(fault.Verification, c.URL, "the package calls itself %s-%s-%s", x.Name, x.Version, x.Build)
	}
	return nil
}

// describe completes a package from its own metadata. What the lock file says
// of it must agree.
func describe(c lock.Conda, meta *archive.Meta) (lock.Conda, error) {
	x := meta.Index
	if err := itself(c, meta); err != nil {
		return c, err
	}
	if c.Subdir == "" {
		c.Subdir = x.Subdir
	}
	if c.Depends == nil {
		c.Depends = x.Depends
	}
	if c.Constrains == nil {
		c.Constrains = x.Constrains
	}
	c.BuildNumber, c.Noarch = uint64(max(0, x.BuildNumber)), x.Noarch
	c.License, c.LicenseFamily, c.Timestamp = x.License, x.LicenseFamily, x.Timestamp
	c.TrackFeatures, c.Features, c.SitePackages = x.TrackFeatures, strings.Join(x.Features, " "), x.PythonSitePackagesPath
	c.LinkScripts, c.Activation = meta.Scripts, activationFiles(meta)
	return c, nil
}

// scripts applies the rule for packages with link scripts: none is ever run
// (promises.md §3.1).
func (s *resolver) scripts(ctx context.Context, env *spec.Environment, packages []lock.Conda) error {
	var found, idle []string
	for i := range packages {
		c := &packages[i]
		if len(c.LinkScripts) == 0 {
			continue
		}
		may := c.LinkScripts
		if env.Conda.Scripts == "known" {
			if err := s.idle(ctx, c); err != nil {
				return err
			}
			may = c.MayAct()
		}
		if len(may) > 0 {
			found = append(found, fmt.Sprintf("%s-%s-%s (%s)", c.Name, c.Version, c.Build, strings.Join(may, ", ")))
		} else {
			idle = append(idle, fmt.Sprintf("%s-%s-%s (%s)", c.Name, c.Version, c.Build, strings.Join(c.LinkScripts, ", ")))
		}
	}
	slices.Sort(found)
	slices.Sort(idle)
	if len(idle) > 0 {
		s.Note("link scripts that change nothing in an image: " + strings.Join(idle, "; "))
	}
	switch {
	case len(found) == 0:
	case env.Conda.Scripts == "skip":
		s.Note("link scripts are skipped: " + strings.Join(found, "; "))
	default:
		e := fault.New(fault.Policy, "conda", "packages with link scripts, which are never run: %s", strings.Join(found, "; "))
		return e.WithHint("if the packages work without them, set [conda] scripts = \"skip\"")
	}
	return nil
}

// idle notes which link scripts of a package change nothing in an image. What was
// found once is not looked for again.
func (s *resolver) idle(ctx context.Context, c *lock.Conda) error {
	if len(c.MayAct()) == 0 {
		return nil
	}
	const most = 64 << 10 // bytes of a script
	var idle []string
	err := s.Walk(ctx, c, func(m archive.Member) error {
		if !slices.Contains(c.LinkScripts, m.Path) || m.Content == nil || m.Size > most {
			return nil
		}
		text, err := io.ReadAll(m.Content)
		if err == nil && link.IdleScript(m.Path, c.Subdir, text) != "" {
			idle = append(idle, m.Path)
		}
		return err
	})
	slices.Sort(idle)
	c.IdleScripts = idle
	return err
}

// oneFact gives a package that several platforms and environments share the
// same MD5 everywhere: one lock file may tell it and another not, and the bytes
// of its record would differ.
func (s *resolver) oneFact() {
	md5s := map[string]string{}
	for _, c := range s.lock.Conda {
		if c.MD5 != "" {
			md5s[c.URL+" "+c.SHA256] = c.MD5
		}
	}
	for i := range s.lock.Conda {
		c := &s.lock.Conda[i]
		c.MD5 = md5s[c.URL+" "+c.SHA256]
	}
}

// coherent refuses packages that are for another platform than the lock file
// was read for. Where a URL does not tell, the package itself does.
func coherent(lockFile string, p platforms.Platform, packages []lock.Conda) error {
	for _, c := range packages {
		if c.Subdir != p.Subdir() && c.Subdir != "noarch" {
			return fault.New(fault.Stale, lockFile, "package %q is for %s, not for %s", c.Name, c.Subdir, p.Subdir())
		}
	}
	return nil
}

func unhashed(c lock.Conda) error {
	what := "has no sha256"
	if c.MD5 == "" {
		what = "has no hash"
	}
	return fault.New(fault.Verification, c.URL, "%s in the lock file", what).
		WithHint("write sha256 hashes into the lock file, or pass --allow-md5 to take the bytes that are served now")
}
