//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// activated is a package whose scripts are literal, dynamic, and both.
const activated = `name: activated
noarch: generic
-- etc/conda/activate.d/a.sh text --
export LITERAL="@PREFIX@/share" ODD='q" $d %s !x'
ODD="$ODD \` + "`" + `tick
two lines"
export PATH="$CONDA_PREFIX/tools/bin:$PATH"
-- etc/conda/activate.d/b.sh --
export JAVA_HOME_BACKUP="${JAVA_HOME:-}"
export JAVA_HOME="$CONDA_PREFIX/lib/jvm"
-- etc/conda/activate.d/c.sh --
names=(one two)
for n in "${names[@]}"; do [[ -n $n ]] && DYNAMIC="$DYNAMIC${HOME}/$n "; done
export DYNAMIC
-- etc/conda/env_vars.d/v.json --
{"FROM_JSON": "it's $HOME"}
`

// pam lets root become another user, and nobody anything else.
const pam = "auth sufficient pam_rootok.so\naccount required pam_permit.so\nsession required pam_permit.so\n"

// su is the program, and what it loads that the base has not, below /usr.
var su = []string{
	"bin/su", "lib/x86_64-linux-gnu/libpam.so.0", "lib/x86_64-linux-gnu/libpam_misc.so.0", "lib/x86_64-linux-gnu/libaudit.so.1",
	"lib/x86_64-linux-gnu/libcap-ng.so.0", "lib/x86_64-linux-gnu/security/pam_rootok.so", "lib/x86_64-linux-gnu/security/pam_permit.so",
}

// TestActivation starts an image in every way that people do: each sees the
// same PATH and variables, process 1 is the program, and what depends on where
// the image runs is sourced. The arm64 image is asked program by program.
func TestActivation(t *testing.T) {
	t.Parallel()
	p, err := channeltest.Parse([]byte(activated))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := channeltest.Write(filepath.Join(dir, "chan"), channeltest.Options{}, channeltest.Pack(p)...); err != nil {
		t.Fatal(err)
	}
	etc := filepath.Join(dir, "su", "etc")
	for name, text := range map[string]string{"profile": readFile(t, "/usr/share/base-files/profile"), "pam.d/su": pam, "pam.d/su-l": pam} {
		if err := os.MkdirAll(filepath.Join(etc, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644); err != nil { // Debian's maintainer scripts make the first
			t.Fatal(err)
		}
	}
	for _, file := range su { // of this machine, which has the base's release
		to := filepath.Join(dir, "su", "usr", file)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "cp", "-L", filepath.Join("/usr", file), to)
	}
	text := "version = 1\n[image]\nname = \"" + registry + "/activated\"\ntags = [\"latest\"]\nuser = \"dev\"\ncmd = [\"bash\"]\n" +
		"platforms = [\"linux/amd64\", \"linux/arm64\"]\n[base]\nimage = \"" + base(t) + "\"\n" + `
[image.env]
OWN = "of the image"
[conda]
channels = ["./chan"]
dependencies = ["activated"]
[[accounts]]
name = "dev"
uid = 1500
[[files]]
src = "su/"
dest = "/"
`
	if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := runStore(t)
	s.gs(t, dir, "lock")
	locked := readFile(t, filepath.Join(dir, "gophersnake.lock"))
	if n := strings.Count(locked, "[[activation.dynamic]]"); n != 4 { // two scripts, two platforms
		t.Errorf("%d dynamic scripts in\n%s", n, locked)
	}
	image := filepath.Join(t.TempDir(), "image.tar")
	s.gs(t, dir, "build", "-o", "docker-archive:"+image, "-o", "rootfs:root")
	t.Run("amd64", func(t *testing.T) { startedInEveryWay(t, image, registry+"/activated:latest") })
	t.Run("arm64", func(t *testing.T) {
		root := filepath.Join(dir, "root", "linux-arm64")
		putEmulator(t, root)
		for _, shell := range []string{"/bin/bash", "/bin/dash"} {
			out := emulated(t, root, "/usr/bin/env", "-i", "PATH=/usr/bin", "/qemu", shell, "-c", `. /etc/profile.d/gophersnake.sh; printf '%s|%s|%s' "$PATH" "$ODD" "$FROM_JSON"`)
			if want := wantPath + "|" + wantOdd + "|it's $HOME"; out != want {
				t.Errorf("%s: %q, want %q", shell, out, want)
			}
		}
	})
}

const (
	wantPath = "/opt/conda/tools/bin:/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	wantOdd  = "q\" $d %s !x `tick\ntwo lines"
)

