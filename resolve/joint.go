package resolve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/conda/version"
)

// agree makes the platforms of an environment have the same versions wherever
// there is a solution with the same versions.
//
// Each platform was solved by itself. The names are settled one after the other,
// those that the user asked for first and in the user's order, then all others
// by name. A name is settled at the version that all platforms have; where they
// have different ones, at a version that all can have (see common), or not at
// all if there is none. First it is tried so that no name changes on which they
// agree; only where that cannot be, at the cost of others. What is settled
// stays: a package that was asked for is never made older so that one which
// nobody named agrees.
func agree(ctx context.Context, targets []*target) error {
	if len(targets) < 2 {
		return nil
	}
	settled := map[string]bool{}
	for _, t := range targets {
		for _, name := range t.requested() {
			if settled[name] {
				continue
			}
			settled[name] = true
			if err := settle(ctx, targets, name); err != nil {
				return err
			}
		}
	}
	for {
		// Settling one name may change others, also those that came before it.
		name, ok := differing(targets, settled)
		if !ok {
			return nil
		}
		settled[name] = true
		if err := settle(ctx, targets, name); err != nil {
			return err
		}
	}
}

// differing returns the first name by alphabet that is not settled and has
// different versions.
func differing(targets []*target, settled map[string]bool) (string, bool) {
	for _, name := range names(targets) {
		if !settled[name] && !same(versions(targets, name)) {
			return name, true
		}
	}
	return "", false
}

