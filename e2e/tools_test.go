//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// unpacked gives a store the toolchains that tests of this run have unpacked:
// writing 14,000 files to disk shows nothing the second time.
func unpacked(t *testing.T, s store) store {
	t.Helper()
	dirs := filepath.Join(work, "toolchains")
	if err := os.MkdirAll(dirs, 0o700); err != nil {
		t.Fatal(err)
	}
	s.gs(t, t.TempDir(), "cache", "info") // which makes the store
	own := filepath.Join(string(s), "store", "dirs")
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dirs, own); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTools locks real tools, compiles them for both platforms by a Go that no
// image has, and runs them: natively, and emulated for arm64.
func TestTools(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), unpacked(t, newStore(t))
	file := filepath.Join(dir, "gophersnake.toml")
	const first = "\"mvdan.cc/gofumpt@v0.12.0\""
	text := "version = 1\n[image]\nname = \"" + registry + "/tools\"\ntags = [\"latest\"]\n[go]\ntools = [" + first + "]\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	logged := func(args ...string) string {
		out, err := s.command(t, dir, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := logged("lock"); !strings.Contains(out, "compiles gofumpt, which needs Go 1.26.0; it is not in the image") {
		t.Errorf("lock does not tell of the Go that compiles:\n%s", out)
	}
	if out := logged("build"); strings.Count(out, "compiling gofumpt v0.12.0 for linux/") != 2 {
		t.Errorf("build says\n%s", out)
	}

	// Made again with one tool, from the module proxy and with empty caches: the
	// same bytes.
	alone := digest(t, s.gs(t, dir, "push"))
	again := copyDir(t, dir)
	dropRows(t, again)
	cmd := unpacked(t, coldStore(t)).command(t, again, "push", "--locked")
	cmd.Env = append(cmd.Env, "GOFLAGS=-mod=mod", "GONOSUMDB=*", "GOAMD64=v3", "TZ=Asia/Tokyo")
	if got := digest(t, runCmd(t, cmd)); got != alone {
		t.Errorf("made again: %s, want %s", got, alone)
	}

	// A tool more: what is there stays, and is not compiled again.
	edit(t, file, first, first+", \"honnef.co/go/tools/cmd/staticcheck@v0.8\"")
	logged("lock")
	out := logged("build")
	if strings.Contains(out, "compiling gofumpt") || strings.Count(out, "compiling staticcheck v0.8.2 for linux/") != 2 {
		t.Errorf("build with another tool says\n%s", out)
	}
	want := digest(t, s.gs(t, dir, "push"))

	ref := registry + "/tools:latest"
	for _, arch := range []string{"amd64", "arm64"} {
		root, emulator := exported(t, ref, arch), []string(nil)
		if arch == "arm64" {
			putEmulator(t, root)
			emulator = []string{"/qemu"}
		}
		for _, tt := range []struct{ want, tool string }{
			{"staticcheck 2026.2.2 (", "/usr/local/bin/staticcheck"},
			{"v0.12.0 (go1.2", "/usr/local/bin/gofumpt"},
		} {
			if got := inRoot(t, root, append(emulator, tt.tool, "-version")...); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s of %s says %q, want %q", tt.tool, arch, got, tt.want)
			}
		}
		if info, err := os.Stat(filepath.Join(root, "usr/local/go")); err == nil {
			t.Errorf("the image has a Go: %v", info.Name())
		}
	}

	// A complete lock needs nobody.
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "nobody should ask", http.StatusTeapot)
	}))
	defer proxy.Close()
	cmd = coldStore(t).command(t, dir, "push", "--locked")
	cmd.Env = append(cmd.Env, "GOPROXY="+proxy.URL)
	if got := digest(t, runCmd(t, cmd)); got != want || asked.Load() != 0 {
		t.Errorf("with a complete lock: %s, want %s; %d questions to the module proxy", got, want, asked.Load())
	}
}

// TestGateTools does the same with the tools that take many minutes to compile.
// It is for the run before a release: GOPHERSNAKE_GATE=1.
func TestGateTools(t *testing.T) {
	if !gate() {
		t.Skip("compiles gopls, dlv and golangci-lint: set GOPHERSNAKE_GATE=1")
	}
	dir, s := t.TempDir(), newStore(t)
	text := `version = 1
[image]
name = "` + registry + `/gate-tools"
tags = ["latest"]
[go]
tools = ["golang.org/x/tools/gopls@v0.23.0", "github.com/go-delve/delve/cmd/dlv@v1.27.2", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"]
`
	if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s.gs(t, dir, "lock")
	s.gs(t, dir, "push")
	for _, arch := range []string{"amd64", "arm64"} {
		root, emulator := exported(t, registry+"/gate-tools:latest", arch), []string(nil)
		mountSystem(t, root) // gopls reads itself by /proc
		if arch == "arm64" {
			putEmulator(t, root)
			emulator = []string{"/qemu"}
		}
		for _, tt := range []struct {
			args []string
			want string
		}{
			{[]string{"/usr/local/bin/gopls", "version"}, "golang.org/x/tools/gopls v0.23.0"},
			{[]string{"/usr/local/bin/dlv", "version"}, "Version: 1.27.2"},
			{[]string{"/usr/local/bin/golangci-lint", "version"}, "golangci-lint has version 2.15.0 built with go1.2"},
		} {
			if got := inRoot(t, root, append(emulator, tt.args...)...); !strings.Contains(got, tt.want) {
				t.Errorf("%v of %s says %q, want %q", tt.args, arch, got, tt.want)
			}
		}
	}
}
