package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// activation locks the variables that make the environment simply there
// (design.md §10, §11). $PATH stands for the base's PATH. The variables of
// environment.yml come after conda's own and beat Go's defaults, and [go.env]
// beats all.
func (s *resolver) activation(env *spec.Environment) {
	for _, p := range env.Image.Platforms {
		var vars, dirs []string
		set := func(key, value string) {
			vars = slices.DeleteFunc(vars, func(v string) bool { return strings.HasPrefix(v, key+"=") })
			vars = append(vars, key+"="+value)
		}
		if env.Conda.Used() {
			dirs = append(dirs, env.Conda.Prefix+"/bin")
			vars = append(vars, "CONDA_PREFIX="+env.Conda.Prefix, "CONDA_DEFAULT_ENV="+env.Conda.Prefix, "CONDA_SHLVL=1")
		}
		for _, v := range s.variables(env, p) {
			key, value, _ := strings.Cut(v, "=")
			set(key, value)
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
		if len(vars) > 0 {
			s.lock.Activation = append(s.lock.Activation, lock.Activation{Envs: []string{env.Name}, Platform: p, Env: vars})
		}
	}
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
