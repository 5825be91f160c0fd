package main

import (
	"fmt"
	goversion "go/version"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// goFile returns the file of that name which governs the project's directory,
// relative to it: go.mod, go.work, .go-version and .tool-versions count for the
// directory that they lie in and all below. It is "" where there is none.
func (p *project) goFile(name string) string {
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return ""
	}
	for up := ""; ; up += "../" {
		if exists(filepath.Join(dir, name)) {
			return up + name
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// goFiles returns the files that [go] versions name, besides go.mod.
func (p *project) goFiles() map[string]string {
	files := map[string]string{}
	for _, env := range p.envs {
		for _, v := range env.Go.Versions {
			if v != "go.mod" && spec.IsGoFile(v) {
				files[v] = p.goFile(v)
			}
		}
	}
	return files
}

// goInputs adds the files that the Go of an environment, or of its programs,
// follows from.
func (p *project) goInputs(env *spec.Environment, names map[string]bool) {
	for _, file := range p.goFiles() {
		if file != "" {
			names[file] = true
		}
	}
	if mod := p.goFile("go.mod"); mod != "" && (len(env.CLI) > 0 || slices.Contains(env.Go.Versions, "go.mod")) {
		names[mod] = true
		if sum := path.Join(path.Dir(mod), "go.sum"); exists(filepath.Join(p.dir, sum)) {
			names[sum] = true
		}
	}
}

// checkGo says where go.mod asks for a Go that the lock does not have. A go.mod
// above the project's directory counts where programs are compiled by it.
func (p *project) checkGo(l *lock.Lock) error {
	name := p.goFile("go.mod")
	if name == "" {
		return nil
	}
	data, err := (&world.World{Dir: p.dir}).ReadFile(name)
	if err != nil {
		return err
	}
	asked, err := release.ReadMod(name, data)
	if err != nil {
		return err
	}
	for _, env := range p.envs {
		if len(env.CLI) == 0 && name != "go.mod" {
			continue
		}
		if err := checkAsked(name, asked, env, goOf(l, env)); err != nil {
			return err
		}
	}
	return nil
}

// gos are the toolchains of an environment.
type gos struct {
	versions []string // oldest first, each once; of images if they have any
	first    string   // the default of several
	image    bool
}

func goOf(l *lock.Lock, env *spec.Environment) (g gos) {
	var rows []lock.Toolchain
	for _, pl := range env.Image.Platforms {
		rows = append(rows, l.For(env.Name, pl).Go...)
	}
	g.image = slices.ContainsFunc(rows, func(t lock.Toolchain) bool { return t.Image })
	for _, t := range rows {
		if t.Image == g.image && !slices.Contains(g.versions, t.Version) {
			g.versions = append(g.versions, t.Version)
		}
		if t.Default {
			g.first = t.Version
		}
	}
	slices.SortFunc(g.versions, compareGo)
	return g
}

// checkAsked checks one environment. One Go serves every go line that is not
// newer than it. Of several, the default does; for a newer line it looks for
// that very version, the toolchain line's if there is one (Go Toolchains, "Go
// toolchain selection").
func checkAsked(name string, asked release.Asked, env *spec.Environment, g gos) error {
	if len(g.versions) == 0 || asked.Go == "" {
		return nil
	}
	version, line := asked.Go, asked.GoLine
	newest := g.versions[len(g.versions)-1]
	enough := compareGo(newest, version) >= 0
	if g.first != "" && compareGo(g.first, version) >= 0 {
		return nil
	}
	if g.first != "" && enough {
		if asked.Toolchain != "" && compareGo(asked.Toolchain, version) > 0 {
			version, line = asked.Toolchain, asked.ToolchainLine
		}
		enough = slices.Contains(g.versions, version)
	}
	if enough {
		return nil
	}
	err := fault.New(fault.Stale, fmt.Sprintf("%s:%d", name, line), "go %s is asked for, but %s has go %s in the lock",
		version, title(env), strings.Join(g.versions, ", "))
	table := "[go]"
	if env.Name != "" {
		table = "[env." + env.Name + ".go]"
	}
	switch {
	case slices.ContainsFunc(env.Go.Versions, spec.IsGoFile) || !g.image:
		return err.WithHint("run gophersnake lock")
	case g.first != "":
		return err.WithHint("add %q to versions of %s, then run gophersnake lock", version, table)
	}
	return err.WithHint("write versions = [%q] into %s, then run gophersnake lock", version, table)
}

// firstSwitching is the first Go that switches to another (go.dev/doc/toolchain).
const firstSwitching = "1.21"

// warnDefaults warns of defaults that keep older toolchains from being chosen by
// a go.mod: Go switches upwards only.
func (p *project) warnDefaults(l *lock.Lock) {
	pr := p.newProgress()
	defer pr.close()
	for _, env := range p.envs {
		g := goOf(l, env)
		if g.first == "" {
			continue
		}
		i := slices.IndexFunc(g.versions, func(v string) bool { return compareGo(v, firstSwitching) >= 0 })
		if i >= 0 && g.versions[i] != g.first {
			pr.warn(fmt.Sprintf("go %s is the default of %s, and go.mod files choose newer ones only: for them to choose among all, name %q first in [go] versions",
				g.first, title(env), g.versions[i]))
		}
	}
}

func compareGo(a, b string) int { return goversion.Compare("go"+a, "go"+b) }
