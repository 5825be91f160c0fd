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

// Wanted returns what activating the environment changes on this machine: what
// the lock says, moved, the directory of tools on PATH, GOBIN where GOPATH is
// set, and GOROOT set aside, which would be another toolchain's. Directories that
// the go command writes are left out where they are the image's own: dropped
// says which.
func (in *Installed) Wanted() (w shell.Wanted, dropped []string) {
	w.ID = in.id()
	if a := in.env.Lock.Activation; a != nil {
		moves := in.Moves()
		for _, kv := range a.Env {
			name, value, _ := strings.Cut(kv, "=")
			moved := Rebase(value, moves)
			switch {
			case name == "PATH":
				w.Before, w.After = splitPath(moved)
			case slices.Contains(goDirs, name) && moved == value && path.IsAbs(value):
				dropped = append(dropped, kv)
			default:
				w.Vars = append(w.Vars, shell.Var{Name: name, Value: moved})
			}
		}
	}
	if in.Bin != "" {
		w.Before = append(w.Before, in.Bin)
	}
	if len(in.env.Lock.Go) > 0 && slices.ContainsFunc(in.env.Lock.Go, isImage) {
		w.Unset = []string{"GOROOT"}
		in.goBin(&w)
	}
	return w, dropped
}

// goBin sets GOBIN: one that the user has for other work would get the programs
// of this environment.
func (in *Installed) goBin(w *shell.Wanted) {
	at := func(name string) int {
		return slices.IndexFunc(w.Vars, func(v shell.Var) bool { return v.Name == name })
	}
	i := at("GOPATH")
	if i < 0 || at("GOBIN") >= 0 {
		return
	}
	first := filepath.SplitList(w.Vars[i].Value)
	if len(first) > 0 {
		w.Vars = append(w.Vars, shell.Var{Name: "GOBIN", Value: filepath.Join(first[0], "bin")})
	}
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

// id tells environments apart: by where they lie, which follows from what is in
// them.
func (in *Installed) id() string {
	return in.env.key("environment", struct {
		Prefix, Bin string
		Go          map[string]string
		Env         []string
	}{in.Prefix, in.Bin, in.Go, in.variables()})[len("sha256:"):][:16]
}

func (in *Installed) variables() []string {
	if a := in.env.Lock.Activation; a != nil {
		return a.Env
	}
	return nil
}

func isImage(t lock.Toolchain) bool { return t.Image }
