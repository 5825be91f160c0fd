//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startDocker starts a dockerd and returns its command line.
func startDocker(t *testing.T) (docker func(args ...string) string) {
	t.Helper()
	return dockerAt(t, startDaemon(t))
}

// dockerAt returns the command line of the daemon at host.
func dockerAt(t *testing.T, host string) func(args ...string) string {
	return func(args ...string) string {
		t.Helper()
		return run(t, "docker", append([]string{"--host", host}, args...)...)
	}
}

// startDaemon starts a dockerd of its own, without a network (design.md §13),
// and returns its address.
func startDaemon(t *testing.T) (host string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.Mkdir(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	socket := "unix://" + filepath.Join(dir, "s")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dockerd", "--host="+socket, "--data-root="+filepath.Join(dir, "data"), "--exec-root="+filepath.Join(dir, "exec"),
		"--pidfile="+filepath.Join(dir, "pid"), "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		log.Close()
		exec.Command("sh", "-c", "umount "+dir+"/exec/netns/* "+dir+"/data/overlay2/*/merged "+dir+"/data/overlay2 "+dir+"/data 2>/dev/null").Run()
	})
	for range 150 {
		if exec.Command("docker", "--host", socket, "version").Run() == nil {
			return socket
		}
		time.Sleep(200 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("dockerd does not answer:\n%s", text)
	return ""
}

// TestQuickstart is README's first command, then docker load and docker run.
func TestQuickstart(t *testing.T) {
	dir, s := copyDir(t, filepath.Join(repo, "examples", "quickstart")), coldStore(t)
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
