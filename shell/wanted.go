package shell

import (
	"path"
	"slices"
	"strings"
)

// Wanted is an environment to activate.
type Wanted struct {
	ID     string   // which it is: activating the one that is active begins anew
	Prompt string   // shown before the prompt; "" leaves that alone
	Before []string // directories for the front of PATH
	After  []string // and for its end
	Vars   []Var    // to set, each once and not PATH
	Unset  []string // to set aside
	Source []string // scripts for sh to run then
	Back   []string // and on deactivating, in this order
}

// Var is a variable.
type Var struct{ Name, Value string }

const pathVar = "PATH"

// FromVars returns what variables "NAME=value" want, in their order. In that of
// PATH, $PATH stands for the one before, and directories are separated by ":".
func FromVars(vars []string) Wanted {
	var w Wanted
	for _, kv := range vars {
		name, value, _ := strings.Cut(kv, "=")
		if name == pathVar {
			w.Before, w.After = splitPath(value)
			continue
		}
		w.Vars = slices.DeleteFunc(w.Vars, func(v Var) bool { return v.Name == name })
		w.Vars = append(w.Vars, Var{name, value})
	}
	return w
}

// splitPath returns the directories before and behind $PATH.
func splitPath(value string) (before, after []string) {
	list := &before
	for dir := range strings.SplitSeq(value, ":") {
		switch dir {
		case "$PATH":
			list = &after
		case "":
		default:
			*list = append(*list, dir)
		}
	}
	return before, after
}

// AddGo adds what keeps a Go apart from others of the machine: GOROOT is set
// aside, which would be another toolchain's, and GOBIN is GOPATH's own bin where
// nothing else is said, for one that is set would get this Go's programs.
func (w *Wanted) AddGo() {
	at := func(name string) int {
		return slices.IndexFunc(w.Vars, func(v Var) bool { return v.Name == name })
	}
	if at("GOROOT") < 0 && !slices.Contains(w.Unset, "GOROOT") {
		w.Unset = append(w.Unset, "GOROOT")
	}
	if i := at("GOPATH"); i >= 0 && at("GOBIN") < 0 {
		first, _, _ := strings.Cut(w.Vars[i].Value, ":")
		w.Vars = append(w.Vars, Var{"GOBIN", path.Join(first, "bin")})
	}
}
