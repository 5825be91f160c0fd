package resolve

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve/uv"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/spec/envfile"
)

// wheels locks the wheels of an environment on every platform: those that
// another tool locked, beside conda packages or in a pylock.toml, and those that
// uv finds for the pip requirements of environment.yml.
func (s *resolver) wheels(ctx context.Context, env *spec.Environment) error {
	var all []*wheelSite
	for _, p := range env.Image.Platforms {
		w, err := s.wheelSite(env, p)
		if err != nil {
			return err
		}
		if w == nil {
			continue
		}
		if err := s.answer(ctx, env, w, all); err != nil {
			return err
		}
		all = append(all, w)
	}
	if err := s.agreeWheels(ctx, env, all); err != nil {
		return err
	}
	notes := map[string]bool{}
	for _, w := range all {
		if !w.kept {
			rows, err := s.fitting(ctx, w.site, w.rows)
			if err != nil {
				return err
			}
			if w.rows = rows; len(w.locked) > 0 {
				if err := w.met(w.lockFile, rows, w.pip); err != nil {
					return err
				}
			}
		}
		for _, text := range w.unmet(w.rows, w.pip) {
			notes[text] = true
		}
		for _, row := range w.rows {
			row.Envs, row.Platforms = []string{env.Name}, []platforms.Platform{w.platform}
			s.lock.Wheel = append(s.lock.Wheel, row)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(notes)) {
		s.Note(text)
	}
	return nil
}

// wheelSite is a platform of an environment while its wheels are chosen.
type wheelSite struct {
	*site
	wheelQuestion
	rows  []lock.Wheel // the answer
	kept  bool         // the rows are the old lock's
	asked bool         // the rows are uv's, not completed yet
}

// wheelSite returns what is asked on a platform, or nil if nothing is.
func (s *resolver) wheelSite(env *spec.Environment, p platforms.Platform) (*wheelSite, error) {
	part, err := s.filePart(env, p)
	if err != nil {
		return nil, err
	}
	q := wheelQuestion{lockFile: s.lockFile(env, p), file: env.Conda.Wheels, pip: part.Pip}
	if q.lockFile != "" {
		if _, q.locked, err = s.readLock(q.lockFile, env, p); err != nil {
			return nil, err
		}
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	for _, r := range part.Pip {
		if err := (uv.Requirement{Text: r.Text, Where: r.Where}).Check(); err != nil {
			return nil, err
		}
	}
	old := s.Old.For(env.Name, p).Wheels
	taken := q.empty() && q.lockFile == "" && s.takenOver(env, p) && len(old) > 0
	if q.empty() && !taken {
		return nil, nil
	}
	t, err := s.site(env, p)
	if err != nil {
		return nil, err
	}
	return &wheelSite{site: t, wheelQuestion: q, rows: old, kept: taken}, nil
}

// wheelQuestion is where the wheels of an environment on a platform come from.
type wheelQuestion struct {
	lockFile string              // of the conda packages, "" without one
	locked   []importer.Imported // the wheels that it has
	file     string              // a pylock.toml
	pip      []envfile.Dependency
}

func (q wheelQuestion) empty() bool { return len(q.locked) == 0 && q.file == "" && len(q.pip) == 0 }

// check refuses two answers to one question.
func (q wheelQuestion) check() error {
	switch {
	case len(q.pip) > 0 && q.file != "":
		return fault.New(fault.Usage, q.pip[0].Where, "requirement %q: pip requirements and [conda] wheels exclude each other", q.pip[0].Text).
			WithHint("lock the requirement into %s, or remove wheels", q.file)
	case len(q.locked) > 0 && q.file != "":
		return fault.New(fault.Usage, q.lockFile, "it has wheels, so that [conda] wheels cannot name others").WithHint("remove wheels")
	}
	return nil
}

// lockFile returns the lock file that the conda packages of a platform come
// from, for good or (by Request.From) this time.
func (s *resolver) lockFile(env *spec.Environment, p platforms.Platform) string {
	_, file := env.Conda.For(p.Subdir())
	return cmp.Or(file, s.From[env.Name])
}

// takenOver reports whether the packages of a platform are those that an
// earlier lock took from another tool's lock file.
func (s *resolver) takenOver(env *spec.Environment, p platforms.Platform) bool {
	now := s.lock.For(env.Name, p).Solve
	return now != nil && now.From != ""
}

// answer finds the wheels of one platform, whichever way they come. Others are
// the platforms that have an answer already.
func (s *resolver) answer(ctx context.Context, env *spec.Environment, w *wheelSite, others []*wheelSite) (err error) {
	switch {
	case w.kept:
		return nil
	case len(w.locked) > 0:
	case len(w.pip) > 0 && s.sameWheels(w.site):
		w.kept, w.rows = true, w.old.Wheels
		return nil
	case len(w.pip) > 0:
		w.asked = true
		w.rows, err = s.ask(ctx, env, w, s.preferred(w, others))
		return err
	default:
		data, err := s.ReadFile(w.file)
		if err != nil {
			return err
		}
		w.lockFile = w.file
		o := importer.Options{Platform: w.platform, Python: w.python, Categories: env.Conda.Categories}
		if _, w.locked, err = importer.Read(w.file, data, o); err != nil {
			return err
		}
	}
	w.rows, err = s.chosenWheels(w.site, w.lockFile, w.locked)
	return err
}

// fitting completes chosen wheels, and refuses those that cannot be installed.
func (s *resolver) fitting(ctx context.Context, t *site, rows []lock.Wheel) ([]lock.Wheel, error) {
	if !t.sameConda() || !sameWheels(rows, t.old.Wheels) { // else it was checked when the old lock was made
		if err := s.provide(ctx, t); err != nil {
			return nil, err
		}
		for _, w := range rows {
			if c, ok := t.provided[w.Name]; ok {
				return nil, fault.New(fault.Usage, t.where, "wheel %s %s: the conda package %s-%s-%s provides %s %s",
					w.Name, w.Version, c.conda.Name, c.conda.Version, c.conda.Build, w.Name, c.version).
					WithHint("take one of the two out")
			}
		}
	}
	rows, err := s.completeWheels(ctx, rows)
	if err != nil {
		return nil, err
	}
	for _, w := range rows {
		if err := t.runs(w); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// sameWheels reports whether two lists hold the same files.
func sameWheels(a, b []lock.Wheel) bool {
	return slices.EqualFunc(a, b, func(a, b lock.Wheel) bool { return a.Name == b.Name && a.SHA256 == b.SHA256 && a.URL == b.URL })
}

// sameWheels reports whether the old lock answers the same question to uv.
func (s *resolver) sameWheels(t *site) bool {
	a, b := t.old.Solve, t.solve
	if a == nil || b == nil || s.Anew && a.From == "" && s.UV.Path != "" { // a machine without uv can check a lock too
		return false
	}
	return slices.Equal(a.Pip, b.Pip) && slices.Equal(a.Virtual, b.Virtual) && a.ExcludeNewer == b.ExcludeNewer &&
		t.sameConda() && !slices.ContainsFunc(t.old.Wheels, func(w lock.Wheel) bool { return s.Update(w.Name) })
}

// chosenWheels takes the best wheel of every package, by name.
func (s *resolver) chosenWheels(t *site, lockFile string, found []importer.Imported) ([]lock.Wheel, error) {
	byName := map[string][]importer.Imported{}
	for _, f := range found {
		byName[f.Name] = append(byName[f.Name], f)
	}
	var rows []lock.Wheel
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		f, err := t.best(lockFile, byName[name])
		if err != nil {
			return nil, err
		}
		if f.SHA256 == "" {
			return nil, fault.New(fault.Verification, f.URL, "has no sha256 in %s", lockFile).WithHint("lock it again with sha256 hashes")
		}
		w := lock.Wheel{Name: f.Name, Version: f.Version, SHA256: f.SHA256, Size: f.Size, Requires: f.Requires, RequiresPython: f.RequiresPython}
		if w.URL, err = s.Relative(lockFile, f.URL); err != nil {
			return nil, err
		}
		rows = append(rows, w)
	}
	return rows, nil
}

// completeWheels fills in what wheels say of themselves: from the old lock
// where it has the same file, else by fetching it once.
func (s *resolver) completeWheels(ctx context.Context, rows []lock.Wheel) ([]lock.Wheel, error) {
	done := make([]lock.Wheel, len(rows))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for i, w := range rows {
		if old, ok := s.knownWheel(w); ok {
			done[i] = old
			continue
		}
		g.Go(func() error {
			full, meta, err := s.Wheel(gctx, w)
			if err != nil {
				return err
			}
			full.Requires, full.RequiresPython = meta.Requires, cmp.Or(meta.RequiresPython, w.RequiresPython)
			done[i] = full
			return nil
		})
	}
	return done, g.Wait()
}

// knownWheel returns a wheel as the old lock has it.
func (s *resolver) knownWheel(w lock.Wheel) (lock.Wheel, bool) {
	i := slices.IndexFunc(s.Old.Wheel, func(old lock.Wheel) bool { return old.URL == w.URL && old.SHA256 == w.SHA256 })
	if i < 0 || s.Update(w.Name) {
		return w, false
	}
	old := s.Old.Wheel[i]
	old.Requested = w.Requested
	return old, true
}

// readLock reads another tool's lock file for one platform.
func (s *resolver) readLock(lockFile string, env *spec.Environment, p platforms.Platform) (conda, wheels []importer.Imported, err error) {
	data, err := s.ReadFile(lockFile)
	if err != nil {
		return nil, nil, err
	}
	if strings.HasSuffix(lockFile, ".toml") {
		return nil, nil, fault.New(fault.Usage, lockFile, "a pylock.toml has no conda packages").WithHint("name it by [conda] wheels, beside dependencies that have python")
	}
	return importer.Read(lockFile, data, importer.Options{Platform: p, Environment: env.Conda.Environment, Categories: env.Conda.Categories})
}
