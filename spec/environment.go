package spec

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/near"
	"github.com/gophersnake/gophersnake/platforms"
)

// Environment is one image to build: the top level, or a variant merged with
// it. Defaults are filled in.
type Environment struct {
	Name string // "" is the top level
	Variant

	lines map[string]string // see Line
}

// Line returns where a match spec of [conda] dependencies stands, "file:line".
func (e *Environment) Line(dependency string) string { return e.lines[dependency] }

// Environments returns "" for the top level, and the names of the variants,
// sorted.
func (s *Spec) Environments() []string {
	return append([]string{""}, slices.Sorted(maps.Keys(s.Env))...)
}

// Environment returns the top level for "", or a variant. A name the file does
// not have is an error of class usage. The result is the caller's to change.
func (s *Spec) Environment(name string) (*Environment, error) {
	if _, ok := s.Env[name]; !ok && name != "" {
		known := s.Environments()[1:]
		e := fault.New(fault.Usage, s.file, "no variant [env.%s]", name)
		switch meant := near.Word(name, known); {
		case meant != "":
			return nil, e.WithHint("did you mean %q?", meant)
		case len(known) > 0:
			return nil, e.WithHint("variants: %s", strings.Join(known, ", "))
		}
		return nil, e
	}
	e, _ := s.environment(name)
	return e, nil
}

// environment returns an environment and the nodes it was made from. Both were
// checked by Read.
func (s *Spec) environment(name string) (*Environment, *node) {
	n := s.merged[name]
	e := &Environment{Name: name}
	new(report).decode("", n, reflect.ValueOf(&e.Variant).Elem())
	if name != "" && s.root.get("env", name, "image", "tags") == nil {
		for i := range e.Image.Tags {
			e.Image.Tags[i] += "-" + name
		}
	}
	e.lines = map[string]string{}
	lists := []*node{n.get("conda", "dependencies")}
	for _, subdir := range n.get("conda", "target").keysOrNone() {
		lists = append(lists, n.get("conda", "target", subdir, "dependencies"))
	}
	for _, list := range lists {
		for _, item := range list.itemsOrNone() {
			e.lines[item.text] = fmt.Sprintf("%s:%d", s.file, item.value.line)
		}
	}
	e.fill()
	return e, n
}

// fill sets what is absent to its default.
func (e *Environment) fill() {
	if len(e.Image.Platforms) == 0 {
		e.Image.Platforms = []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
	}
	if e.Base.Image == "scratch" {
		e.Base.Image = ""
	}
	if d := e.Base.Debian; d != nil {
		if len(d.Components) == 0 {
			d.Components = []string{"main"}
		}
		d.Suite = cmp.Or(d.Suite, "trixie")
	}
	for value, fallback := range map[*string]string{
		&e.Image.Permissions:     "readonly",
		&e.Conda.Prefix:          "/opt/conda",
		&e.Conda.ChannelPriority: "strict",
		&e.Conda.Scripts:         "deny",
		&e.Conda.Pyc:             "keep",
		&e.Go.Source:             "module",
		&e.Layers.Compression:    "gzip",
	} {
		if *value == "" {
			*value = fallback
		}
	}
	if e.Layers.Budget == 0 {
		e.Layers.Budget = 40
	}
	for i := range e.CLI {
		c := &e.CLI[i]
		c.Name = cliName(c.Package, c.Name)
		if c.Path == "" {
			c.Path = "/usr/local/bin"
		}
		if c.Platforms == nil {
			c.Platforms = slices.Clone(e.Image.Platforms)
		}
	}
	for i := range e.Files {
		if e.Files[i].Owner == "" {
			e.Files[i].Owner = "root"
		}
	}
}

// Scratch reports whether nothing lies below our layers.
func (b Base) Scratch() bool { return b.Debian == nil && (b.Image == "" || b.Image == "scratch") }

// Used reports whether the environment asks for any conda package.
func (c Conda) Used() bool {
	if c.File != "" || c.Lock != "" || len(c.Dependencies) > 0 {
		return true
	}
	for _, t := range c.Target {
		if t.Lock != "" || len(t.Dependencies) > 0 {
			return true
		}
	}
	return false
}

// For returns the match specs and the lock file of one conda subdir: the
// target's dependencies add, by name, to the environment's; its lock replaces
// the environment's.
func (c Conda) For(subdir string) (dependencies []string, lockFile string) {
	t := c.Target[subdir]
	own := map[string]bool{}
	for _, d := range t.Dependencies {
		own[specName(d)] = true
	}
	for _, d := range c.Dependencies {
		if !own[specName(d)] {
			dependencies = append(dependencies, d)
		}
	}
	lockFile = c.Lock
	if t.Lock != "" {
		lockFile = t.Lock
	}
	return append(dependencies, t.Dependencies...), lockFile
}

// Target is the absolute path of the program in the image.
func (c CLI) Target() string { return path.Join(c.Path, c.Name) }
