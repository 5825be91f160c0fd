package gotool_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/layers/gotool"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// archived returns the sample's release archive as the zip that a layer is made
// of. The level of its compression counts for nothing.
func archived(t testing.TB, level int) *bytes.Reader {
	t.Helper()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, level)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, f := range append(sample(), file{"test/x.go", "left out"}, file{"doc/x.html", "left out"}) {
		mode := int64(0o644)
		if strings.HasPrefix(f.name, "bin/") || strings.HasPrefix(f.name, "pkg/tool/") || strings.HasSuffix(f.name, ".bash") || strings.HasSuffix(f.name, "_exec") {
			mode = 0o755
		}
		h := &tar.Header{Name: "go/" + strings.Replace(f.name, "_go.mod", "go.mod", 1), Mode: mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := release.Repack(t.Context(), &packed, "1.26.8", platforms.Platform{OS: "linux", Arch: "amd64"}, &out); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(out.Bytes())
}

// TestArchiveGolden pins the bytes of the fragment of an archive: layer format 1.
// Its tar is that of the module.
func TestArchiveGolden(t *testing.T) {
	var module bytes.Buffer
	if _, err := fragment(t, makeZip(t, zip.Deflate, 6, sample()...), tree.Options{Tar: &module}); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[tree.Compression]string{
		tree.Gzip: "edbaed1667e89b0936e6b1dd277483221e704a1a2e3f1f17dfcd68ad93c9f6f4",
		tree.Zstd: "eaf5daaa53d66332040d239109f1a69a45fe07ca13be87af64d2b6e0285fd07c", // as of the module
	} {
		for _, level := range []int{1, 9} {
			var tarball bytes.Buffer
			out, err := fragment(t, archived(t, level), tree.Options{Compression: c, Tar: &tarball})
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(out)
			if got := hex.EncodeToString(sum[:]); got != want {
				t.Errorf("%v fragment has sha256 %s, want %s", c, got, want)
			}
			if !bytes.Equal(tarball.Bytes(), module.Bytes()) {
				t.Errorf("%v: the tar differs from the module's", c)
			}
		}
	}
}

func TestDescribeArchive(t *testing.T) {
	tc := lock.Toolchain{Version: "1.26.8", Source: "release", File: "go1.26.8.linux-amd64.tar.gz", SHA256: "00", SignedBy: "AA", Size: 7, Image: true}
	want := gotool.Description{File: tc.File, SHA256: "00", Root: gotool.Root}
	if diff := cmp.Diff(want, gotool.Describe(tc, gotool.Root)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
