package output_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// filesOf lists a directory's files with their content.
func filesOf(t *testing.T, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		must(t, err)
		if d.Type().IsRegular() {
			content, err := os.ReadFile(p)
			must(t, err)
			name, _ := filepath.Rel(dir, p)
			all = append(all, filepath.ToSlash(name)+" "+string(content))
		}
		return nil
	}))
	return all
}

func TestRootFS(t *testing.T) {
	layer := outputtest.NewLayer(t, "f", "content")
	for _, tt := range []struct {
		name      string
		platforms []string
		want      []string
	}{
		{"one", []string{"linux/arm64"}, []string{"f content", "platform linux/arm64"}},
		{"two", twoPlatforms, []string{"linux-amd64/f content", "linux-amd64/platform linux/amd64", "linux-arm64/f content", "linux-arm64/platform linux/arm64"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "out")
			must(t, os.Mkdir(dir, 0o700)) // an empty one is taken
			// What a killed process left goes away.
			must(t, os.MkdirAll(filepath.Join(root, ".gophersnake-out.tmp", "left"), 0o500))
			img := output.Image{Index: outputtest.Index(t, tt.platforms, layer)}
			r := write(t, "rootfs:"+dir, img, output.Options{})
			if diff := cmp.Diff(tt.want, filesOf(t, dir)); diff != "" || r.Name != "rootfs:"+dir || r.Digest != digest(t, img.Index) {
				t.Errorf("%+v, files -want +got\n%s", r, diff)
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%v, %v", info, err)
			}
			if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

// rootImage returns an index of one image with a layer of these bytes.
func rootImage(t *testing.T, mediaType types.MediaType, packed []byte, diffID v1.Hash) v1.ImageIndex {
	t.Helper()
	l := static.NewLayer(packed, mediaType)
	img, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), l)
	must(t, err)
	file, err := img.ConfigFile()
	must(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.RootFS.DiffIDs = "linux", "amd64", []v1.Hash{diffID}
	img, err = mutate.ConfigFile(img, file)
	must(t, err)
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
}

func gz(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(plain)
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}

func oneFile(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func sum(t *testing.T, b []byte) v1.Hash {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(b))
	must(t, err)
	return h
}

// TestRootFSErrors leaves nothing behind, whatever is wrong.
func TestRootFSErrors(t *testing.T) {
	good := oneFile(t, "f", []byte("x"))
	packed := gz(t, good)
	escape := oneFile(t, "../f", []byte("x"))
	place := func(b []byte) string { return "layer " + sum(t, b).String() }
	img := func(mediaType types.MediaType, b []byte, diffID v1.Hash) func(string) v1.ImageIndex {
		return func(string) v1.ImageIndex { return rootImage(t, mediaType, b, diffID) }
	}
	fine := img(types.OCILayer, packed, sum(t, good))
	for _, tt := range []struct {
		name  string
		index func(dir string) v1.ImageIndex
		class string
		want  string
		hint  string
	}{
		{"escape", img(types.OCIUncompressedLayer, escape, sum(t, escape)), "verification", place(escape) + `: "../f": the name leads out of the root`, ""},
		{"other bytes", img(types.OCILayer, packed, sum(t, escape)), "verification", place(packed) + ": its unpacked bytes have the digest " + sum(t, good).String() + ", the config says " + sum(t, escape).String(), ""},
		{"not gzip", img(types.OCILayer, good, sum(t, good)), "verification", place(good) + ": not what its media type application/vnd.oci.image.layer.v1.tar+gzip says: gzip: invalid header", ""},
		{"not zstd", img(types.OCILayerZStd, good, sum(t, good)), "verification", place(good) + ": it cannot be decompressed: invalid input: magic number mismatch", ""},
		{"half a gzip", img(types.OCILayer, packed[:len(packed)-9], sum(t, good)), "verification", place(packed[:len(packed)-9]) + ": it cannot be decompressed: unexpected EOF", ""},
		{"not empty", func(dir string) v1.ImageIndex {
			must(t, os.MkdirAll(filepath.Join(dir, "mine"), 0o755))
			return fine(dir)
		}, "usage", `output "rootfs:DIR": directory is not empty`, "choose another directory, or empty this one: nothing is written over"},
		{"a file", func(dir string) v1.ImageIndex {
			must(t, os.WriteFile(dir, nil, 0o644))
			return fine(dir)
		}, "usage", `output "rootfs:DIR": "DIR" is not a directory`, ""},
		{"no parent", func(dir string) v1.ImageIndex {
			must(t, os.Remove(filepath.Dir(dir)))
			return fine(dir)
		}, "disk", "DIR: open: no such file or directory", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "out")
			must(t, os.Mkdir(filepath.Dir(dir), 0o755))
			idx := tt.index(dir)
			before, _ := os.ReadDir(filepath.Dir(dir))
			_, err := output.Write(t.Context(), parse(t, "rootfs:"+dir), output.Image{Index: idx}, output.Options{})
			if err == nil {
				t.Fatal("no error")
			}
			text := strings.NewReplacer(dir, "DIR", filepath.Dir(dir), "PARENT").Replace(err.Error())
			if diff := cmp.Diff([]string{tt.class, tt.want, tt.hint}, []string{classOf(err), text, hintOf(err)}); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if after, _ := os.ReadDir(filepath.Dir(dir)); len(after) != len(before) {
				t.Errorf("left behind: %v", after)
			}
		})
	}
}

// TestRootFSBomb stops at the limit: a layer that unpacks to 200 times its size
// and more than a gibibyte.
func TestRootFSBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a sparse gibibyte")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	const size = 1<<30 + 1<<20
	must(t, w.WriteHeader(&tar.Header{Name: "zero", Mode: 0o644, Size: size}))
	zero := make([]byte, 1<<20)
	for range size >> 20 {
		_, err := w.Write(zero)
		must(t, err)
	}
	must(t, w.Close())
	must(t, z.Close())
	root := t.TempDir()
	_, err := output.Write(t.Context(), parse(t, "rootfs:"+filepath.Join(root, "out")), output.Image{Index: rootImage(t, types.OCILayer, b.Bytes(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)})}, output.Options{})
	want := fmt.Sprintf("layer %s: unpacks to more than %d bytes, 200 times its size", sum(t, b.Bytes()), max(1<<30, 200*b.Len()))
	if err == nil || err.Error() != want || classOf(err) != "verification" {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestRootFSCanceled ends while a layer is read, and leaves nothing.
func TestRootFSCanceled(t *testing.T) {
	root := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	layer := outputtest.NewLayer(t, "f", "content")
	layer.Source = func() (io.Reader, error) {
		cancel()
		return bytes.NewReader(layer.Bytes()), nil
	}
	_, err := output.Write(ctx, parse(t, "rootfs:"+filepath.Join(root, "out")), output.Image{Index: outputtest.Index(t, twoPlatforms, layer)}, output.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if slices.Contains(filesOf(t, root), "f content") {
		t.Error("files are there")
	}
}
