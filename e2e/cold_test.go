//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestQuickstart is README's first command, then docker load and docker run. It
// begins with nothing, and is the first test to use the run's store and caches,
// which it leaves to others filled: tests run in the order of their files' names.
func TestQuickstart(t *testing.T) {
	dir, s := copyDir(t, filepath.Join(repo, "examples", "quickstart")), runStore(t)
	if used := readDir(t, string(s), filepath.Join(work, "go")); len(used) != 1 { // the caches themselves
		t.Errorf("not the first: there are %q", used)
	}
	start := time.Now()
	cmd := s.command(t, dir, "build", "-o", "oci:quickstart.oci")
	line := runCmd(t, cmd)
	t.Logf("cold: %.1f s, peak memory of it and of go build %d MiB", time.Since(start).Seconds(), peak(cmd))
	want := digest(t, line)
	if got, committed := readFile(t, filepath.Join(dir, "gophersnake.lock")), readFile(t, filepath.Join(repo, "examples", "quickstart", "gophersnake.lock")); got != committed {
		t.Errorf("the build changed the committed lock; its layer rows should be those of any machine:\n%s", got)
	}
	if !strings.HasPrefix(line, "oci:quickstart.oci@sha256:") {
		t.Errorf("printed %q", line)
	}
	start = time.Now()
	archive := filepath.Join(t.TempDir(), "image.tar")
	if again := digest(t, s.gs(t, dir, "build", "--locked", "-o", "docker-archive:"+archive)); again != want {
		t.Errorf("the second build gave %s, the first %s", again, want)
	}
	t.Logf("warm, to a docker-archive: %.2f s", time.Since(start).Seconds())
	run(t, "skopeo", "copy", "--quiet", "--all", "--preserve-digests", "oci:"+filepath.Join(dir, "quickstart.oci")+":latest", "oci:"+filepath.Join(t.TempDir(), "copy")+":x")

	docker := startDocker(t)
	loaded := docker("load", "--input", archive)
	if !strings.Contains(loaded, "localhost:5000/worldclock:latest") {
		t.Errorf("docker load: %s", loaded)
	}
	got := docker("run", "--rm", "--network=none", "localhost:5000/worldclock:latest", "-at", "1000000000")
	if want := "America/New_York   2001-09-08 21:46 EDT\n"; !strings.Contains(got, want) {
		t.Errorf("docker run: %q, want %q in it", got, want)
	}
	got = docker("run", "--rm", "--network=none", "--entrypoint=/usr/local/go/bin/go", "localhost:5000/worldclock:latest", "version")
	if got != "go version go1.26.8 linux/amd64\n" {
		t.Errorf("go version: %q", got)
	}
}

// readDir returns what directories hold.
func readDir(t *testing.T, dirs ...string) (names []string) {
	t.Helper()
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	return names
}
