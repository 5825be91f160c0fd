package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// activation locks the variables that make the environment simply there
// (design.md §10, §11). $PATH stands for the base's PATH.
func (s *resolver) activation(env *spec.Environment) {
	var vars, dirs []string
	if env.Conda.Used() {
		dirs = append(dirs, env.Conda.Prefix+"/bin")
		vars = append(vars, "CONDA_PREFIX="+env.Conda.Prefix, "CONDA_DEFAULT_ENV="+env.Conda.Prefix, "CONDA_SHLVL=1")
	}
	if len(env.Go.Versions) > 0 {
		dirs = append(dirs, "/go/bin", "/usr/local/go/bin")
		vars = append(vars, "GOPATH=/go", "GOTOOLCHAIN=local")
	}
	for _, key := range slices.Sorted(maps.Keys(env.Go.Env)) {
		vars = slices.DeleteFunc(vars, func(v string) bool { return strings.HasPrefix(v, key+"=") })
		vars = append(vars, key+"="+env.Go.Env[key])
	}
	if len(vars) == 0 {
		return
	}
	if len(dirs) > 0 {
		vars = append([]string{"PATH=" + strings.Join(append(dirs, "$PATH"), ":")}, vars...)
	}
	for _, p := range env.Image.Platforms {
		s.lock.Activation = append(s.lock.Activation, lock.Activation{Envs: []string{env.Name}, Platform: p, Env: vars})
	}
}
