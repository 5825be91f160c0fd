package output

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output/rootfs"
)

// Bounds of what is unpacked (promises.md §3.3).
const (
	maxRatio      = 200     // of a layer's bytes to its compressed ones,
	ratioFrom     = 1 << 30 // beyond this many bytes
	maxZstdWindow = 128 << 20
)

// writeRootFS unpacks every platform's image. The directory appears when all is
// in it: until then it is another one beside it.
func writeRootFS(ctx context.Context, t Transport, c *closure, o Options) error {
	dir, err := freshDir(t)
	if err != nil {
		return err
	}
	hidden := filepath.Join(filepath.Dir(dir), ours+filepath.Base(dir))
	lock, err := disk{o.Hook}.lockFile(ctx, hidden+".lock")
	if err != nil {
		return named(t.Path, hidden+".lock", err)
	}
	defer func() {
		_ = os.Remove(hidden + ".lock") // an empty file at worst
		_ = lock.Unlock()
	}()
	tmp := hidden + ".tmp"
	if err := removeAll(tmp); err != nil { // what a killed process left
		return diskError(err, t.Path)
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return diskError(err, t.Path)
	}
	err = unpackAll(ctx, t, tmp, c, o)
	if err == nil {
		_, err = freshDir(t)
	}
	if err == nil {
		err = moveDir(tmp, dir, t.Path)
	}
	if err != nil {
		_ = removeAll(tmp) // the first error is the one to tell
		return err
	}
	return disk{o.Hook}.syncDir(filepath.Dir(dir))
}

// freshDir returns where the root file system is to appear: a directory that is
// absent or empty, behind symbolic links if there are any.
func freshDir(t Transport) (string, error) {
	dir := filepath.Clean(t.Path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dir, nil
	case err != nil:
		if info, e := os.Stat(dir); e == nil && !info.IsDir() {
			return "", newError(classUsage, t.place(), "%q is not a directory", t.Path)
		}
		return "", diskError(err, t.Path)
	case len(entries) > 0:
		return "", newError(classUsage, t.place(), "directory is not empty").hint("choose another directory, or empty this one: nothing is written over")
	}
	return dir, nil
}

// moveDir renames a complete directory to where it belongs.
func moveDir(tmp, dir, shown string) error {
	err := os.Rename(tmp, dir)
	if err != nil && os.Remove(dir) == nil { // some systems replace no directory, not even an empty one
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		e := diskError(err, shown)
		e.Place = shown
		return e.hint("name a directory that does not exist yet; a mounted one cannot be replaced")
	}
	return nil
}

