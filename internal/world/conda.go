package world

import (
	"context"
	"io"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
)

// bucketMeta holds package metadata by the package's sha256 and the reader's
// version.
const bucketMeta = "conda-meta-1"

// unpacking is how many bytes the decompression of packages takes: five at a time
// at the levels that are common, or one at zstd's highest.
const unpacking = 46 << 20

// Package fetches a package, checks it against what p says of it, and returns
// p with sha256 and size, and the package's metadata.
func (w *World) Package(ctx context.Context, p lock.Conda) (lock.Conda, *archive.Meta, error) {
	digest, size, err := w.into(ctx, &p)
	if err != nil {
		return p, nil, err
	}
	p.SHA256, p.Size = strings.TrimPrefix(digest, "sha256:"), size
	meta, err := w.Meta(ctx, &p)
	return p, meta, err
}

// Meta returns a package's metadata, from the store where that knows it. It is
// asked before Open, so that a package is read once for it and never again.
func (w *World) Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error) {
	var meta archive.Meta
	if ok, err := w.Store.LoadRecord(ctx, bucketMeta, p.SHA256, &meta); err != nil || ok {
		return &meta, err
	}
	a, closer, err := w.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	m, err := a.Meta(ctx)
	if err != nil {
		return nil, err
	}
	return m, w.Store.NoteRecord(ctx, bucketMeta, p.SHA256, m)
}

// Open opens a package, fetching it where the store lacks it.
func (w *World) Open(ctx context.Context, p *lock.Conda) (*archive.Package, io.Closer, error) {
	digest, _, err := w.into(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return nil, nil, err
	}
	w.memoryOnce.Do(func() { w.memory = archive.NewMemory(unpacking) })
	a, err := archive.Open(b, b.Size(), path.Base(p.URL), archive.Limits{Memory: w.memory})
	if err != nil {
		_ = b.Close() // was only read
		return nil, nil, err
	}
	return a, b, nil
}

// Walk calls visit for every file of a package, fetching it where the store
// lacks it.
func (w *World) Walk(ctx context.Context, p *lock.Conda, visit func(archive.Member) error) error {
	a, closer, err := w.Open(ctx, p)
	if err != nil {
		return err
	}
	defer closer.Close()
	return a.Walk(ctx, visit)
}

// into fetches a package into the store: from its mirrors, in order, then from
// where the lock says.
func (w *World) into(ctx context.Context, p *lock.Conda) (digest string, size int64, err error) {
	want := fetch.Want{SHA256: p.SHA256, MD5: p.MD5, Size: p.Size}
	err = w.visit(ctx, w.places(p.URL), func(at place) error {
		if strings.HasPrefix(at.request, ociScheme+"://") {
			digest, size, err = w.ociPackage(ctx, at, want)
		} else {
			digest, size, err = w.Fetch.Into(ctx, w.Store, at.request, want)
		}
		return err
	})
	return digest, size, err
}
