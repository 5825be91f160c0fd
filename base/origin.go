package base

import (
	"context"
	"io"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// origin is a place that one image's content comes from. What it returns is
// bounded but not verified, and its errors have a class.
type origin interface {
	// top returns what the reference names. For a layout it may be an index
	// that stands in no blob.
	top(ctx context.Context) (document, error)
	// document reads a manifest, an index or a config of at most limit bytes.
	document(ctx context.Context, d descriptor, limit int64, what string) (document, error)
	// blob opens a layer.
	blob(ctx context.Context, digest string, size int64) (io.ReadCloser, error)
	// where names content for errors.
	where(digest string) string
	// repository is where a registry could mount blobs from.
	repository() (name.Repository, bool)
	// short is the class of an error about missing bytes.
	short() fault.Class
}

func (s *Source) origin(ref reference) origin {
	switch ref.scheme {
	case inLayout:
		return &layout{ref: ref, files: dirFiles{name: ref.path, root: ref.file(s.Dir)}, limits: s.Limits.withDefaults()}
	case inArchive:
		return &layout{ref: ref, files: &tarFiles{name: ref.path, file: ref.file(s.Dir)}, limits: s.Limits.withDefaults()}
	}
	return &remote{ref: ref, source: s}
}
