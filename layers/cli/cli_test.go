package cli_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

func hello() cli.Binary {
	return cli.Binary{
		Package: "./cmd/hello", Dir: ".", Platforms: platforms.All(), Bundle: "/usr/share/hello",
		Source: "sha256:00", GoVersion: "1.26.8", GoModule: "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64", GoH1: "h1:x",
	}
}

func TestDefaultName(t *testing.T) {
	for pkg, want := range map[string]string{
		"./cmd/hello": "hello", "./cmd/hello/": "hello", "example.com/x/v2": "x", "example.com/x/v1": "v1",
		"example.com/x/v22": "x", "example.com/x/v2beta": "v2beta", "v2": "v2", "./v2": "v2",
		".": "", "./": "", "..": "", "": "", "../..": "",
	} {
		if got := cli.DefaultName(pkg); got != want {
			t.Errorf("DefaultName(%q) is %q, want %q", pkg, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	got, err := hello().Describe(arm64)
	if err != nil {
		t.Fatal(err)
	}
	want := cli.Description{
		Target: "linux/arm64", Path: "usr/local/bin/hello", Package: "./cmd/hello", Dir: ".", Bundle: "usr/share/hello",
		Platforms: strings.Fields("linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64"),
		Source:    "sha256:00", GoVersion: "1.26.8", GoModule: "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64", GoH1: "h1:x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDescribeChanges says what changes a layer's key and what does not.
func TestDescribeChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*cli.Binary)
		same   bool
	}{
		"nothing":                  {func(*cli.Binary) {}, true},
		"default name":             {func(b *cli.Binary) { b.Name = "hello" }, true},
		"default path":             {func(b *cli.Binary) { b.Path = "/usr/local/bin/" }, true},
		"order of platforms":       {func(b *cli.Binary) { b.Platforms = []platforms.Platform{arm64, amd64, amd64} }, true},
		"name":                     {func(b *cli.Binary) { b.Name = "hi" }, false},
		"path":                     {func(b *cli.Binary) { b.Path = "/bin" }, false},
		"ldflags":                  {func(b *cli.Binary) { b.Ldflags = "-s" }, false},
		"tags":                     {func(b *cli.Binary) { b.Tags = []string{"x"} }, false},
		"toolexec":                 {func(b *cli.Binary) { b.ToolExec = "x" }, false},
		"toolexec's program":       {func(b *cli.Binary) { b.ToolHash = "sha256:02" }, false},
		"overlay":                  {func(b *cli.Binary) { b.Overlay = "o.json" }, false},
		"what overlays":            {func(b *cli.Binary) { b.Replaced = "sha256:03" }, false},
		"this machine":             {func(b *cli.Binary) { b.Local = cli.Local{ToolExec: "/w", Cache: "/c", ModCache: "/m"} }, true},
		"source":                   {func(b *cli.Binary) { b.Source = "sha256:01" }, false},
		"toolchain":                {func(b *cli.Binary) { b.GoH1 = "h1:y" }, false},
		"bundle":                   {func(b *cli.Binary) { b.Bundle = "/srv" }, false},
		"platforms of the bundle":  {func(b *cli.Binary) { b.Platforms = b.Platforms[:1] }, false},
		"no bundle":                {func(b *cli.Binary) { b.Bundle = "" }, false},
		"no bundle, all platforms": {func(b *cli.Binary) { b.Bundle, b.Platforms = "", platforms.All() }, false},
	} {
		b := hello()
		b.Platforms = []platforms.Platform{amd64, arm64}
		before, err1 := b.Describe(amd64)
		tc.change(&b)
		after, err2 := b.Describe(amd64)
		if err1 != nil || err2 != nil || cmp.Equal(before, after) != tc.same {
			t.Errorf("%s: same %v, want %v (%v, %v)", name, !tc.same, tc.same, err1, err2)
		}
	}
	few, many := hello(), hello()
	few.Bundle, many.Bundle, few.Platforms = "", "", nil
	a, _ := few.Describe(amd64)
	b, _ := many.Describe(amd64)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("without a bundle other platforms do not count:\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		change func(*cli.Binary)
		want   string
	}{
		{func(b *cli.Binary) { b.Package = "." }, `cli: package "." gives the program no name`},
		{func(b *cli.Binary) { b.Name = "a/b" }, `cli: name "a/b" is not a file name`},
		{func(b *cli.Binary) { b.Name = ".." }, `cli: name ".." is not a file name`},
		{func(b *cli.Binary) { b.Path = "bin" }, `cli hello: path "bin" is not an absolute path in the image`},
		{func(b *cli.Binary) { b.Bundle = "x\x00" }, `cli hello: path "x\x00" is not an absolute path in the image`},
		{func(b *cli.Binary) { b.Path = "/" }, `cli hello: path "/" is not an absolute path in the image`},
	} {
		b := hello()
		tc.change(&b)
		if _, err := b.Describe(amd64); err == nil || err.Error() != tc.want || fault.ClassOf(err) != fault.Usage {
			t.Errorf("error %v, want %s", err, tc.want)
		}
		if _, err := b.Dirs(); err == nil {
			t.Errorf("Dirs: no error %s", tc.want)
		}
		if err := b.Write(t.Context(), amd64, nil, nil); err == nil {
			t.Errorf("Write: no error %s", tc.want)
		}
	}
}

// builds makes a stand-in for the program of each platform, and its archive.
func builds(t *testing.T, b cli.Binary) map[platforms.Platform]cli.Build {
	t.Helper()
	dir := t.TempDir()
	files, err := b.Compile(t.Context(), amd64, func(_ context.Context, p platforms.Platform) (cli.Build, error) {
		file, program := filepath.Join(dir, p.OS+p.Arch), "program for "+p.String()+strings.Repeat(".", 999)
		if err := os.WriteFile(file, []byte(program), 0o600); err != nil || !b.Bundles(p) {
			return cli.Build{Program: file}, err
		}
		var archive bytes.Buffer
		if err := cli.Archive(&archive, p, "hello", strings.NewReader(program), int64(len(program))); err != nil {
			return cli.Build{}, err
		}
		return cli.Build{Program: file, Archive: file + ".archive"}, os.WriteFile(file+".archive", archive.Bytes(), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func fragment(t *testing.T, b cli.Binary, target platforms.Platform) (compressed, tarball []byte) {
	t.Helper()
	var out, raw bytes.Buffer
	w := tree.NewWriter(&out, tree.Options{Tar: &raw})
	if err := b.Write(t.Context(), target, builds(t, b), w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), raw.Bytes()
}

// members returns the files of a tar without end.
func members(t *testing.T, tarball []byte) (names []string, content map[string][]byte) {
	t.Helper()
	content = map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(tarball)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, content
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("header %+v", h)
		}
		names = append(names, fmt.Sprintf("%s %o", h.Name, h.Mode))
		if content[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWrite(t *testing.T) {
	_, tarball := fragment(t, hello(), arm64)
	names, content := members(t, tarball)
	want := []string{
		"usr/local/bin/hello 755",
		"usr/share/hello/hello_darwin_amd64.tar.gz 644",
		"usr/share/hello/hello_darwin_arm64.tar.gz 644",
		"usr/share/hello/hello_linux_amd64.tar.gz 644",
		"usr/share/hello/hello_linux_arm64.tar.gz 644",
		"usr/share/hello/hello_windows_amd64.zip 644",
		"usr/share/hello/hello_windows_arm64.zip 644",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := string(content["usr/local/bin/hello"]); !strings.HasPrefix(got, "program for linux/arm64.") {
		t.Errorf("program %.30q", got)
	}
	checkTarGz(t, content["usr/share/hello/hello_darwin_arm64.tar.gz"])
	checkZip(t, content["usr/share/hello/hello_windows_amd64.zip"])
}

func checkTarGz(t *testing.T, data []byte) {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	names, content := members(t, raw)
	if diff := cmp.Diff([]string{"hello 755"}, names); diff != "" {
		t.Errorf("tar.gz (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(string(content["hello"]), "program for darwin/arm64.") {
		t.Errorf("program %.30q", content["hello"])
	}
}

func checkZip(t *testing.T, data []byte) {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(zr.File) != 1 || zr.File[0].Name != "hello.exe" || zr.File[0].Mode() != 0o755 {
		t.Fatalf("zip has %+v", zr.File[0])
	}
	f, err := zr.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f)
	if err != nil || !strings.HasPrefix(string(got), "program for windows/amd64.") {
		t.Errorf("program %.30q, %v", got, err)
	}
}

// TestGolden pins the bytes: layer format 1.
func TestGolden(t *testing.T) {
	const want = "e72a1df8e8bd2a118da7c98da1112a3e220575cefda122c05048395c7c552ec9"
	compressed, _ := fragment(t, hello(), amd64)
	sum := sha256.Sum256(compressed)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("fragment has sha256 %s, want %s", got, want)
	}
}

func TestNoBundle(t *testing.T) {
	b := hello()
	b.Bundle = ""
	if diff := cmp.Diff([]platforms.Platform{amd64}, b.Needs(amd64)); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	_, tarball := fragment(t, b, amd64)
	names, _ := members(t, tarball)
	if diff := cmp.Diff([]string{"usr/local/bin/hello 755"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	dirs, err := b.Dirs()
	if diff := cmp.Diff([]string{"usr/local/bin"}, dirs); diff != "" || err != nil {
		t.Errorf("dirs (-want +got):\n%s%v", diff, err)
	}
}

func TestCompileError(t *testing.T) {
	bad := errors.New("does not compile")
	var asked atomic.Int64
	_, err := hello().Compile(t.Context(), amd64, func(context.Context, platforms.Platform) (cli.Build, error) {
		asked.Add(1)
		return cli.Build{}, bad
	})
	if n := asked.Load(); !errors.Is(err, bad) || n < 1 || n > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("error %v after %d platforms", err, n)
	}
	for _, builds := range []map[platforms.Platform]cli.Build{nil, {amd64: {Archive: "x"}}} {
		err = hello().Write(t.Context(), amd64, builds, nil)
		if err == nil || err.Error() != "cli hello: not compiled for linux/amd64" {
			t.Errorf("error %v", err)
		}
	}
}