func startedInEveryWay(t *testing.T, image, ref string) {
	docker := startDocker(t)
	docker("load", "--input", image)
	id := strings.TrimSpace(docker("run", "--detach", "--network=none", ref, "sleep", "300"))
	defer docker("rm", "--force", id)
	if got := docker("exec", id, "cat", "/proc/1/comm"); got != "sleep\n" {
		t.Errorf("process 1 is %q", got)
	}
	if got := docker("exec", id, "sh", "-c", "cd /proc; echo [0-9]*"); strings.Fields(got)[0] != "1" || len(strings.Fields(got)) != 2 {
		t.Errorf("processes: %q", got)
	}
	const printed = `printf '%s|%s|%s|%s|%s|%s|%s' "$PATH" "$LITERAL" "$ODD" "$FROM_JSON" "$JAVA_HOME" "$OWN" "$CONDA_PREFIX"`
	want := wantPath + "|/opt/conda/share|" + wantOdd + "|it's $HOME|/opt/conda/lib/jvm|of the image|/opt/conda"
	for way, got := range map[string]string{
		"docker run":              docker("run", "--rm", "--network=none", ref, "sh", "-c", printed),
		"docker run --entrypoint": docker("run", "--rm", "--network=none", "--entrypoint=/bin/sh", ref, "-c", printed),
		"docker run bash -lc":     docker("run", "--rm", "--network=none", ref, "bash", "-lc", printed),
		"docker exec":             docker("exec", id, "sh", "-c", printed),
		"docker exec bash -lc":    docker("exec", id, "bash", "-lc", printed),
		"docker exec dash -lc":    docker("exec", id, "dash", "-lc", printed),
		"docker exec, root":       docker("exec", "--user=0", id, "bash", "-lc", printed),
		"su -":                    docker("exec", "--user=0", id, "su", "-", "dev", "-c", printed),
	} {
		if got != want {
			t.Errorf("%s:\n%q, want\n%q", way, got, want)
		}
	}
	if got := docker("exec", id, "cat", "/proc/1/environ"); !strings.Contains("\x00"+got, "\x00DYNAMIC=/home/dev/one /home/dev/two \x00") {
		t.Errorf("process 1 has %q", got)
	}
	if got := docker("run", "--rm", "--network=none", "--env=LITERAL=chosen", ref, "bash", "-lc", `printf %s "$LITERAL"`); got != "chosen" {
		t.Errorf("a variable of docker run is %q", got)
	}
	cost(t, docker, id, ref)
}

// cost tells what sourcing scripts costs when a container starts.
func cost(t *testing.T, docker func(...string) string, id, ref string) {
	const rounds = 200
	loop := func(command string) time.Duration {
		start := time.Now()
		docker("exec", id, "bash", "-c", fmt.Sprintf("for ((i = 0; i < %d; i++)); do %s; done", rounds, command))
		return time.Since(start) / rounds
	}
	without, with := loop("/bin/true"), loop("/usr/local/lib/gophersnake/entrypoint /bin/true")
	began := time.Now()
	docker("run", "--rm", "--network=none", "--entrypoint=/bin/true", ref)
	plain := time.Since(began)
	began = time.Now()
	docker("run", "--rm", "--network=none", ref, "/bin/true")
	t.Logf("starting a program: %v, through the entry point %v; docker run: %v and %v", without, with, plain, time.Since(began))
}
