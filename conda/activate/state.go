package activate

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// The PATH that a process had before stands in the variable as a directory of
// these names.
const (
	pathToken = "/.gophersnake-path"
	otherPath = "/.gophersnake-other:/.gophersnake-path-2" // in a second run
)

// sentinel is the value of variables that are varied.
const sentinel = "gophersnake-sentinel"

// before is who set the variables that a script finds.
const before = -1

// cell is a variable that activation or a script has set or unset.
type cell struct {
	expand.Variable
	by   int  // the script that did it last, or before
	gone bool // unset, and no script had set it before: a process must not have it
}

// function is a function of the shell.
type function struct {
	body *syntax.Stmt
	file string
	by   int
}

// state is a shell's variables and functions. What is not in vars is as the
// world has it.
type state struct {
	vars  map[string]cell
	funcs map[string]function
}

func newState(env []string) *state {
	s := &state{vars: map[string]cell{}, funcs: map[string]function{}}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if name == "PATH" {
			value = strings.ReplaceAll(value, "$PATH", pathToken)
		}
		s.vars[name] = cell{Variable: exported(value), by: before}
	}
	return s
}

func exported(value string) expand.Variable {
	return expand.Variable{Set: true, Exported: true, Kind: expand.String, Str: value}
}

func (s *state) clone() *state {
	return &state{vars: maps.Clone(s.vars), funcs: maps.Clone(s.funcs)}
}

func (s *state) names() map[string]bool {
	all := map[string]bool{}
	for name := range s.vars {
		all[name] = true
	}
	return all
}

// exported returns the value of a variable that processes see.
func (s *state) exported(name string) (string, bool) {
	c := s.vars[name]
	return c.Str, c.Set && c.Exported && c.Kind == expand.String
}

// changes returns what processes see differently in s than in from.
func (s *state) changes(from *state) change {
	c := change{set: map[string]string{}, unset: map[string]bool{}}
	for name := range s.vars {
		value, ok := s.exported(name)
		old, had := from.exported(name)
		switch {
		case ok && (!had || old != value):
			c.set[name] = value
		case !ok && (had || s.vars[name].gone && !from.vars[name].gone):
			c.unset[name] = true
		}
	}
	return c
}

// apply makes changes.
func (s *state) apply(c change) {
	for name, value := range c.set {
		s.vars[name] = cell{Variable: exported(value), by: before}
	}
	for name := range c.unset {
		s.vars[name] = cell{by: before, gone: true}
	}
}

func (c change) equal(d change) bool {
	return maps.Equal(c.set, d.set) && maps.Equal(c.unset, d.unset)
}

// names returns all that a change is about.
func (c change) names() []string {
	all := map[string]bool{}
	for name := range c.set {
		all[name] = true
	}
	for name := range c.unset {
		all[name] = true
	}
	return sortedKeys(all)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
