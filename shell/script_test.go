package shell_test

import (
	"encoding/base64"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/shell"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestScripts compares what every shell gets with testdata/golden. PowerShell and
// cmd are not run by any test: this text is what was thought about.
func TestScripts(t *testing.T) {
	t.Parallel()
	env := shell.Environ{Vars: []string{"PATH=/usr/bin:/bin", "EMPTY=", "GOROOT=/old go", "OLD=it's"}}
	w := shell.Wanted{
		ID: "0123", Prompt: "tools:k8s", Before: []string{"/p/bin"}, After: []string{"/last"}, Unset: []string{"GOROOT"},
		Vars:   []shell.Var{{"NEW", `a'b"c $d %e% !f! \g`}, {"EMPTY", "full"}, {"NOTHING", ""}, {"OLD", "dé 😀"}, {"AMP", `x & "y & z" ^ (1)`}, {"QUOTES", "’‘'"}},
		Source: []string{"/p/activate.sh"}, Back: []string{"/p/deactivate.sh"},
	}
	steps, err := shell.Activate(env, w)
	if err != nil {
		t.Fatal(err)
	}
	back, err := shell.Deactivate(env.Apply(steps))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shell.All() {
		for name, steps := range map[string][]shell.Step{"activate": steps, "deactivate": back} {
			text, err := s.Script(steps)
			if err != nil {
				t.Errorf("%s: %v", s, err)
			}
			golden(t, name+"."+string(s), text)
		}
	}
}

func TestHookFiles(t *testing.T) {
	t.Parallel()
	all, err := shell.Hooks("/one/conda", hookVars("one", "-mod=mod 'x' 100% &"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 8 {
		t.Errorf("%d files, want 8", len(all))
	}
	for _, f := range all {
		golden(t, strings.TrimPrefix(f.Path, "etc/conda/"), f.Text)
	}
}

// TestCannotHold has what a shell has no way to hold, or what is no variable.
func TestCannotHold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shell       shell.Shell
		name, value string
		want        string
	}{
		{shell.Cmd, "X", "a\nb", "cmd cannot hold X: the value has a line break"},
		{shell.Cmd, "X", "a\rb", "cmd cannot hold X: the value has a line break"},
		{shell.Cmd, "X", "\xff", "cmd cannot hold X: the value is not UTF-8"},
		{shell.Cmd, "X", strings.Repeat("x", 8192), "cmd cannot hold X: the line is longer than 8184 characters"},
		{shell.PowerShell, "X", "\xff", "pwsh cannot hold X: the value is not UTF-8"},
		{shell.Bash, "X;id", "", `"X;id" is no name of a variable`},
		{shell.Fish, "1X", "", `"1X" is no name of a variable`},
		{shell.Zsh, "X Y", "", `"X Y" is no name of a variable`},
		{shell.Posix, "é", "", `"é" is no name of a variable`},
	} {
		_, err := tt.shell.Script([]shell.Step{{Op: shell.Set, Name: tt.name, Value: tt.value}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s %q=%.10q: got %v, want %s", tt.shell, tt.name, tt.value, err, tt.want)
		}
	}
	for value, want := range map[string]int{"a": 8, "a\nb": 6, "\xff": 4} {
		if files, err := shell.Hooks("/p", []string{"GOFLAGS=" + value}); err != nil || len(files) != want {
			t.Errorf("%q: %d hooks, %v, want %d", value, len(files), err, want)
		}
	}
	if _, err := (shell.Hook{ID: "x y"}).Files(); err == nil || err.Error() != `"x y" is no ID of an environment` {
		t.Errorf("got %v", err)
	}
	if _, err := shell.Hooks("/p", []string{"GO X=1"}); err == nil || err.Error() != `"GO X" is no name of a variable for a hook` {
		t.Errorf("got %v", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]shell.Shell{
		"bash": shell.Bash, "/usr/bin/zsh": shell.Zsh, "-zsh": shell.Zsh, "/bin/dash": shell.Posix, "sh": shell.Posix, "fish": shell.Fish,
		"pwsh": shell.PowerShell, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`: shell.PowerShell, `C:\Windows\system32\cmd.exe`: shell.Cmd,
	} {
		if got, err := shell.Parse(name); got != want || err != nil {
			t.Errorf("Parse(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	_, err := shell.Parse("/usr/bin/tcsh")
	if want := `shell "/usr/bin/tcsh" is not one of bash, zsh, fish, sh, pwsh, cmd`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestDiff has what DiffVar must not be.
func TestDiff(t *testing.T) {
	t.Parallel()
	const prefix = "GOPHERSNAKE_DIFF is not what gophersnake activate wrote: "
	encode := base64.RawURLEncoding.EncodeToString
	for value, want := range map[string]string{
		"=":                  "it is not base64",
		encode([]byte("no")): "it is not JSON of its kind",
		encode([]byte("{}")): "it is not JSON of its kind",
		encode([]byte("[]")): "0 environments",
		encode([]byte(`[{"old":{"A;id":null}}]`)):                               `variable "A;id"`,
		encode([]byte(`[{"old":{"PATH":null}}]`)):                               `variable "PATH"`,
		encode([]byte(`[{"old":{"GOPHERSNAKE_DIFF":null}}]`)):                   `variable "GOPHERSNAKE_DIFF"`,
		encode([]byte(`[{"old":{"A":"AA=="}}]`)):                                `variable "A"`,
		encode([]byte("[" + strings.Repeat(`{"id":"a"},`, 32) + `{"id":"a"}]`)): "33 environments",
		strings.Repeat("a", 100<<10+1):                                          "it has more than 102400 bytes",
	} {
		env := shell.Environ{Vars: []string{shell.DiffVar + "=" + value}}
		for _, do := range []func() error{
			func() error { _, err := shell.Deactivate(env); return err },
			func() error { _, err := shell.Activate(env, shell.Wanted{}); return err },
		} {
			if err := do(); err == nil || err.Error() != prefix+want {
				t.Errorf("%.60s: got %v, want %s", value, err, want)
			}
		}
	}
	for _, vars := range [][]string{nil, {shell.DiffVar + "="}} {
		if _, err := shell.Deactivate(shell.Environ{Vars: vars}); !errors.Is(err, shell.ErrInactive) {
			t.Errorf("%q: got %v", vars, err)
		}
	}
}

// TestFull fills DiffVar, by depth and by length.
func TestFull(t *testing.T) {
	t.Parallel()
	env := shell.Environ{Vars: []string{"PATH=/bin"}}
	for i := range 32 {
		steps, err := shell.Activate(env, shell.Wanted{ID: string(rune('a' + i)), Vars: []shell.Var{{"X", string(rune('a' + i))}}})
		if err != nil {
			t.Fatal(err)
		}
		env = env.Apply(steps)
	}
	_, err := shell.Activate(env, shell.Wanted{ID: "last"})
	if want := "32 environments are active already"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for range 32 {
		steps, err := shell.Deactivate(env)
		if err != nil {
			t.Fatal(err)
		}
		env = env.Apply(steps)
	}
	if diff := cmp.Diff([]string{"PATH=/bin"}, env.Vars); diff != "" {
		t.Error(diff)
	}
	env = shell.Environ{Vars: []string{"X=" + strings.Repeat("x", 100<<10)}}
	_, err = shell.Activate(env, shell.Wanted{Vars: []shell.Var{{"X", ""}}})
	if want := "GOPHERSNAKE_DIFF would have more than 102400 bytes: variables are too long to be kept"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = shell.Activate(env, shell.Wanted{Vars: []shell.Var{{"X", "\x00"}}})
	if want := `variable "X" cannot be set`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestPath has PATHs that are not usual.
func TestPath(t *testing.T) {
	t.Parallel()
	w := shell.Wanted{ID: "x", Before: []string{"/a", "/b"}, After: []string{"/z"}}
	for _, tt := range []struct{ before, active, after []string }{
		{[]string{"PATH=/bin"}, []string{"PATH=/a:/b:/bin:/z"}, []string{"PATH=/bin"}},
		{[]string{"PATH="}, []string{"PATH=/a:/b:/z"}, []string{"PATH="}},
		{nil, []string{"PATH=/a:/b:/z"}, nil},
		{[]string{"PATH=/a::/z:"}, []string{"PATH=/a:/b:/a::/z::/z"}, []string{"PATH=/a::/z:"}},
	} {
		env := shell.Environ{Vars: tt.before}
		steps, err := shell.Activate(env, w)
		if err != nil {
			t.Fatal(err)
		}
		active := env.Apply(steps)
		if got, want := strings.Join(active.Vars, " "), strings.Join(tt.active, " "); !strings.HasPrefix(got, want+" GOPHERSNAKE_DIFF=") {
			t.Errorf("%q: got %s, want %s", tt.before, got, want)
		}
		if steps, err = shell.Deactivate(active); err != nil {
			t.Fatal(err)
		}
		if got := active.Apply(steps).Vars; strings.Join(got, " ") != strings.Join(tt.after, " ") {
			t.Errorf("%q: after it %q", tt.before, got)
		}
	}
	windows := shell.Environ{Vars: []string{`Path=C:\x`, "=C:=C:\\"}, Windows: true}
	steps, err := shell.Activate(windows, shell.Wanted{Before: []string{`D:\p`}})
	if err != nil {
		t.Fatal(err)
	}
	if got := windows.Apply(steps).Vars[0]; got != `PATH=D:\p;C:\x` {
		t.Errorf("got %q", got)
	}
}
