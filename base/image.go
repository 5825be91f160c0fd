package base

import (
	"bytes"
	"context"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// Image returns the image of a lock's base. It reads manifest and config by
// their digests, through the cache, and no layer: the layers are opened under
// ctx when they are asked for, verified while they are read, and implement
// [Mountable]. A lock whose rows differ from the manifest is an error of the
// class verification.
func (s *Source) Image(ctx context.Context, b *lock.Base) (v1.Image, error) {
	r, err := parseReference(b.Image, s.Insecure)
	if err != nil {
		return nil, err
	}
	if err := checkDigest("", "manifest of "+b.Image, b.Manifest); err != nil {
		return nil, err
	}
	o := s.origin(r)
	d := descriptor{Digest: b.Manifest, size: anySize}
	doc, err := s.readDocument(ctx, o, d, s.Limits.withDefaults().Manifest, "manifest")
	if err != nil {
		return nil, err
	}
	m, err := s.parseManifest(doc)
	if err != nil {
		return nil, err
	}
	if m.isIndex {
		return nil, fault.New(fault.Verification, doc.where, "the lock names an index where an image's manifest should be")
	}
	c, err := s.readConfig(ctx, o, m)
	if err != nil {
		return nil, err
	}
	img := &image{doc: doc, manifest: m, config: c}
	if row := img.lock(b.Image, b.Platform); row.Config != b.Config || !slices.Equal(row.Layers, b.Layers) {
		return nil, fault.New(fault.Verification, doc.where, "the lock's config or layers are not those of the manifest it names").
			WithHint("resolve the base anew: gophersnake lock --update base")
	}
	return newLocked(ctx, s, o, img, b.Layers)
}

// Open returns the image that a reference names for a platform now, as Image
// returns the one of a lock: no layer is read. The error of one without the
// platform lists those present.
func (s *Source) Open(ctx context.Context, ref string, p platforms.Platform) (v1.Image, error) {
	r, err := parseReference(ref, s.Insecure)
	if err != nil {
		return nil, err
	}
	o := s.origin(r)
	img, err := s.locate(ctx, r, o, p)
	if err != nil {
		return nil, err
	}
	return newLocked(ctx, s, o, img, img.lock(ref, p).Layers)
}

// locked is the v1.Image of a lock's base.
type locked struct {
	image
	parsed v1.Manifest
	layers []v1.Layer
}

func newLocked(ctx context.Context, s *Source, o origin, img *image, blobs []lock.Blob) (*locked, error) {
	parsed, err := v1.ParseManifest(bytes.NewReader(img.doc.raw))
	if err != nil {
		return nil, fault.New(fault.Verification, img.doc.where, "manifest %s: %w", img.doc.digest, err)
	}
	// A manifest without a media type of its own is what its structure says.
	parsed.MediaType = img.manifest.mediaType
	l := &locked{image: *img, parsed: *parsed}
	for _, b := range blobs {
		l.layers = append(l.layers, s.layer(ctx, o, b))
	}
	return l, nil
}

var _ v1.Image = (*locked)(nil)

func (l *locked) Layers() ([]v1.Layer, error)         { return slices.Clone(l.layers), nil }
func (l *locked) MediaType() (types.MediaType, error) { return l.manifest.mediaType, nil }
func (l *locked) Size() (int64, error)                { return int64(len(l.doc.raw)), nil }
func (l *locked) ConfigName() (v1.Hash, error)        { return l.parsed.Config.Digest, nil }
func (l *locked) RawConfigFile() ([]byte, error)      { return bytes.Clone(l.config.raw), nil }
func (l *locked) Digest() (v1.Hash, error)            { return v1.NewHash(l.doc.digest) }
func (l *locked) Manifest() (*v1.Manifest, error)     { return l.parsed.DeepCopy(), nil }
func (l *locked) RawManifest() ([]byte, error)        { return bytes.Clone(l.doc.raw), nil }

func (l *locked) ConfigFile() (*v1.ConfigFile, error) {
	f, err := v1.ParseConfigFile(bytes.NewReader(l.config.raw))
	if err != nil {
		return nil, fault.New(fault.Verification, l.doc.where, "config: %w", err)
	}
	return f, nil
}

func (l *locked) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	return l.layerBy(h, v1.Layer.Digest)
}

func (l *locked) LayerByDiffID(h v1.Hash) (v1.Layer, error) {
	return l.layerBy(h, v1.Layer.DiffID)
}

func (l *locked) layerBy(h v1.Hash, of func(v1.Layer) (v1.Hash, error)) (v1.Layer, error) {
	for _, layer := range l.layers {
		if got, err := of(layer); err == nil && got == h {
			return layer, nil
		}
	}
	return nil, fault.New(fault.Failed, l.doc.where, "no layer %s", h)
}
