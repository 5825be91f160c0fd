//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wheelsProject asks for numpy by pip, over the Python of the real channel and a
// base that has the libraries numpy needs.
func wheelsProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"gophersnake.toml": fmt.Sprintf(`version = 1
[image]
name = "%s/wheels"
tags = ["1.0"]
platforms = ["linux/amd64", "linux/arm64"]
[base]
image = %q
[conda]
file = "environment.yml"
[registry."channel.example"]
mirrors = [%q]
`, registry, base(t), channel.URL),
		"environment.yml": `channels: [https://channel.example/cpython, nodefaults]
dependencies:
- python=3.11.*
- requests
- pip:
  - numpy >=2
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestWheels installs numpy's real wheels for both platforms and imports them
// by the real Python of each image.
func TestWheels(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("uv"); err != nil {
		t.Fatal(err)
	}
	dir, s := wheelsProject(t), runStore(t)
	s.gs(t, dir, "lock")
	lockFile := filepath.Join(dir, "gophersnake.lock")
	text := readFile(t, lockFile)
	for _, want := range []string{"x86_64.whl\"\n", "aarch64.whl\"\n"} {
		if n := strings.Count(text, want); n != 1 {
			t.Errorf("the lock has %d wheels that end in %s:\n%s", n, want, text[strings.Index(text, "[[wheel]]"):])
		}
	}
	t.Run("again without uv", func(t *testing.T) {
		cmd := s.command(t, dir, "lock")
		cmd.Env = append(cmd.Env, "PATH="+t.TempDir())
		runCmd(t, cmd)
		if readFile(t, lockFile) != text {
			t.Error("the second lock is another")
		}
	})
	s.gs(t, dir, "lock", "--check") // asks all anew
	layout := filepath.Join(t.TempDir(), "layout")
	built, _, _ := strings.Cut(s.gs(t, dir, "build", "--locked", "-o", "oci:"+layout+":1.0", "-o", "rootfs:root"), "\n")
	if again := coldStore(t).gs(t, dir, "build", "--locked", "-o", "oci:"+filepath.Join(t.TempDir(), "layout")+":1.0"); digest(t, again) != digest(t, built) {
		t.Errorf("a cold store makes %s, not %s", again, built)
	}
	const program = "import numpy, importlib.metadata as m; print(numpy.arange(3).sum(), m.version('numpy') == numpy.__version__, m.distribution('numpy').read_text('INSTALLER'))"
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			root := filepath.Join(dir, "root", "linux-"+arch)
			args := []string{"/opt/conda/bin/python3.11", "-c", program}
			if arch == "arm64" {
				putEmulator(t, root)
				args = append([]string{"/qemu"}, args...)
			} else {
				mountSystem(t, root)
			}
			if got := inRoot(t, root, args...); !strings.HasPrefix(got, "3 True gophersnake") {
				t.Errorf("python says %q", got)
			}
		})
	}
}

// TestWheelsWithoutUV checks what is said where there is no uv.
func TestWheelsWithoutUV(t *testing.T) {
	t.Parallel()
	cmd := newStore(t).command(t, wheelsProject(t), "lock")
	cmd.Env = append(cmd.Env, "PATH="+t.TempDir())
	out, err := cmd.CombinedOutput()
	const want = "gophersnake: environment.yml:6: requirement \"numpy >=2\": there is no uv on PATH to resolve it\nhint: install uv, "
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
}
