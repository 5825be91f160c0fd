package activate_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// evaluate evaluates one script, of package p.
func evaluate(ctx context.Context, script string) (*activate.Result, error) {
	f := files{"etc/conda/activate.d/p.sh": script, "lib/x": "", "etc/loop.sh": ". \"$CONDA_PREFIX/etc/loop.sh\"\n"}
	return activate.Evaluate(ctx, activate.Input{Prefix: "/opt/conda", Env: start("/opt/conda"), Files: f, Scripts: f.scripts()})
}

// TestRefused checks what no script may do: error, class and place.
func TestRefused(t *testing.T) {
	const at = "p: etc/conda/activate.d/p.sh:"
	for _, tc := range []struct{ name, script, want string }{
		{"writes", "export A=1\necho x > /tmp/file\n", at + `2: writes the file "/tmp/file"`},
		{"appends", "\n\necho x >> \"$CONDA_PREFIX/log\"\n", at + `3: writes the file "/opt/conda/log"`},
		{"writes unseen", "export A=$(echo x > out; echo ok)\n", at + `1: writes the file "out"`},
		{"writes deep inside", "x=$(echo $(echo \"$(echo y >| /etc/motd)\") 2>/dev/null) || true\n", at + `1: writes the file "/etc/motd"`},
		{"writes behind a program", "date\necho x > /tmp/file\n", at + `2: writes the file "/tmp/file"`},
		{"writes in a function", "f() {\n  echo x &> ~/log\n}\nf\n", at + `2: writes the file "~/log"`},
		{"writes by eval", "eval 'echo x >&out'\n", at + `1: writes the file "out"`},
		{"reads and writes", ": <> \"$CONDA_PREFIX/lib/x\"\n", at + `1: writes the file "/opt/conda/lib/x"`},
		{"loops", "export A=1\nwhile :; do\n  :\ndone\n", at + "3: does not end within 100000 steps"},
		{"loops without commands", "while [[ 1 ]]; do x=1; done\n", at + "1: does not end within 100000 steps"},
		{"loops in arithmetic", "for ((;;)); do :; done\n", at + "1: does not end within 100000 steps"},
		{"loops unseen", "x=$(while true; do true; done)\n", at + "1: does not end within 100000 steps"},
		{"calls itself", "f() { f; }\nf\n", at + "1: calls itself more than 64 times"},
		{"evaluates itself", "x='eval \"$x\"'\neval \"$x\"\n", at + "1: calls itself more than 64 times"},
		{"sources itself", ". \"$CONDA_PREFIX/etc/loop.sh\"\n", "p: etc/loop.sh:1: calls itself more than 64 times"},
		{"doubles", "x=ab\nwhile :; do x=\"$x$x\"; done\n", at + "2: $x grows to more than 131072 bytes"},
		{"doubles by replacing", "x=aa\nwhile :; do x=\"${x//a/$x}\"; done\n", at + "2: expands to more than 16777216 bytes"},
		{"replaces by much", "x=aaaaaaaaaaaaaaaa\nx=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x\ny=$x$x$x$x$x$x$x$x\nz=${y//a/$y}\n", at + "4: expands to more than 16777216 bytes"},
		{"appends without end", "while :; do x+=0123456789; done\n", at + "1: expands to more than 16777216 bytes"},
		{"grows a list", "while :; do a+=(x); done\n", at + "1: expands to more than 16777216 bytes"},
		{"many variables", "x=" + strings.Repeat("a", 1000) + "\ni=0; while :; do i=$((i+1)); eval \"v$i=$x\"; done\n", at + "2: expands to more than 16777216 bytes"},
		{"braces", "echo {1..1000000000}\n", at + "1: expands braces without end"},
		{"braces in braces", "echo {1..99999}{1..99999}\n", at + "1: expands braces without end"},
		{"a wide number", "x=$(printf '%999999999d' 1)\n", at + "1: prints with a width of more than 999"},
		{"doubles by sed", "x=a; while :; do x=$(echo \"$x\" | sed 's/a*/&&/'); done\n", at + "1: $x grows to more than 131072 bytes"},
		{"replaces by much in sed", "x=aaaaaaaaaaaaaaaa\nx=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x\nx=$x$x$x$x\ny=$(echo $x | sed \"s/a/$x/g\")\n", at + "4: expands to more than 16777216 bytes"},
		{"matches for long", "x='[ab]*'\nx=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x; x=$x$x$x$x\nwhile :; do echo \"$x\" | sed \"s/${x}c/d/\"; done\n", at + "3: expands to more than 16777216 bytes"},
		{"prints without end", "x=$(while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done)\n", at + "1: expands to more than 16777216 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			began := time.Now()
			_, err := evaluate(t.Context(), tc.script)
			var e interface{ Class() string }
			var h interface{ Hint() string }
			if !errors.As(err, &e) || e.Class() != "policy" || !errors.As(err, &h) || h.Hint() == "" {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestHost checks that nothing of the machine is seen: its files, variables,
// users, processes, directory.
func TestHost(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary, []byte("export SECRET=canary-content\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CANARY", "canary-variable")
	t.Setenv("HOME", "/canary-home")
	t.Chdir(filepath.Dir(canary))
	for _, script := range []string{
		"export A=\"$CANARY\"", "export A=~", "export A=~root", "export A=$(< " + canary + ")", "read -r A < " + canary + "; export A",
		". " + canary, "source ./canary", ". canary", "export A=$(cat " + canary + ")", canary, "exec " + canary, "export A=$(pwd)", "export A=$PWD",
		"[ -f " + canary + " ] && export A=canary-there", "[[ -x " + canary + " ]] && export A=canary-there", "export A=$(echo " + filepath.Dir(canary) + "/*)",
		"for A in *; do export A; done", "export A=$(command -v canary)", "export A=$$ B=$PPID C=$UID D=$HOSTNAME E=$RANDOM", "export A=$(type -p canary)",
		"cd " + filepath.Dir(canary) + " && export A=$(echo *)", "export A=$(pwd -P)", "n=PPID; export A=${!n}", "export A=$((PPID))", "cat <(echo canary-process)",
		"x=$(set); export A=\"$x\"", "export A=\"$(export)\"", "export A=\"${!CAN*}\"", "mapfile A < " + canary, "trap 'x=1' EXIT", "sleep 1 &", "export A=$(ulimit)",
	} {
		r, err := evaluate(t.Context(), script+"\n")
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		for _, kv := range r.Env {
			if strings.Contains(kv, "canary") && !strings.Contains(script, "export A=canary") && !strings.Contains(script, "command -v") || strings.Contains(kv, "=/canary") || strings.Contains(kv, "SECRET") {
				t.Errorf("%s: %s", script, kv)
			}
		}
		if len(r.Dynamic) != 1 {
			t.Errorf("%s is not dynamic: %q", script, r.Env)
		}
	}
}

// TestEnds checks that cancelling ends an evaluation, and so does a file that
// cannot be read.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluate(ctx, "while :; do :; done\n"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	broken := &fs.PathError{Op: "read", Path: "x", Err: os.ErrPermission}
	_, err := activate.Evaluate(t.Context(), activate.Input{Prefix: "/p", Files: failing{broken}, Scripts: []activate.Script{{Package: "p", Path: "x"}}})
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Stat(string) (activate.Info, error) { return activate.Info{}, f.err }
func (f failing) Read(string) ([]byte, error)        { return nil, f.err }
func (f failing) List(string) ([]string, error)      { return nil, f.err }
func (f failing) Executable(string) (bool, error)    { return false, f.err }

// TestPatternsCost: long patterns on long texts reach the limits before they take
// seconds, wherever a shell matches.
func TestPatternsCost(t *testing.T) {
	const long = "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nx=\"${x//a/$x}\"; x=\"$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x$x\"\nz=${x:0:3000}\n"
	for _, match := range []string{
		"case a in $x) ;; esac", "[[ $x == *$z ]]", "y=${x#$x}", "y=${x%%*$z}", "y=${x/$x/}", "y=${x//$z*b/}", "y=${x^^$x}",
	} {
		began := time.Now()
		_, err := evaluate(t.Context(), long+"while :; do "+match+"; done")
		if err == nil || !strings.Contains(err.Error(), "expands to more than") {
			t.Errorf("%s: %v", match, err)
		}
		if took := time.Since(began); took > 20*time.Second { // a hang; it is milliseconds
			t.Errorf("%s takes %v", match, took)
		}
	}
	r, err := evaluate(t.Context(), "export Y=${PATH%%$(echo :)*}\n")
	if err != nil || len(r.Dynamic) == 0 {
		t.Errorf("a pattern that a command prints: %v, %v", r, err)
	}
}
