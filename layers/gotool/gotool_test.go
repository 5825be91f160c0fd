package gotool_test

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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/layers/gotool"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

const module = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/"

type file struct{ name, content string }

func sample() []file {
	return []file{
		{"bin/go", strings.Repeat("\x7fELF go", 999)},
		{"src/go-x", "sorts after src/go.mod, before src/go/"},
		{"src/go/ast.go", "package ast\n"},
		{"src/_go.mod", "module std\n"},
		{"src/all.bash", "#!/usr/bin/env bash\n"},
		{"src/empty.go", ""},
		{"pkg/tool/linux_amd64/vet", strings.Repeat("vet", 50_000)},
		{"lib/wasm/go_js_wasm_exec", "#!/usr/bin/env bash\n"},
		{"VERSION", "go1.26.8\n"},
	}
}

// makeZip makes a module zip. Its deflate streams are klauspost's, whose bytes
// are pinned by go.mod, so that the golden digest below depends on no Go
// release.
func makeZip(t testing.TB, method uint16, level int, files ...file) *bytes.Reader {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, level) })
	for _, f := range files {
		h := &zip.FileHeader{Name: module + f.name, Method: method}
		h.SetMode(0o600) // modes of the zip do not count
		fw, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(fw, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(buf.Bytes())
}

func fragment(t testing.TB, z *bytes.Reader, o tree.Options) (compressed []byte, err error) {
	t.Helper()
	var out bytes.Buffer
	w := tree.NewWriter(&out, o)
	err = gotool.Write(t.Context(), z, z.Size(), gotool.Root, w)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return out.Bytes(), err
}

func TestWrite(t *testing.T) {
	out, err := fragment(t, makeZip(t, zip.Deflate, 6, sample()...), tree.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"usr/local/go/VERSION 644 9",
		"usr/local/go/bin/go 755 6993",
		"usr/local/go/lib/wasm/go_js_wasm_exec 755 20",
		"usr/local/go/pkg/tool/linux_amd64/vet 755 150000",
		"usr/local/go/src/all.bash 755 20",
		"usr/local/go/src/empty.go 644 0",
		"usr/local/go/src/go-x 644 38",
		"usr/local/go/src/go.mod 644 11",
		"usr/local/go/src/go/ast.go 644 12",
	}
	zr, err := gzip.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(zr); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // a fragment has no end of archive
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %d", h.Name, h.Mode, h.Size))
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 0 || h.Typeflag != tar.TypeReg {
			t.Errorf("header %+v", h)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// TestGolden pins the bytes of the fragment: layer format 1.
func TestGolden(t *testing.T) {
	for c, want := range map[tree.Compression]string{
		tree.Gzip: "8dcc86603f334cc06d8974e1926b0c8ce06e7fec9f98c437d40b34f74b92d372",
		tree.Zstd: "eaf5daaa53d66332040d239109f1a69a45fe07ca13be87af64d2b6e0285fd07c",
	} {
		out, err := fragment(t, makeZip(t, zip.Deflate, 6, sample()...), tree.Options{Compression: c})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(out)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%v fragment has sha256 %s, want %s", c, got, want)
		}
	}
}

// TestSameTar says that the uncompressed layer depends on the files alone:
// deflate streams reused, made anew or stored.
func TestSameTar(t *testing.T) {
	var want []byte
	for name, z := range map[string]*bytes.Reader{
		"level 6": makeZip(t, zip.Deflate, 6, sample()...),
		"level 1": makeZip(t, zip.Deflate, 1, sample()...),
		"stored":  makeZip(t, zip.Store, 0, sample()...),
	} {
		for _, c := range []tree.Compression{tree.Gzip, tree.Zstd} {
			var tarball bytes.Buffer
			if _, err := fragment(t, z, tree.Options{Compression: c, Tar: &tarball}); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = tarball.Bytes()
			}
			if !bytes.Equal(tarball.Bytes(), want) {
				t.Errorf("%s, %v: tar differs", name, c)
			}
		}
	}
}

func TestDirs(t *testing.T) {
	z := makeZip(t, zip.Deflate, 6, sample()...)
	got, err := gotool.Dirs(z, z.Size(), "opt/go/1.26.8")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`opt opt/go opt/go/1.26.8 opt/go/1.26.8/bin opt/go/1.26.8/lib opt/go/1.26.8/lib/wasm
		opt/go/1.26.8/pkg opt/go/1.26.8/pkg/tool opt/go/1.26.8/pkg/tool/linux_amd64 opt/go/1.26.8/src opt/go/1.26.8/src/go`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDescribe(t *testing.T) {
	tc := lock.Toolchain{
		Envs: []string{"k8s"}, Platform: platforms.Platform{OS: "linux", Arch: "amd64"}, Version: "1.26.8", Source: "module",
		Module: strings.TrimSuffix(module, "/"), H1: "h1:x", ZipSHA256: "00", Size: 7, Image: true,
	}
	want := gotool.Description{Module: tc.Module, H1: "h1:x", ZipSHA256: "00", Root: gotool.Root}
	if diff := cmp.Diff(want, gotool.Describe(tc, gotool.Root)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	damaged := func() *bytes.Reader {
		z := makeZip(t, zip.Deflate, 6, file{"VERSION", strings.Repeat("go1.26.8 ", 99)})
		data := make([]byte, z.Size())
		if _, err := z.ReadAt(data, 0); err != nil {
			t.Fatal(err)
		}
		zr, err := release.OpenZip(z, z.Size())
		if err != nil {
			t.Fatal(err)
		}
		at, err := zr.File[0].DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		data[at+4] ^= 0x10
		return bytes.NewReader(data)
	}
	for name, z := range map[string]*bytes.Reader{
		"flipped bit":   damaged(),
		"not a zip":     bytes.NewReader([]byte("PK")),
		"empty":         makeZip(t, zip.Deflate, 6),
		"escape":        makeZip(t, zip.Deflate, 6, file{"../x", "x"}),
		"file and dir":  makeZip(t, zip.Deflate, 6, file{"a", "x"}, file{"a/b", "x"}),
		"two go.mod":    makeZip(t, zip.Deflate, 6, file{"src/go.mod", "x"}, file{"src/_go.mod", "x"}),
		"whiteout name": makeZip(t, zip.Deflate, 6, file{"src/.wh.a", "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fragment(t, z, tree.Options{})
			var c interface{ Class() string }
			if !errors.As(err, &c) || c.Class() != "verification" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWriteCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	z := makeZip(t, zip.Deflate, 6, sample()...)
	w := tree.NewWriter(io.Discard, tree.Options{})
	if err := gotool.Write(ctx, z, z.Size(), gotool.Root, w); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	_ = w.Close()
}
