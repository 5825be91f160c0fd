//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// shellsConfig is an environment of real packages and a real Go, whose variables
// are hard to quote.
const shellsConfig = `version = 1
[image]
name = "registry.example/team/tools"
platforms = ["linux/amd64"]
[base]
image = "scratch"
[conda]
file = "environment.yml"
virtual-packages = { "__glibc" = "2.36" }
[go]
versions = ["1.26.8", "1.25.0"]
[go.env]
GOFLAGS = "-mod=mod"
GOPROXY = "off"
`

const shellsEnv = `channels: ["%s/cpython"]
dependencies: ["python 3.11.*", "tqdm"]
`

// oddVariables are more than conda itself can quote.
const oddVariables = `variables:
  ODD: "it's $HOME, ` + "`id`" + ` and \"%PATH%\"\n!! \\ *"
  EMPTY: ""
`

// shellTools are the real shells: what begins to use an environment, and how the
// environment that programs get is written to a file.
var shellTools = []struct {
	name, program string
	args          []string
	eval          string
}{
	{"bash", "bash", []string{"--norc", "--noprofile"}, `eval "$(%s)"`},
	{"sh", "dash", nil, `eval "$(%s)"`},
	{"zsh", "zsh", []string{"-f"}, `eval "$(%s)"`},
	{"fish", "fish", []string{"--no-config"}, "%s | source"},
}

// lockShells locks the environment, and returns its directory.
func (s store) lockShells(t *testing.T, variables string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"gophersnake.toml": shellsConfig, "environment.yml": fmt.Sprintf(shellsEnv, channel.URL) + variables} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.gs(t, dir, "lock")
	return dir
}

// TestShells uses a locked environment on this machine: by run, in every shell,
// and by conda's own activation.
func TestShells(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	dir := s.lockShells(t, oddVariables)
	t.Run("parallel", func(t *testing.T) { runParallel(t, dir, s) })
	t.Run("run", func(t *testing.T) { runPrograms(t, dir, s) })
	t.Run("process", func(t *testing.T) { runProcess(t, dir, s) })
	for _, sh := range shellTools {
		t.Run(sh.name, func(t *testing.T) {
			begin := fmt.Sprintf(sh.eval, fmt.Sprintf("%s activate --offline -C %s --cache-dir %s --shell %s", binary, dir, s, sh.name))
			end := fmt.Sprintf(sh.eval, fmt.Sprintf("%s deactivate --shell %s", binary, sh.name))
			inShell(t, append([]string{sh.program}, sh.args...), "", begin, end)
		})
	}
	t.Run("conda", func(t *testing.T) { byConda(t, s.lockShells(t, ""), s) })
}

// runParallel installs in eight processes at the same time, all of which get the
// one environment.
func runParallel(t *testing.T, dir string, s store) {
	var wg sync.WaitGroup
	out := make([]string, 8)
	for i := range out {
		wg.Go(func() {
			b, err := s.program(t, dir, "python", "-c", "import sys, tqdm; print(sys.prefix)").CombinedOutput()
			out[i] = fmt.Sprint(string(b), err)
		})
	}
	wg.Wait()
	for _, o := range out {
		if o != out[0] || !strings.HasSuffix(o, "/tree/prefix\n<nil>") {
			t.Errorf("a process says %q, another %q", o, out[0])
		}
	}
	dirs, err := filepath.Glob(filepath.Join(string(s), "store", "dirs", "*", "tree", "prefix"))
	if err != nil || len(dirs) != 1 {
		t.Errorf("%q, %v: want one environment", dirs, err)
	}
}

// program returns gophersnake run with a program, in a directory without go.mod.
func (s store) program(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"--cache-dir", string(s), "--offline", "run", "--"}, args...)...)
	cmd.Dir = dir
	return cmd
}

