package lock

import (
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// checkWhole looks at what blocks say together: no environment has two
// answers to one question, and the plan and the packages are in step.
func checkWhole(l *Lock) *problem {
	c := &checker{}
	s := seen{c, map[string]string{}}
	for i, b := range l.Base {
		s.all(fmt.Sprintf("base[%d].platform", i), "a base", b.Envs, b.Platform)
	}
	for i, d := range l.Deb {
		s.all(fmt.Sprintf("deb[%d].name", i), fmt.Sprintf("package %q of Debian", d.Name), d.Envs, d.Platform)
	}
	for i, p := range l.Conda {
		s.all(fmt.Sprintf("conda[%d].name", i), fmt.Sprintf("package %q", p.Name), p.Envs, p.Platforms...)
	}
	for i, q := range l.Solve {
		s.all(fmt.Sprintf("solve[%d].platform", i), "a solve", q.Envs, q.Platform)
	}
	for i, w := range l.Wheel {
		s.all(fmt.Sprintf("wheel[%d].name", i), fmt.Sprintf("wheel %q", w.Name), w.Envs, w.Platforms...)
	}
	for i, t := range l.Go {
		what := "go " + t.Version
		if t.Source == SourceConda { // beside it one that compiles
			what = "a Go of conda"
		}
		s.all(fmt.Sprintf("go[%d].version", i), what, t.Envs, t.Platform)
		if t.Default {
			s.all(fmt.Sprintf("go[%d].default", i), "a default Go", t.Envs, t.Platform)
		}
	}
	for i, t := range l.Tool {
		s.all(fmt.Sprintf("tool[%d].package", i), fmt.Sprintf("tool %q", t.Package), t.Envs, platforms.Platform{})
		c.compiler(l, i)
	}
	for i, a := range l.Activation {
		s.all(fmt.Sprintf("activation[%d].platform", i), "an activation", a.Envs, a.Platform)
	}
	c.plan(l)
	rows := map[string]bool{}
	for i, y := range l.Layer {
		if rows[y.Key] {
			c.report(fault.Usage, fmt.Sprintf("layer[%d].key", i), "layer %s is in the lock twice", y.Key)
		}
		rows[y.Key] = true
	}
	return c.first
}

// seen tells what was said twice for one environment and platform.
type seen struct {
	*checker
	first map[string]string
}

func (s seen) all(key, what string, envs []string, ps ...platforms.Platform) {
	for _, env := range sortEnvs(envs, DefaultEnv) {
		for _, p := range ps {
			id := fmt.Sprintf("%s\x00%s\x00%s", what, env, p)
			if s.first[id] != "" {
				s.report(fault.Usage, key, "environment %s has %s%s twice", env, what, onPlatform(p))
			}
			s.first[id] = key
		}
	}
}

// onPlatform is " for PLATFORM", or nothing for what all platforms share.
func onPlatform(p platforms.Platform) string {
	if p == (platforms.Platform{}) {
		return ""
	}
	return " for " + p.String()
}

// plan checks that each package of an environment lies in exactly one group,
// and that groups hold no other packages. A lock without any plan passes: its
// environments have no conda layers yet.
func (c *checker) plan(l *Lock) {
	type member struct{ env, name string }
	locked := map[member]bool{}
	for _, p := range l.Conda {
		for _, env := range sortEnvs(p.Envs, "") {
			locked[member{env, p.Name}] = true
		}
	}
	placed := map[member]bool{}
	for i, g := range l.Plan {
		key := fmt.Sprintf("plan[%d].packages", i)
		for _, name := range g.Packages {
			used := false
			for _, env := range sortEnvs(g.Envs, "") {
				m := member{env, name}
				used = used || locked[m]
				if placed[m] {
					c.report(fault.Usage, key, "package %q is in two groups of the plan", name)
				}
				placed[m] = true
			}
			if !used {
				c.report(fault.Usage, key, "plan group %d holds %q, which the lock has not", i+1, name)
			}
		}
	}
	for i, p := range l.Conda {
		missing := func(env string) bool { return !placed[member{env, p.Name}] }
		if len(l.Plan) > 0 && slices.ContainsFunc(sortEnvs(p.Envs, ""), missing) {
			c.report(fault.Usage, fmt.Sprintf("conda[%d].name", i), "package %q is in no group of the plan", p.Name)
		}
	}
}
