//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// TestLazy pushes with a complete lock, an empty store and a registry that has
// the layers: nothing that the layers are made of is asked for.
func TestLazy(t *testing.T) {
	dir, s := dataTools(t), runStore(t)
	edit(t, filepath.Join(dir, "gophersnake.toml"), "/data-tools\"", "/lazy\"")
	first := digest(t, s.gs(t, dir, "push"))

	var modules atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		modules.Add(1)
		http.Error(w, "nobody should ask", http.StatusTeapot)
	}))
	defer proxy.Close()
	packages, requests := channel.gets.Load(), counts.snapshot()
	cmd := newStore(t).command(t, dir, "push", "--locked")
	cmd.Env = append(cmd.Env, "GOPROXY="+proxy.URL)
	if again := digest(t, runCmd(t, cmd)); again != first {
		t.Errorf("the second push gave %s, the first %s", again, first)
	}
	if n := channel.gets.Load() - packages; n != 0 {
		t.Errorf("%d requests to the channel", n)
	}
	if n := modules.Load(); n != 0 {
		t.Errorf("%d requests to the module proxy", n)
	}
	got := counts.since(requests)
	t.Logf("requests to the registry: %v", got)
	// The configs of the two base images are blobs; their layers must not be
	// read, and ours not be sent.
	if got["GET blobs"] > 2 || got["POST blobs"]+got["PUT blobs"]+got["PATCH blobs"] > 0 {
		t.Errorf("blobs were moved: %v", got)
	}
}

// TestStrace builds without a program and looks at every file that is created:
// all lie in the store or in the output.
func TestStrace(t *testing.T) {
	t.Parallel()
	dir, s := dataTools(t), newStore(t)
	withoutPrograms(t, dir)
	s.gs(t, dir, "lock")
	out := t.TempDir()
	log := filepath.Join(t.TempDir(), "strace")
	cmd := s.command(t, dir, "build", "--locked", "-o", "oci:"+filepath.Join(out, "image"))
	args := append([]string{"-f", "--seccomp-bpf", "-qq", "-o", log, "-e", "trace=openat,open,creat,mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat,renameat2,mknod,mknodat"}, cmd.Args...)
	traced := s.with(t, "strace", dir)
	traced.Args = append([]string{"strace"}, args...)
	runCmd(t, traced)
	text := readFile(t, log)
	path := regexp.MustCompile(`"([^"]*)"`)
	created := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, "openat(") && !strings.Contains(line, "O_CREAT") || strings.Contains(line, "O_TMPFILE") || strings.Contains(line, "resumed>") {
			continue
		}
		for _, m := range path.FindAllStringSubmatch(line, -1) {
			created++
			if !strings.HasPrefix(m[1], string(s)+"/") && m[1] != string(s) && !strings.HasPrefix(m[1], out+"/") && filepath.IsAbs(m[1]) {
				t.Errorf("created outside of store and output: %s", strings.TrimSpace(line))
			}
		}
	}
	if created < 10 {
		t.Errorf("only %d paths in the trace: is it one?\n%.2000s", created, text)
	}
	t.Logf("%d paths created, all in store or output", created)
}

// withoutGo takes [go] and what needs it out of the configuration.
func withoutGo(t *testing.T, dir string) {
	t.Helper()
	withoutPrograms(t, dir)
	withoutToolchain(t, dir)
}

// withoutToolchain takes [go] and its group out of the configuration.
func withoutToolchain(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "gophersnake.toml")
	edit(t, file, "[go]\nversions = [\"1.26.8\"]\n", "")
	edit(t, file, `["conda", "golang"]`, `["conda"]`)
}

// withoutPrograms takes [[cli]] out of the configuration.
func withoutPrograms(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "gophersnake.toml")
	text := readFile(t, file)
	before, rest, _ := strings.Cut(text, "[[cli]]")
	_, after, ok := strings.Cut(rest, "[[files]]")
	if !ok {
		t.Fatalf("%s has no [[cli]] before [[files]]", file)
	}
	if err := os.WriteFile(file, []byte(before+"[[files]]"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
