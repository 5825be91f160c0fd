//go:build e2e

package e2e

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReaders gives every file output to the tools that people have, and runs
// the image with those that run images. docs/outputs.md has the table.
func TestReaders(t *testing.T) {
	t.Parallel()
	dir, s, out := readersProject(t), runStore(t), shortDir(t)
	layout, archive, docker := filepath.Join(out, "layout"), filepath.Join(out, "oci.tar"), filepath.Join(out, "docker.tar")
	line, _, _ := strings.Cut(s.gs(t, dir, "build", "-q", "-o", "oci:"+layout+":latest", "-o", "oci-archive:"+archive+":latest", "-o", "docker-archive:"+docker), "\n")
	index := digest(t, line)
	checkJoined(t, layout)
	sources := []string{"oci:" + layout + ":latest", "oci-archive:" + archive + ":latest", "docker-archive:" + docker}
	for _, source := range sources {
		scheme, _, _ := strings.Cut(source, ":")
		t.Run("skopeo "+scheme, func(t *testing.T) {
			run(t, "skopeo", "copy", "--quiet", "--override-os=linux", "--override-arch=amd64", source, "dir:"+t.TempDir())
			if scheme == "docker-archive" {
				return
			}
			run(t, "skopeo", "copy", "--quiet", "--all", "--preserve-digests", source, "oci:"+filepath.Join(t.TempDir(), "all")+":x")
		})
		t.Run("podman "+scheme, func(t *testing.T) {
			podman := engine(t, "podman")
			id := lastLine(podman("pull", "--quiet", source))
			if got := podman("run", "--rm", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", id, "-at", second); !strings.Contains(got, says) {
				t.Errorf("podman run: %q", got)
			}
		})
		t.Run("buildah "+scheme, func(t *testing.T) {
			buildah := engine(t, "buildah")
			name := lastLine(buildah("from", "--quiet", "--pull-never", lastLine(buildah("pull", "--quiet", source))))
			if got := buildah("run", "--isolation=chroot", name, "--", "/usr/local/bin/worldclock", "-at", second); !strings.Contains(got, says) {
				t.Errorf("buildah run: %q", got)
			}
		})
	}
	t.Run("podman load", func(t *testing.T) {
		podman := engine(t, "podman")
		if got := podman("load", "--input", docker); !strings.Contains(got, "localhost:5000/worldclock:latest") {
			t.Errorf("podman load: %q", got)
		}
	})
	t.Run("umoci", func(t *testing.T) { unpackFrom(t, sources[0], "arm64") })
	t.Run("crane", func(t *testing.T) {
		run(t, "crane", "push", "--insecure", layout, registry+"/readers:latest")
		if got := strings.TrimSpace(run(t, "crane", "digest", "--insecure", registry+"/readers:latest")); !strings.HasPrefix(got, "sha256:") {
			t.Errorf("crane digest: %q, the index is %s", got, index)
		}
		run(t, "crane", "validate", "--insecure", "--remote", registry+"/readers:latest")
	})
	t.Run("buildkit", func(t *testing.T) { checkBuildKit(t, layout, index, registry+"/readers:latest") })
}

// says is what the program of readersProject prints of this second.
const says, second = "America/New_York   2001-09-08 21:46 EDT\n", "1000000000"

// readersProject returns a copy of the quickstart without its toolchain, which
// shows no more of readers and takes them ten times as long.
func readersProject(t *testing.T) string {
	t.Helper()
	dir := copyDir(t, filepath.Join(repo, "examples", "quickstart"))
	edit(t, filepath.Join(dir, "gophersnake.toml"), "[go]\nversions = [\"1.26.8\"]\n", "")
	edit(t, filepath.Join(dir, "go.mod"), "go 1.26.0\n", "go 1.26.8\n") // the program is compiled by the same
	return dir
}

// checkJoined wants a layer whose members are not only head, fragment and tail.
func checkJoined(t *testing.T, layout string) {
	t.Helper()
	blobs, err := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for _, blob := range blobs {
		most = max(most, members(t, blob))
	}
	if most < 4 {
		t.Errorf("no layer of %s has more than %d gzip members", layout, most)
	}
}

// members counts the gzip members of a file, 0 if it is none.
func members(t *testing.T, file string) (n int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	from := bufio.NewReader(f)
	z, err := gzip.NewReader(from)
	if err != nil {
		return 0
	}
	for err == nil {
		n++
		z.Multistream(false)
		if _, err := io.Copy(io.Discard, z); err != nil {
			t.Fatal(err)
		}
		err = z.Reset(from)
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return n
}

// shortDir returns a directory whose path has no upper case, which podman takes
// for a part of a name, and few letters, which its sockets want.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "gs-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// engine returns podman or buildah with a storage of its own.
func engine(t *testing.T, program string) func(args ...string) string {
	t.Helper()
	command := engineCommand(t, program)
	return func(args ...string) string {
		t.Helper()
		return runCmd(t, command(args...))
	}
}

// engineCommand is engine for what may fail.
func engineCommand(t *testing.T, program string) func(args ...string) *exec.Cmd {
	t.Helper()
	dir := shortDir(t)
	policy := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default": [{"type": "insecureAcceptAnything"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("sh", "-c", "umount "+dir+"/root/overlay/*/merged "+dir+"/root/overlay 2>/dev/null").Run()
	})
	global := []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "overlay"}
	if program == "podman" {
		global = append(global, "--cgroup-manager=cgroupfs", "--events-backend=none", "--runtime=runc", "--tmpdir", filepath.Join(dir, "tmp"))
	}
	return func(args ...string) *exec.Cmd {
		if args[0] == "pull" {
			args = append([]string{"pull", "--signature-policy", policy}, args[1:]...)
		}
		return exec.CommandContext(t.Context(), program, slices.Concat(global, args)...)
	}
}

// lastLine returns the last line of what a program prints: an ID, mostly.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
