package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// explain completes what the solver says of requests that cannot be met: with
// the platform, the lines of the files, and what to do.
func (s *resolver) explain(ctx context.Context, env *spec.Environment, t *target, cutoff string, err error) error {
	u, no := unsatisfiable(err)
	if !no {
		return err
	}
	if refused := t.undated(ctx); refused != nil {
		return refused
	}
	hint := ""
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
	case cutoff != "" && strings.Contains(text, "newer than "+cutoff):
		hint = fmt.Sprintf("exclude-newer = %q leaves out what appeared after %s", t.ExcludeNewer, cutoff)
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

// undated returns an error of class policy if there is no answer because packages
// do not say when they appeared, while [conda] exclude-newer wants to know.
func (t *target) undated(ctx context.Context) error {
	if t.problem.ExcludeNewer == 0 {
		return nil
	}
	allowed := t.problem
	allowed.AllowUndated = true
	found, err := solver.Solve(ctx, allowed)
	if err != nil {
		return nil // there is another reason
	}
	for _, r := range found.Records {
		if _, locked := r.Origin.(lock.Conda); !locked && r.Timestamp == 0 && r.Indexed == 0 {
			return fault.New(fault.Policy, where(t.env, t.Platform), "exclude-newer = %q: package %s-%s-%s of channel %s does not say when it appeared",
				t.ExcludeNewer, r.Name, r.Version, r.Build, r.Channel).
				WithHint("take it from a channel whose packages have timestamps, or remove [conda] exclude-newer")
		}
	}
	return nil
}
