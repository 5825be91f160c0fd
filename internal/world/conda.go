package world

import (
	"context"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/lock"
)

// bucketMeta holds package metadata by the package's sha256 and the reader's
// version.
const bucketMeta = "conda-meta-1"

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
	return m, w.Store.SaveRecord(ctx, bucketMeta, p.SHA256, m)
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
	a, err := archive.Open(b, b.Size(), path.Base(p.URL), archive.Limits{})
	if err != nil {
		_ = b.Close() // was only read
		return nil, nil, err
	}
	return a, b, nil
}

// into fetches a package into the store: from the mirrors of its host, in
// order, then from the host itself. A mirror that serves other bytes is an
// error, not a reason to go on.
func (w *World) into(ctx context.Context, p *lock.Conda) (digest string, size int64, err error) {
	want := fetch.Want{SHA256: p.SHA256, MD5: p.MD5, Size: p.Size}
	for _, u := range append(w.mirrored(p.URL), w.location(p.URL)) {
		digest, size, err = w.Fetch.Into(ctx, w.Store, u, want)
		if err == nil || fault.ClassOf(err) != fault.Network || ctx.Err() != nil {
			break
		}
	}
	return digest, size, err
}

// mirrored returns where the mirrors of a URL's host have it.
func (w *World) mirrored(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil
	}
	var all []string
	for _, m := range w.Mirrors[u.Host] {
		if !strings.Contains(m, "://") {
			m = "https://" + m
		}
		all = append(all, strings.TrimSuffix(m, "/")+u.EscapedPath())
	}
	return all
}
