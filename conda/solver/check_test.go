package solver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

// answer solves a problem and checks the answer. The error is nil or an
// Unsatisfiable.
func answer(t testing.TB, p Problem) (Solution, error) {
	t.Helper()
	s, err := Solve(t.Context(), p)
	var u *Unsatisfiable
	switch {
	case errors.As(err, &u):
	case err != nil:
		t.Fatalf("%q: %v", p.Specs, err)
	default:
		if err := check(&p, s); err != nil {
			t.Errorf("%q: wrong answer: %v", p.Specs, err)
		}
	}
	return s, err
}

// checker says what is wrong with an answer. It knows the rules of the package
// comment, and nothing of the search: it shares no code with it but the reading
// and matching of specs.
type checker struct {
	p      *Problem
	chosen map[string]*Record
	as     map[string]*matchspec.Record
	wanted map[string]bool // names that the request leads to
	errs   []error
}

func check(p *Problem, s Solution) error {
	c := &checker{p: p, chosen: map[string]*Record{}, as: map[string]*matchspec.Record{}, wanted: map[string]bool{}}
	for i, list := range [][]Record{p.Virtual, s.Records} {
		for k := range list {
			c.choose(&list[k], i == 0)
		}
	}
	c.meets("the user", p.Specs, true)
	c.meets("the user", p.Constraints, false)
	for i := range s.Records {
		r := &s.Records[i]
		c.meets(r.FileName, r.Depends, true)
		c.meets(r.FileName, r.Constrains, false)
		c.meets(r.FileName, c.implied(r), true)
		c.allowed(r)
	}
	c.reach(p.Specs)
	for i := range s.Records {
		if !c.wanted[s.Records[i].Name] {
			c.fail("nothing leads to %s", s.Records[i].FileName)
		}
	}
	return errors.Join(c.errs...)
}

func (c *checker) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *checker) choose(r *Record, virtual bool) {
	if c.chosen[r.Name] != nil {
		c.fail("two of %s", r.Name)
	}
	if strings.HasPrefix(r.Name, "__") != virtual {
		c.fail("%s is not a package to install", r.Name)
	}
	v, err := version.Parse(r.Version)
	if err != nil {
		c.fail("%s: %w", r.Name, err)
	}
	c.chosen[r.Name] = r
	c.as[r.Name] = &matchspec.Record{
		Name: r.Name, Version: v, Build: r.Build, BuildNumber: r.BuildNumber, Channel: r.Channel, Subdir: r.Subdir,
		FileName: r.FileName, URL: r.URL, MD5: r.MD5, SHA256: r.SHA256, License: r.License, LicenseFamily: r.LicenseFamily,
		TrackFeatures: r.TrackFeatures, Flags: r.Flags,
	}
}

// implied is what a record depends on without saying so.
func (c *checker) implied(r *Record) []string {
	if c.p.AddPip && r.Name == "python" && slices.Contains([]string{"2", "3"}, strings.Split(r.Version, ".")[0]) {
		return []string{"pip"}
	}
	return nil
}

// meets checks the specs of one party. Those that are required need their name
// chosen.
func (c *checker) meets(who string, specs []string, required bool) {
	for _, text := range specs {
		m, err := matchspec.Parse(text)
		if err != nil {
			c.fail("%s: %w", who, err)
			continue
		}
		if !c.holds(m.When) {
			continue
		}
		switch r := c.as[m.Name]; {
		case r == nil && required:
			c.fail("%s lacks %s", who, text)
		case r != nil && !m.Matches(r):
			c.fail("%s wants %s, not %s", who, text, c.chosen[m.Name].FileName)
		case r != nil && required:
			for _, x := range m.Extras {
				depends, ok := extraOf(c.chosen[m.Name], x)
				if !ok {
					c.fail("%s wants %s, which %s does not have", who, text, c.chosen[m.Name].FileName)
				}
				c.meets(m.Name+"["+x+"]", depends, true)
			}
		}
	}
}

func extraOf(r *Record, name string) ([]string, bool) {
	for _, x := range r.Extras {
		if x.Name == name {
			return x.Depends, true
		}
	}
	return nil, false
}

// holds evaluates a condition over what is chosen; none holds.
func (c *checker) holds(w *matchspec.Condition) bool {
	switch {
	case w == nil:
		return true
	case w.Spec != nil:
		r := c.as[w.Spec.Name]
		return r != nil && w.Spec.Matches(r)
	case w.All != nil:
		return !slices.ContainsFunc(w.All, func(w *matchspec.Condition) bool { return !c.holds(w) })
	}
	return slices.ContainsFunc(w.Any, c.holds)
}

// reach follows dependencies from specs.
func (c *checker) reach(specs []string) {
	for _, text := range specs {
		m, err := matchspec.Parse(text)
		if err != nil || !c.holds(m.When) || c.chosen[m.Name] == nil {
			continue
		}
		r := c.chosen[m.Name]
		for _, x := range m.Extras {
			if key := m.Name + "[" + x + "]"; !c.wanted[key] {
				c.wanted[key] = true
				depends, _ := extraOf(r, x)
				c.reach(depends)
			}
		}
		if !c.wanted[m.Name] {
			c.wanted[m.Name] = true
			c.reach(append(c.implied(r), r.Depends...))
		}
	}
}

// allowed checks a record against what is excluded.
func (c *checker) allowed(r *Record) {
	same := func(list []Record) bool {
		for i := range list {
			o := &list[i]
			if o.FileName == r.FileName && o.Channel == r.Channel && o.Subdir == r.Subdir && o.SHA256 == r.SHA256 && o.URL == r.URL {
				return true
			}
		}
		return false
	}
	for i, pin := range c.p.Pinned {
		if pin.Name == r.Name && !same(c.p.Pinned[i:i+1]) {
			c.fail("%s is pinned, not %s", pin.FileName, r.FileName)
		}
	}
	if same(c.p.Pinned) || same(c.p.Favored) {
		return // what the lock has, date and channel do not exclude
	}
	if !same(c.p.Records) {
		c.fail("no channel has %s", r.FileName)
	}
	at := r.Timestamp
	if r.Indexed != 0 {
		at = r.Indexed
	}
	if limit := c.p.ExcludeNewer; limit != 0 && (at > limit || at == 0 && !c.p.AllowUndated) {
		c.fail("%s is of %d, later than %d", r.FileName, at, limit)
	}
	c.channel(r)
}

// channel checks that a record may come from its channel.
func (c *checker) channel(r *Record) {
	for _, text := range c.p.Specs {
		if m, err := matchspec.Parse(text); err == nil && m.Name == r.Name && m.Channel != "" {
			return // that the spec holds is checked already
		}
	}
	if c.p.Priority != Strict {
		return
	}
	for i := range c.p.Records {
		if o := &c.p.Records[i]; o.Name == r.Name {
			if o.Channel != r.Channel {
				c.fail("%s comes from channel %s, though %s has this name", r.FileName, r.Channel, o.Channel)
			}
			return
		}
	}
}
