package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/doctor"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// bed is a prepared machine: a home, a project with a lock, and a PATH that
// begins with this machine's real go.
type bed struct {
	t    *testing.T
	root string // holds home, project and whatever a test adds
	env  map[string]string
	real string // directory of the real go
	lock *lock.Lock
	toml string
	uid  uint32 // run as this user; 0: as the test does

	verbatim bool // what doctor says is the same on every machine
}

func newBed(t *testing.T) *bed {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	version, goroot := realGo(t)
	b := &bed{t: t, root: root, real: filepath.Join(goroot, "bin"), lock: lockOf(version), toml: "version = 1\n[image]\nname = \"localhost:1/app\"\ntags = [\"1\"]\n"}
	b.env = map[string]string{
		"HOME": b.at("home"), "PATH": b.real + ":" + b.at("usr/bin"), "GOPROXY": "off", "GOFLAGS": "",
	}
	b.mkdir("home", 0o755)
	b.mkdir("usr/bin", 0o755)
	return b
}

// realGo returns version and GOROOT of the go that this test is run by.
func realGo(t *testing.T) (version, root string) {
	t.Helper()
	version, root, err := askRealGo()
	if err != nil {
		t.Fatal(err)
	}
	return version, root
}

// askRealGo runs go once for all tests.
var askRealGo = onceGo()

func onceGo() func() (version, root string, err error) {
	ask := sync.OnceValues(func() ([]string, error) {
		cmd := exec.Command("go", "env", "GOVERSION", "GOROOT")
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
		out, err := cmd.Output()
		lines := strings.Fields(string(out))
		if err == nil && len(lines) != 2 {
			err = fmt.Errorf("go env: %q", out)
		}
		return lines, err
	})
	return func() (string, string, error) {
		lines, err := ask()
		if err != nil {
			return "", "", err
		}
		return strings.TrimPrefix(lines[0], "go"), lines[1], nil
	}
}

// lockOf returns the lock of an image with one Go.
func lockOf(version string) *lock.Lock {
	l := &lock.Lock{Version: lock.Version, LayerFormat: lock.LayerFormat, InputHash: "sha256:" + strings.Repeat("a", 64)}
	for _, p := range []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}} {
		l.Go = append(l.Go, lock.Toolchain{
			Envs: []string{"default"}, Platform: p, Version: version, Source: "module", Image: true, Host: true, Size: 1,
			Module: "golang.org/toolchain@v0.0.1-go" + version + "." + p.OS + "-" + p.Arch, H1: "h1:" + strings.Repeat("A", 43) + "=", ZipSHA256: strings.Repeat("b", 64),
		})
		l.Activation = append(l.Activation, lock.Activation{Envs: []string{"default"}, Platform: p, Env: []string{
			"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local",
		}})
	}
	return l
}

func (b *bed) at(name string) string { return filepath.Join(b.root, filepath.FromSlash(name)) }

