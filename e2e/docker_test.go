//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
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
