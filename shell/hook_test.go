package shell_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/shell"
)

// hookVars are those of a lock.
func hookVars(id, value string) []string {
	return []string{"PATH=/" + id + "/conda/bin:/" + id + "/it's/bin:/" + id + "/go/bin:$PATH", "CONDA_PREFIX=/" + id + "/conda", "GOPATH=/" + id + "/go", "GOFLAGS=" + value, "CGO_ENABLED=0"}
}

// writeHooks writes an environment's hooks below a directory of the session.
func (s *session) writeHooks(id, value string) {
	s.t.Helper()
	all, err := shell.Hooks("/"+id+"/conda", hookVars(id, value))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range all {
		name := filepath.Join(s.dir, id, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.Text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// source runs a hook as conda does.
func (s *session) source(id, what string) {
	suffix := map[bool]string{true: ".fish", false: ".sh"}[s.shell == shell.Fish]
	s.line("%s %s\n", map[bool]string{true: "source", false: "."}[s.shell == shell.Fish], filepath.Join(s.dir, id, "etc/conda", what+".d", "zz-gophersnake-go"+suffix))
}

// TestHooks activates and deactivates by hooks, in every shell, with variables
// that are exported, empty, not exported and not set before, and odd.
func TestHooks(t *testing.T) {
	t.Parallel()
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			for i, value := range odd {
				if raceDetector && i%12 != 0 {
					continue // as in TestRoundTrip
				}
				t.Run(fmt.Sprint(i), func(t *testing.T) { hooks(t, of, value) })
			}
		})
	}
}

func hooks(t *testing.T, of shell.Shell, value string) {
	s := newSession(t, of)
	s.writeHooks("one", "flags")
	s.line(s.assign, "CGO_ENABLED", quoted(t, of, value))
	s.dump("before")
	s.source("one", "activate")
	s.dump("active")
	s.source("one", "deactivate")
	s.dump("after")
	s.line(s.print, "CGO_ENABLED")
	if got := s.run(append(home(), "GOROOT="+value, "GOFLAGS="+value, "GOPATH=")); got != value {
		t.Errorf("CGO_ENABLED is %q, was %q", got, value)
	}
	s.same("before", "after")
	active := shell.Environ{Vars: s.dumped("active")}
	for name, want := range map[string]string{
		"PATH": "/one/it's/bin:/one/go/bin:/usr/bin:/bin", "GOPATH": "/one/go", "GOBIN": "/one/go/bin", "GOFLAGS": "flags", "CGO_ENABLED": "0",
	} {
		if got, _ := active.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got, ok := active.Get("GOROOT"); ok {
		t.Errorf("GOROOT is still %q", got)
	}
}

// quoted returns a value as a word of a shell.
func quoted(t *testing.T, of shell.Shell, value string) string {
	t.Helper()
	text := script(t, of, shell.Step{Op: shell.Set, Name: "X", Value: value})
	return strings.TrimPrefix(strings.TrimPrefix(text, `\export X=`), "set -gx X ")
}

// TestStackedHooks does what conda does for one environment in another: back in
// the outer one, its scripts run again.
func TestStackedHooks(t *testing.T) {
	t.Parallel()
	for of := range languages() {
		t.Run(string(of), func(t *testing.T) {
			t.Parallel()
			program(t, of)
			s := newSession(t, of)
			s.writeHooks("one", "1")
			s.writeHooks("two", "2")
			s.line("%s", map[bool]string{true: "set -gx CONDA_PREFIX /one/conda\n", false: "export CONDA_PREFIX=/one/conda\n"}[of == shell.Fish])
			s.dump("before")
			s.source("one", "activate")
			s.dump("in-one")
			s.source("two", "activate")
			s.dump("in-two")
			s.source("two", "deactivate")
			s.source("one", "activate")
			s.dump("again")
			s.source("one", "deactivate")
			s.dump("after")
			s.run(append(home(), "GOFLAGS=mine", "PATH=/one/conda/bin:/usr/bin:/bin:/one/go/bin"))
			s.same("before", "after")
			s.same("in-one", "again")
			two := shell.Environ{Vars: s.dumped("in-two")}
			if got, _ := two.Get("GOFLAGS"); got != "2" {
				t.Errorf("GOFLAGS is %q in the inner environment", got)
			}
		})
	}
}
