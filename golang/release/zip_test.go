package release_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophersnake/gophersnake/golang/release"
)

const prefix = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/"

type member struct {
	name, content string
	mode          fs.FileMode
}

func sample() []member {
	return []member{
		{prefix + "bin/go", strings.Repeat("go", 9999), 0o644},
		{prefix + "src/_go.mod", "module std\n", 0o644},
		{prefix + "src/go.sum", "", 0o755},
		{prefix + "src/make.bash", "#!/bin/bash\n", 0o644},
		{prefix + "lib/wasm/go_js_wasm_exec", "#!/bin/bash\n", 0o644},
		{prefix + "lib/wasm/go_js_exec", "", 0o644},
		{prefix + "pkg/tool/linux_amd64/vet", "vet", 0o644},
		{prefix + "VERSION", "go1.26.8\n", 0o644},
	}
}

func makeZip(t testing.TB, method uint16, members ...member) *bytes.Reader {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: method}
		h.SetMode(m.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.content); err != nil && !strings.HasSuffix(m.name, "/") {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(buf.Bytes())
}

func content(t testing.TB, r *bytes.Reader) []byte {
	t.Helper()
	data := make([]byte, r.Size())
	if _, err := r.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHashZip compares with the go command's own function.
func TestHashZip(t *testing.T) {
	for _, method := range []uint16{zip.Deflate, zip.Store} {
		z := makeZip(t, method, sample()...)
		file := filepath.Join(t.TempDir(), "x.zip")
		if err := os.WriteFile(file, content(t, z), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := dirhash.HashZip(file, dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content(t, z))
		h1, sha, err := release.HashZip(z, z.Size())
		if err != nil || h1 != want || sha != hex.EncodeToString(sum[:]) {
			t.Errorf("HashZip is %q, %q, %v; want %q, %x", h1, sha, err, want, sum)
		}
	}
}

func TestCheckZip(t *testing.T) {
	const module = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64"
	z := makeZip(t, zip.Deflate, sample()...)
	h1, sha, err := release.HashZip(z, z.Size())
	if err != nil {
		t.Fatal(err)
	}
	other := makeZip(t, zip.Store, sample()...)
	_, otherSHA, err := release.HashZip(other, other.Size())
	if err != nil {
		t.Fatal(err)
	}
	evil := sample()
	evil[0].content = "evil"
	bad := makeZip(t, zip.Deflate, evil...)
	badH1, _, err := release.HashZip(bad, bad.Size())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, sha, want, hint string
		zip                   *bytes.Reader
	}{
		{"right", sha, "", "", z},
		{"without sha256", "", "", "", other},
		{
			"other zip", sha, module + ": same files in another zip: sha256 is " + otherSHA + ", not " + sha,
			"run lock --update go to take this zip", other,
		},
		{
			"other files", sha, module + ": SECURITY: the zip's hash is " + badH1 + ", not " + h1,
			"the module proxy gives other bytes than the checksum database has; do not use them", bad,
		},
	} {
		err := release.CheckZip(tc.zip, tc.zip.Size(), module, h1, tc.sha)
		if err == nil && tc.want == "" {
			continue
		}
		var e *release.Error
		if !errors.As(err, &e) || e.Error() != tc.want || e.Hint() != tc.hint || e.Class() != "verification" {
			t.Errorf("%s: error %v, want %s", tc.name, err, tc.want)
		}
	}
}

func TestEntries(t *testing.T) {
	z, err := release.OpenZip(readerAndSize(makeZip(t, zip.Deflate, sample()...)))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := release.Entries(z)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%s %o %s", e.Path, e.Mode, strings.TrimPrefix(e.File.Name, prefix)))
	}
	want := []string{
		"VERSION 644 VERSION",
		"bin/go 755 bin/go",
		"lib/wasm/go_js_exec 644 lib/wasm/go_js_exec",
		"lib/wasm/go_js_wasm_exec 755 lib/wasm/go_js_wasm_exec",
		"pkg/tool/linux_amd64/vet 755 pkg/tool/linux_amd64/vet",
		"src/go.mod 644 src/_go.mod",
		"src/go.sum 644 src/go.sum",
		"src/make.bash 755 src/make.bash",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func readerAndSize(r *bytes.Reader) (io.ReaderAt, int64) { return r, r.Size() }

func TestBadZips(t *testing.T) {
	ok := member{prefix + "VERSION", "go", 0o644}
	named := func(name string) *bytes.Reader {
		return makeZip(t, zip.Store, ok, member{prefix + name, "", 0o644})
	}
	lie := content(t, makeZip(t, zip.Store, ok)) // says 1 byte more in the directory
	i := bytes.LastIndex(lie, []byte("PK\x01\x02"))
	lie[i+24]++
	flip := content(t, makeZip(t, zip.Store, ok))
	flip[bytes.Index(flip, []byte("VERSIONgo"))+len("VERSION")]++
	const below = `" is not a clean path below "` + prefix + `"`
	for _, tc := range []struct {
		name, want string
		zip        *bytes.Reader
	}{
		{"no zip", "module zip: zip: not a valid zip file", bytes.NewReader([]byte("PK\x03\x04"))},
		{"empty", "module zip: is empty", makeZip(t, zip.Store)},
		{"twice", `module zip: has two files "` + ok.name + `"`, makeZip(t, zip.Store, ok, ok)},
		{
			"other module", `module zip: file name "example.com/m@v1.0.0/x" is not of the module golang.org/toolchain`,
			makeZip(t, zip.Store, member{"example.com/m@v1.0.0/x", "", 0o644}),
		},
		{
			"no version", `module zip: file name "golang.org/toolchain@v0.0.1-go/x" is not of the module golang.org/toolchain`,
			makeZip(t, zip.Store, member{"golang.org/toolchain@v0.0.1-go/x", "", 0o644}),
		},
		{
			"two modules", `module zip: file name "golang.org/toolchain@v0.0.1-go1.26.9.linux-amd64/x` + below,
			makeZip(t, zip.Store, ok, member{"golang.org/toolchain@v0.0.1-go1.26.9.linux-amd64/x", "", 0o644}),
		},
		{"dot dot", `module zip: file name "` + prefix + `../x` + below, named("../x")},
		{"absolute", `module zip: file name "` + prefix + `/x` + below, named("/x")},
		{"backslash", `module zip: file name "` + prefix + `..\\x` + below, named(`..\x`)},
		{"colon", `module zip: file name "` + prefix + `C:x` + below, named("C:x")},
		{"control", `module zip: file name "` + prefix + `a\x00b` + below, named("a\x00b")},
		{"directory", `module zip: file name "` + prefix + `d/` + below, makeZip(t, zip.Store, ok, member{prefix + "d/", "", 0o755})},
		{"link", `module zip: file "` + prefix + `l" is not a regular file`, makeZip(t, zip.Store, ok, member{prefix + "l", "/etc/passwd", fs.ModeSymlink | 0o777})},
		{
			"two go.mod", `module zip: has both "` + prefix + `go.mod" and "` + prefix + `_go.mod"`,
			makeZip(t, zip.Store, member{prefix + "go.mod", "", 0o644}, member{prefix + "_go.mod", "", 0o644}),
		},
		{"flipped bit", `module zip: file "` + prefix + `VERSION": zip: checksum error`, bytes.NewReader(flip)},
		{"wrong size", `module zip: file "` + prefix + `VERSION": unexpected EOF`, bytes.NewReader(lie)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			err := release.Extract(t.Context(), tc.zip, tc.zip.Size(), dir)
			if err == nil || err.Error() != tc.want || release.ClassOf(err) != "verification" {
				t.Errorf("class %q, error %v\nwant %s", release.ClassOf(err), err, tc.want)
			}
		})
	}
}

// TestBomb says that a directory that promises too much is refused before
// anything is unpacked.
func TestBomb(t *testing.T) {
	data := content(t, makeZip(t, zip.Store, member{prefix + "VERSION", "go", 0o644}, member{prefix + "a", "go", 0o644}))
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		copy(data[at+i+24:], []byte{0xff, 0xff, 0xff, 0xf0})
		at += i + 4
	}
	_, _, err := release.HashZip(bytes.NewReader(data), int64(len(data)))
	const want = "module zip: unpacks to more than 4294967296 bytes"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestExtract(t *testing.T) {
	dir := t.TempDir()
	z := makeZip(t, zip.Deflate, sample()...)
	if err := release.Extract(t.Context(), z, z.Size(), dir); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		"VERSION": 0o644, "bin/go": 0o755, "lib/wasm/go_js_exec": 0o644, "lib/wasm/go_js_wasm_exec": 0o755,
		"pkg/tool/linux_amd64/vet": 0o755, "src/go.mod": 0o644, "src/go.sum": 0o644, "src/make.bash": 0o755,
	}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := release.Extract(t.Context(), z, z.Size(), dir); !errors.Is(err, fs.ErrExist) || release.ClassOf(err) != "disk" {
		t.Errorf("over a full directory: class %q, error %v", release.ClassOf(err), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := release.Extract(ctx, z, z.Size(), t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error %v", err)
	}
}

// TestExtractLink says that a link that waits in the directory is not followed.
func TestExtractLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "bin")); err != nil {
		t.Skip(err)
	}
	z := makeZip(t, zip.Deflate, sample()...)
	if err := release.Extract(t.Context(), z, z.Size(), dir); err == nil {
		t.Error("no error")
	}
	if got := files(t, outside); len(got) > 0 {
		t.Errorf("written outside: %v", got)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(content(f, makeZip(f, zip.Deflate, sample()...)))
	f.Add(content(f, makeZip(f, zip.Store, sample()...)))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		h1, _, err := release.HashZip(r, r.Size())
		if err != nil {
			return
		}
		if !strings.HasPrefix(h1, "h1:") {
			t.Errorf("h1 is %q", h1)
		}
		z, err := release.OpenZip(r, r.Size())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := release.Entries(z)
		if err != nil {
			return
		}
		for _, e := range entries {
			if !fs.ValidPath(e.Path) || e.Mode != 0o644 && e.Mode != 0o755 {
				t.Errorf("entry %q %o", e.Path, e.Mode)
			}
		}
	})
}
