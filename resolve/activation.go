package resolve

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/activate"
	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// Where packages have what takes part in activating (CEP 32).
const (
	scriptDir    = "etc/conda/activate.d"
	variablesDir = "etc/conda/env_vars.d"
)

// activationRules is the version of the rules by which activation files are
// evaluated. A lock that was made by others is evaluated anew.
const activationRules = 1

// activationFiles returns a package's files that take part in activating.
func activationFiles(meta *archive.Meta) []string {
	var all []string
	for _, p := range meta.Paths {
		dir, ext := path.Dir(p.Path), path.Ext(p.Path)
		if p.Type != archive.Directory && (dir == scriptDir && ext == ".sh" || dir == variablesDir && ext == ".json") {
			all = append(all, p.Path)
		}
	}
	slices.Sort(all)
	return all
}

// activation locks the variables that make the environment simply there
// (design.md §10, §11). $PATH stands for the base's PATH. The variables of
// packages and those of environment.yml come after conda's own and beat Go's
// defaults, scripts come after those, and [go.env] beats all.
func (s *resolver) activation(ctx context.Context, env *spec.Environment) error {
	notes := map[string]bool{}
	for _, p := range env.Image.Platforms {
		row, err := s.activate(ctx, env, p)
		if err != nil {
			return err
		}
		for _, d := range row.Dynamic {
			notes[fmt.Sprintf("activation: script %s of package %s is sourced when a container starts: %s", d.Script, d.Package, d.Reason)] = true
		}
		if len(row.Env) > 0 || len(row.Unset) > 0 || row.Inputs != "" {
			s.lock.Activation = append(s.lock.Activation, row)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(notes)) {
		s.Note(text)
	}
	return nil
}

// activate returns the activation of one platform: the old lock's where it is
// made of the same.
func (s *resolver) activate(ctx context.Context, env *spec.Environment, p platforms.Platform) (lock.Activation, error) {
	row := lock.Activation{Envs: []string{env.Name}, Platform: p, Env: s.start(env, p, nil)}
	now := s.lock.For(env.Name, p)
	if !slices.ContainsFunc(now.Conda, func(c lock.Conda) bool { return len(c.Activation) > 0 }) {
		return row, nil
	}
	facts := &lock.Facts{}
	if now.Base != nil {
		facts = &now.Base.Facts
	}
	row.Inputs = activationInputs(env.Conda.Prefix, p, row.Env, now.Conda, facts)
	if old := s.Old.For(env.Name, p).Activation; old != nil && old.Inputs == row.Inputs {
		row.Env, row.Unset, row.Dynamic = old.Env, old.Unset, old.Dynamic
		return row, nil
	}
	files := s.prefixFiles(ctx, env.Conda.Prefix, p, now.Conda)
	vars, err := s.packageVariables(files, now.Conda)
	if err != nil {
		return row, err
	}
	result, err := activate.Evaluate(ctx, activate.Input{
		Prefix: env.Conda.Prefix, Env: s.start(env, p, vars), Files: files, Scripts: scripts(now.Conda),
	})
	if err != nil {
		return row, err
	}
	if err := sourceable(env, p, facts, result.Dynamic); err != nil {
		return row, err
	}
	row.Env, row.Unset = result.Env, result.Unset
	s.goWins(env, &row)
	for _, d := range result.Dynamic {
		row.Dynamic = append(row.Dynamic, lock.Dynamic{Script: d.Path, Package: d.Package, Reason: d.Reason})
	}
	return row, nil
}

// activationInputs returns the hash of all that evaluating depends on. Scripts
// may look at every file of the environment.
func activationInputs(prefix string, p platforms.Platform, start []string, packages []lock.Conda, facts *lock.Facts) string {
	in := struct {
		Rules    int
		Prefix   string
		Platform platforms.Platform
		Start    []string
		Packages []string
		Sh, Bash bool
	}{Rules: activationRules, Prefix: prefix, Platform: p, Start: start, Sh: facts.Sh, Bash: facts.Bash}
	for _, c := range packages {
		in.Packages = append(in.Packages, c.Name+" "+c.SHA256)
	}
	slices.Sort(in.Packages)
	text, err := json.Marshal(in)
	if err != nil {
		panic("resolve: inputs of activation are always JSON: " + err.Error())
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text))
}

