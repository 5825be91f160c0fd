//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const threeGos = `version = 1
[image]
name = %q
tags = ["1"]
[base]
image = %q
[go]
versions = ["1.25.0", "1.20.14", ">=1.26.7,<1.26.9"]
[go.env]
GOPROXY = "off"
[env.new]
go.versions = ["1.26.8", "1.25.0"]
go.env = { GOFLAGS = "-mod=mod", GOTOOLCHAIN = "local" }
[env.work]
go.env = { GOPATH = "/work/go", GOBIN = "/work/bin", GOMODCACHE = "/cache/mod", GOCACHE = "/cache/build", GOPRIVATE = "git.example.com/*", GOPROXY = "https://goproxy.example.com,direct", CGO_ENABLED = "1" }
`

// goEnvs are what the go command says of itself in each environment's image, by
// the names of goEnvNames.
var goEnvs = map[string]string{
	"":     "go1.25.0 /opt/go/1.25.0 /go - /go/pkg/mod /tmp/.cache/go-build - off - local+path 0",
	"-new": "go1.26.8 /opt/go/1.26.8 /go - /go/pkg/mod /tmp/.cache/go-build -mod=mod off - local 0",
	"-work": "go1.25.0 /opt/go/1.25.0 /work/go /work/bin /cache/mod /cache/build - https://goproxy.example.com,direct git.example.com/* " +
		"local+path 1",
}

const goEnvNames = "GOVERSION GOROOT GOPATH GOBIN GOMODCACHE GOCACHE GOFLAGS GOPROXY GOPRIVATE GOTOOLCHAIN CGO_ENABLED"

// checkGoEnvs runs go env with the variables of each image in a root that has the
// toolchains of all.
func checkGoEnvs(t *testing.T, root, ref string) {
	t.Helper()
	for suffix, want := range goEnvs {
		lines := strings.Split(strings.TrimSuffix(inImage(t, root, imageEnv(t, ref+":1"+suffix), append([]string{"go", "env"}, strings.Fields(goEnvNames)...)...), "\n"), "\n")
		for i, line := range lines {
			if line == "" {
				lines[i] = "-"
			}
		}
		if got := strings.Join(lines, " "); got != want {
			t.Errorf("go env in image 1%s is\n%s\nwant\n%s", suffix, got, want)
		}
	}
}

// modules are built in the image by "go build": which Go does is for their
// go.mod to say.
var modules = map[string]struct{ mod, want string }{
	"older":    {"module m\ngo 1.20\n", "go1.25.0"},
	"same":     {"module m\ngo 1.25.0\n", "go1.25.0"},
	"upwards":  {"module m\ngo 1.25.0\ntoolchain go1.26.8\n", "go1.26.8"},
	"demanded": {"module m\ngo 1.26.8\n", "go1.26.8"},
}

const program = "package main\n\nimport \"runtime\"\n\nfunc main() { println(runtime.Version()) }\n"

// TestToolchains builds an image with three real toolchains for both platforms,
// and a variant with two of them and another default.
func TestToolchains(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), runStore(t)
	ref := registry + "/toolchains"
	config := strings.Replace(strings.Replace(threeGos, "%q", `"`+ref+`"`, 1), "%q", `"`+base(t)+`"`, 1)
	if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := s.command(t, dir, "lock")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	for _, row := range []string{"1.20.14  linux/arm64   module  image           checksum database, zip fetched", "1.26.8   darwin/arm64  module  compile         checksum database"} {
		if !strings.Contains(said.String(), row) {
			t.Errorf("no %q in\n%s", row, said.String())
		}
	}
	s.gs(t, dir, "check")
	s.gs(t, dir, "push", "--locked")
	t.Run("shared", func(t *testing.T) {
		all, variant := layersOf(t, ref+":1"), layersOf(t, ref+":1-new")
		var shared int
		for _, l := range variant {
			if slices.Contains(all, l) {
				shared++
			}
		}
		if shared < 2 { // of both toolchains, besides those of the base
			t.Errorf("%d layers of %q are among %q", shared, variant, all)
		}
	})
	s.gs(t, dir, "build", "--locked", "--env", "default", "--platform", "linux/amd64", "-o", "rootfs:root")
	s.gs(t, dir, "build", "--locked", "--env", "new", "--platform", "linux/amd64", "-o", "rootfs:new")
	t.Run("amd64", func(t *testing.T) { runToolchains(t, filepath.Join(dir, "root"), ref) })
	t.Run("variant", func(t *testing.T) { runVariant(t, filepath.Join(dir, "new"), imageEnv(t, ref+":1-new")) })
	t.Run("arm64", func(t *testing.T) {
		flags := []string{"--exclude=opt/go/*/src"}
		if gate() {
			flags = nil // it compiles
		}
		root := exported(t, ref+":1", "arm64", flags...)
		putEmulator(t, root)
		for _, v := range []string{"1.20.14", "1.25.0", "1.26.8"} {
			got := inImage(t, root, nil, "/qemu", "/opt/go/"+v+"/bin/go", "version")
			if want := "go version go" + v + " linux/arm64\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if gate() {
			buildEmulated(t, root)
		}
	})
}

const olderGos = `version = 1
[image]
platforms = ["linux/amd64"]
[base]
image = %q
[go]
versions = [".tool-versions", "1.19.13"]
[go.env]
GOPROXY = "off"
`

// TestOlderToolchains builds an image of three older toolchains, which the module
// proxy has for amd64 alone. The go command of 1.19 needs the libc of a base.
func TestOlderToolchains(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), runStore(t)
	for name, text := range map[string]string{"gophersnake.toml": strings.Replace(olderGos, "%q", `"`+base(t)+`"`, 1), ".tool-versions": "golang 1.21.6 1.22.6\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root := filepath.Join(dir, "root")
	s.gs(t, dir, "build", "-o", "rootfs:root")
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	mountSystem(t, root)
	env := []string{"PATH=/go/bin:/opt/go/1.21.6/bin:/usr/local/bin", "GOTOOLCHAIN=local+path", "GOPROXY=off", "CGO_ENABLED=0"}
	for command, want := range map[string]string{
		"/opt/go/1.21.6/bin/go": "1.21.6", "/usr/local/bin/go1.19.13": "1.19.13", "/usr/local/bin/go1.21.6": "1.21.6", "/usr/local/bin/go1.22.6": "1.22.6",
	} {
		if got := inImage(t, root, env, command, "version"); got != "go version go"+want+" linux/amd64\n" {
			t.Errorf("%s: %q", command, got)
		}
	}
	writeModule(t, filepath.Join(root, "tmp", "m"), "module m\ngo 1.22.6\n")
	inImage(t, root, env, "/opt/go/1.21.6/bin/go", "build", "-C", "/tmp/m", "-buildvcs=false", "-o", "/tmp/m/m", ".")
	cmd := exec.CommandContext(t.Context(), "chroot", root, "/tmp/m/m")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "go1.22.6\n" {
		t.Errorf("built by %q, %v", out, err)
	}
	edit(t, filepath.Join(dir, ".tool-versions"), "1.22.6", "1.23.1")
	cmd = s.command(t, dir, "check")
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("check after .tool-versions changed: %v\n%s", err, out)
	}
}

func runToolchains(t *testing.T, root, ref string) {
	mountSystem(t, root)
	mountCache(t, root)
	checkGoEnvs(t, root, ref)
	env := imageEnv(t, ref+":1")
	for _, tt := range []struct{ command, want string }{
		{"go version", "go version go1.25.0 linux/amd64"},
		{"go1.20.14 version", "go version go1.20.14 linux/amd64"},
		{"go1.25.0 version", "go version go1.25.0 linux/amd64"},
		{"go1.26.8 version", "go version go1.26.8 linux/amd64"},
		{"GOTOOLCHAIN=go1.26.8+path go version", "go version go1.26.8 linux/amd64"},
		{"go1.20.14 env GOROOT", "/opt/go/1.20.14"},
		{"echo -n ${GOROOT-unset}", "unset"},
	} {
		if got := strings.TrimSpace(inImage(t, root, env, "sh", "-c", tt.command)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.command, got, tt.want)
		}
	}
	for name, m := range modules {
		at := filepath.Join(root, "tmp", name)
		writeModule(t, at, m.mod)
		if got := built(t, root, env, name, "go"); got != m.want {
			t.Errorf("module %s was built by %s, want %s", name, got, m.want)
		}
	}
	if got := built(t, root, env, "older", "go1.20.14"); got != "go1.20.14" {
		t.Errorf("built by %s", got)
	}
}

// buildEmulated builds a module with each of the toolchains for arm64. A program
// that is emulated cannot start another one, so the emulator is what runs the
// compiler, and switching is left out.
func buildEmulated(t *testing.T, root string) {
	mountSystem(t, root)
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o1777); err != nil {
		t.Fatal(err)
	}
	env := []string{"GOTOOLCHAIN=local", "GOPROXY=off", "CGO_ENABLED=0", "GOPATH=/go"}
	for version, mod := range map[string]string{"1.20.14": "module m\ngo 1.20\n", "1.25.0": "module m\ngo 1.25.0\n", "1.26.8": "module m\ngo 1.26.8\n"} {
		writeModule(t, filepath.Join(root, "tmp", version), mod)
		inImage(t, root, env, "/qemu", "/opt/go/"+version+"/bin/go", "build", "-C", "/tmp/"+version, "-buildvcs=false", "-toolexec=/qemu", "-o", "m", ".")
		cmd := exec.CommandContext(t.Context(), "chroot", root, "/qemu", "/tmp/"+version+"/m")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "go"+version+"\n" {
			t.Errorf("built by %q, %v", out, err)
		}
	}
}

// runVariant checks that the variant has its own default and variables, and none
// of the other image's.
func runVariant(t *testing.T, root string, env []string) {
	mountSystem(t, root) // go finds its GOROOT by /proc
	got := inImage(t, root, env, "go", "env", "GOVERSION", "GOROOT", "GOTOOLCHAIN", "GOFLAGS")
	if want := "go1.26.8\n/opt/go/1.26.8\nlocal\n-mod=mod\n"; got != want {
		t.Errorf("go env: %q, want %q", got, want)
	}
	if _, err := os.Lstat(filepath.Join(root, "usr/local/bin/go1.20.14")); err == nil {
		t.Error("there is the command of a Go that is not there")
	}
}

func writeModule(t *testing.T, dir, mod string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": mod, "main.go": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// built builds a module of the root's /tmp with a go command, and returns the
// version of Go that the program says it was built by.
func built(t *testing.T, root string, env []string, module, command string) string {
	t.Helper()
	return strings.TrimSpace(inImage(t, root, env, "sh", "-c", "cd /tmp/"+module+" && "+command+" build -buildvcs=false -o m . && ./m 2>&1"))
}

// imageEnv returns the variables of an image's config.
func imageEnv(t *testing.T, ref string) []string {
	t.Helper()
	var c struct{ Config struct{ Env []string } }
	if err := json.Unmarshal([]byte(run(t, "crane", "config", "--insecure", "--platform", "linux/amd64", ref)), &c); err != nil {
		t.Fatal(err)
	}
	return c.Config.Env
}

func layersOf(t *testing.T, ref string) (digests []string) {
	t.Helper()
	var m struct{ Layers []struct{ Digest string } }
	if err := json.Unmarshal([]byte(run(t, "crane", "manifest", "--insecure", "--platform", "linux/amd64", ref)), &m); err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		digests = append(digests, l.Digest)
	}
	return digests
}

// inImage runs a program in a root file system with an image's variables.
func inImage(t *testing.T, root string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "chroot", append([]string{root}, args...)...)
	cmd.Env = append(slices.Clone(env), "HOME=/tmp")
	return runCmd(t, cmd)
}
