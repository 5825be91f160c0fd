package world

import (
	"context"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/wheel"
)

// bucketWheel holds what wheels say of themselves, by their file's name and
// sha256 and the reader's version.
const bucketWheel = "wheel-meta-1"

// Wheel fetches a wheel, checks it against its sha256 and its size where x has
// one, and returns x with the size, and what the wheel says of itself.
func (w *World) Wheel(ctx context.Context, x lock.Wheel) (lock.Wheel, *wheel.Meta, error) {
	var known struct {
		Meta wheel.Meta
		Size int64
	}
	key := wheelFile(x.URL) + " " + x.SHA256
	if ok, err := w.Store.LoadRecord(ctx, bucketWheel, key, &known); err == nil && ok && (x.Size == 0 || x.Size == known.Size) {
		x.Size = known.Size
		return x, &known.Meta, nil
	}
	open, closer, size, err := w.openWheel(ctx, &x)
	if err != nil {
		return x, nil, err
	}
	defer closer.Close()
	x.Size, known.Size, known.Meta = size, size, *open.Meta()
	return x, &known.Meta, w.Store.NoteRecord(ctx, bucketWheel, key, known)
}

// OpenWheel opens a wheel, fetching it where the store lacks it.
func (w *World) OpenWheel(ctx context.Context, x *lock.Wheel) (*wheel.Wheel, io.Closer, error) {
	open, closer, _, err := w.openWheel(ctx, x)
	return open, closer, err
}

func (w *World) openWheel(ctx context.Context, x *lock.Wheel) (*wheel.Wheel, io.Closer, int64, error) {
	digest, _, err := w.into(ctx, &lock.Conda{URL: x.URL, SHA256: x.SHA256, Size: x.Size})
	if err != nil {
		return nil, nil, 0, err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return nil, nil, 0, err
	}
	open, err := wheel.Open(b, b.Size(), wheelFile(x.URL), wheel.Limits{})
	if err != nil {
		_ = b.Close() // was only read
		return nil, nil, 0, err
	}
	return open, b, b.Size(), nil
}

// wheelFile returns the file name that a wheel was published under.
func wheelFile(raw string) string {
	if u, err := url.Parse(raw); err == nil && strings.Contains(raw, "://") {
		raw = u.Path
	}
	return path.Base(raw)
}
