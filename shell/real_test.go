package shell_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/shell"
)

// TestMain lets the test's own binary print scripts, as gophersnake does for a
// shell that evaluates them.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "script" { // never the tests again, whatever the rest is
		if err := printScript(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// printScript activates what a file describes, or deactivates for "".
func printScript(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want a shell and a file, got %q", args)
	}
	sh, file := shell.Shell(args[0]), args[1]
	env := shell.Environ{Vars: os.Environ()}
	var steps []shell.Step
	var err error
	if file == "" {
		steps, err = shell.Deactivate(env)
	} else {
		var data []byte
		if data, err = os.ReadFile(file); err != nil {
			return err
		}
		var w wantedFile
		if err := json.Unmarshal(data, &w); err != nil {
			return err
		}
		steps, err = shell.Activate(env, w.wanted())
	}
	if err != nil {
		return err
	}
	text, err := sh.Script(steps)
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(text)
	return err
}

// wantedFile is a shell.Wanted whose values JSON can hold.
type wantedFile struct {
	ID     string
	Prompt string
	Before []string
	Vars   map[string][]byte
	Unset  []string
	Source []string
	Back   []string
}

func (f wantedFile) wanted() shell.Wanted {
	w := shell.Wanted{ID: f.ID, Prompt: f.Prompt, Before: f.Before, Unset: f.Unset, Source: f.Source, Back: f.Back}
	for _, name := range slices.Sorted(maps.Keys(f.Vars)) {
		w.Vars = append(w.Vars, shell.Var{Name: name, Value: string(f.Vars[name])})
	}
	return w
}

// odd are values that something may stumble over.
var odd = []string{
	"plain", "", " ", "two words", "  around  ", "'", "''", "it's", `"`, `say "hi"`, "$HOME", "${PATH}", "`id`", "$(id)", "%PATH%", "%", "!", "!!", "a!b",
	`\`, `\\`, `C:\new\table`, `\'`, `'\''`, `"'"'`, "line\nbreak", "\n", "ends\n\n", "cr\r\n", "\ttab", "*", "?[a-z]*", "~", "~/x:~", "-n", "--", "#no", "a;b&c|d<e>f(g)", "{a,b}", "=cmd", "^x^y",
	"dé–日本 😀", "\u2018typographic\u2019", "\xff\xfe raw \x80", "\x01\x02\x1b[31m\x7f", "a=b=c", "/a::/b:", strings.Repeat("long $x' ", 2000),
}

// states are what a variable may be before.
var states = []string{"unset", "exported", "empty", "unexported"}

// language is what the test itself has to say to a shell.
type language struct {
	args   []string // before the name of a script
	eval   string   // of the output of a command, %s
	assign string   // a variable that is not exported: name and quoted value
	print  string   // a variable as it is, without a line's end
}

var sh = language{eval: "eval \"$(%s)\"\n", assign: "%s=%s\n", print: "printf %%s \"$%s\"\n"}

func languages() map[shell.Shell]language {
	bash, zsh := sh, sh
	bash.args, zsh.args = []string{"--norc", "--noprofile"}, []string{"-f"}
	return map[shell.Shell]language{
		shell.Bash: bash, shell.Posix: sh, shell.Zsh: zsh,
		shell.Fish: {args: []string{"--no-config"}, eval: "%s | source\n", assign: "set -g %s %s\n", print: "printf %%s \"$%s\"\n"},
	}
}

// program returns the program of a shell, or skips the test.
func program(t *testing.T, s shell.Shell) string {
	t.Helper()
	name := string(s)
	if s == shell.Posix {
		name = "dash"
	}
	found, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return found
}

// session writes a script for a shell.
type session struct {
	t     *testing.T
	shell shell.Shell
	language
	dir  string
	text strings.Builder
	self string
}

func newSession(t *testing.T, s shell.Shell) *session {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "shell-") // not named as the test, which is named as odd values
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &session{t: t, shell: s, language: languages()[s], dir: dir, self: self}
}

