//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const doubleLockToml = `version = 1
[image]
name = %q
tags = ["1"]
platforms = ["linux/amd64"]
[[cli]]
package = "./cmd/hello"
gocache = ".cache/build"
gomodcache = ".cache/mod"
`

// TestDoubleLock compiles a program with a real module: what go.sum and the
// module cache say must agree, flags of the user's have no part, and a toolexec
// runs only where it is configured, and is recorded.
func TestDoubleLock(t *testing.T) {
	dir := t.TempDir()
	toml, mod := filepath.Join(dir, "gophersnake.toml"), filepath.Join(dir, "go.mod")
	for name, text := range map[string]string{
		"gophersnake.toml":  strings.Replace(doubleLockToml, "%q", `"`+registry+`/double"`, 1),
		"go.mod":            "module hello.example\n\ngo 1.26.8\n\nrequire golang.org/x/mod v0.30.0\n",
		"cmd/hello/main.go": "package main\n\nimport \"golang.org/x/mod/semver\"\n\nvar by = \"nobody\"\n\nfunc main() { println(by, semver.Compare(\"v1.2.0\", \"v1.10.0\")) }\n",
		"cmd/hello/tag.go":  "//go:build bad\n\npackage main\n\nfunc init() { by = \"a tag\" }\n",
		"tools/wrap":        "#!/bin/sh\necho ran >> " + filepath.Join(work, "double.log") + "\nexec \"$@\"\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "tools", "wrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", dir).Run() }) // as go clean -modcache does
	tidy := exec.CommandContext(t.Context(), "go", "mod", "tidy")
	tidy.Dir = dir
	runCmd(t, tidy)
	s := unpacked(t, newStore(t))
	want := digest(t, s.gs(t, dir, "push"))
	sum := readFile(t, filepath.Join(dir, "go.sum"))

	// Nothing of a store or of the lock's rows helps: all is compiled again, by
	// the caches that the configuration names.
	dropRows(t, dir)
	cmd := unpacked(t, newStore(t)).command(t, dir, "push")
	cmd.Env = append(cmd.Env, "GOFLAGS=-tags=bad -ldflags=-X=main.by=flags -mod=mod -toolexec="+filepath.Join(dir, "tools", "wrap"))
	var said strings.Builder
	cmd.Stderr = &said
	if out, err := cmd.Output(); err != nil || digest(t, string(out)) != want || !strings.Contains(said.String(), "GOFLAGS is ignored: ") {
		t.Errorf("with GOFLAGS: %v, %s, want %s\n%s", err, out, want, said.String())
	}
	if _, err := os.Stat(filepath.Join(work, "double.log")); err == nil {
		t.Error("a toolexec that is not configured has run")
	}

	// What follows is another program each time, which no store has.
	changed := func() {
		t.Helper()
		edit(t, filepath.Join(dir, "cmd/hello/main.go"), "package main\n", "package main\n\n// Changed.\n")
	}
	t.Run("toolexec", func(t *testing.T) {
		edit(t, toml, "gocache =", "toolexec = \"tools/wrap\"\ngocache =")
		s.gs(t, dir, "push")
		if log := readFile(t, filepath.Join(work, "double.log")); !strings.HasPrefix(log, "ran\n") {
			t.Errorf("the toolexec has not run: %q", log)
		}
		var c struct {
			History []struct {
				CreatedBy string `json:"created_by"`
			}
		}
		if err := json.Unmarshal([]byte(run(t, "crane", "config", "--insecure", "--platform", "linux/amd64", registry+"/double:1")), &c); err != nil {
			t.Fatal(err)
		}
		if got := c.History[0].CreatedBy; !strings.HasPrefix(got, "gophersnake: cli hello (toolexec tools/wrap sha256:") {
			t.Errorf("history says %q", got)
		}
		edit(t, toml, "tools/wrap", "nosuchwrap -v")
		failsAs(t, s, dir, 2, "gophersnake: cli.toolexec: \"nosuchwrap\" is not on PATH\nhint: write ./nosuchwrap for a program of the project\n")
		edit(t, toml, "nosuchwrap -v", "./go.mod")
		failsAs(t, s, dir, 2, "gophersnake: cli.toolexec ./go.mod: is not a program\nhint: it must be a file that can be executed\n")
		edit(t, toml, "toolexec = \"./go.mod\"", "overlay = \"go.mod\"")
		failsAs(t, s, dir, 2, "gophersnake: overlay go.mod: invalid character 'm' looking for beginning of value\n")
		edit(t, toml, "overlay = \"go.mod\"\n", "")
	})
	t.Run("module changed in the cache", func(t *testing.T) {
		changed()
		file := filepath.Join(dir, ".cache/mod/golang.org/x/mod@v0.30.0/semver/semver.go")
		source := readFile(t, file)
		writeOver(t, file, source+"\n// changed\n")
		failsAs(t, s, dir, 6, "golang.org/x/mod v0.30.0: dir has been modified")
		writeOver(t, file, source)
	})
	t.Run("go.sum out of step", func(t *testing.T) {
		changed()
		writeOver(t, filepath.Join(dir, "go.sum"), "")
		failsAs(t, s, dir, 3, "missing go.sum entry")
		writeOver(t, filepath.Join(dir, "go.sum"), sum)
	})
	t.Run("another hash", func(t *testing.T) {
		changed()
		writeOver(t, filepath.Join(dir, "go.sum"), strings.Replace(sum, " h1:", " h1:AAAA", 1))
		failsAs(t, s, dir, 6, "checksum mismatch")
		writeOver(t, filepath.Join(dir, "go.sum"), sum)
	})
	t.Run("go.mod out of step", func(t *testing.T) {
		changed()
		edit(t, mod, "require golang.org/x/mod v0.30.0\n", "")
		failsAs(t, s, dir, 3, "cannot find module providing package golang.org/x/mod/semver")
	})
}

// failsAs runs a build, which must exit with a code and say what is wrong.
func failsAs(t *testing.T, s store, dir string, code int, want string) {
	t.Helper()
	cmd := s.command(t, dir, "build")
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code || !strings.Contains(string(out), want) {
		t.Errorf("%v, want exit %d and %q in\n%s", err, code, want, out)
	}
}

// writeOver writes a file that may be read-only.
func writeOver(t *testing.T, file, text string) {
	t.Helper()
	_ = os.Chmod(file, 0o644)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
