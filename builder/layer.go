package builder

import (
	"context"
	"errors"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// lazyLayer is a v1.Layer whose digest is known and whose bytes are made when
// somebody asks for them. It keeps the build's context, since v1.Layer has no
// way to take one.
type lazyLayer struct {
	ctx    context.Context //nolint:containedctx // see above
	maker  *maker
	layer  layers.Layer
	row    lock.Layer
	digest v1.Hash
	diffID v1.Hash
}

func newLazyLayer(ctx context.Context, m *maker, l layers.Layer, row lock.Layer) (*lazyLayer, error) {
	digest, err := v1.NewHash(row.Digest)
	if err != nil {
		return nil, fault.New(fault.Usage, "gophersnake.lock", "layer %s: digest %q: %w", row.Key, row.Digest, err)
	}
	diffID, err := v1.NewHash(row.DiffID)
	if err != nil {
		return nil, fault.New(fault.Usage, "gophersnake.lock", "layer %s: diff-id %q: %w", row.Key, row.DiffID, err)
	}
	return &lazyLayer{ctx, m, l, row, digest, diffID}, nil
}

// Digest returns the digest of the compressed bytes.
func (l *lazyLayer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID returns the digest of the tar.
func (l *lazyLayer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Size returns the number of compressed bytes.
func (l *lazyLayer) Size() (int64, error) { return l.row.Size, nil }

// MediaType returns the layer's OCI media type.
func (l *lazyLayer) MediaType() (types.MediaType, error) {
	if l.maker.compression == tree.Zstd {
		return types.OCILayerZStd, nil
	}
	return types.OCILayer, nil
}

// Compressed makes or borrows the layer where the store lacks it. Bytes that
// differ from the lock's row are an error of class verification.
func (l *lazyLayer) Compressed() (io.ReadCloser, error) {
	for attempt := 0; ; attempt++ {
		r, err := l.maker.obtain(l.ctx, l.layer, l.row)
		if err != nil {
			return nil, err
		}
		rc, err := l.maker.open(l.ctx, r)
		// Damage shows when a part is opened. The store has removed that part
		// then, so that it is made again; each may be damaged once.
		if err == nil || !errors.Is(err, store.ErrAbsent) || attempt > len(r.Parts) {
			return rc, err
		}
	}
}

// Uncompressed returns the tar.
func (l *lazyLayer) Uncompressed() (io.ReadCloser, error) {
	c, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	tar, err := decompress(l.maker.compression, c)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{tar, c}, nil
}

// compare reports a layer that is not what the lock says: the promise that the
// same lock gives the same digests is broken, by us or by an input.
func compare(l layers.Layer, want, got lock.Layer) error {
	if want == got {
		return nil
	}
	return fault.New(fault.Verification, "layer "+l.Name, "not reproducible: made %s of %d bytes (diff-id %s), the lock says %s of %d bytes (diff-id %s)",
		got.Digest, got.Size, got.DiffID, want.Digest, want.Size, want.DiffID).
		WithHint("if the input or the tool was at fault, mend that; if the row is, delete its [[layer]] block and build again")
}
