package resolve

import (
	"context"
	"slices"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// from takes an environment's packages from another tool's lock file instead of
// solving. The file must hold what is asked for. The question is kept with the
// answer, so that later locks leave both alone until the question changes.
func (s *resolver) from(ctx context.Context, file string, env *spec.Environment, wishes []*wish) error {
	for _, w := range wishes {
		packages, err := s.locked(ctx, file, env, w.Platform)
		if err != nil {
			return err
		}
		if err := w.met(file, packages); err != nil {
			return err
		}
		row := w.Solve
		row.Envs, row.From = []string{env.Name}, file
		s.lock.Solve = append(s.lock.Solve, row)
		s.add(env, w.Platform, packages)
	}
	return nil
}

// met checks that packages are what is asked for.
func (w *wish) met(file string, packages []lock.Conda) error {
	const hint = "lock with the other tool again, or run gophersnake lock without --from"
	for n, m := range w.specs {
		i := slices.IndexFunc(packages, func(c lock.Conda) bool { return c.Name == m.Name })
		if i < 0 {
			return fault.New(fault.Stale, file, "no package %q for %s, which %q asks for", m.Name, w.Platform, w.Specs[n]).WithHint(hint)
		}
		if r := favored(packages[i]); !meets(m, &r) {
			return fault.New(fault.Stale, file, "package %s-%s-%s for %s is not what %q asks for", r.Name, r.Version, r.Build, w.Platform, w.Specs[n]).WithHint(hint)
		}
	}
	return nil
}
