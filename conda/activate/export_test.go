package activate

import (
	"context"
	"strings"
)

// World is a run of an environment's scripts up to one, in one world.
type World struct {
	Sources []string          // the scripts that were run
	Set     map[string]string // what was set besides
	Env     map[string]string // what processes see in the end
}

// Worlds runs the first script of an environment in all worlds of variables
// that it is varied by, and returns what came of it.
func Worlds(ctx context.Context, in Input) ([]World, error) {
	e := &evaluation{Input: in, tainted: map[string]bool{}, unstable: map[string]bool{}, dynamic: make([]*Dynamic, len(in.Scripts))}
	e.Limits = in.Limits.withDefaults()
	s := newState(in.Env)
	e.known = s.names()
	base, err := e.run(ctx, 0, s, world{})
	if err != nil || base.program != nil || base.stopped != nil || base.refused != nil {
		return nil, err
	}
	worlds := append([]variant{{}}, e.variants(base.reads, nil, false)...)
	var all []World
	for _, v := range worlds {
		odd := false
		for name := range v.set {
			_, fact := facts[name]
			odd = odd || fact // bash does not let it be set
		}
		if odd {
			continue
		}
		r, err := e.run(ctx, 0, s, v.world)
		if err != nil {
			return nil, err
		}
		w := World{Sources: []string{in.Scripts[0].Path}, Set: v.set, Env: map[string]string{}}
		for name := range r.state.vars {
			if value, ok := r.state.exported(name); ok {
				w.Env[name] = strings.ReplaceAll(value, pathToken, "/usr/sbin:/usr/bin")
			}
		}
		all = append(all, w)
	}
	return all, nil
}

// Filter runs a program that is answered here, and reports whether it is.
func Filter(input string, args ...string) (string, bool) {
	m := &machine{evaluation: &evaluation{Input: Input{Prefix: "/opt/conda", Limits: Limits{}.withDefaults()}}, stdin: strings.NewReader(input)}
	m.ended = func() error { return nil }
	return filters()[args[0]](m, args[1:])
}
