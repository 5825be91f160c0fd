package lock

import (
	"slices"

	"github.com/gophersnake/gophersnake/platforms"
)

// Selection is the part of a lock that one environment has on one platform. It
// shares memory with the lock: read it only.
type Selection struct {
	Base       *Base       // nil: scratch
	Debs       []Deb       // by name; none unless Base is of Debian packages
	Solve      *Solve      // nil: no conda packages, or those of a lock file without a record of the question
	Conda      []Conda     // by name
	Wheels     []Wheel     // by name
	Go         []Toolchain // of the platform, for images and for compiling
	Tools      []Tool      // by package; the same on every platform of the environment
	Activation *Activation // nil: neither conda nor Go
	Groups     []Group     // bottom to top, with the packages that the selection has; none is empty
}

// For selects an environment, "" or [DefaultEnv] for the top level, on a
// platform. An environment or a platform that the lock does not know gives an
// empty selection.
func (l *Lock) For(env string, p platforms.Platform) Selection {
	var s Selection
	has := func(envs []string) bool {
		return slices.Contains(envs, env) || isDefault(env) && slices.ContainsFunc(envs, isDefault)
	}
	for i := range l.Base {
		if b := &l.Base[i]; b.Platform == p && has(b.Envs) {
			s.Base = b
		}
	}
	for _, d := range l.Deb {
		if d.Platform == p && has(d.Envs) {
			s.Debs = append(s.Debs, d)
		}
	}
	names := map[string]bool{}
	for _, c := range l.Conda {
		if slices.Contains(c.Platforms, p) && has(c.Envs) {
			s.Conda = append(s.Conda, c)
			names[c.Name] = true
		}
	}
	for i := range l.Solve {
		if q := &l.Solve[i]; q.Platform == p && has(q.Envs) {
			s.Solve = q
		}
	}
	for _, w := range l.Wheel {
		if slices.Contains(w.Platforms, p) && has(w.Envs) {
			s.Wheels = append(s.Wheels, w)
		}
	}
	for _, t := range l.Go {
		if t.Platform == p && has(t.Envs) {
			s.Go = append(s.Go, t)
		}
	}
	for _, t := range l.Tool {
		if has(t.Envs) {
			s.Tools = append(s.Tools, t)
		}
	}
	for i := range l.Activation {
		if a := &l.Activation[i]; a.Platform == p && has(a.Envs) {
			s.Activation = a
		}
	}
	for _, g := range l.Plan {
		if !has(g.Envs) {
			continue
		}
		own := Group{Envs: g.Envs}
		for _, name := range g.Packages {
			if names[name] {
				own.Packages = append(own.Packages, name)
			}
		}
		if own.Packages != nil {
			s.Groups = append(s.Groups, own)
		}
	}
	slices.SortStableFunc(s.Conda, compareConda)
	slices.SortStableFunc(s.Wheels, compareWheels)
	return s
}

func isDefault(env string) bool { return env == "" || env == DefaultEnv }

// Row returns the layer row of a key.
func (l *Lock) Row(key string) (Layer, bool) {
	for _, y := range l.Layer {
		if y.Key == key {
			return y, true
		}
	}
	return Layer{}, false
}

// SetRow adds a layer row, in place of the one with the same key if there is
// one. Comparing them first is the caller's duty: a row that changes means that
// a layer was not reproduced.
func (l *Lock) SetRow(y Layer) {
	for i := range l.Layer {
		if l.Layer[i].Key == y.Key {
			l.Layer[i] = y
			return
		}
	}
	l.Layer = append(l.Layer, y)
	slices.SortFunc(l.Layer, compareLayers)
}

// Prune drops the layer rows whose key is not to be kept, and reports whether
// there were any.
func (l *Lock) Prune(keep func(key string) bool) bool {
	before := len(l.Layer)
	l.Layer = slices.DeleteFunc(l.Layer, func(y Layer) bool { return !keep(y.Key) })
	return len(l.Layer) < before
}
