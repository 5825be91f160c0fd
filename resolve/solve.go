package resolve

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// target is one platform of an environment while it is solved.
type target struct {
	*wish
	env      string
	channels []*repodata.Channel
	set      *repodata.Set
	problem  solver.Problem
	found    solver.Solution
}

// solve solves an environment for all its platforms together. What the old lock
// says stays wherever the requests allow it, and altogether while they are the
// same.
func (s *resolver) solve(ctx context.Context, env *spec.Environment) error {
	var wishes []*wish
	for _, p := range env.Image.Platforms {
		w, err := s.wish(env, p)
		if err != nil {
			return err
		}
		if !w.empty() {
			wishes = append(wishes, w)
		}
	}
	if file := s.From[env.Name]; file != "" {
		return s.from(ctx, file, env, wishes)
	}
	if s.stays(env, wishes) {
		return s.keep(ctx, env, wishes)
	}
	cutoff, ms, err := s.cutoff(env)
	if err != nil {
		return err
	}
	var targets []*target
	for _, w := range wishes {
		t, err := s.prepare(ctx, env, w, ms)
		if err != nil {
			return err
		}
		if t.found, err = s.first(ctx, t, s.Old.For(env.Name, w.Platform)); err != nil {
			return s.explain(ctx, env, t, cutoff, err)
		}
		targets = append(targets, t)
	}
	if err := agree(ctx, targets); err != nil {
		return err
	}
	if err := s.shadowed(targets); err != nil {
		return err
	}
	differs := s.differing(targets)
	for i, t := range targets {
		row := t.Solve
		row.Envs, row.Cutoff, row.Differs = []string{env.Name}, cutoff, differs[i]
		s.lock.Solve = append(s.lock.Solve, row)
		packages, err := s.rows(ctx, t)
		if err != nil {
			return err
		}
		if err := s.scripts(ctx, env, packages); err != nil {
			return err
		}
		s.add(env, t.Platform, packages)
	}
	return nil
}

// updates reports whether any package of an old selection is to be asked for
// anew.
func (s *resolver) updates(old lock.Selection) bool {
	return slices.ContainsFunc(old.Conda, func(c lock.Conda) bool { return s.Update(c.Name) }) ||
		slices.ContainsFunc(old.Wheels, func(w lock.Wheel) bool { return s.Update(w.Name) })
}

// stays reports whether the old lock answers the very same questions. Packages
// that were taken from a file stay even where channels are to be asked anew.
func (s *resolver) stays(env *spec.Environment, wishes []*wish) bool {
	for _, w := range wishes {
		old := s.Old.For(env.Name, w.Platform)
		if !w.sameQuestion(old.Solve) || s.updates(old) || (s.Anew || s.FailOnShadow) && old.Solve.From == "" {
			return false
		}
	}
	return true
}

// keep takes over what the old lock has.
func (s *resolver) keep(ctx context.Context, env *spec.Environment, wishes []*wish) error {
	for _, w := range wishes {
		old := s.Old.For(env.Name, w.Platform)
		row := *old.Solve
		row.Envs = []string{env.Name}
		s.lock.Solve = append(s.lock.Solve, row)
		if err := s.scripts(ctx, env, old.Conda); err != nil {
			return err
		}
		s.add(env, w.Platform, old.Conda)
	}
	return nil
}

// add adds packages of an environment on a platform.
func (s *resolver) add(env *spec.Environment, p platforms.Platform, packages []lock.Conda) {
	for _, c := range packages {
		c.Envs, c.Platforms = []string{env.Name}, []platforms.Platform{p}
		s.lock.Conda = append(s.lock.Conda, c)
	}
}

// prepare makes the solver's problem of a wish.
func (s *resolver) prepare(ctx context.Context, env *spec.Environment, w *wish, cutoff int64) (*target, error) {
	t := &target{wish: w, env: env.Name}
	var err error
	if t.channels, err = s.channels(ctx, w.channels); err != nil {
		return nil, err
	}
	old := s.Old.For(env.Name, w.Platform)
	t.problem = solver.Problem{
		Virtual: candidates(w.Virtual), ExcludeNewer: cutoff,
		Priority: map[string]solver.Priority{"strict": solver.Strict, "flexible": solver.Flexible, "disabled": solver.Disabled}[w.Priority],
	}
	for i, text := range w.Specs {
		if text, err = s.inChannel(ctx, text, w.specs[i]); err != nil {
			return nil, err
		}
		t.problem.Specs = append(t.problem.Specs, text)
	}
	specs := slices.Clone(t.problem.Specs)
	for _, c := range old.Conda {
		specs = append(specs, c.Name) // others may be needed in their place
	}
	if err := s.look(ctx, t, specs, cutoff); err != nil {
		return nil, err
	}
	s.favor(t, old)
	return t, nil
}

