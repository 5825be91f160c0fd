package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

// explain completes what the solver says of requests that cannot be met: with
// the platform, the lines of environment.yml, and what to do.
func (s *resolver) explain(ctx context.Context, env *spec.Environment, t *target, cutoff string, err error) error {
	_, no := unsatisfiable(err)
	if !no {
		return err
	}
	hint := ""
	if t.problem.ExcludeNewer != 0 {
		var refused error
		if hint, refused = t.tooNew(ctx, cutoff); refused != nil {
			return refused
		}
	}
	u, _ := unsatisfiable(err)
	told := &solver.Unsatisfiable{Reasons: slices.Clone(u.Reasons)}
	for i, r := range told.Reasons {
		for text, line := range t.where {
			if r.Text == fmt.Sprintf("requested %q", text) || strings.HasPrefix(r.Text, fmt.Sprintf("requested %q: ", text)) {
				told.Reasons[i].Text = strings.Replace(r.Text, fmt.Sprintf("requested %q", text), fmt.Sprintf("requested %q (%s)", text, line), 1)
			}
		}
	}
	text := told.Error()
	switch {
	case hint != "":
	case strings.Contains(text, "__glibc"):
		has, advice := s.below(env, t.Platform)
		hint = has + ": " + advice
	case strings.Contains(text, "strict channel priority"):
		hint = `to take a package from a later channel, ask for CHANNEL::NAME, or set [conda] channel-priority = "flexible"`
	default:
		hint = s.unread(t)
	}
	e := fault.New(fault.Unsatisfiable, where(t.env, t.Platform), "%w", told)
	if hint != "" {
		e = e.WithHint("%s", hint)
	}
	return e
}

// unread tells of requested packages that channels have in formats which are
// not read.
func (s *resolver) unread(t *target) string {
	for _, name := range t.requested() {
		if formats := t.set.Unread(name); len(formats) > 0 {
			return fmt.Sprintf("package %q has files in the format %s, which are not read", name, list(formats))
		}
	}
	return ""
}

// tooNew finds out what [conda] exclude-newer has to do with it that there is no
// answer. The error, of class policy, names a package that does not say when it
// appeared, if that alone is why; the hint the next candidate.
func (t *target) tooNew(ctx context.Context, cutoff string) (hint string, refused error) {
	undated := t.problem
	undated.AllowUndated = true
	if found, err := solver.Solve(ctx, undated); err == nil {
		for _, r := range found.Records {
			if r.Timestamp == 0 && r.Indexed == 0 && !t.isFavored(r.Name) {
				return "", fault.New(fault.Policy, where(t.env, t.Platform), "exclude-newer = %q: package %s-%s-%s of channel %s does not say when it appeared",
					t.ExcludeNewer, r.Name, r.Version, r.Build, r.Channel).
					WithHint("take it from a channel whose packages have timestamps, or remove [conda] exclude-newer")
			}
		}
	}
	anytime := t.problem
	anytime.ExcludeNewer = 0
	found, err := solver.Solve(ctx, anytime)
	if err != nil {
		return "", nil // the date is not why
	}
	for _, r := range found.Records {
		if next, at, ok := t.next(r.Name, t.problem.ExcludeNewer); ok {
			return fmt.Sprintf("exclude-newer = %q leaves out what appeared after %s; the next candidate is %s-%s-%s of %s",
				t.ExcludeNewer, cutoff, next.Name, next.Version, next.Build, at.UTC().Format(time.RFC3339)), nil
		}
	}
	return "", nil
}

func (t *target) isFavored(name string) bool {
	return slices.ContainsFunc(t.problem.Favored, func(r solver.Record) bool { return r.Name == name })
}

// next returns the first record after the cut-off of a name that has none
// before it, as far as the user's requests of that name allow.
func (t *target) next(name string, cutoff int64) (next solver.Record, at time.Time, ok bool) {
	for _, r := range t.problem.Records {
		if r.Name != name || !slices.ContainsFunc(t.specsOf(name), func(m *matchspec.MatchSpec) bool { return meets(m, &r) }) {
			continue
		}
		published := r.Indexed
		if published == 0 {
			published = r.Timestamp
		}
		if published <= cutoff && published != 0 {
			return next, at, false
		}
		if when := time.UnixMilli(published); published != 0 && (!ok || when.Before(at)) {
			next, at, ok = r, when, true
		}
	}
	return next, at, ok
}

// specsOf returns the requests of a name; one that allows all where there is
// none.
func (t *target) specsOf(name string) []*matchspec.MatchSpec {
	var own []*matchspec.MatchSpec
	for _, m := range t.specs {
		if m.Name == name {
			own = append(own, m)
		}
	}
	if own == nil {
		own = []*matchspec.MatchSpec{{Name: name}}
	}
	return own
}
