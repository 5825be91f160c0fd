package shell_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/shell"
)

// TestSource runs scripts of packages where the shell can, and those that take
// their work back; one that is not there is passed over.
func TestSource(t *testing.T) {
	t.Parallel()
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			s := newSession(t, of)
			on, off := filepath.Join(s.dir, "it's on.sh"), filepath.Join(s.dir, "off.sh")
			for name, text := range map[string]string{on: "export DYNAMIC=\"$A and $HOME\"\n", off: "unset DYNAMIC\n"} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s.dump("before")
			s.activate(wantedFile{ID: "one", Vars: map[string][]byte{"A": []byte("a")}, Source: []string{on, on + ".absent"}, Back: []string{off + ".absent", off}})
			s.dump("active")
			s.deactivate()
			s.dump("after")
			s.run(home())
			s.same("before", "after")
			want := "a and /nonexistent"
			if !of.Sources() {
				want = ""
			}
			if got, _ := (shell.Environ{Vars: s.dumped("active")}).Get("DYNAMIC"); got != want {
				t.Errorf("DYNAMIC is %q, want %q", got, want)
			}
		})
	}
}

// TestChild deactivates in a shell that another one started.
func TestChild(t *testing.T) {
	t.Parallel()
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			child := program(t, of)
			s := newSession(t, of)
			s.line(s.assign, "B", "unexported")
			s.dump("before")
			s.activate(wantedFile{ID: "one", Prompt: "p", Before: []string{"/p"}, Vars: map[string][]byte{"A": []byte("a"), "B": []byte("b")}, Unset: []string{"GOROOT"}})
			file := filepath.Join(s.dir, "child")
			text := fmt.Sprintf(s.eval, fmt.Sprintf("%s script %s ''", s.self, s.shell)) + "/usr/bin/env -0 > " + s.dir + "/child-after\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.line("%s %s %s\n", child, strings.Join(s.args, " "), file)
			s.deactivate()
			s.dump("after")
			s.run(append(home(), "GOROOT=/stray", "A="))
			s.same("before", "after")
			before, after := shell.Environ{Vars: s.dumped("before")}, shell.Environ{Vars: s.dumped("child-after")}
			for _, name := range []string{"PATH", "GOROOT", "A", "B", shell.DiffVar} {
				want, set := before.Get(name)
				if got, ok := after.Get(name); got != want || ok != set {
					t.Errorf("in the child %s is %q, %v, want %q, %v", name, got, ok, want, set)
				}
			}
		})
	}
}
