//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPreCommit exports hooks into a repository that has some, and lets
// pre-commit run them on sound and on bad code.
func TestPreCommit(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), runStore(t)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const tested = "package m\n\n// Twice doubles.\nfunc Twice(n int) int { return 2 * n }\n"
	write("gophersnake.toml", "version = 1\n[go]\nversions = [\"1.26.8\"]\ntools = [\"honnef.co/go/tools/cmd/staticcheck@v0.8.2\"]\n")
	write("go.mod", "module example.com/m\n\ngo 1.26\n")
	write("m.go", tested)
	write("m_test.go", "package m\n\nimport \"testing\"\n\nfunc TestTwice(t *testing.T) {\n\tif Twice(2) != 4 {\n\t\tt.Fail()\n\t}\n}\n")
	write(".pre-commit-config.yaml", "repos:\n# their own\n- repo: meta\n  hooks:\n  - id: check-hooks-apply\n")
	git := func(args ...string) { run(t, "git", append([]string{"-C", dir}, args...)...) }
	git("init", "--quiet")
	s.gs(t, dir, "lock")
	s.gs(t, dir, "export", "pre-commit")
	s.gs(t, dir, "export", "pre-commit", "--check")
	if text := readFile(t, filepath.Join(dir, ".pre-commit-config.yaml")); !strings.Contains(text, "# their own\n- repo: meta\n") {
		t.Errorf("their hooks are gone:\n%s", text)
	}
	hooks := func(want string, args ...string) {
		t.Helper()
		git("add", "--all")
		cmd := s.preCommit(t, dir, append([]string{"run", "--all-files"}, args...)...)
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || (want == "Passed") != (err == nil) {
			t.Errorf("%q: %v, want %q in\n%s", args, err, want, out)
		}
	}
	hooks("Passed")
	write("m.go", strings.ReplaceAll(tested, "{ return 2 * n }", "{ return 2*n }"))
	hooks("files were modified by this hook", "gofmt")
	if got := readFile(t, filepath.Join(dir, "m.go")); got != tested {
		t.Errorf("gofmt of the lock left\n%s", got)
	}
	write("m.go", tested+"\nfunc unused() {}\n")
	hooks("func unused is unused (U1000)", "staticcheck")
	write("m.go", tested+"\n// Half halves.\nfunc Half(n int) int {\n\tn /= 2\n\treturn n\n}\n")
	hooks("33.3% of statements are covered, 80% are wanted", "go-test-coverage")
	write("gophersnake.toml", "version = 1\n[go]\nversions = [\"1.26.8\", \"1.25.0\"]\n")
	hooks("gophersnake.lock: the lock is out of date", "gophersnake-check")
}

// TestPreCommitManifest lets pre-commit read our own hooks; a gate's run also
// lets it build and run them, from the last commit.
func TestPreCommitManifest(t *testing.T) {
	run(t, "pre-commit", "validate-manifest", filepath.Join(repo, ".pre-commit-hooks.yaml"))
	if !gate() {
		return
	}
	dir, s := copyDir(t, filepath.Join(repo, "examples", "quickstart")), newStore(t)
	head := strings.TrimSpace(run(t, "git", "-C", repo, "rev-parse", "HEAD"))
	text := "repos:\n- repo: " + repo + "\n  rev: " + head + "\n  hooks:\n  - id: gophersnake-check\n"
	if err := os.WriteFile(filepath.Join(dir, ".pre-commit-config.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "git", "-C", dir, "init", "--quiet")
	run(t, "git", "-C", dir, "add", "--all")
	if out, err := s.preCommit(t, dir, "run", "--all-files").CombinedOutput(); err != nil || !strings.Contains(string(out), "Passed") {
		t.Errorf("%v\n%s", err, out)
	}
}

// preCommit returns a command of pre-commit, for which gophersnake is on PATH
// and has the store s.
func (s store) preCommit(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "pre-commit", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "PRE_COMMIT_HOME="+t.TempDir(), "GOPHERSNAKE_CACHE_DIR="+string(s))
	return cmd
}
