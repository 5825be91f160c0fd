//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// dropRows takes the layer rows out of a lock, but for those whose digest is
// to be kept.
func dropRows(t *testing.T, dir string, keep ...string) {
	t.Helper()
	file := filepath.Join(dir, "gophersnake.lock")
	text := readFile(t, file)
	blocks := strings.SplitAfter(text, "\n\n")
	out := ""
	for _, b := range blocks {
		wanted := !strings.HasPrefix(b, "[[layer]]")
		for _, d := range keep {
			wanted = wanted || strings.Contains(b, d)
		}
		if wanted {
			out += b
		}
	}
	if err := os.WriteFile(file, []byte(strings.TrimRight(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// toolchainBuild builds gophersnake by another Go, or for another machine.
func toolchainBuild(t *testing.T, name string, env ...string) string {
	t.Helper()
	program := filepath.Join(work, name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, filepath.Join(repo, "cmd", "gophersnake"))
	cmd.Dir = repo
	cmd.Env = append(os.Environ(), env...)
	runCmd(t, cmd)
	return program
}

// TestSameDigest builds the same lock under other circumstances. Layer rows
// are dropped, so that every layer is made anew.
func TestSameDigest(t *testing.T) {
	t.Parallel()
	dir, reference := dataTools(t), runStore(t)
	edit(t, filepath.Join(dir, "gophersnake.toml"), "/data-tools\"", "/same\"")
	want := digest(t, reference.gs(t, dir, "push"))
	programs, toolchains := append(layerDigests(t, want, "cli "), layerDigests(t, want, "bundle ")...), layerDigests(t, want, "go ")
	for _, tt := range []struct {
		name    string
		program string
		env     []string
		umask   string
		uid     uint32
		warm    bool
	}{
		{name: "warm store", warm: true},
		{name: "other place, one processor", env: []string{"GOMAXPROCS=1", "TZ=Asia/Tokyo", "LANG=de_DE.UTF-8", "HOME=/nonexistent"}, umask: "077"},
		{name: "uid 65534, eight processors", env: []string{"GOMAXPROCS=8", "HOME=/"}, uid: 65534},
		{name: "Go 1.27.1", program: toolchainBuild(t, "gophersnake-1.27.1", "GOTOOLCHAIN=go1.27.1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			copied, s := copyDir(t, dir), newStore(t)
			var keep []string
			switch {
			case tt.warm:
				s = reference
			case tt.uid != 0:
				s, keep = coldStore(t), programs // the compiler's cache is root's
			}
			dropRows(t, copied, keep...)
			program := binary
			if tt.program != "" {
				program = tt.program
			}
			cmd := s.with(t, program, copied, "push", "--locked")
			if tt.umask != "" {
				cmd.Args = append([]string{"sh", "-c", "umask " + tt.umask + `; exec "$@"`, "sh", program}, cmd.Args[1:]...)
				cmd.Path, _ = exec.LookPath("sh")
			}
			cmd.Env = append(cmd.Env, tt.env...)
			if tt.uid != 0 {
				giveTo(t, tt.uid, copied, string(s))
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: tt.uid, Gid: tt.uid}}
			}
			if got := digest(t, runCmd(t, cmd)); got != want {
				t.Errorf("index %s, want %s", got, want)
			}
		})
	}
	t.Run("arm64 under qemu", func(t *testing.T) { sameOnARM64(t, dir, want, append(programs, toolchains[0])) })
}

// sameOnARM64 makes the layers in an emulated process: but those of programs and
// their bundles, since it cannot start a compiler, and one of the two toolchains'.
func sameOnARM64(t *testing.T, dir, want string, keep []string) {
	program := toolchainBuild(t, "gophersnake-arm64", "GOARCH=arm64", "CGO_ENABLED=0")
	copied, s := copyDir(t, dir), newStore(t)
	dropRows(t, copied, keep...)
	cmd := s.with(t, program, copied, "push", "--locked")
	cmd.Args = append([]string{"qemu-aarch64-static"}, cmd.Args...)
	cmd.Path, _ = exec.LookPath("qemu-aarch64-static")
	cmd.Env = append(cmd.Env, "GOPROXY="+strings.TrimSpace(run(t, "go", "env", "GOPROXY")))
	if got := digest(t, runCmd(t, cmd)); got != want {
		t.Errorf("index %s, want %s", got, want)
	}
}

// layerDigests returns the digests of the layers of a kind, one of each platform.
func layerDigests(t *testing.T, index, kind string) []string {
	t.Helper()
	var in struct {
		Images []struct {
			Layers []struct{ Name, Digest string }
		}
	}
	text := run(t, binary, "inspect", "--json", registry+"/same@"+index)
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, img := range in.Images {
		for _, l := range img.Layers {
			if strings.HasPrefix(l.Name, kind) {
				all = append(all, l.Digest)
			}
		}
	}
	if len(all) != 2 {
		t.Fatalf("%d layers of %q in %s", len(all), kind, text)
	}
	return all
}

// giveTo makes directories the user's, and the way to them open.
func giveTo(t *testing.T, uid uint32, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		run(t, "chown", "-R", strconv.Itoa(int(uid)), dir)
		for up := filepath.Dir(dir); up != "/" && up != os.TempDir(); up = filepath.Dir(up) {
			if err := os.Chmod(up, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
}