func (b *bed) mkdir(name string, mode os.FileMode) string {
	b.t.Helper()
	dir := b.at(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

func (b *bed) write(name, text string) string {
	b.t.Helper()
	b.mkdir(filepath.ToSlash(filepath.Dir(name)), 0o755)
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	if err := os.WriteFile(b.at(name), []byte(text), mode); err != nil {
		b.t.Fatal(err)
	}
	return b.at(name)
}

// fakeGo makes a GOROOT whose go answers "go env" for another version, and
// returns its bin.
func (b *bed) fakeGo(root, version string) string {
	b.write(root+"/VERSION", "go"+version+"\ntime 2024-01-01T00:00:00Z\n")
	b.write(root+"/bin/go", "#!/bin/sh\necho '{\"GOVERSION\": \"go"+version+"\", \"GOPROXY\": \"off\"}'\n")
	return b.at(root + "/bin")
}

// conda makes a conda environment, and returns its bin.
func (b *bed) conda(prefix string) string {
	b.write(prefix+"/conda-meta/history", "")
	b.mkdir(prefix+"/bin", 0o755)
	return b.at(prefix + "/bin")
}

// first and last put directories on PATH.
func (b *bed) first(dirs ...string) { b.env["PATH"] = strings.Join(append(dirs, b.env["PATH"]), ":") }

func (b *bed) last(dirs ...string) {
	b.env["PATH"] += ":" + strings.Join(dirs, ":")
}

// doctor runs the command and returns its findings, output and exit code.
func (b *bed) doctor(args ...string) (findings []doctor.Finding, text string, code int) {
	b.t.Helper()
	b.write("project/gophersnake.toml", b.toml)
	if b.lock != nil {
		data, err := lock.Marshal(b.lock)
		if err != nil {
			b.t.Fatal(err)
		}
		b.write("project/gophersnake.lock", string(data))
	}
	out, said, code := b.run(append([]string{"-C", b.at("project"), "doctor", "--json"}, args...))
	if err := json.Unmarshal([]byte(out), &findings); err != nil {
		b.t.Fatalf("%v in %q, %s", err, out, said)
	}
	var lines bytes.Buffer
	if err := printFindings(&lines, findings, nil, false); err != nil {
		b.t.Fatal(err)
	}
	return findings, b.plain(lines.String()), code
}

// run runs the command in this process, or as another user in one of its own.
func (b *bed) run(args []string) (out, said string, code int) {
	b.t.Helper()
	var stdout, stderr bytes.Buffer
	if b.uid == 0 {
		code = run(context.Background(), process{args: args, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, lookupenv: func(name string) (string, bool) {
			value, ok := b.env[name]
			return value, ok
		}})
		return stdout.String(), stderr.String(), code
	}
	exe, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mkdir("bin", 0o755)
	program := b.at("bin/gophersnake")
	if err := os.WriteFile(program, data, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for dir := b.root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			b.t.Fatal(err)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &stdout, &stderr, "/"
	for k, v := range b.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	asUser(cmd, b.uid)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// plain replaces what differs between machines.
func (b *bed) plain(text string) string {
	if b.verbatim {
		return text
	}
	version, goroot := realGo(b.t)
	for _, r := range [][2]string{{b.at("home"), "HOME"}, {b.root, "ROOT"}, {goroot, "GOROOT"}, {version, "VERSION"}, {machineLibc(), "LIBC"}} {
		text = strings.ReplaceAll(text, r[0], r[1])
	}
	return strings.ReplaceAll(text, doctor.Origin(b.real+"/go", b.real+"/go", b.at("home"), ""), "ORIGIN")
}

// broken are machines with one thing wrong each. What doctor says of them
// stands in testdata/doctor/machine.txt, to be read by eye.
var broken = []struct {
	name  string // the ID of the finding, and what makes the case
	spoil func(b *bed)
}{
	{"go-missing", func(b *bed) { b.env["PATH"] = b.at("usr/bin") }},
	{"go-version of a system package", func(b *bed) {
		b.fakeGo("usr/lib/go-1.19", "1.19.8")
		b.link("usr/lib/go-1.19/bin/go", "usr/bin/go")
		b.env["PATH"] = b.at("usr/bin")
	}},
	{"go-version of gvm", func(b *bed) { b.env["PATH"] = b.fakeGo("home/.gvm/gos/go1.20.1", "1.20.1") }},
	{"go-shadowed by a system package", func(b *bed) {
		b.fakeGo("usr/lib/go-1.19", "1.19.8")
		b.link("usr/lib/go-1.19/bin/go", "usr/bin/go")
		b.first(b.at("usr/bin"))
	}},
	{"go-shadowed by conda's", func(b *bed) {
		bin := b.conda("home/miniforge3")
		b.fakeGo("home/miniforge3/go", "1.24.1")
		b.link("home/miniforge3/go/bin/go", "home/miniforge3/bin/go")
		b.first(bin)
	}},
	{"go-shadowed by goenv", func(b *bed) {
		b.write("home/.goenv/shims/go", "#!/bin/sh\necho '{\"GOVERSION\": \"go1.22.6\"}'\n")
		b.first(b.at("home/.goenv/shims"))
	}},
	{"go-several", func(b *bed) { b.last(b.fakeGo("home/sdk/go1.25.4", "1.25.4"), b.fakeGo("snap/go/current", "1.23.1")) }},
	{"go-broken", func(b *bed) {
		version, _ := realGo(b.t)
		b.fakeGo("opt/go/"+version, version)
		b.write("opt/go/"+version+"/bin/go", "#!/bin/sh\necho 'exec format error' >&2\nexit 126\n")
		b.env["PATH"] = b.at("opt/go/" + version + "/bin")
	}},
	{"go-env of the environment", func(b *bed) {
		b.toml += "[go.env]\nGOPRIVATE = \"git.example.com\"\n"
		b.env["GOPRIVATE"] = "other.example.com"
	}},
	{"go-env of go env -w", func(b *bed) {
		b.toml += "[go.env]\nGOFLAGS = \"-mod=mod\"\n"
		delete(b.env, "GOFLAGS")
		b.write("home/.config/go/env", "GOFLAGS=-mod=vendor\n")
	}},
	{"go-env that is not set", func(b *bed) { b.toml += "[go.env]\nGOTOOLCHAIN = \"path\"\n" }},
	{"go-mod refused", func(b *bed) {
		b.write("project/go.mod", "module example.com/m\n\ngo 1.99.1\n")
		b.env["GOTOOLCHAIN"] = "local"
	}},
	{"go-mod downloaded", func(b *bed) {
		b.write("project/go.mod", "module example.com/m\n\ngo 1.99.1\n\ntoolchain go1.99.2\n")
		b.env["GOTOOLCHAIN"] = "auto"
	}},
	{"go-mod not on PATH", func(b *bed) {
		b.write("project/go.mod", "module example.com/m\n\ngo 1.99.1\n")
		b.env["GOTOOLCHAIN"] = "local+path"
	}},
	{"gotoolchain forced", func(b *bed) { b.env["GOTOOLCHAIN"] = "go1.20.1" }},
	{"gotoolchain unknown", func(b *bed) { b.env["GOTOOLCHAIN"] = "latest" }},
	{"goroot-env", func(b *bed) { b.env["GOROOT"] = "/usr/lib/go-1.19" }},
	{"goroot-env of a start-up file", func(b *bed) {
		b.env["GOROOT"] = filepath.Dir(b.real)
		b.write("home/.profile", "# go\nexport GOROOT=/usr/local/go\nexport PATH=$PATH:$GOROOT/bin\n")
	}},
	{"goroot-file", func(b *bed) { b.write("home/.config/go/env", "GOROOT=/usr/lib/go-1.19\n") }},
	{"gobin-path", func(b *bed) { b.write("home/go/bin/gopls", "#!/bin/sh\n") }},
	{"cgo-compiler", func(b *bed) { b.env["CC"] = "x86_64-conda-linux-gnu-cc" }},
	{"path-relative", func(b *bed) { b.last(".") }},
	{"dir-denied", func(b *bed) { b.other(65534) }},
	{"dir-open", func(b *bed) { b.env["GOPATH"] = b.mkdir("shared/go", 0o777) }},
	{"startup-path of bash", func(b *bed) { b.write("home/.bashrc", "alias ls='ls -l'\nexport PATH=/usr/bin:/bin\n") }},
	{"startup-path of zsh", func(b *bed) { b.write("home/.zshrc", "path=(/usr/bin /bin)\n") }},
	{"startup-path of fish", func(b *bed) { b.write("home/.config/fish/conf.d/go.fish", "set -gx PATH /usr/bin /bin\n") }},
	{"startup-goroot", func(b *bed) { b.write("home/.zshenv", "export GOROOT=\"$HOME/sdk/go1.21\"\n") }},
	{"conda-prefix", func(b *bed) { b.env["CONDA_PREFIX"] = b.at("home/gone/envs/a") }},
	{"conda-stale", func(b *bed) {
		b.conda("home/miniforge3")
		b.env["CONDA_PREFIX"] = b.at("home/miniforge3")
	}},
	{"conda-stale behind another", func(b *bed) {
		b.last(b.conda("home/conda/envs/b"), b.conda("home/conda/envs/a"))
		b.env["CONDA_PREFIX"] = b.at("home/conda/envs/a")
	}},
	{"conda-several", func(b *bed) {
		for _, root := range []string{"home/anaconda3", "home/miniforge3"} {
			b.last(filepath.Dir(b.write(root+"/condabin/conda", "#!/bin/sh\n")))
		}
	}},
	{"pythonhome", func(b *bed) {
		b.active("home/conda")
		b.env["PYTHONHOME"] = "/usr"
	}},
	{"pythonpath", func(b *bed) {
		b.active("home/conda")
		b.env["PYTHONPATH"] = "/srv/lib"
	}},
	{"library-path", func(b *bed) {
		b.active("home/conda")
		b.write("cuda/lib64/libstdc++.so.6", "")
		b.env["LD_LIBRARY_PATH"] = b.at("cuda/lib64")
	}},
	{"libc", func(b *bed) {
		b.lock.Conda = []lock.Conda{needing("__glibc >=2.99,<3.0.a0")}
		b.lock.Plan = []lock.Group{{Envs: []string{"default"}, Packages: []string{"numpy"}}}
	}},
}

func (b *bed) link(to, from string) {
	b.t.Helper()
	b.mkdir(filepath.ToSlash(filepath.Dir(from)), 0o755)
	if err := os.Symlink(b.at(to), b.at(from)); err != nil {
		b.t.Fatal(err)
	}
}

// active activates a conda environment.
func (b *bed) active(prefix string) {
	b.last(b.conda(prefix))
	b.env["CONDA_PREFIX"] = b.at(prefix)
}

// other lets another user own the home: as root the program runs as that user
// in a home that is root's, else in one that nobody may write to.
func (b *bed) other(uid uint32) {
	if os.Geteuid() == 0 {
		b.uid = uid
		return
	}
	b.mkdir("home", 0o555)
	b.t.Cleanup(func() { _ = os.Chmod(b.at("home"), 0o755) })
}

func needing(spec string) lock.Conda {
	return lock.Conda{
		Envs: []string{"default"}, Platforms: []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}},
		Name: "numpy", Version: "2.1.0", Build: "py312_0", Subdir: "noarch", Noarch: "generic", Size: 1, SHA256: strings.Repeat("c", 64),
		URL: "https://channel.example/noarch/numpy-2.1.0-py312_0.conda", Depends: []string{"tzdata", spec},
	}
}

func TestDoctorSound(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.write("project/go.mod", "module example.com/m\n\ngo 1.21\n")
	b.write("home/.bashrc", "export PATH=\"$HOME/bin:$PATH\"\n")
	b.active("home/conda")
	if findings, text, code := b.doctor(); len(findings) > 0 || code != 0 {
		t.Fatalf("exit %d: %s", code, text)
	}
	want := "ok: go VERSION is GOROOT/bin/go (ORIGIN); go.mod:3 asks for go 1.21; conda is HOME/conda; libc is LIBC; " +
		"PATH, GOTOOLCHAIN, GOROOT, go env, cgo, permissions, start-up files, conda and libc agree with the lock\n"
	for _, args := range [][]string{{"doctor"}, {"doctor", "--quiet"}} {
		out, said, code := b.run(append([]string{"-C", b.at("project")}, args...))
		if diff := cmp.Diff(want, b.plain(out)); diff != "" || code != 0 || said != "" {
			t.Error(diff, code, said)
		}
	}
	if out, _, _ := b.run([]string{"-C", b.at("project"), "doctor", "--json"}); out != "[]\n" {
		t.Errorf("--json: %q", out)
	}
	if err := os.Remove(b.at("project/gophersnake.lock")); err != nil {
		t.Fatal(err)
	}
	if out, _, code := b.run([]string{"-C", b.at("project"), "doctor"}); code != 0 || !strings.HasSuffix(out, "agree, with each other: there is no lock to compare with\n") {
		t.Error(code, out)
	}
}

// TestDoctorText compares what people see with the JSON, and colours.
func TestDoctorText(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.env["GOROOT"] = "/usr/lib/go-1.19"
	b.last(".")
	findings, text, code := b.doctor()
	if len(findings) != 2 || code != 8 {
		t.Fatalf("exit %d: %s", code, text)
	}
	out, said, code := b.run([]string{"-C", b.at("project"), "doctor"})
	if want := "gophersnake: doctor found 2 problems\n"; b.plain(out) != text || said != want || code != 8 {
		t.Errorf("exit %d: %q, %q", code, out, said)
	}
	lines := strings.Split(text, "\n")
	if at := strings.Index(lines[0], "goroot-env"); at < 0 || at != strings.Index(lines[1], "path-relative") {
		t.Errorf("columns are not aligned: %q", lines)
	}
	var coloured bytes.Buffer
	if err := printFindings(&coloured, findings, nil, true); err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer("\x1b[31m", "", "\x1b[33m", "", "\x1b[0m", "").Replace(b.plain(coloured.String()))
	if plain != text || !strings.Contains(coloured.String(), "\x1b[31merror\x1b[0m") || !strings.Contains(coloured.String(), "\x1b[33mwarning\x1b[0m") {
		t.Errorf("%q", coloured.String())
	}
	if _, said, code := b.run([]string{"doctor", "a", "b"}); code != 2 || said != "gophersnake: doctor takes one image at most, got 2\nhint: such as oci:DIR, or HOST/NAME:TAG\n" {
		t.Errorf("exit %d: %s", code, said)
	}
}

func TestDoctorBroken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the machines that are prepared are Linux's; doctor's own tests have macOS")
	}
	lines := map[string]string{}
	for _, test := range broken {
		t.Run(test.name, func(t *testing.T) {
			b := newBed(t)
			test.spoil(b)
			findings, text, code := b.doctor()
			lines[test.name] = text
			id, _, _ := strings.Cut(test.name, " ")
			if len(findings) != 1 || findings[0].ID != id || code != 8 {
				t.Errorf("want one finding %s and exit 8, got exit %d and\n%s", id, code, text)
			}
		})
	}
	golden(t, "machine", lines)
}

// golden compares what doctor said with a file.
func golden(t *testing.T, name string, lines map[string]string) {
	t.Helper()
	var got strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&got, "# %s\n%s", name, lines[name])
	}
	file := filepath.Join("testdata", "doctor", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("run go test -update if that is right: %s", diff)
	}
}
