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
		Target: "linux/arm64", Path: "usr/local/bin/hello", Package: "./cmd/hello", Dir: ".",
		Source: "sha256:00", GoVersion: "1.26.8", GoModule: "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64", GoH1: "h1:x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got, err = hello().DescribeBundle()
	if err != nil {
		t.Fatal(err)
	}
	want = cli.Description{
		Package: "./cmd/hello", Dir: ".", Bundle: "usr/share/hello/hello",
		Platforms: strings.Fields("linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64"),
		Source:    "sha256:00", GoVersion: "1.26.8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bundle: -want +got:\n%s", diff)
	}
}

// TestDescribeChanges says what changes the keys of the layers, of the program
// and the bundle, and what does not.
func TestDescribeChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		change          func(*cli.Binary)
		program, bundle bool // stay
	}{
		"nothing":                 {func(*cli.Binary) {}, true, true},
		"default name":            {func(b *cli.Binary) { b.Name = "hello" }, true, true},
		"default path":            {func(b *cli.Binary) { b.Path = "/usr/local/bin/" }, true, true},
		"order of platforms":      {func(b *cli.Binary) { b.Platforms = []platforms.Platform{arm64, amd64, amd64} }, true, true},
		"name":                    {func(b *cli.Binary) { b.Name = "hi" }, false, false},
		"path":                    {func(b *cli.Binary) { b.Path = "/bin" }, false, true},
		"ldflags":                 {func(b *cli.Binary) { b.Ldflags = "-s" }, false, false},
		"tags":                    {func(b *cli.Binary) { b.Tags = []string{"x"} }, false, false},
		"toolexec":                {func(b *cli.Binary) { b.ToolExec = "x" }, false, false},
		"toolexec's program":      {func(b *cli.Binary) { b.ToolHash = "sha256:02" }, false, false},
		"overlay":                 {func(b *cli.Binary) { b.Overlay = "o.json" }, false, false},
		"what overlays":           {func(b *cli.Binary) { b.Replaced = "sha256:03" }, false, false},
		"this machine":            {func(b *cli.Binary) { b.Local = cli.Local{ToolExec: "/w", Cache: "/c", ModCache: "/m"} }, true, true},
		"source":                  {func(b *cli.Binary) { b.Source = "sha256:01" }, false, false},
		"version of Go":           {func(b *cli.Binary) { b.GoVersion = "1.26.9" }, false, false},
		"a platform's toolchain":  {func(b *cli.Binary) { b.GoModule, b.GoH1 = "x", "h1:y" }, false, true},
		"bundle":                  {func(b *cli.Binary) { b.Bundle = "/srv" }, true, false},
		"platforms of the bundle": {func(b *cli.Binary) { b.Platforms = b.Platforms[:1] }, true, false},
	} {
		b := hello()
		b.Platforms = []platforms.Platform{amd64, arm64}
		before, err1 := b.Describe(amd64)
		bundle, err2 := b.DescribeBundle()
		tc.change(&b)
		after, err3 := b.Describe(amd64)
		bundled, err4 := b.DescribeBundle()
		if err := errors.Join(err1, err2, err3, err4); err != nil || cmp.Equal(before, after) != tc.program || cmp.Equal(bundle, bundled) != tc.bundle {
			t.Errorf("%s: program same %v, bundle same %v, %v", name, cmp.Equal(before, after), cmp.Equal(bundle, bundled), err)
		}
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
		if _, err := b.DescribeBundle(); err == nil {
			t.Errorf("DescribeBundle: no error %s", tc.want)
		}
		if b.Write("", nil) == nil || b.WriteBundle(t.Context(), nil, nil) == nil {
			t.Errorf("written: no error %s", tc.want)
		}
	}
}

// program is a stand-in for what is compiled for a platform.
func program(p platforms.Platform) string {
	return "program for " + p.String() + strings.Repeat(".", 999)
}

// writeProgram and writeBundle write the layers' fragments, from stand-ins.
func writeProgram(t *testing.T, b cli.Binary, target platforms.Platform) (compressed, tarball []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte(program(target)), 0o600); err != nil {
		t.Fatal(err)
	}
	return fragment(t, func(w *tree.Writer) error { return b.Write(file, w) })
}

func writeBundle(t *testing.T, b cli.Binary) (compressed, tarball []byte) {
	t.Helper()
	dir := t.TempDir()
	files, err := b.Archives(t.Context(), func(_ context.Context, p platforms.Platform) (string, error) {
		var archive bytes.Buffer
		if err := cli.Archive(&archive, p, "hello", strings.NewReader(program(p)), int64(len(program(p)))); err != nil {
			return "", err
		}
		file := filepath.Join(dir, p.OS+p.Arch)
		return file, os.WriteFile(file, archive.Bytes(), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return fragment(t, func(w *tree.Writer) error { return b.WriteBundle(t.Context(), files, w) })
}

func fragment(t *testing.T, write func(*tree.Writer) error) (compressed, tarball []byte) {
	t.Helper()
	var out, raw bytes.Buffer
	w := tree.NewWriter(&out, tree.Options{Tar: &raw})
	if err := write(w); err != nil {
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
	_, tarball := writeProgram(t, hello(), arm64)
	names, content := members(t, tarball)
	if diff := cmp.Diff([]string{"usr/local/bin/hello 755"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := string(content["usr/local/bin/hello"]); got != program(arm64) {
		t.Errorf("program %.30q", got)
	}
}

func TestWriteBundle(t *testing.T) {
	_, tarball := writeBundle(t, hello())
	names, content := members(t, tarball)
	want := []string{
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
	program, _ := writeProgram(t, hello(), amd64)
	bundle, _ := writeBundle(t, hello())
	for _, tc := range []struct {
		content []byte
		want    string
	}{
		{program, "05510c9188fdcbabaa0fe18b3e3556d162bdbd48b309d0f1ea6d855e1bf0938a"},
		{bundle, "b29d0bf0a53b43bcb95deebf18a171c8fa084b1547230b87fe60814d7c35efa2"},
	} {
		sum := sha256.Sum256(tc.content)
		if got := hex.EncodeToString(sum[:]); got != tc.want {
			t.Errorf("fragment has sha256 %s, want %s", got, tc.want)
		}
	}
}

func TestCompileError(t *testing.T) {
	bad := errors.New("does not compile")
	var asked atomic.Int64
	_, err := hello().Archives(t.Context(), func(context.Context, platforms.Platform) (string, error) {
		asked.Add(1)
		return "", bad
	})
	if n := asked.Load(); !errors.Is(err, bad) || n < 1 || n > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("error %v after %d platforms", err, n)
	}
	err = hello().WriteBundle(t.Context(), map[platforms.Platform]string{amd64: "x"}, nil)
	if err == nil || err.Error() != "cli hello: not compiled for darwin/amd64" {
		t.Errorf("error %v", err)
	}
}