func (s *session) line(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// dump writes the environment that programs get to a file.
func (s *session) dump(name string) { s.line("/usr/bin/env -0 > %s/%s\n", s.dir, name) }

func (s *session) activate(w wantedFile) {
	s.t.Helper()
	data, err := json.Marshal(w)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.dir, w.ID+".json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.line(s.eval, fmt.Sprintf("%s script %s %s", s.self, s.shell, file))
}

func (s *session) deactivate() {
	s.line(s.eval, fmt.Sprintf("%s script %s ''", s.self, s.shell))
}

// run runs the script in its shell.
func (s *session) run(env []string) (stdout string) {
	s.t.Helper()
	file := filepath.Join(s.dir, "script")
	if err := os.WriteFile(file, []byte(s.text.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), program(s.t, s.shell), append(s.args, file)...)
	cmd.Dir, cmd.Env = s.dir, env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		s.t.Fatalf("%s: %v\n%.3000s", s.shell, err, errs.String())
	}
	return out.String()
}

// dumped returns a dump, sorted: shells keep no order of variables.
func (s *session) dumped(name string) []string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	vars := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	slices.Sort(vars)
	return vars
}

func (s *session) same(a, b string) {
	s.t.Helper()
	if diff := cmp.Diff(s.dumped(a), s.dumped(b)); diff != "" {
		s.t.Errorf("%s: %s and %s differ (-%s +%s):\n%.4000s", s.shell, a, b, a, b, diff)
	}
}

// home is an environment for tests, without what tests run in.
func home() []string {
	return []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8"}
}

// TestRoundTrip is the table of shells and values: each value becomes that of
// variables that are not set, exported, empty or not exported before, and each
// state has each value; deactivating gives all back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, of := range []shell.Shell{shell.Bash, shell.Posix, shell.Zsh, shell.Fish} {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			for i, value := range odd {
				if raceDetector && i%12 != 0 {
					continue // each starts this program thrice, which the detector makes slow
				}
				t.Run(fmt.Sprint(i), func(t *testing.T) { roundTrip(t, of, value, odd[(i+1)%len(odd)]) })
			}
		})
	}
}

func roundTrip(t *testing.T, of shell.Shell, value, other string) {
	s := newSession(t, of)
	env := append(home(), "ODD_exported="+other, "ODD_empty=", "GOROOT="+value, "OTHER_PATH="+value)
	w := wantedFile{ID: "one", Prompt: "one", Before: []string{"/opt/it's/bin", "/opt/b c"}, Vars: map[string][]byte{}, Unset: []string{"GOROOT", "GOENV"}}
	for _, state := range states {
		w.Vars["ODD_"+state] = []byte(value)
		w.Vars["EMPTY_"+state] = nil
	}
	w.Vars["OTHER_PATH"] = []byte(other)
	s.line(s.assign, "ODD_unexported", quoted(t, of, other))
	s.dump("before")
	s.activate(w)
	s.dump("active")
	s.deactivate()
	s.dump("after")
	s.line(s.print, "ODD_unexported")
	kept := s.run(env)
	s.same("before", "after")
	if kept != other {
		t.Errorf("the variable that is not exported is %q, was %q", kept, other)
	}
	active := shell.Environ{Vars: s.dumped("active")}
	for _, v := range w.wanted().Vars {
		if got, ok := active.Get(v.Name); !ok || got != v.Value {
			t.Errorf("%s is %.80q, %v, want %.80q", v.Name, got, ok, v.Value)
		}
	}
	if got, _ := active.Get("PATH"); got != "/opt/it's/bin:/opt/b c:/usr/bin:/bin" {
		t.Errorf("PATH is %q", got)
	}
	if got, ok := active.Get("GOROOT"); ok {
		t.Errorf("GOROOT is still %q", got)
	}
}

