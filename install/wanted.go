package install

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/shell"
)

// imageGoPath is GOPATH in images unless the configuration says otherwise.
const imageGoPath = "/go"

// goDirs are variables of the go command that name directories which it writes.
var goDirs = []string{"GOCACHE", "GOMODCACHE", "GOTMPDIR", "GOBIN", "GOPATH"}

// Moves returns where the directories of an image that variables name lie here.
func (in *Installed) Moves() []Move {
	e := in.env
	var moves []Move
	if in.Prefix != "" {
		moves = append(moves, Move{e.CondaPrefix, in.Prefix})
	}
	for version, root := range in.Go {
		moves = append(moves, Move{e.place().Root(version), root})
	}
	if e.GoPath != "" {
		moves = append(moves, Move{imageGoPath, e.GoPath})
	}
	return moves
}

// Vars returns the variables of the lock, moved, with the directory of tools on
// PATH. Directories that the go command writes are left out where they are the
// image's own: dropped says which.
func (in *Installed) Vars() (vars, dropped []string) {
	a := in.env.Lock.Activation
	if a == nil {
		return nil, nil
	}
	moves := in.Moves()
	for _, kv := range a.Env {
		name, value, _ := strings.Cut(kv, "=")
		moved := Rebase(value, moves)
		switch {
		case name == "PATH" && in.Bin != "":
			moved = strings.Replace(moved, "$PATH", in.Bin+":$PATH", 1)
		case slices.Contains(goDirs, name) && moved == value && path.IsAbs(value):
			dropped = append(dropped, kv)
			continue
		}
		vars = append(vars, name+"="+moved)
	}
	return vars, dropped
}

// Wanted returns what activating the environment changes on this machine. Scripts
// of packages that a shell has to source come with those of deactivate.d that
// have their names, in the opposite order, as conda has it (CEP 32).
func (in *Installed) Wanted() shell.Wanted {
	vars, _ := in.Vars()
	w := shell.FromVars(vars)
	if a := in.env.Lock.Activation; a != nil {
		w.Unset = slices.Clone(a.Unset)
		for _, d := range a.Dynamic {
			w.Source = append(w.Source, filepath.Join(in.Prefix, filepath.FromSlash(d.Script)))
			w.Back = append(w.Back, filepath.Join(in.Prefix, "etc", "conda", "deactivate.d", path.Base(d.Script)))
		}
		slices.Reverse(w.Back)
	}
	if in.env.hasGo() {
		w.AddGo()
	}
	w.ID = in.env.key("environment", vars)[len("sha256:"):][:16] // values say where all of it lies
	return w
}

// Hooks returns the scripts by which conda alone loads the environment's Go, for
// paths below the prefix; none without Go.
func (in *Installed) Hooks() ([]shell.HookFile, error) {
	if !in.env.hasGo() {
		return nil, nil
	}
	vars, _ := in.Vars()
	return shell.Hooks(in.Prefix, vars)
}

func (e *Environment) hasGo() bool {
	return slices.ContainsFunc(e.Lock.Go, func(t lock.Toolchain) bool { return t.Image })
}
