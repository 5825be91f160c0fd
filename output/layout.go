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

	"github.com/gofrs/flock"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// Parts of an OCI layout (image-spec, image-layout.md).
const (
	layoutFile    = "oci-layout"
	indexFile     = "index.json"
	blobsDir      = "blobs/sha256"
	layoutContent = `{"imageLayoutVersion":"1.0.0"}`
	refNameKey    = "org.opencontainers.image.ref.name"
)

// layout is an OCI layout that this process has locked.
type layout struct {
	disk    disk
	dir     string
	place   string   // of the output, for usage errors
	fresh   bool     // had no index.json
	created []string // blobs of this run, for undo
}

// writeLayout writes an index into the layout at t.Path.
func writeLayout(ctx context.Context, t Transport, tags []string, c *closure, o Options) (done []string, err error) {
	l := &layout{disk: disk{o.Hook}, dir: t.Path, place: t.place()}
	if err := l.check(); err != nil {
		return nil, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Unlock() }() // the kernel does it otherwise
	if err := l.check(); err != nil {    // again: now nobody else changes it
		return nil, err
	}
	index, err := l.readIndex()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.undo()
		}
	}()
	if err := l.start(); err != nil {
		return nil, err
	}
	if err := l.addBlobs(ctx, c, o); err != nil {
		return nil, err
	}
	if err := index.put(c.root.Descriptor, tags); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	if err := l.write(indexFile, raw); err != nil {
		// The rename may have happened all the same: then nothing is undone.
		if now, e := os.ReadFile(l.path(indexFile)); e == nil && bytes.Equal(now, raw) {
			l.created, l.fresh = nil, false
		}
		return nil, err
	}
	return tags, nil
}

func (l *layout) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

// lock makes the directory and locks it. Another process whose write failed may
// remove the directory in between.
func (l *layout) lock(ctx context.Context) (lock *flock.Flock, err error) {
	for range 100 {
		if err := l.mkdir(l.dir); err != nil {
			return nil, err
		}
		lock, err = l.disk.lockFile(ctx, l.path(ours+"lock"))
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return lock, err
}

// check refuses a directory that holds something other than a layout. The
// marker file is looked for after the listing, since another process writes it
// before any other file.
func (l *layout) check() error {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		if info, e := os.Stat(l.dir); e == nil && !info.IsDir() {
			return newError(classUsage, l.place, "%q is not a directory", l.dir)
		}
		return diskError(err, l.dir)
	}
	_, err = os.Stat(l.path(layoutFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return asDisk(err, l.dir)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ours) {
			return newError(classUsage, l.place, "directory is not empty and has no oci-layout file").
				hint("choose another directory, or empty this one")
		}
	}
	return nil
}

// start removes what a killed process left and writes the marker.
func (l *layout) start() error {
	left, err := filepath.Glob(filepath.Join(globQuote(l.dir), ours+"*.tmp"))
	if err != nil {
		return err
	}
	for _, file := range left {
		if err := l.disk.do("remove", file, func() error { return os.Remove(file) }); err != nil {
			return diskError(err, file)
		}
	}
	if _, err := os.Stat(l.path(layoutFile)); errors.Is(err, fs.ErrNotExist) {
		if err := l.write(layoutFile, []byte(layoutContent)); err != nil {
			return err
		}
	}
	return l.mkdir(l.path(blobsDir))
}

// mkdir makes a directory and those above it.
func (l *layout) mkdir(dir string) error {
	if err := l.disk.do("mkdir", dir, func() error { return os.MkdirAll(dir, 0o755) }); err != nil {
		return diskError(err, dir)
	}
	return nil
}

// globQuote makes filepath.Glob take a directory as it is.
func globQuote(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// write replaces a small file.
func (l *layout) write(name string, content []byte) error {
	return l.disk.replace(l.path(name), l.temp(filepath.Base(name)), func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func (l *layout) temp(base string) string { return l.path(ours + base + ".tmp") }

// undo removes what a failed write added: its blobs, and a layout that did not
// exist before. One that has blobs, of a process that was killed, stays a layout.
func (l *layout) undo() {
	for _, file := range l.created {
		// Best effort: unreferenced blobs do no harm.
		_ = l.disk.do("remove", file, func() error { return os.Remove(file) })
	}
	if !l.fresh {
		return
	}
	for _, name := range []string{blobsDir, "blobs", layoutFile, ours + "lock", "."} {
		if err := os.Remove(l.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

// addBlobs writes all blobs and manifests that are not there yet.
func (l *layout) addBlobs(ctx context.Context, c *closure, o Options) error {
	files := make([]bool, len(c.blobs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(o.Jobs)
	for i, b := range c.blobs {
		g.Go(func() (err error) {
			files[i], err = l.addBlob(gctx, b, o)
			return err
		})
	}
	err := g.Wait()
	for i, created := range files {
		if created {
			l.created = append(l.created, l.blobPath(c.blobs[i].Digest))
		}
	}
	if err != nil {
		return err
	}
	for _, m := range c.manifests() {
		created, err := l.addBlob(ctx, &blob{Descriptor: m.Descriptor, data: m.raw}, o)
		if err != nil {
			return err
		}
		if created {
			l.created = append(l.created, l.blobPath(m.Digest))
		}
	}
	return nil
}

func (l *layout) blobPath(h v1.Hash) string { return l.path(blobsDir + "/" + h.Hex) }

// addBlob writes one blob unless it is there with the right content, and says
// whether the file is new.
func (l *layout) addBlob(ctx context.Context, b *blob, o Options) (created bool, err error) {
	file := l.blobPath(b.Digest)
	info, err := os.Stat(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, diskError(err, file)
	}
	exists := err == nil
	if exists && info.Size() == b.Size {
		same, err := l.hasDigest(ctx, file, b.Digest)
		if err != nil {
			return false, err
		}
		if same {
			o.Progress(Event{Kind: EventExists, Name: b.name(), Size: b.Size})
			return false, nil
		}
	}
	err = l.disk.replace(file, l.temp(b.Digest.Hex), func(w io.Writer) error { return copyBlob(ctx, w, b, o) })
	return !exists && err == nil, err
}

// hasDigest hashes a file.
func (l *layout) hasDigest(ctx context.Context, file string, want v1.Hash) (bool, error) {
	h := sha256.New()
	err := l.disk.do("read", file, func() error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(h, contextReader{ctx, f})
		return err
	})
	if err != nil {
		return false, asDisk(err, file)
	}
	return hex.EncodeToString(h.Sum(nil)) == want.Hex, nil
}
