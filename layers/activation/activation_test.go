package activation

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

// odd are values that a shell may read as something else.
var odd = []string{
	"A=1", "EMPTY=", "QUOTES='\"'\\''", "DOLLAR=$HOME ${X} $(id)", "TICKS=`id`", "LINES_=one\ntwo\n", "PERCENT=100%s %n !! !x", "STAR=* ? [a]", "SPACES=  a  b  ",
	"BACK=\\ \\n \\", "UNICODE=ünï ☃", "TAB=a\tb", "SEMI=;rm -rf /;#", "DASH=-n", "CONTROL=\x01\x1b[0m", "not-a-name=1", "9X=1",
}

// variables returns what a shell's script leaves in the environment, which
// began with env.
func variables(t *testing.T, shell, script string, env ...string) map[string]string {
	t.Helper()
	at, err := exec.LookPath(shell)
	if err != nil {
		t.Skipf("no %s on this machine", shell)
	}
	cmd := exec.Command(at, "-c", script+"\nexec /usr/bin/env -0\n")
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shell, err, out)
	}
	got := map[string]string{}
	for kv := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		key, value, _ := strings.Cut(kv, "=")
		if !slices.Contains([]string{"PWD", "SHLVL", "_", "OLDPWD", "HOME", "LOGNAME"}, key) { // shells set these
			got[key] = value
		}
	}
	return got
}

// TestProfile sources the file in real shells, as after su - and as after bash
// -l: the variables are the image's.
func TestProfile(t *testing.T) {
	const image = "/c/bin:/go/bin:/usr/local/bin:/usr/bin:/bin"
	text := Env{Vars: append([]string{"PATH=" + image}, odd...)}.profile()
	want := map[string]string{"PATH": image}
	for _, kv := range odd {
		if key, value, _ := strings.Cut(kv, "="); isName(key) {
			want[key] = value
		}
	}
	for _, shell := range []string{"bash", "dash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			for _, path := range []string{
				"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games", "PATH=" + image, "PATH=", "PATH=:/bin::/usr/bin:", "PATH=" + image + ":" + image,
			} {
				if diff := cmp.Diff(want, variables(t, shell, text, path)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
			}
			twice := variables(t, shell, text+text, "PATH=/usr/bin:/bin:/opt/more/bin:/usr/bin", "A=chosen", "EMPTY=full")
			if twice["PATH"] != image+":/opt/more/bin" || twice["A"] != "chosen" || twice["EMPTY"] != "full" {
				t.Errorf("PATH %s, A %s, EMPTY %s", twice["PATH"], twice["A"], twice["EMPTY"])
			}
			if got := variables(t, shell, "set -eu\n"+text, "PATH=/bin"); got["PATH"] != image {
				t.Errorf("under set -eu: %s", got["PATH"])
			}
		})
	}
}

// TestEntry runs the entry point: scripts are sourced in their order, arguments
// stay, and the process becomes the program.
func TestEntry(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.sh":    "export A=${HOME}/a; set -- lost; shift",
		"it's.sh": "export B=\"$A:b $#\"\nreturn 3\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []lock.Facts{{Sh: true}, {Sh: true, Bash: true}} {
		text := Env{Facts: &f, Prefix: dir, Dynamic: []lock.Dynamic{{Script: "a.sh"}, {Script: "it's.sh"}}}.entry()
		if !strings.HasPrefix(text, "#!"+Shell(&f)+"\n") {
			t.Errorf("%+v: %q", f, text)
		}
		entry := filepath.Join(dir, "entrypoint")
		if err := os.WriteFile(entry, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		run := func(args ...string) (string, int) {
			cmd := exec.Command(Shell(&f), append([]string{entry}, args...)...)
			cmd.Env = []string{"HOME=/h", "PATH=/usr/bin:/bin"}
			out, err := cmd.CombinedOutput()
			if err != nil && cmd.ProcessState == nil {
				t.Skipf("no %s on this machine", Shell(&f))
			}
			return string(out), cmd.ProcessState.ExitCode()
		}
		if out, code := run("/bin/sh", "-c", "printf '%s|%s|%s|%s' \"$A\" \"$B\" \"$1\" \"$2\"; exit 7", "sh", "x y", ""); out != "/h/a|/h/a:b 1|x y|" || code != 7 {
			t.Errorf("%s: %q, exit %d", Shell(&f), out, code)
		}
		if out, code := run(); out != "gophersnake: no command to run\n" || code != 127 {
			t.Errorf("%s: %q, exit %d", Shell(&f), out, code)
		}
	}
}

// TestLayer checks which files there are, and that the key follows from what is
// in them.
func TestLayer(t *testing.T) {
	keys := map[string]bool{}
	for _, tc := range []struct {
		name string
		e    Env
		ok   bool
	}{
		{"no shell", Env{Facts: &lock.Facts{}, Vars: []string{"A=1"}}, false},
		{"nothing to say", Env{Facts: &lock.Facts{Sh: true}}, false},
		{"variables", Env{Facts: &lock.Facts{Sh: true}, Vars: []string{"A=1"}}, true},
		{"other variables", Env{Facts: &lock.Facts{Sh: true}, Vars: []string{"A=2"}}, true},
		{"scripts", Env{Facts: &lock.Facts{Sh: true}, Vars: []string{"A=2"}, Prefix: "/c", Dynamic: []lock.Dynamic{{Script: "a.sh"}}}, true},
		{"bash", Env{Facts: &lock.Facts{Sh: true, Bash: true}, Vars: []string{"A=2"}, Prefix: "/c", Dynamic: []lock.Dynamic{{Script: "a.sh"}}}, true},
	} {
		l, ok, err := Layer(tc.e)
		if err != nil || ok != tc.ok || ok && (l.Kind != "activation" || keys[l.Key]) {
			t.Errorf("%s: %+v, %v, %v", tc.name, l, ok, err)
		}
		keys[l.Key] = true
	}
}
