//go:build e2e

// These tests run real programs: docker-registry, skopeo, umoci, dockerd and
// containerd, each if it is on PATH.
package output_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/output"
)

// need fails a test whose program is missing: .ci/run installs all.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is not on PATH", program)
	}
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	need(t, program)
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// start runs a server until the test ends and waits for it to be ready.
func start(t *testing.T, ready func() error, program string, args ...string) {
	t.Helper()
	need(t, program)
	var log bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", program, log.Bytes())
		}
	})
	var err error
	for range 300 {
		if err = ready(); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s is not ready: %v\n%s", program, err, log.Bytes())
}

// startRegistry runs Debian's docker-registry and returns its host.
func startRegistry(t *testing.T) (host, root string) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	must(t, err)
	host = fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
	must(t, l.Close())
	root = t.TempDir()
	config := filepath.Join(t.TempDir(), "config.yml")
	must(t, os.WriteFile(config, fmt.Appendf(nil, `
version: 0.1
storage: {filesystem: {rootdirectory: %q}}
http: {addr: %q}
`, root, host), 0o644))
	start(t, func() error {
		resp, err := http.Get("http://" + host + "/v2/")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}, "docker-registry", "serve", config)
	return host, root
}

func TestE2ERegistry(t *testing.T) {
	host, root := startRegistry(t)
	img, shared := sample(t, "1.4", "latest")
	r := write(t, "docker://"+host+"/team/data", img, output.Options{})
	raw, err := img.Index.RawManifest()
	must(t, err)
	for _, tag := range r.Tags {
		got := run(t, "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+host+"/team/data:"+tag)
		if got != string(raw) {
			t.Errorf("tag %s is %s", tag, got)
		}
	}
	// The registry loses the link to a layer; a push heals it.
	link := filepath.Join(root, "docker/registry/v2/repositories/team/data/_layers/sha256", digest(t, shared).Hex)
	must(t, os.RemoveAll(link))
	write(t, "docker://"+host+"/team/data", img, output.Options{})
	if _, err := os.Stat(link); err != nil {
		t.Error(err)
	}
	run(t, "skopeo", "copy", "--all", "--src-tls-verify=false", "docker://"+host+"/team/data:1.4", "oci:"+filepath.Join(t.TempDir(), "copy")+":1.4")
}

func TestE2EArchives(t *testing.T) {
	img, _ := sample(t, "1.4")
	dir := t.TempDir()
	archive, oci := filepath.Join(dir, "x.tar"), filepath.Join(dir, "oci")
	write(t, "oci-archive:"+archive, img, output.Options{})
	write(t, "oci:"+oci+":multi", img, output.Options{})
	run(t, "skopeo", "copy", "--all", "oci-archive:"+archive, "oci:"+filepath.Join(dir, "all")+":1.4")
	run(t, "skopeo", "copy", "--override-arch=arm64", "oci:"+oci+":multi", "oci:"+filepath.Join(dir, "one")+":arm64")
	run(t, "umoci", "unpack", "--rootless", "--image", filepath.Join(dir, "one")+":arm64", filepath.Join(dir, "bundle"))
	got, err := os.ReadFile(filepath.Join(dir, "bundle", "rootfs", "platform"))
	must(t, err)
	if string(got) != "linux/arm64" {
		t.Errorf("platform is %q", got)
	}
	docker := filepath.Join(dir, "docker.tar")
	write(t, "docker-archive:"+docker, img, output.Options{})
	run(t, "skopeo", "copy", "docker-archive:"+docker, "dir:"+filepath.Join(dir, "docker"))
	run(t, "skopeo", "copy", "--all", "oci-archive:"+docker, "oci:"+filepath.Join(dir, "docker-as-oci"))
}

// TestE2EDocker loads a docker-archive into a daemon of its own.
func TestE2EDocker(t *testing.T) {
	need(t, "docker")
	if os.Getuid() != 0 {
		t.Fatal("dockerd wants root")
	}
	dir, err := os.MkdirTemp("", "d") // socket paths are short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	sock := "unix://" + filepath.Join(dir, "s")
	start(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return exec.CommandContext(ctx, "docker", "-H", sock, "version").Run()
	}, "dockerd", "-H", sock, "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2",
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "pid"))
	img, _ := sample(t, "1.4", "latest")
	archive := filepath.Join(dir, "x.tar")
	write(t, "docker-archive:"+archive, img, output.Options{})
	run(t, "docker", "-H", sock, "load", "-i", archive)
	got := run(t, "docker", "-H", sock, "image", "inspect", "-f", "{{.Architecture}} {{.RepoTags}}", img.Name+":latest")
	if want := "amd64 [" + img.Name + ":1.4 " + img.Name + ":latest]"; strings.TrimSpace(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestE2EContainerd imports a docker-archive with all platforms.
func TestE2EContainerd(t *testing.T) {
	need(t, "ctr")
	if os.Getuid() != 0 {
		t.Fatal("containerd wants root")
	}
	dir, err := os.MkdirTemp("", "c")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	sock := filepath.Join(dir, "s")
	config := filepath.Join(dir, "config.toml")
	must(t, os.WriteFile(config, fmt.Appendf(nil, "version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = %q\n[ttrpc]\naddress = %q\n",
		filepath.Join(dir, "root"), filepath.Join(dir, "state"), sock, sock+"t"), 0o644))
	start(t, func() error { return exec.Command("ctr", "-a", sock, "version").Run() }, "containerd", "-c", config)
	img, _ := sample(t, "1.4", "latest")
	archive := filepath.Join(dir, "x.tar")
	r := write(t, "docker-archive:"+archive, img, output.Options{})
	run(t, "ctr", "-a", sock, "images", "import", "--all-platforms", "--no-unpack", archive)
	got := run(t, "ctr", "-a", sock, "images", "ls")
	for _, tag := range img.Tags {
		if !strings.Contains(got, img.Name+":"+tag) || !strings.Contains(got, r.Digest.String()) || !strings.Contains(got, "linux/amd64,linux/arm64") {
			t.Errorf("images are\n%s", got)
		}
	}
}