// names returns the names that targets have, sorted.
func names(targets []*target) []string {
	all := map[string]bool{}
	for _, t := range targets {
		for _, r := range t.found.Records {
			all[r.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// versions returns the version of a name that each target has; the zero version
// where it has none.
func versions(targets []*target, name string) []version.Version {
	all := make([]version.Version, len(targets))
	for i, t := range targets {
		all[i] = versionIn(t.found, name)
	}
	return all
}

func versionIn(found solver.Solution, name string) version.Version {
	i, ok := slices.BinarySearchFunc(found.Records, name, func(r solver.Record, name string) int { return strings.Compare(r.Name, name) })
	if !ok {
		return version.Version{}
	}
	v, _ := version.Parse(found.Records[i].Version) // the solver chose it
	return v
}

// same reports whether all versions that there are are equal.
func same(all []version.Version) bool {
	all = slices.DeleteFunc(slices.Clone(all), version.Version.IsZero)
	return !slices.ContainsFunc(all, func(v version.Version) bool { return !v.Equal(all[0]) })
}

// settle finds the version of a name that all targets can have, and limits
// them to it.
func settle(ctx context.Context, targets []*target, name string) error {
	all := slices.DeleteFunc(versions(targets, name), version.Version.IsZero)
	if len(all) == 0 {
		return nil
	}
	v := slices.MinFunc(all, version.Version.Compare)
	if !same(all) {
		var err error
		low := v
		if v, err = common(ctx, targets, name, low, agreed(targets)); err == nil && v.IsZero() {
			v, err = common(ctx, targets, name, low, nil)
		}
		if err != nil || v.IsZero() {
			return err
		}
	}
	for _, t := range targets {
		t.limit(name + " ==" + v.String())
	}
	return nil
}

// agreed returns constraints to the versions on which targets agree.
func agreed(targets []*target) []string {
	var all []string
	for _, name := range names(targets) {
		has := slices.DeleteFunc(versions(targets, name), version.Version.IsZero)
		if len(has) > 1 && same(has) {
			all = append(all, name+" =="+has[0].String())
		}
	}
	return all
}

// limit adds a constraint to a target's problem.
func (t *target) limit(spec string) {
	t.problem.Constraints = append(slices.Clip(t.problem.Constraints), spec)
}

// common finds a version of a name that all targets can have, and gives them
// solutions with it and with what is to be kept; the zero version means that
// there is none. It descends from v: a target that cannot have a version says
// which lower one it would take. Since that may pass over some, all others that
// all channels have are searched too.
func common(ctx context.Context, targets []*target, name string, v version.Version, keep []string) (version.Version, error) {
	var tried []version.Version
	for !v.IsZero() {
		ok, lower, err := try(ctx, targets, name, v, keep)
		if ok || err != nil {
			return v, err
		}
		tried, v = append(tried, v), lower
	}
	for part := range slices.Chunk(shared(targets, name, tried), maxAlternatives) {
		if v, err := search(ctx, targets, name, part, keep); !v.IsZero() || err != nil {
			return v, err
		}
	}
	return version.Version{}, nil
}

// maxAlternatives is how many versions a target is asked for at once.
const maxAlternatives = 128

// search returns the first of some versions that all targets can have, and gives
// them solutions as common does. Those of which one target can have none are left
// out together, so that what no platform shares costs few solves.
func search(ctx context.Context, targets []*target, name string, among []version.Version, keep []string) (version.Version, error) {
	alternatives := make([]string, len(among))
	for i, v := range among {
		alternatives[i] = "==" + v.String()
	}
	spec := name + " " + strings.Join(alternatives, "|")
	trial := make([]solver.Solution, len(targets))
	for i, t := range targets {
		trial[i] = t.found
		has := versionIn(t.found, name)
		if has.IsZero() || slices.ContainsFunc(among, has.Equal) {
			continue
		}
		var err error
		if trial[i], err = t.with(ctx, keep, spec); err != nil {
			if _, no := unsatisfiable(err); no {
				err = nil
			}
			return version.Version{}, err
		}
	}
	if len(among) == 1 {
		for i, t := range targets {
			t.found = trial[i]
		}
		return among[0], nil
	}
	half := (len(among) + 1) / 2
	if v, err := search(ctx, targets, name, among[:half], keep); !v.IsZero() || err != nil {
		return v, err
	}
	return search(ctx, targets, name, among[half:], keep)
}

// shared returns the versions that all targets' channels have, the highest
// first, without those that were tried.
func shared(targets []*target, name string, tried []version.Version) []version.Version {
	count := map[string]int{}
	all := map[string]version.Version{}
	wanted := 0
	for _, t := range targets {
		if versionIn(t.found, name).IsZero() {
			continue
		}
		wanted++
		own := map[string]bool{}
		for _, r := range t.set.Records(name) {
			if v, err := version.Parse(r.Version); err == nil && !own[v.Key()] {
				own[v.Key()], all[v.Key()] = true, v
				count[v.Key()]++
			}
		}
	}
	for _, v := range tried {
		delete(count, v.Key())
	}
	var both []version.Version
	for key, n := range count {
		if n == wanted {
			both = append(both, all[key])
		}
	}
	slices.SortFunc(both, func(a, b version.Version) int { return b.Compare(a) })
	return both
}

// try solves all targets with one version of a name, and gives them the
// solutions if all have one. Where one refuses, it returns a lower version that
// this one would take, if any.
func try(ctx context.Context, targets []*target, name string, v version.Version, keep []string) (ok bool, lower version.Version, err error) {
	trial := make([]solver.Solution, len(targets))
	for i, t := range targets {
		trial[i] = t.found
		if has := versionIn(t.found, name); has.IsZero() || has.Equal(v) {
			continue // stays a solution
		}
		trial[i], err = t.with(ctx, keep, name+" =="+v.String())
		if _, no := unsatisfiable(err); no {
			found, err := t.with(ctx, keep, name+" <"+v.String())
			if _, no := unsatisfiable(err); no {
				err = nil
			}
			return false, versionIn(found, name), err
		}
		if err != nil {
			return false, version.Version{}, err
		}
	}
	for i, t := range targets {
		t.found = trial[i]
	}
	return true, version.Version{}, nil
}

// with solves a target with more constraints.
func (t *target) with(ctx context.Context, keep []string, spec string) (solver.Solution, error) {
	p := t.problem
	p.Constraints = append(slices.Concat(p.Constraints, keep), spec)
	return solver.Solve(ctx, p)
}

// differing tells for each target which versions no other platform could have
// likewise, and tells people.
func (s *resolver) differing(targets []*target) [][]string {
	differs := make([][]string, len(targets))
	for _, name := range names(targets) {
		all := versions(targets, name)
		if same(all) {
			continue
		}
		var places []string
		for i, v := range all {
			if !v.IsZero() {
				differs[i] = append(differs[i], name+" "+v.String())
				places = append(places, fmt.Sprintf("%s on %s", v, targets[i].Platform))
			}
		}
		s.Note(fmt.Sprintf("%s: no version suits all platforms: %s", name, strings.Join(places, ", ")))
	}
	return differs
}
