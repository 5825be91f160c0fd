//go:build e2e

package e2e

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onDebian is the base of the example.
const onDebian = `debian = { suite = "bookworm", packages = ["bash", "coreutils", "ca-certificates", "libc-bin", "libstdc++6", "zlib1g", "git"] }`

// dataTools returns a copy of the example, with a base image, the registry and
// the channel of this run.
func dataTools(t *testing.T) string {
	t.Helper()
	dir := copyDir(t, filepath.Join(repo, "examples", "data-tools"))
	file := filepath.Join(dir, "gophersnake.toml")
	edit(t, file, onDebian, "image = \""+base(t)+"\"")
	edit(t, file, "localhost:5000/data-tools", registry+"/data-tools")
	text := readFile(t, file)
	mirror := "\n[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n"
	if err := os.WriteFile(file, []byte(text+mirror), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDataTools pushes the example on a base image. What its programs do is for
// TestDataToolsOnDebian to show, and its files for TestRootFS.
func TestDataTools(t *testing.T) {
	dir, s, before := dataTools(t), runStore(t), channel.gets.Load()
	s.gs(t, dir, "lock")
	if n := channel.gets.Load() - before; n < 10 {
		t.Errorf("lock asked the channel %d times: are its packages in the run's store?", n)
	}
	before, requests := channel.gets.Load(), counts.snapshot()
	pushed := digest(t, s.gs(t, dir, "push", "--locked"))
	if n := channel.gets.Load() - before; n != 0 {
		t.Errorf("build asked the channel %d times for packages that lock had fetched", n)
	}
	if got := counts.since(requests); got["GET blobs"] != 0 {
		t.Errorf("the base's blobs were read, not mounted: %v", got)
	}
	ref := registry + "/data-tools"
	t.Run("index", func(t *testing.T) { checkIndex(t, ref, pushed) })
	t.Run("crane", func(t *testing.T) { run(t, "crane", "validate", "--insecure", "--remote", ref+":1.0") })
}

// checkIndex reads the index back by skopeo: two platforms, both tags.
func checkIndex(t *testing.T, ref, want string) {
	for _, tag := range []string{"1.0", "latest"} {
		raw := run(t, "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+ref+":"+tag)
		var idx struct {
			MediaType string
			Manifests []struct {
				Platform struct{ OS, Architecture string }
			}
		}
		if err := json.Unmarshal([]byte(raw), &idx); err != nil {
			t.Fatal(err)
		}
		if idx.MediaType != "application/vnd.oci.image.index.v1+json" || len(idx.Manifests) != 2 ||
			idx.Manifests[0].Platform.Architecture != "amd64" || idx.Manifests[1].Platform.Architecture != "arm64" {
			t.Errorf("%s: %s", tag, raw)
		}
		if got := strings.TrimSpace(run(t, "crane", "digest", "--insecure", ref+":"+tag)); got != want {
			t.Errorf("%s is %s, want %s", tag, got, want)
		}
	}
}

// exported returns the files of one platform of an image, read from the registry
// by crane, and unpacked by tar with these flags.
func exported(t *testing.T, ref, arch string, flags ...string) string {
	t.Helper()
	root := t.TempDir()
	const script = `set -o pipefail; crane export --insecure --platform "linux/$1" "$2" - | tar -x --numeric-owner -C "$3" "${@:4}"`
	run(t, "bash", append([]string{"-c", script, "bash", arch, ref, root}, flags...)...)
	return root
}

// unpackFrom unpacks one platform of an image, in skopeo's spelling, with umoci.
func unpackFrom(t *testing.T, source, arch string) string {
	t.Helper()
	dir := t.TempDir()
	layout := filepath.Join(dir, "layout")
	run(t, "skopeo", "copy", "--quiet", "--override-os=linux", "--override-arch="+arch, "--src-tls-verify=false", source, "oci:"+layout+":one")
	run(t, "umoci", "unpack", "--image", layout+":one", filepath.Join(dir, "bundle"))
	return filepath.Join(dir, "bundle", "rootfs")
}

// checkTree looks at files that no program of the image shows.
func checkTree(t *testing.T, root string) {
	for _, link := range []string{"bin", "lib", "sbin"} {
		if target, err := os.Readlink(filepath.Join(root, link)); err != nil || target != "usr/"+link {
			t.Errorf("/%s is no longer a link to usr/%s: %q, %v", link, link, target, err)
		}
	}
	for path, want := range map[string]os.FileMode{
		"tmp":                            os.ModeDir | os.ModeSticky | 0o777,
		"root":                           os.ModeDir | 0o700,
		"home/dev":                       os.ModeDir | 0o700,
		"go":                             os.ModeDir | os.ModeSetgid | 0o775,
		"usr/local/go/bin/go":            0o755,
		"usr/local/go/src/cmd/go/go.mod": 0,
		"usr/local/go/go.env":            0o644,
		"opt/conda/conda-meta/history":   0o644,
		"etc/motd":                       0o644,
	} {
		info, err := os.Lstat(filepath.Join(root, path))
		if want == 0 {
			if err == nil {
				t.Errorf("%s exists", path)
			}
			continue
		}
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
	passwd, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil || !strings.Contains(string(passwd), "dev:x:1000:1000::/home/dev:/bin/bash\n") {
		t.Errorf("/etc/passwd: %v\n%s", err, passwd)
	}
}

const imagePath = "PATH=/opt/conda/bin:/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// inRoot runs a program in an amd64 root file system.
func inRoot(t *testing.T, root string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "chroot", append([]string{root}, args...)...)
	cmd.Env = []string{imagePath, "HOME=/tmp", "GOPATH=/tmp/go", "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false", "TERM=xterm", "CONDA_PREFIX=/opt/conda"}
	return runCmd(t, cmd)
}

func runNative(t *testing.T, root string) {
	mountSystem(t, root)
	mountCache(t, root)
	module := filepath.Join(root, "tmp", "hello")
	if err := os.CopyFS(module, os.DirFS(filepath.Join(repo, "examples", "quickstart"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"ok", []string{"python", "-c", "import ssl, sqlite3, requests; print('ok')"}},
		{"pip 25.3 from /opt/conda/lib/python3.11/site-packages/pip (python 3.11)", []string{"pip", "--version"}},
		{`OPENSSLDIR: "/opt/conda/ssl"`, []string{"openssl", "version", "-d"}},
		{"\x1b[1m", []string{"tput", "bold"}},
		{"go version go1.26.8 linux/amd64", []string{"go", "version"}},
		{"", []string{"sh", "-c", "cd /tmp/hello && go build -o /tmp/clock ."}},
		{"Asia/Tokyo         2001-09-09 10:46 JST", []string{"sh", "-c", "/tmp/clock -at 1000000000 Asia/Tokyo 2>&1 || true"}},
		{"askpython for linux/amd64, python is /opt/conda/bin/python\n3.11.11 OpenSSL", []string{"askpython"}},
	} {
		if strings.HasPrefix(tt.want, "Asia") {
			tt.args[2] = "mkdir -p /usr/share && ln -sfn /opt/conda/share/zoneinfo /usr/share/zoneinfo && " + tt.args[2]
		}
		if got := inRoot(t, root, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%v: got %q, want %q", tt.args, got, tt.want)
		}
	}
	if got := inRoot(t, root, "python", "-c", "import sys; print(sys.prefix)"); got != "/opt/conda\n" {
		t.Errorf("sys.prefix is %q", got)
	}
}

// mountSystem gives a root /dev and /proc, as a container has them: go build
// wants the first, and programs find themselves by the second. Both are the
// root's own. The machine's /dev must never be mounted below a test's directory:
// a process that a test leaves behind keeps it busy, and removing the directory
// would remove the devices of the machine.
func mountSystem(t *testing.T, root string) {
	for _, dir := range []string{"dev", "proc"} {
		at := filepath.Join(root, dir)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		kind := map[string]string{"dev": "tmpfs", "proc": "proc"}[dir]
		run(t, "mount", "-t", kind, kind, at)
		t.Cleanup(func() {
			if out, err := exec.Command("umount", "--lazy", at).CombinedOutput(); err != nil {
				t.Errorf("umount %s: %v\n%s", at, err, out)
			}
		})
	}
	for name, minor := range map[string]string{"null": "3", "zero": "5", "random": "8", "urandom": "9"} {
		run(t, "mknod", "-m", "666", filepath.Join(root, "dev", name), "c", "1", minor)
	}
}

// mountCache gives the go command of a root the build cache of those of other
// tests: the standard library that the same toolchain compiles is the same.
func mountCache(t *testing.T, root string) {
	t.Helper()
	cache, at := filepath.Join(work, "go-in-roots"), filepath.Join(root, "tmp", ".cache")
	for _, dir := range []string{cache, at} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "mount", "--bind", cache, at)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", at).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v\n%s", at, err, out)
		}
	})
}