func runPrograms(t *testing.T, dir string, s store) {
	prefix := strings.TrimSpace(runCmd(t, s.program(t, dir, "python", "-c", "import os; print(os.environ['CONDA_PREFIX'])")))
	for _, tt := range []struct{ want, program string }{
		{prefix + "/lib/python3.11/site-packages/tqdm/__init__.py\n", "import tqdm; print(tqdm.__file__)"},
		{"it's $HOME, `id` and \"%PATH%\"\n!! \\ *\n", "import os; print(os.environ['ODD'])"},
		{"''\n", "import os; print(repr(os.environ['EMPTY']))"},
		{"3.11.11\n", "import platform; print(platform.python_version())"},
		{"ok\n", "import ssl, sqlite3, ctypes, lzma, bz2, hashlib; hashlib.sha256(b''); sqlite3.connect(':memory:'); print('ok')"},
	} {
		if got := runCmd(t, s.program(t, dir, "python", "-c", tt.program)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.program, got, tt.want)
		}
	}
	if got := runCmd(t, s.program(t, dir, "tqdm", "--version")); !strings.HasPrefix(got, "4.66") {
		t.Errorf("tqdm, whose first line was relocated, says %q", got)
	}
	if got := runCmd(t, s.program(t, dir, "sh", "-c", `printf 'module m\ngo 1.25\n' > go.mod && printf 'package main\nfunc main() { println("built") }\n' > main.go && go install . && "$GOBIN"/m 2>&1; rm go.mod main.go`)); got != "built\n" {
		t.Errorf("what go installed says %q", got)
	}
	cmd := s.program(t, dir, "go", "version")
	cmd.Env = append(os.Environ(), "GOROOT=/nonexistent", "GOBIN=/nonexistent")
	if got := runCmd(t, cmd); got != "go version go1.26.8 linux/amd64\n" {
		t.Errorf("go is %q", got)
	}
	if got := runCmd(t, s.program(t, dir, "go1.25.0", "version")); got != "go version go1.25.0 linux/amd64\n" {
		t.Errorf("go1.25.0 is %q", got)
	}
	writable := runCmd(t, exec.CommandContext(t.Context(), "find", prefix, "!", "-type", "l", "-perm", "/222"))
	if writable != "" {
		t.Errorf("writable: %.300s", writable)
	}
}

// runProcess checks that nothing stands between the caller and the program.
func runProcess(t *testing.T, dir string, s store) {
	cmd := s.program(t, dir, "sh", "-c", "echo $$; cat; exit 42")
	cmd.Stdin = strings.NewReader("in")
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if want := fmt.Sprintf("%d\nin", cmd.Process.Pid); out.String() != want || cmd.ProcessState.ExitCode() != 42 {
		t.Errorf("got %q, %v, want %q and 42", out.String(), err, want)
	}
	cmd = s.program(t, dir, "sh", "-c", "kill -TERM $$")
	if err := cmd.Run(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("got %v", err)
	}
}

// inShell begins and ends in a real shell, and compares the environment that
// programs get before and after, byte by byte. Its PATH begins with a text.
func inShell(t *testing.T, program []string, path, begin, end string) {
	t.Helper()
	work := t.TempDir()
	script := strings.Join([]string{
		"env -0 > before", begin, "env -0 > active",
		`python -c "import sys; print(sys.prefix)"`, "go version", "command -v go", end, "env -0 > after", "",
	}, "\n")
	file := filepath.Join(work, "script")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program[0], append(program[1:], file)...)
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + path + "/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "GOROOT=/stray\n'root'", "GOPATH=", "GOFLAGS=\xff`!%", "LC_ALL=C.UTF-8"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("%s: %v\n%s%s", program[0], err, out.String(), errs.String())
	}
	active := dumped(t, work, "active")
	value := func(name string) string {
		i := slices.IndexFunc(active, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
		if i < 0 {
			return "(not set)"
		}
		return active[i][len(name)+1:]
	}
	want := fmt.Sprintf("%s\ngo version go1.26.8 linux/amd64\n%s/bin/go\n", value("CONDA_PREFIX"), goRootOf(value("PATH")))
	if out.String() != want {
		t.Errorf("programs said %q, want %q", out.String(), want)
	}
	for name, want := range map[string]string{"GOROOT": "(not set)", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local+path", "GOBIN": value("GOPATH") + "/bin"} {
		if got := value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	before, after := dumped(t, work, "before"), dumped(t, work, "after")
	if strings.Join(before, "\x00") != strings.Join(after, "\x00") {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

// goRootOf returns the directory of the toolchain that PATH finds.
func goRootOf(path string) string {
	for _, dir := range filepath.SplitList(path) {
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			return filepath.Dir(dir)
		}
	}
	return ""
}

// dumped returns the variables of a dump, sorted, without those that conda never
// takes back.
func dumped(t *testing.T, dir, name string) []string {
	t.Helper()
	vars := strings.Split(readFile(t, filepath.Join(dir, name)), "\x00")
	vars = slices.DeleteFunc(vars, func(kv string) bool {
		return name != "active" && (strings.HasPrefix(kv, "CONDA_SHLVL=0") || strings.HasPrefix(kv, "CONDA_EXE=") || strings.HasPrefix(kv, "CONDA_PYTHON_EXE=") || strings.HasPrefix(kv, "_CE_"))
	})
	slices.Sort(vars)
	return vars
}
