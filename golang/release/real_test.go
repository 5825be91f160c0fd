package release_test

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/platforms"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

// TestRealResolve asks the machine's module proxy.
func TestRealResolve(t *testing.T) {
	r := release.Releases{Proxy: realProxy(t), Skipped: func(v string, missing []platforms.Platform) {
		t.Logf("skipped %s, not for %v", v, missing)
	}}
	v, err := r.Resolve(t.Context(), "1.26", []platforms.Platform{amd64, arm64})
	if err != nil || !strings.HasPrefix(v, "1.26.") {
		t.Fatalf("1.26 is %q, %v", v, err)
	}
	_, err = r.Resolve(t.Context(), "1.99.9", []platforms.Platform{amd64})
	if release.ClassOf(err) != "usage" {
		t.Errorf("1.99.9: class %q: %v", release.ClassOf(err), err)
	}
}

// TestRealToolchain takes the toolchain of this machine's go command from the
// proxy, checks it against the public checksum database, and compares its
// files and modes with the machine's GOROOT.
func TestRealToolchain(t *testing.T) {
	proxy := realProxy(t)
	goroot, version := localGo(t)
	state := dirState(t.TempDir())
	sums := release.Sums{Proxy: proxy, State: state}
	path, v := release.Module(version, amd64)
	h1, err := sums.H1(t.Context(), path, v)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sums.H1(t.Context(), path, v); err != nil || again != h1 {
		t.Errorf("second look-up: %q, %v; want %q", again, err, h1)
	}

	zipFile := download(t, proxy, release.Zip(version, amd64))
	f, err := os.Open(zipFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := release.CheckZip(f, info.Size(), path+"@"+v, h1, ""); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := release.Extract(t.Context(), f, info.Size(), dir); err != nil {
		t.Fatal(err)
	}
	compareTrees(t, goroot, dir)
	compareArchive(t, dir, version, h1)
	cmd := exec.Command(filepath.Join(dir, "bin", "go"), "tool", "compile", "-V")
	cmd.Env = []string{"GOTOOLCHAIN=local", "GOENV=off", "GOPATH=" + t.TempDir(), "GOCACHE=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "compile version go"+version+"\n" {
		t.Errorf("the unpacked compiler says %q, %v", out, err)
	}
}

// compareTrees reports differences of names, modes and contents between a
// release's GOROOT and the unpacked module, which lacks four directories.
func compareTrees(t *testing.T, goroot, dir string) {
	t.Helper()
	want, got := files(t, goroot), files(t, dir)
	for name := range want {
		switch top, _, _ := strings.Cut(name, "/"); top {
		case "api", "doc", "misc", "test":
			delete(want, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files and modes (-GOROOT +module):\n%s", diff)
	}
	delete(got, "go.env") // holds defaults that who installs Go may change
	for name := range got {
		a, errA := os.ReadFile(filepath.Join(goroot, name))
		b, errB := os.ReadFile(filepath.Join(dir, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
}

// compareArchive packs a toolchain as cmd/distpack does, which the download site's
// archives are made by, and checks that the module of it has the hash that the
// checksum database has for the real one. The real archive is not asked for.
func compareArchive(t *testing.T, dir, version, h1 string) {
	t.Helper()
	var members []tarMember
	for name, mode := range files(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		members = append(members, tarMember{name: "go/" + name, content: string(data), mode: int64(mode.Perm())})
	}
	slices.SortFunc(members, func(a, b tarMember) int { return strings.Compare(a.name, b.name) })
	members = append(members, tarMember{name: "go/doc/x.html", mode: 0o644}, tarMember{name: "go/test/x.go", mode: 0o644})
	z, err := repack(t, distpack(t, members...), version)
	must(t, err)
	got, _, err := release.HashZip(z, z.Size())
	if err != nil || got != h1 {
		t.Errorf("the archive's module is %s, %v; want %s", got, err, h1)
	}
}

func files(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	all := map[string]fs.FileMode{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		all[filepath.ToSlash(rel)] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// localGo returns GOROOT and version of the go command, if it is a release for
// linux/amd64.
func localGo(t *testing.T) (goroot, version string) {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION", "GOHOSTOS", "GOHOSTARCH").Output()
	if err != nil {
		t.Skipf("go env: %v", err)
	}
	f := strings.Fields(string(out))
	if len(f) != 4 || f[2] != "linux" || f[3] != "amd64" {
		t.Skipf("the go command here is %v, not a release for linux/amd64", f)
	}
	if _, err := os.Stat(filepath.Join(f[0], "VERSION")); err != nil {
		t.Skipf("GOROOT is not a release: %v", err)
	}
	return f[0], strings.TrimPrefix(f[1], "go")
}

func download(t *testing.T, p release.Proxy, path string) string {
	t.Helper()
	body, err := p.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	f, err := os.Create(filepath.Join(t.TempDir(), "toolchain.zip"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, body); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// dirState is a State in a directory.
type dirState string

func (d dirState) Load(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)))
}

func (d dirState) Save(name string, data []byte) error {
	file := filepath.Join(string(d), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// BenchmarkHashZip hashes a zip of 64 MB of text.
func BenchmarkHashZip(b *testing.B) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := range 64 {
		f, _ := w.Create("golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/src/f" + string(rune('a'+i)))
		_, _ = io.WriteString(f, strings.Repeat("package main // hello\n", 50_000))
	}
	_ = w.Close()
	b.SetBytes(int64(buf.Len()))
	for b.Loop() {
		if _, _, err := release.HashZip(bytes.NewReader(buf.Bytes()), int64(buf.Len())); err != nil {
			b.Fatal(err)
		}
	}
}
