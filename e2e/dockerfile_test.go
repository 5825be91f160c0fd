//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDockerfile pushes the base of Dockerfile.test, which gophersnake makes,
// builds the image on a real dockerd, and runs a part of the suite in it. The
// modules come from this machine's cache.
func TestDockerfile(t *testing.T) {
	dir := copyDir(t, filepath.Join(repo, "testbase"))
	file, mirror := filepath.Join(dir, "gophersnake.toml"), mirror(t)
	edit(t, file, "localhost:5000", registry)
	edit(t, file, `suite = "bookworm"`, `suite = "bookworm", mirror = "`+mirror+`"`)
	if err := os.WriteFile(file, []byte(readFile(t, file)+plain(mirror)), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	s.gs(t, dir, "lock", "--platform", "linux/amd64")
	pushed := digest(t, s.gs(t, dir, "push", "--locked", "--platform", "linux/amd64"))

	docker := startDocker(t)
	docker("build", "--quiet", "--network=host", "-f", filepath.Join(repo, "Dockerfile.test"),
		"--build-arg", "BASE="+registry+"/testbase@"+pushed, "-t", "suite", repo)
	modules := strings.TrimSpace(run(t, "go", "env", "GOMODCACHE"))
	out := docker("run", "--rm", "--network=host", "-v", modules+":/go/pkg/mod:ro", "-e", "GOPROXY=off", "-e", "GOFLAGS=-modcacherw", "suite",
		"go", "test", "./tree/...", "./platforms", "./lock", "./conda/version", "./spec/...", "./debian")
	if n := strings.Count(out, "\nok  \t") + strings.Count(out[:min(len(out), 3)], "ok "); n < 7 || strings.Contains(out, "FAIL") {
		t.Errorf("%d packages passed:\n%s", n, out)
	}
	t.Log("\n" + out)
}
