package builder_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

// fake makes layers of fragments with one file each, and counts.
type fake struct {
	contents, writes atomic.Int64
	contentErr       error
	writeErr         error
	write            func(ctx context.Context) error // before the file; may be nil
}

// layer returns a layer whose fragments are named.
func (f *fake) layer(key string, fragments ...string) layers.Layer {
	return layers.Layer{Kind: "files", Name: key, Key: layers.Key("test", tree.Gzip, key), Content: func(context.Context) (*layers.Content, error) {
		f.contents.Add(1)
		if f.contentErr != nil {
			return nil, f.contentErr
		}
		c := &layers.Content{Dirs: layers.Dirs(&lock.Facts{}, "d")}
		for _, name := range fragments {
			c.Fragments = append(c.Fragments, layers.Fragment{Key: layers.Key("test", tree.Gzip, name), Write: func(ctx context.Context, w *tree.Writer) error {
				return f.fragment(ctx, w, name)
			}})
		}
		return c, nil
	}}
}

func (f *fake) fragment(ctx context.Context, w *tree.Writer, name string) error {
	f.writes.Add(1)
	if f.write != nil {
		if err := f.write(ctx); err != nil {
			return err
		}
	}
	const size = 20_000
	random := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	if err := w.Add(tree.Header{Path: "d/" + name, Mode: 0o644, Size: size}, io.LimitReader(random, size)); err != nil {
		return err
	}
	return f.writeErr
}

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// build builds one image of layers and checks nothing.
func build(t *testing.T, b builder.Builder, ls ...layers.Layer) (*builder.Result, error) {
	t.Helper()
	if b.Store == nil {
		b.Store = openStore(t, t.TempDir())
	}
	return b.Build(t.Context(), []builder.Image{{Platform: amd64, Layers: ls}})
}

func mustBuild(t *testing.T, b builder.Builder, ls ...layers.Layer) *builder.Result {
	t.Helper()
	r, err := build(t, b, ls...)
	must(t, err)
	return r
}

// digest returns the digest of an index.
func digest(t *testing.T, idx v1.ImageIndex) string {
	t.Helper()
	h, err := idx.Digest()
	must(t, err)
	return h.String()
}

// check reads all of an index and compares it with what it says of itself.
func check(t *testing.T, idx v1.ImageIndex) {
	t.Helper()
	if err := validate.Index(idx, validate.Fast); err != nil {
		t.Errorf("index: %v", err)
	}
	m, err := idx.IndexManifest()
	must(t, err)
	for _, d := range m.Manifests {
		img, err := idx.Image(d.Digest)
		must(t, err)
		config, err := img.ConfigFile()
		must(t, err)
		ls, err := img.Layers()
		must(t, err)
		for i, l := range ls {
			checkLayer(t, l, config.RootFS.DiffIDs[i])
		}
	}
}

func checkLayer(t *testing.T, l v1.Layer, diffID v1.Hash) {
	t.Helper()
	want, err := l.Digest()
	must(t, err)
	size, err := l.Size()
	must(t, err)
	packed := readAll(t, l.Compressed)
	if got := hex(packed); got != want.String() || int64(len(packed)) != size {
		t.Errorf("layer is %s of %d bytes, want %s of %d", got, len(packed), want, size)
	}
	if got := hex(readAll(t, l.Uncompressed)); got != diffID.String() {
		t.Errorf("tar of layer is %s, want %s", got, diffID)
	}
}

// firstImage returns the image of an index with one.
func firstImage(t *testing.T, idx v1.ImageIndex) v1.Image {
	t.Helper()
	m, err := idx.IndexManifest()
	must(t, err)
	img, err := idx.Image(m.Manifests[0].Digest)
	must(t, err)
	return img
}

func imageLayers(t *testing.T, idx v1.ImageIndex) []v1.Layer {
	t.Helper()
	ls, err := firstImage(t, idx).Layers()
	must(t, err)
	return ls
}

func rowsOf(r *builder.Result) func(string) (lock.Layer, bool) {
	return func(key string) (lock.Layer, bool) {
		i := slices.IndexFunc(r.Rows, func(l lock.Layer) bool { return l.Key == key })
		if i < 0 {
			return lock.Layer{}, false
		}
		return r.Rows[i], true
	}
}

// storeFiles returns the files of a store that lie below one of its folders.
func storeFiles(t *testing.T, dir, folder string) []string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(filepath.Join(dir, folder), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, p)
		}
		return err
	}))
	return all
}

// flip flips a bit in the middle of a file.
func flip(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	data[len(data)/2] ^= 0x10
	must(t, os.Chmod(file, 0o600))
	must(t, os.WriteFile(file, data, 0o600))
}

func readAll(t *testing.T, open func() (io.ReadCloser, error)) []byte {
	t.Helper()
	r, err := open()
	must(t, err)
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	must(t, err)
	must(t, r.Close())
	return b.Bytes()
}

func hex(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

// wantError compares the text, the class and the hint of an error.
func wantError(t *testing.T, err error, class fault.Class, text, hint string) {
	t.Helper()
	h, _ := err.(interface{ Hint() string })
	switch {
	case err == nil:
		t.Errorf("no error, want %s", text)
	case err.Error() != text || fault.ClassOf(err) != class:
		t.Errorf("%s error %q,\nwant %s %q", fault.ClassOf(err), err, class, text)
	case h == nil || h.Hint() != hint:
		t.Errorf("%v: hint is not %q", err, hint)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
