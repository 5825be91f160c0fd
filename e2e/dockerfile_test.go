//go:build e2e

package e2e

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDockerfile pushes the base of Dockerfile.test, which gophersnake makes,
// with apt, accounts and getent besides, asks its programs in a real dockerd what they think of it,
// builds the image there, and runs a part of the suite in it. The modules and the
// compiled standard library come from this machine's caches.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	dir := copyDir(t, filepath.Join(repo, "testbase"))
	file, mirror := filepath.Join(dir, "gophersnake.toml"), mirror(t)
	edit(t, file, "localhost:5000", registry)
	edit(t, file, `suite = "bookworm"`, `suite = "bookworm", mirror = "`+mirror+`"`)
	edit(t, file, `"sed"]`, `"sed", "apt", "base-passwd", "libc-bin"]`)
	if err := os.WriteFile(file, []byte(readFile(t, file)+plain(mirror)), 0o644); err != nil {
		t.Fatal(err)
	}
	s := runStore(t)
	s.gs(t, dir, "lock", "--platform", "linux/amd64")
	pushed := digest(t, s.gs(t, dir, "push", "--locked", "--platform", "linux/amd64"))

	docker := startDocker(t)
	askDebian(t, docker, registry+"/testbase@"+pushed)
	docker("build", "--quiet", "--network=host", "-f", filepath.Join(repo, "Dockerfile.test"),
		"--build-arg", "BASE="+registry+"/testbase@"+pushed, "-t", "suite", repo)
	caches := strings.Fields(run(t, "go", "env", "GOMODCACHE", "GOCACHE"))
	out := docker("run", "--rm", "--network=host", "-v", caches[0]+":/go/pkg/mod:ro", "-v", caches[1]+":/cache", "-e", "GOCACHE=/cache",
		"-e", "GOPROXY=off", "-e", "GOFLAGS=-modcacherw", "suite", "go", "test", "-count=1", "-vet=off", "./tree/...", "./platforms", "./lock", "./conda/version", "./spec/...", "./debian")
	if n := strings.Count(out, "\nok  \t") + strings.Count(out[:min(len(out), 3)], "ok "); n < 7 || strings.Contains(out, "FAIL") {
		t.Errorf("%d packages passed:\n%s", n, out)
	}
	t.Log("\n" + out)
}

// askDebian runs the programs of a Debian base with apt in a container: the
// package database, the C library's names, time zone and locale, and whether a
// server is believed before and after its certificate is added.
func askDebian(t *testing.T, docker func(args ...string) string, image string) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	const script = `set -e
dpkg -l bash libc6 apt | grep -c '^ii '
dpkg --audit
apt-get check >/dev/null
getent passwd root nobody
date +%Z
x=$'\U0001F40D'; echo "${#x} $LANG"
server() { openssl s_client -brief -verify_return_error -CAfile /etc/ssl/certs/ca-certificates.crt -connect "$SERVER" </dev/null >/dev/null 2>&1 && echo believed || echo refused; }
server
echo "$CERTIFICATE" >/usr/local/share/ca-certificates/test.crt
update-ca-certificates >/dev/null 2>&1
server`
	got := docker("run", "--rm", "--network=host", "-e", "SERVER="+server.Listener.Addr().String(), "-e", "CERTIFICATE="+string(certificate), image, "bash", "-c", script)
	const want = `3
root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
UTC
1 C.UTF-8
refused
believed
`
	if got != want {
		t.Errorf("the programs of the base say\n%s\nwant\n%s", got, want)
	}
}