// removeAll removes a tree, whatever modes its directories have.
func removeAll(dir string) error {
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error { // RemoveAll tells what stays
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// unpackAll unpacks one image into dir itself, or several into a directory
// each.
func unpackAll(ctx context.Context, t Transport, dir string, c *closure, o Options) error {
	images, err := c.runnable(t)
	if err != nil {
		return err
	}
	if len(images) == 1 {
		return unpackImage(ctx, images[0].manifest, dir, t.Path, c, o)
	}
	for _, img := range images {
		name := strings.ReplaceAll(img.platform.String(), "/", "-")
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return diskError(err, t.Path+"/"+name)
		}
		if err := unpackImage(ctx, img.manifest, filepath.Join(dir, name), t.Path+"/"+name, c, o); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return diskError(err, t.Path)
	}
	return nil
}

// platformImage is an image of the index.
type platformImage struct {
	platform v1.Platform
	manifest *manifest
}

// runnable returns the images that have a platform.
func (c *closure) runnable(t Transport) ([]platformImage, error) {
	list, err := v1.ParseIndexManifest(bytes.NewReader(c.root.raw))
	if err != nil {
		return nil, err
	}
	var all []platformImage
	for _, d := range list.Manifests {
		if d.MediaType.IsImage() && d.Platform != nil && d.Platform.OS != "unknown" {
			all = append(all, platformImage{*d.Platform, c.imageManifest(d.Digest)})
		}
	}
	if len(all) == 0 {
		return nil, newError(classUsage, t.place(), "the index has no image")
	}
	return all, nil
}

// unpackImage unpacks the layers of one image.
func unpackImage(ctx context.Context, img *manifest, dir, shown string, c *closure, o Options) error {
	m, err := img.parse()
	if err != nil {
		return err
	}
	diffs, err := c.diffIDs(m)
	if err != nil {
		return err
	}
	x, err := rootfs.New(dir, rootfs.Options{Owners: o.Owners, Show: shown})
	if err != nil {
		return err
	}
	for i, d := range m.Layers {
		b := c.blob(d.Digest)
		if b == nil {
			err = newError(classUsage, "layer "+d.Digest.String(), "it is not distributable, so it is not here")
		} else {
			err = unpackLayer(ctx, x, b, diffs[i], o)
		}
		if err != nil {
			x.Abort()
			return err
		}
	}
	return x.Close()
}

// blob returns a blob of the closure, or nil.
func (c *closure) blob(h v1.Hash) *blob {
	for _, b := range c.blobs {
		if b.Digest == h {
			return b
		}
	}
	return nil
}

// diffIDs returns the digests of the unpacked layers, from the image's config.
func (c *closure) diffIDs(m *v1.Manifest) ([]string, error) {
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	where := "config " + m.Config.Digest.String()
	b := c.blob(m.Config.Digest)
	if b == nil {
		return nil, newError(classVerification, where, "it is not an image's")
	}
	if err := json.Unmarshal(b.data, &config); err != nil {
		return nil, newError(classVerification, where, "not an image's config: %w", err)
	}
	if n := len(config.RootFS.DiffIDs); n != len(m.Layers) {
		return nil, newError(classVerification, where, "it has %d diff_ids for %d layers", n, len(m.Layers))
	}
	return config.RootFS.DiffIDs, nil
}

// unpackLayer unpacks one layer and checks its bytes, packed and unpacked.
func unpackLayer(ctx context.Context, x *rootfs.Extractor, b *blob, diffID string, o Options) error {
	o.Progress(Event{Kind: EventStart, Name: b.name(), Size: b.Size})
	packed, err := verify(b, o.meter(b))
	if err != nil {
		return err
	}
	defer packed.Close()
	plain, done, err := decompress(b, packed)
	if err != nil {
		return err
	}
	defer done()
	u := &unpacked{src: contextReader{ctx, plain}, limit: max(ratioFrom, maxRatio*b.Size), place: "layer " + b.Digest.String()}
	h := sha256.New()
	if err := x.Layer(ctx, u.place, io.TeeReader(u, h)); err != nil {
		return u.explain(packed, err)
	}
	// Bytes after the last member of a compressed stream are part of the digest.
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return err
	}
	if got := "sha256:" + hex.EncodeToString(h.Sum(nil)); got != diffID {
		return newError(classVerification, u.place, "its unpacked bytes have the digest %s, the config says %s", got, diffID)
	}
	o.Progress(Event{Kind: EventDone, Name: b.name(), Bytes: b.Size, Size: b.Size})
	return nil
}

// decompress returns the bytes of a layer's tar.
func decompress(b *blob, packed io.Reader) (plain io.Reader, done func(), err error) {
	bad := func(err error) error {
		return newError(classVerification, "layer "+b.Digest.String(), "not what its media type %s says: %w", b.MediaType, err)
	}
	switch mediaType := string(b.MediaType); {
	case strings.HasSuffix(mediaType, "gzip"):
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, nil, bad(err)
		}
		return z, func() { _ = z.Close() }, nil
	case strings.HasSuffix(mediaType, "+zstd"):
		z, err := zstd.NewReader(packed, zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, bad(err)
		}
		return z, z.Close, nil
	}
	return packed, func() {}, nil
}

// unpacked bounds the bytes that come out of a layer.
type unpacked struct {
	src   io.Reader
	n     int64
	limit int64
	place string
	err   error // of the decompressor
}

// Read implements io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.src.Read(p)
	if u.n += int64(n); u.n > u.limit {
		err = newError(classVerification, u.place, "unpacks to more than %d bytes, %d times its size", u.limit, maxRatio)
	}
	if err != nil && err != io.EOF {
		u.err = err
	}
	return n, err
}

// explain finds the reason of an error of unpacking: the layer's source, its
// compression, or what was made of it.
func (u *unpacked) explain(packed *verified, err error) error {
	if failure := packed.failure(); failure != nil {
		return failure
	}
	var classed interface{ Class() string }
	if u.err != nil && !errors.As(u.err, &classed) && !errors.Is(u.err, context.Canceled) && !errors.Is(u.err, context.DeadlineExceeded) {
		return newError(classVerification, u.place, "it cannot be decompressed: %w", u.err)
	}
	return err
}
