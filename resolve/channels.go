package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

// subdirs are those of all environments' platforms, so that every channel is
// opened once for all of them.
func (s *resolver) subdirs() []string {
	var all []string
	for _, env := range s.Environments {
		for _, p := range env.Image.Platforms {
			if !slices.Contains(all, p.Subdir()) {
				all = append(all, p.Subdir())
			}
		}
	}
	return append(all, noarch)
}

const noarch = "noarch"

// channels returns what World says of channels, each once, in their order.
func (s *resolver) channels(ctx context.Context, written []string) ([]*repodata.Channel, error) {
	var all []*repodata.Channel
	for _, text := range written {
		found, err := s.Channels(ctx, text)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if !slices.ContainsFunc(all, func(have *repodata.Channel) bool { return have.URL == c.URL }) {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// inChannel returns a request with its channel as records name it, where the
// user wrote it in another way that a match spec cannot know: as a path, or by a
// name that stands for another place.
func (s *resolver) inChannel(ctx context.Context, text string, m *matchspec.MatchSpec) (string, error) {
	if m.Channel == "" {
		return text, nil
	}
	found, err := s.Channels(ctx, m.Channel)
	if err != nil || len(found) != 1 {
		return text, err
	}
	plain := matchspec.MatchSpec{Name: m.Name, Channel: m.Channel}
	if plain.Matches(&matchspec.Record{Name: m.Name, Channel: found[0].Name, URL: found[0].URL + "/noarch/" + m.Name + "-1-0.conda", Subdir: noarch}) {
		return text, nil
	}
	own := *m
	own.Channel = found[0].Name
	return own.String(), nil
}

// open opens channels, and those that they are related to (CEP 42), once for all
// environments. With a cut-off, records that appeared later are not seen, so
// that of a build in both formats the older one is found.
func (s *resolver) open(ctx context.Context, channels []*repodata.Channel, cutoff int64) (*repodata.View, error) {
	key := fmt.Sprint(cutoff)
	for _, c := range channels {
		key += " " + c.URL
	}
	if v := s.views[key]; v != nil {
		return v, nil
	}
	o := repodata.Options{Cache: s.Cache(), Related: s.Related}
	if cutoff != 0 {
		o.Keep = func(r *repodata.Record) bool { return r.Published() != 0 && r.Published() <= cutoff }
	}
	v, err := repodata.OpenAll(ctx, channels, s.subdirs(), o)
	if err == nil {
		s.views[key] = v
	}
	return v, err
}

// cutoff returns the time after which packages are ignored. An age counts from
// the time of the first lock; it counts anew when packages are updated, or the
// configuration says another.
func (s *resolver) cutoff(env *spec.Environment) (text string, ms int64, err error) {
	if env.Conda.ExcludeNewer == "" {
		return "", 0, nil
	}
	for _, p := range env.Image.Platforms {
		old := s.Old.For(env.Name, p)
		if old.Solve != nil && old.Solve.Cutoff != "" && old.Solve.ExcludeNewer == string(env.Conda.ExcludeNewer) && !s.updates(old) {
			at, err := time.Parse(time.RFC3339, old.Solve.Cutoff)
			return old.Solve.Cutoff, at.UnixMilli(), err
		}
	}
	at, err := env.Conda.ExcludeNewer.Time(s.Now)
	if err != nil {
		return "", 0, fault.New(fault.Usage, "conda.exclude-newer", "%w", err)
	}
	at = at.Truncate(time.Second)
	return at.Format(time.RFC3339), at.UnixMilli(), nil
}

// shadowed tells of chosen packages that several channels have: who puts a name
// into a channel that comes first decides what is installed. A request that
// names its channel has decided.
func (s *resolver) shadowed(targets []*target) error {
	var lines []string
	names := map[string][]string{}
	for _, t := range targets {
		for _, r := range t.found.Records {
			channels := t.set.Channels(r.Name)
			if len(channels) < 2 || t.pinsChannel(r.Name) {
				continue
			}
			from := r.Channel
			if !slices.Contains(channels, from) {
				from = channels[0]
			}
			line := fmt.Sprintf("in %s; taken from %s", list(channels), from)
			if names[line] == nil {
				lines = append(lines, line)
			}
			if !slices.Contains(names[line], r.Name) {
				names[line] = append(names[line], r.Name)
			}
		}
	}
	for _, line := range lines {
		verb := "is"
		if len(names[line]) > 1 {
			verb = "are"
		}
		text := fmt.Sprintf("%s %s %s", list(names[line]), verb, line)
		if s.FailOnShadow {
			return fault.New(fault.Policy, "conda", "--fail-on-shadow: %s", text).
				WithHint("say which channel is meant: ask for CHANNEL::%s", names[line][0])
		}
		s.Note(text)
	}
	return nil
}

// pinsChannel reports whether a request says which channel a name is taken from.
func (w *wish) pinsChannel(name string) bool {
	for _, m := range w.specs {
		if m.Name == name && m.Channel != "" {
			return true
		}
	}
	return false
}

// list joins words as prose does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