// script returns the script of one step.
func script(t *testing.T, s shell.Shell, step shell.Step) string {
	t.Helper()
	text, err := s.Script([]shell.Step{step})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestNested activates environments in one another, one of them twice, changes
// PATH meanwhile, and gives back in a child of the shell too.
func TestNested(t *testing.T) {
	t.Parallel()
	outer := wantedFile{ID: "outer", Prompt: "outer", Before: []string{"/outer"}, Vars: map[string][]byte{"A": []byte("outer"), "B": []byte("outer")}}
	inner := wantedFile{ID: "inner", Prompt: "inner", Before: []string{"/inner"}, Vars: map[string][]byte{"A": []byte("inner"), "C": []byte("inner")}, Unset: []string{"B"}}
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			s := newSession(t, of)
			s.dump("zero")
			s.activate(outer)
			s.dump("one")
			s.activate(inner)
			s.dump("two")
			s.activate(inner)
			s.dump("again")
			s.deactivate()
			s.dump("back")
			s.activate(inner)
			s.line("%s", map[bool]string{true: "set -gx PATH /mine $PATH\n", false: "PATH=/mine:$PATH\n"}[of == shell.Fish])
			s.deactivate()
			s.dump("mine")
			s.deactivate()
			s.dump("end")
			s.run(append(home(), "A=zero"))
			s.same("two", "again")
			s.same("one", "back")
			for name, want := range map[string]string{"two": "/inner:/outer:/usr/bin:/bin", "mine": "/mine:/outer:/usr/bin:/bin", "end": "/mine:/usr/bin:/bin"} {
				if got, _ := (shell.Environ{Vars: s.dumped(name)}).Get("PATH"); got != want {
					t.Errorf("%s: PATH is %q, want %q", name, got, want)
				}
			}
			if got, ok := (shell.Environ{Vars: s.dumped("two")}).Get("B"); ok {
				t.Errorf("B is %q in the inner environment", got)
			}
			zero, end := s.dumped("zero"), s.dumped("end")
			for i := range end {
				end[i] = strings.Replace(end[i], "PATH=/mine:", "PATH=", 1)
			}
			if diff := cmp.Diff(zero, end); diff != "" {
				t.Errorf("after all (-before +after):\n%s", diff)
			}
		})
	}
}

// TestPrompt changes the prompt and gives it back, with set -e and set -u on,
// and leaves nothing of ours in the shell.
func TestPrompt(t *testing.T) {
	t.Parallel()
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			s := newSession(t, of)
			show := "printf '%s|' \"$PS1\"\n"
			if of == shell.Fish {
				s.line("function fish_prompt; printf '%%s' \"$status> \"; end\n")
				show = "false\nfish_prompt\nprintf '|'\n"
			} else {
				s.line("set -eu\nPS1='> '\n")
			}
			w := wantedFile{ID: "one", Prompt: "one`id`", Vars: map[string][]byte{"A": []byte("a")}}
			s.line("%s", show)
			s.activate(w)
			s.line("%s", show)
			w.ID, w.Prompt = "two", "two"
			s.activate(w)
			s.line("%s", show)
			s.deactivate()
			s.line("%s", show)
			s.deactivate()
			s.line("%s", show)
			s.line("%s", map[bool]string{true: "set -n; functions -an\n", false: "set\n"}[of == shell.Fish])
			parts := strings.SplitN(s.run(home()), "|", 6)
			p := "> "
			if of == shell.Fish {
				p = "1> "
			}
			want := []string{p, "(one_id_) " + p, "(two) (one_id_) " + p, "(one_id_) " + p, p}
			if diff := cmp.Diff(want, parts[:5]); diff != "" {
				t.Error(diff)
			}
			for line := range strings.Lines(parts[5]) {
				if strings.Contains(strings.ToLower(line), "gophersnake") && !strings.Contains(line, s.self) {
					t.Errorf("left behind: %s", line)
				}
			}
		})
	}
}
