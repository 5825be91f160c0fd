// Package activation makes the files through which processes find their
// environment that do not get it as an image's ENV.
//
// # Login shells
//
// A login shell of a POSIX kind reads /etc/profile, which sets PATH anew and
// then sources /etc/profile.d/*.sh; su - clears all other variables too. There
// [ProfilePath] gives back what is missing: a variable that is not set gets the
// image's value; PATH becomes the image's, and what else stood in it, but for
// the directories of games that Debian's /etc/profile adds, follows, each
// directory once. A variable that is set stays: who starts a container may have
// chosen it. The file does nothing that a shell has to be newer than POSIX for,
// and starts no program.
//
// # Entry point
//
// Activation scripts whose result depends on where they run are sourced by
// [EntryPath], which stands before the image's own entry point and replaces
// itself by it: process 1 is the program. It is there only where there are such
// scripts. Its shell is bash where the base has it, for what packages' scripts
// are written for, else sh. Scripts are sourced in a function, as conda does
// it, so that they do not see the arguments.
package activation

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// The paths of the files, below the root.
const (
	ProfilePath = "etc/profile.d/gophersnake.sh"
	EntryPath   = "usr/local/lib/gophersnake/entrypoint"
)

// games are the directories that Debian's /etc/profile adds to PATH for users.
const games = "/usr/local/games:/usr/games"

// Env is an image's environment.
type Env struct {
	Facts       *lock.Facts    // of the base
	Vars        []string       // "KEY=value", the image's ENV
	Prefix      string         // of conda
	Dynamic     []lock.Dynamic // in the order in which they are sourced
	Compression tree.Compression
}

// Layer returns the layer of the files, or ok = false for an image that has no
// shell to read them.
func Layer(e Env) (l layers.Layer, ok bool, err error) {
	if !e.Facts.Sh || len(e.Vars) == 0 {
		return l, false, nil
	}
	all := []files.File{files.Text(ProfilePath, 0o644, []byte(e.profile()))}
	if len(e.Dynamic) > 0 {
		all = append(all, files.Text(EntryPath, 0o755, []byte(e.entry())))
	}
	l, err = files.Layer("activation", "activation", e.Facts, e.Compression, all)
	return l, err == nil, err
}

// profile returns the text for login shells.
func (e Env) profile() string {
	var b strings.Builder
	b.WriteString("# Written by gophersnake: what login shells reset, they get back here.\n")
	for _, kv := range e.Vars {
		key, value, _ := strings.Cut(kv, "=")
		if key != "PATH" && isName(key) {
			b.WriteString("[ -n \"${" + key + "+x}\" ] || export " + key + "=" + quote(value) + "\n")
		}
	}
	i := slices.IndexFunc(e.Vars, func(kv string) bool { return strings.HasPrefix(kv, "PATH=") })
	if i < 0 {
		return b.String()
	}
	b.WriteString("_gophersnake_path=" + quote(once(strings.TrimPrefix(e.Vars[i], "PATH="))) + `
_gophersnake_rest=${PATH-}:
while [ -n "$_gophersnake_rest" ]; do
	_gophersnake_dir=${_gophersnake_rest%%:*}
	_gophersnake_rest=${_gophersnake_rest#*:}
	case ":$_gophersnake_path:` + games + `:" in
	*:"$_gophersnake_dir":*) ;;
	*) [ -z "$_gophersnake_dir" ] || _gophersnake_path=$_gophersnake_path:$_gophersnake_dir ;;
	esac
done
export PATH="$_gophersnake_path"
unset _gophersnake_path _gophersnake_rest _gophersnake_dir
`)
	return b.String()
}

// once returns a PATH with each directory where it is first. An empty one, which
// is the directory that a process is in, stays out.
func once(value string) string {
	var dirs []string
	for dir := range strings.SplitSeq(value, ":") {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}

// entry returns the text of the entry point.
func (e Env) entry() string {
	var b strings.Builder
	b.WriteString("#!" + Shell(e.Facts) + "\n" +
		"# Written by gophersnake: sources the activation scripts whose result depends on\n# where the image runs, then becomes the program.\n" +
		"[ $# -gt 0 ] || { echo 'gophersnake: no command to run' >&2; exit 127; }\n" +
		"_gophersnake_source() { . \"$1\"; }\n")
	for _, d := range e.Dynamic {
		b.WriteString("_gophersnake_source " + quote(e.Prefix+"/"+d.Script) + "\n")
	}
	b.WriteString("unset -f _gophersnake_source\nexec \"$@\"\n")
	return b.String()
}

// Shell returns the shell that runs an image's entry point: bash where the base
// has it, else sh.
func Shell(f *lock.Facts) string {
	if f.Bash {
		return "/bin/bash"
	}
	return "/bin/sh"
}

// quote returns a word that every POSIX shell reads as s.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isName reports whether a shell can have a variable of that name.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
