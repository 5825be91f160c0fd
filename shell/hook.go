package shell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Hook is what scripts in an environment's etc/conda add to activating it by
// conda, mamba or micromamba. Such a script is the same for everybody who
// activates: it keeps what it finds, exported, in __GOPHERSNAKE_<ID>_<name>, so
// that a child of the shell can deactivate too, and what is not exported in
// __gophersnake_<ID>_<name>. The ID parts environments that are active in one
// another. conda may run a script again in between (conda deactivate, for the
// environment below): what it kept first stays.
//
// Where conda goes from one environment to another, or activates the same again,
// it sets PATH after the scripts of deactivate.d, to what it was before them but
// for its own directories: ours are left there, before conda's, and conda comes
// back to the environment before it ends. So directories before conda's own are
// taken for what they are, and not added again.
type Hook struct {
	ID    string   // letters and digits that name the environment
	Path  []string // directories for the front of PATH, behind those that conda adds later
	Vars  []Var    // to set, not PATH
	Unset []string // to set aside
}

// HookFile is a script, for a path below the environment.
type HookFile struct {
	Path string
	Text string
}

// hookName orders scripts: what others set, this one sets anew.
const hookName = "zz-gophersnake-go"

// hookDialect spells a hook for a kind of shell.
type hookDialect interface {
	activate(h Hook, values []string) string // values are those of Vars, quoted
	deactivate(h Hook) string
	quote(value string) (string, error)
}

// Files returns the hook's scripts for sh, fish, PowerShell and cmd, which are
// those that conda looks for. A shell that cannot hold a value, such as cmd one
// with line breaks, has none: it would set half of what belongs together.
func (h Hook) Files() ([]HookFile, error) {
	for _, name := range h.names() {
		if !IsName(name) || name == pathVar {
			return nil, fmt.Errorf("%q is no name of a variable for a hook", name)
		}
	}
	if !IsName("_" + h.ID) {
		return nil, fmt.Errorf("%q is no ID of an environment", h.ID)
	}
	var all []HookFile
	for _, d := range []struct {
		suffix string
		hookDialect
	}{{".sh", posixHook{}}, {".fish", fishHook{}}, {".ps1", powerShellHook{}}, {".bat", cmdHook{}}} {
		values, ok := quoteAll(d, h.Vars)
		if !ok {
			continue
		}
		all = append(all,
			HookFile{"etc/conda/activate.d/" + hookName + d.suffix, d.activate(h, values)},
			HookFile{"etc/conda/deactivate.d/" + hookName + d.suffix, d.deactivate(h)})
	}
	return all, nil
}

func quoteAll(d hookDialect, vars []Var) ([]string, bool) {
	var values []string
	for _, v := range vars {
		quoted, err := d.quote(v.Value)
		if err != nil {
			return nil, false
		}
		values = append(values, quoted)
	}
	return values, true
}

// names returns all variables that the hook replaces.
func (h Hook) names() []string {
	names := append([]string{}, h.Unset...)
	for _, v := range h.Vars {
		names = append(names, v.Name)
	}
	return names
}

func (h Hook) kept(name string) string { return "__GOPHERSNAKE_" + h.ID + "_" + name }
func (h Hook) own(name string) string  { return "__gophersnake_" + h.ID + "_" + name }

// Hooks returns the scripts of an environment's Go: of the variables that the
// lock says for it ([FromVars]), those of the go command, and of PATH's
// directories those that are not conda's own. GOROOT is set aside.
func Hooks(prefix string, vars []string) ([]HookFile, error) {
	w := FromVars(vars)
	w.AddGo()
	h := Hook{Unset: w.Unset}
	for _, v := range w.Vars {
		if strings.HasPrefix(v.Name, "GO") || strings.HasPrefix(v.Name, "CGO_") {
			h.Vars = append(h.Vars, v)
		}
	}
	for _, dir := range append(slices.Clip(w.Before), w.After...) {
		if dir != prefix+"/bin" {
			h.Path = append(h.Path, dir)
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", prefix, h.Path, h.Vars))
	h.ID = hex.EncodeToString(sum[:4])
	return h.Files()
}
