//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// condaActivate is conda's own code, as conda-lock brings it along, doing what
// the shell function conda does.
const condaActivate = `import sys
from conda_lock._vendor.conda.activate import FishActivator, PosixActivator
of = FishActivator if sys.argv[1] == "fish" else PosixActivator
sys.stdout.write(of(sys.argv[2:]).execute())
`

// condaPython returns the Python that has conda-lock.
func condaPython(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("conda-lock")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(first, "#!"))
}

// byConda activates by conda alone: an environment that gophersnake installed,
// and one that was there before and got hooks, alone and stacked on the other.
func byConda(t *testing.T, dir string, s store) {
	code := filepath.Join(t.TempDir(), "conda.py")
	if err := os.WriteFile(code, []byte(condaActivate), 0o644); err != nil {
		t.Fatal(err)
	}
	python := condaPython(t)
	prefix := strings.TrimSpace(runCmd(t, s.program(t, dir, "sh", "-c", "echo $CONDA_PREFIX")))
	plain := filepath.Join(t.TempDir(), "plain env")
	for _, d := range []string{"conda-meta", "bin"} {
		if err := os.MkdirAll(filepath.Join(plain, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := filepath.Join(plain, "bin", "python")
	if err := os.WriteFile(own, []byte("#!/bin/sh\necho \"$CONDA_PREFIX\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	written := s.gs(t, dir, "export", "conda-hooks", "--prefix", plain)
	if n := strings.Count(written, "\n"); n != 8 || !strings.Contains(written, plain+"/etc/conda/deactivate.d/zz-gophersnake-go.fish\n") {
		t.Errorf("wrote %d files:\n%s", n, written)
	}
	path := filepath.Join(filepath.Dir(filepath.Dir(python)), "condabin") + ":" // conda adds it, and never takes it back
	for _, sh := range shellTools {
		conda := func(commands ...string) string {
			for i, c := range commands {
				commands[i] = fmt.Sprintf(sh.eval, fmt.Sprintf("%s %s %s %s", python, code, sh.name, c))
			}
			return strings.Join(commands, "\n")
		}
		to, other := "activate "+prefix, "'"+plain+"'"
		for _, way := range []struct {
			name       string
			begin, end []string
			all        bool // in every shell: conda has one code for sh, bash and zsh
		}{
			{"installed", []string{to}, []string{"deactivate"}, true},
			{"plain", []string{"activate " + other}, []string{"deactivate"}, false},
			{"again", []string{to, to}, []string{"reactivate", "deactivate"}, false},
			{"other", []string{to, "activate " + other}, []string{"deactivate", "deactivate"}, false}, // leaves the first, and goes back
			{"stacked", []string{to, "activate --stack " + other}, []string{"deactivate", "deactivate"}, false},
		} {
			if way.all || sh.name == "bash" || sh.name == "fish" {
				t.Run(way.name+" "+sh.name, func(t *testing.T) {
					inShell(t, append([]string{sh.program}, sh.args...), path, conda(way.begin...), conda(way.end...))
				})
			}
		}
	}
	if out := s.gs(t, dir, "export", "conda-hooks", "--prefix", plain, "--remove"); out != written {
		t.Errorf("removed\n%swrote\n%s", out, written)
	}
}
