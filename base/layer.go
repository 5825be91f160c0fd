package base

import (
	"context"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/lock"
)

// layer is a base layer that nothing has been read of yet.
type layer struct {
	blob   lock.Blob
	origin origin
	open   func() (io.ReadCloser, error) // the compressed bytes, verified
	unpack func() (io.ReadCloser, error) // the tar, verified
}

// Mountable is implemented by the layers of [Source.Image]. The repository is
// one that the registry has the blob in, so that a push to another repository
// of the same registry can mount it; false for layouts.
type Mountable interface {
	MountFrom() (name.Repository, bool)
}

var (
	_ v1.Layer  = (*layer)(nil)
	_ Mountable = (*layer)(nil)
)

func (l *layer) Digest() (v1.Hash, error)             { return v1.NewHash(l.blob.Digest) }
func (l *layer) DiffID() (v1.Hash, error)             { return v1.NewHash(l.blob.DiffID) }
func (l *layer) Size() (int64, error)                 { return l.blob.Size, nil }
func (l *layer) MediaType() (types.MediaType, error)  { return types.MediaType(l.blob.MediaType), nil }
func (l *layer) Compressed() (io.ReadCloser, error)   { return l.open() }
func (l *layer) Uncompressed() (io.ReadCloser, error) { return l.unpack() }
func (l *layer) MountFrom() (name.Repository, bool)   { return l.origin.repository() }

// layer returns a lazy layer, whose bytes are read under ctx.
func (s *Source) layer(ctx context.Context, o origin, b lock.Blob) *layer {
	return &layer{
		blob:   b,
		origin: o,
		open:   func() (io.ReadCloser, error) { return s.openBlob(ctx, o, b) },
		unpack: func() (io.ReadCloser, error) { return s.openTar(ctx, o, b) },
	}
}

func (s *Source) openBlob(ctx context.Context, o origin, b lock.Blob) (io.ReadCloser, error) {
	src, err := o.blob(ctx, b.Digest, b.Size)
	if err != nil {
		return nil, err
	}
	return newVerified(src, b.Digest, b.Size, o.where(b.Digest), o.short()), nil
}

func (s *Source) openTar(ctx context.Context, o origin, b lock.Blob) (io.ReadCloser, error) {
	src, err := s.openBlob(ctx, o, b)
	if err != nil {
		return nil, err
	}
	return s.Limits.unpack(src, types.MediaType(b.MediaType), b.Size, b.DiffID, o.where(b.Digest))
}