// runEmulated runs programs of an arm64 root, each by itself: without binfmt
// an emulated program cannot start another one.
func runEmulated(t *testing.T, root string) {
	putEmulator(t, root)
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"ok", []string{"/opt/conda/bin/python3.11", "-c", "import ssl, sqlite3, requests; print('ok')"}},
		{`OPENSSLDIR: "/opt/conda/ssl"`, []string{"/opt/conda/bin/openssl", "version", "-d"}},
		{"go version go1.26.8 linux/arm64", []string{"/usr/local/go/bin/go", "version"}},
		{"askpython for linux/arm64, python is /opt/conda/bin/python", []string{"/usr/local/bin/askpython", "-n"}},
	} {
		if got := inRoot(t, root, append([]string{"/qemu"}, tt.args...)...); !strings.Contains(got, tt.want) {
			t.Errorf("%v: got %q, want %q", tt.args, got, tt.want)
		}
	}
}

// putEmulator puts an emulator of arm64 into a root, as /qemu.
func putEmulator(t *testing.T, root string) {
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(emulator)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "qemu"), data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// checkBundle looks at the headers of the six programs.
func checkBundle(t *testing.T, dir string) {
	out := t.TempDir()
	for _, name := range []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"} {
		run(t, "tar", "-xzf", filepath.Join(dir, "askpython_"+name+".tar.gz"), "-C", out)
		program := filepath.Join(out, "askpython")
		if strings.HasPrefix(name, "linux") {
			f, err := elf.Open(program)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]elf.Machine{"linux_amd64": elf.EM_X86_64, "linux_arm64": elf.EM_AARCH64}[name]
			if f.Machine != want {
				t.Errorf("%s: %v", name, f.Machine)
			}
			f.Close()
			continue
		}
		f, err := macho.Open(program)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]macho.Cpu{"darwin_amd64": macho.CpuAmd64, "darwin_arm64": macho.CpuArm64}[name]; f.Cpu != want {
			t.Errorf("%s: %v", name, f.Cpu)
		}
		f.Close()
	}
	for name, want := range map[string]uint16{"windows_amd64": pe.IMAGE_FILE_MACHINE_AMD64, "windows_arm64": pe.IMAGE_FILE_MACHINE_ARM64} {
		run(t, "python3", "-m", "zipfile", "-e", filepath.Join(dir, "askpython_"+name+".zip"), out)
		f, err := pe.Open(filepath.Join(out, "askpython.exe"))
		if err != nil {
			t.Fatal(err)
		}
		if f.Machine != want {
			t.Errorf("%s: %#x", name, f.Machine)
		}
		f.Close()
	}
}