// start returns the variables that are set before any script, with those of
// packages.
func (s *resolver) start(env *spec.Environment, p platforms.Platform, packages []string) []string {
	var vars, dirs []string
	unset := func(key string) {
		vars = slices.DeleteFunc(vars, func(v string) bool { return strings.HasPrefix(v, key+"=") })
	}
	set := func(key, value string) {
		unset(key)
		vars = append(vars, key+"="+value)
	}
	if env.Conda.Used() {
		dirs = append(dirs, env.Conda.Prefix+"/bin")
		vars = append(vars, "CONDA_PREFIX="+env.Conda.Prefix, "CONDA_DEFAULT_ENV="+env.Conda.Prefix, "CONDA_SHLVL=1")
	}
	for _, v := range slices.Concat(packages, s.variables(env, p)) {
		if key, value, ok := strings.Cut(v, "="); ok {
			set(key, value)
		} else {
			unset(key)
		}
	}
	if len(env.Go.Versions) > 0 {
		for _, v := range s.goDefaults(env, p) {
			if key, value, _ := strings.Cut(v, "="); variable(vars, key) == "" {
				set(key, value)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(env.Go.Env)) {
		set(key, env.Go.Env[key])
	}
	if len(env.Go.Versions) > 0 {
		dirs = append(dirs, s.goDirs(env, p, vars)...)
	}
	if len(dirs) > 0 {
		vars = append([]string{"PATH=" + strings.Join(append(dirs, "$PATH"), ":")}, vars...)
	}
	return vars
}

// goWins gives [go.env] the last word, and takes GOROOT out of images with a Go
// of ours, which finds its own.
func (s *resolver) goWins(env *spec.Environment, row *lock.Activation) {
	for i, v := range row.Env {
		key, _, _ := strings.Cut(v, "=")
		if value, ok := env.Go.Env[key]; ok {
			row.Env[i] = key + "=" + value
		}
	}
	if _, own := env.Go.Env["GOROOT"]; len(env.Go.Versions) > 0 && !own {
		row.Env = slices.DeleteFunc(row.Env, func(v string) bool { return strings.HasPrefix(v, "GOROOT=") })
	}
	row.Unset = slices.DeleteFunc(row.Unset, func(key string) bool { return env.Go.Env[key] != "" })
}

// packageVariables returns the variables of etc/conda/env_vars.d, in the order
// of the files' names.
func (s *resolver) packageVariables(files activate.Files, packages []lock.Conda) ([]string, error) {
	var all []string
	for _, f := range activationOf(packages, variablesDir) {
		text, err := files.Read(f.Path)
		if err != nil {
			return nil, err
		}
		vars, err := activate.Variables(f.Package+": "+f.Path, text)
		if err != nil {
			return nil, err
		}
		for _, v := range vars {
			if key, _, _ := strings.Cut(v, "="); key == "PATH" {
				s.Note(fmt.Sprintf("activation: %s of package %s sets PATH, which is left as it is", f.Path, f.Package))
				continue
			}
			all = append(all, v)
		}
	}
	return all, nil
}

// scripts returns the activation scripts of packages in conda's order.
func scripts(packages []lock.Conda) []activate.Script { return activationOf(packages, scriptDir) }

// activationOf returns the activation files of packages in a directory, by
// path. Of two packages with the same path one is named.
func activationOf(packages []lock.Conda, dir string) []activate.Script {
	byPath := map[string]activate.Script{}
	for _, c := range packages {
		for _, file := range c.Activation {
			if path.Dir(file) == dir {
				byPath[file] = activate.Script{Package: c.Name, Path: file}
			}
		}
	}
	var all []activate.Script
	for _, file := range slices.Sorted(maps.Keys(byPath)) {
		all = append(all, byPath[file])
	}
	return all
}

// sourceable checks that a base has the shell that dynamic scripts need.
func sourceable(env *spec.Environment, p platforms.Platform, facts *lock.Facts, dynamic []activate.Dynamic) error {
	for _, d := range dynamic {
		shell := "/bin/sh"
		if facts.Sh && d.Bash {
			shell = "/bin/bash"
		}
		if facts.Sh && (facts.Bash || !d.Bash) {
			continue
		}
		return fault.New(fault.Unsatisfiable, where(env.Name, p), "activation script %s of package %s needs %s, which the base has not: %s", d.Path, d.Package, shell, d.Reason).
			WithHint("choose a base with %s, or take the package out", shell)
	}
	return nil
}

// defaultGo returns the version that "go" is in an environment with several, or
// "".
func (s *resolver) defaultGo(env string) string {
	for _, t := range s.lock.Go {
		if t.Default && slices.Contains(t.Envs, env) {
			return t.Version
		}
	}
	return ""
}

// variables returns those that environment.yml sets.
func (s *resolver) variables(env *spec.Environment, p platforms.Platform) []string {
	if q := (&lock.Lock{Solve: s.lock.Solve}).For(env.Name, p).Solve; q != nil {
		return q.Variables
	}
	return nil
}
