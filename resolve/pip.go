package resolve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/resolve/uv"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// uvAnswer is how errors call the pylock.toml that uv gives.
const uvAnswer = "uv's answer"

// ask asks uv for the wheels of requirements. Prefer is which versions to take
// where that can be.
func (s *resolver) ask(ctx context.Context, env *spec.Environment, t *wheelSite, prefer map[string]string) ([]lock.Wheel, error) {
	if err := s.provide(ctx, t.site); err != nil {
		return nil, err
	}
	if t.target.Glibc == "" {
		has, hint := s.below(env, t.platform)
		return nil, fault.New(fault.Usage, t.pip[0].Where, "requirement %q: wheels are resolved for glibc, and %s", t.pip[0].Text, has).WithHint("%s", hint)
	}
	q := uv.Question{For: t.platform.String(), Python: t.python, Arch: t.platform.Arch, Glibc: t.target.Glibc}
	requested := map[string]bool{}
	for _, r := range t.pip {
		q.Requirements = append(q.Requirements, uv.Requirement{Text: r.Text, Where: r.Where})
		parsed, err := pypi.ParseRequirement(r.Text)
		if err != nil {
			return nil, err // cannot be: it was checked
		}
		requested[parsed.Name] = true
		if c, ok := t.provided[parsed.Name]; ok && parsed.Applies(t.markers) {
			return nil, fault.New(fault.Usage, r.Where, "requirement %q: the conda package %s-%s-%s provides %s %s",
				r.Text, c.conda.Name, c.conda.Version, c.conda.Build, parsed.Name, c.version).
				WithHint("take it out of the pip list, or its conda package out of the environment")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.provided)) {
		q.Provided = append(q.Provided, uv.Package{Name: name, Version: t.provided[name].version})
	}
	for _, name := range slices.Sorted(maps.Keys(prefer)) {
		q.Preferred = append(q.Preferred, uv.Package{Name: name, Version: prefer[name]})
	}
	if t.solve != nil {
		q.Cutoff = t.solve.Cutoff
	}
	data, err := uv.Compile(ctx, s.UV, q)
	if err != nil {
		return nil, err
	}
	found, err := importer.Pylock(uvAnswer, data, importer.PylockOptions{Platform: t.platform, Python: t.python})
	if err != nil {
		return nil, err
	}
	rows, err := s.chosenWheels(t.site, uvAnswer, found)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Requested = requested[rows[i].Name]
	}
	return rows, nil
}

// preferred returns the versions that uv is to prefer on a platform: those of
// the old lock, and of other platforms where that has none.
func (s *resolver) preferred(w *wheelSite, others []*wheelSite) map[string]string {
	prefer := map[string]string{}
	for _, o := range others {
		for _, row := range o.rows {
			if prefer[row.Name] == "" {
				prefer[row.Name] = row.Version
			}
		}
	}
	for _, row := range w.old.Wheels {
		if !s.Update(row.Name) {
			prefer[row.Name] = row.Version
		}
	}
	return prefer
}

// agreeWheels asks once more where platforms got different versions of a
// package: for the lowest of them, which the other platforms may have too. Uv
// takes it where the requirements allow it.
func (s *resolver) agreeWheels(ctx context.Context, env *spec.Environment, all []*wheelSite) error {
	lowest := map[string]string{}
	for name, versions := range disagreeing(all) {
		lowest[name] = slices.MinFunc(slices.Collect(maps.Values(versions)), compareVersions)
	}
	for _, w := range all {
		if !w.asked || !slices.ContainsFunc(w.rows, func(row lock.Wheel) bool { return lowest[row.Name] != "" && lowest[row.Name] != row.Version }) {
			continue
		}
		prefer := map[string]string{}
		for _, row := range w.rows {
			prefer[row.Name] = row.Version
		}
		maps.Copy(prefer, lowest)
		before, was := len(disagreeing(all)), w.rows
		rows, err := s.ask(ctx, env, w, prefer)
		if err != nil {
			return err
		}
		if w.rows = rows; len(disagreeing(all)) > before {
			w.rows = was
		}
	}
	for _, name := range slices.Sorted(maps.Keys(disagreeing(all))) {
		var places []string
		for _, w := range all {
			for _, row := range w.rows {
				if row.Name == name {
					places = append(places, fmt.Sprintf("%s on %s", row.Version, w.platform))
				}
			}
		}
		s.Note(fmt.Sprintf("wheel %s: no version suits all platforms: %s", name, strings.Join(places, ", ")))
	}
	return nil
}

// disagreeing returns the packages that platforms have in different versions,
// with these by platform; none where another tool chose them all.
func disagreeing(all []*wheelSite) map[string]map[string]string {
	versions := map[string]map[string]string{}
	for _, w := range all {
		for _, row := range w.rows {
			if versions[row.Name] == nil {
				versions[row.Name] = map[string]string{}
			}
			versions[row.Name][w.platform.String()] = row.Version
		}
	}
	maps.DeleteFunc(versions, func(_ string, of map[string]string) bool {
		distinct := slices.Compact(slices.Sorted(maps.Values(of)))
		return len(distinct) < 2
	})
	if !slices.ContainsFunc(all, func(w *wheelSite) bool { return w.asked }) {
		return nil
	}
	return versions
}

func compareVersions(a, b string) int {
	v, _ := pypi.ParseVersion(a)
	w, _ := pypi.ParseVersion(b)
	return v.Compare(w)
}