// look reads the records that a target may need, beginning with these specs.
// Where a build is there in both archive formats, only the .conda is seen; with
// a cut-off, also the .tar.bz2 of those whose .conda came later. (Not seeing what
// is too new at all would hide which channel a name belongs to.)
func (s *resolver) look(ctx context.Context, t *target, specs []string, cutoff int64) error {
	closure := func(cutoff int64) (*repodata.Set, error) {
		view, err := s.open(ctx, t.channels, cutoff)
		if err != nil {
			return nil, err
		}
		t.problem.Channels = view.Channels()
		return view.Closure(ctx, []string{t.Platform.Subdir(), noarch}, specs)
	}
	var err error
	if t.set, err = closure(0); err != nil {
		return err
	}
	t.problem.Records = solver.FromSet(t.set)
	if cutoff == 0 {
		return nil
	}
	older, err := closure(cutoff)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, r := range t.problem.Records {
		seen[r.URL] = true
	}
	for _, r := range solver.FromSet(older) {
		if !seen[r.URL] {
			t.problem.Records = append(t.problem.Records, r)
		}
	}
	return nil
}

// rows turns a solution into packages of the lock.
func (s *resolver) rows(ctx context.Context, t *target) ([]lock.Conda, error) {
	var kept, chosen []lock.Conda
	for _, r := range t.found.Records {
		switch origin := r.Origin.(type) {
		case lock.Conda:
			kept = append(kept, origin)
		case *repodata.Record:
			c, err := s.chosen(origin)
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, c)
		}
	}
	done, err := s.complete(ctx, chosen, indexed)
	if err != nil {
		return nil, err
	}
	for i := range done {
		if known := done[i]; !sameFacts(known, chosen[i]) { // hot-fixed since it was locked for others
			done[i] = chosen[i]
			done[i].SHA256, done[i].Size, done[i].LinkScripts, done[i].Activation = known.SHA256, known.Size, known.LinkScripts, known.Activation
		}
	}
	return append(kept, done...), nil
}

// sameFacts reports whether two rows of a package have the same requirements.
func sameFacts(a, b lock.Conda) bool {
	return slices.Equal(a.Depends, b.Depends) && slices.Equal(a.Constrains, b.Constrains)
}

// chosen returns a channel's record as a package of the lock.
func (s *resolver) chosen(r *repodata.Record) (lock.Conda, error) {
	u, err := s.Relative("gophersnake.toml", r.URL)
	if err != nil {
		return lock.Conda{}, err
	}
	c := lock.Conda{
		Name: r.Name, Version: r.Version, Build: r.Build, BuildNumber: r.BuildNumber, Subdir: r.Subdir, URL: u, Channel: r.Channel,
		SHA256: r.SHA256, MD5: r.MD5, Size: r.Size, Depends: r.Depends, Constrains: r.Constrains, TrackFeatures: r.TrackFeatures,
		Features: r.Features, Noarch: r.Noarch, SitePackages: r.SitePackages, License: r.License, LicenseFamily: r.LicenseFamily, Timestamp: r.Timestamp,
	}
	if !strings.Contains(u, "://") {
		c.Channel = "" // a directory of this machine is no name
	}
	if c.SHA256 == "" && !s.AllowMD5 {
		return c, fault.New(fault.Verification, c.URL, "the channel tells no sha256 of it").
			WithHint("ask the channel's owner for an index with sha256, or pass --allow-md5 to take the bytes that are served now")
	}
	return c, nil
}

// unsatisfiable reports whether an error says that there is no answer.
func unsatisfiable(err error) (*solver.Unsatisfiable, bool) {
	var u *solver.Unsatisfiable
	return u, errors.As(err, &u)
}
