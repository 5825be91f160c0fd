package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Limits of what is written (promises.md §3.3).
const (
	maxManifest = 4 << 20 // bytes of an index or manifest
	maxDepth    = 4       // of nested indexes
)

// Mountable is implemented by layers of a base image that came out of a
// registry. A push to the same registry then asks it to take the blob over
// from that repository and does not call Compressed.
type Mountable interface {
	// MountFrom returns the repository that has the blob.
	MountFrom() (name.Repository, bool)
}

// blob is a config or layer; its bytes are made by open.
type blob struct {
	v1.Descriptor
	layer v1.Layer // nil for configs
	data  []byte   // of a config
}

// open returns the bytes, unverified.
func (b *blob) open() (io.ReadCloser, error) {
	if b.layer == nil {
		return io.NopCloser(bytes.NewReader(b.data)), nil
	}
	rc, err := b.layer.Compressed()
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", b.Digest, err)
	}
	return rc, nil
}

// mountFrom returns the repository to mount from.
func (b *blob) mountFrom() (name.Repository, bool) {
	m, ok := b.layer.(Mountable)
	if !ok {
		return name.Repository{}, false
	}
	return m.MountFrom()
}

// manifest is an index or an image manifest.
type manifest struct {
	v1.Descriptor
	raw []byte
}

// closure is all that an index reaches, each digest once.
type closure struct {
	root      manifest
	images    []manifest // image manifests
	indexes   []manifest // children before parents; the root is the last
	blobs     []*blob    // in order of first use
	platforms []v1.Platform

	seen map[v1.Hash]int64 // sizes
}

// walk reads all manifests and configs below idx. It calls no layer's
// Compressed.
func walk(idx v1.ImageIndex) (*closure, error) {
	c := &closure{seen: map[v1.Hash]int64{}}
	digest, err := idx.Digest()
	if err != nil {
		return nil, err
	}
	raw, err := idx.RawManifest()
	if err != nil {
		return nil, err
	}
	mediaType, err := idx.MediaType()
	if err != nil {
		return nil, err
	}
	c.root = manifest{v1.Descriptor{MediaType: mediaType, Size: int64(len(raw)), Digest: digest}, raw}
	if err := c.index(idx, c.root.Descriptor, 1); err != nil {
		return nil, err
	}
	return c, nil
}

// onlyIndexes reports whether a registry that lacks these digests has all images
// and their blobs: other machines pushed them, and this one joins them.
func (c *closure) onlyIndexes(lack map[v1.Hash]bool) bool {
	n := 0
	for _, m := range c.indexes {
		if lack[m.Digest] {
			n++
		}
	}
	return n == len(lack)
}

// index adds an index after what it refers to.
func (c *closure) index(idx v1.ImageIndex, desc v1.Descriptor, depth int) error {
	if depth > maxDepth {
		return newError(classVerification, "index "+desc.Digest.String(), "indexes are nested more than %d deep", maxDepth)
	}
	raw, err := idx.RawManifest()
	if err != nil {
		return err
	}
	m, err := c.manifest("index", desc, raw)
	if err != nil {
		return err
	}
	list, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return newError(classVerification, "index "+desc.Digest.String(), "not an index: %w", err)
	}
	for _, d := range list.Manifests {
		if err := c.child(idx, d, depth); err != nil {
			return err
		}
	}
	if c.add(desc) {
		c.indexes = append(c.indexes, m)
	}
	return nil
}

// child adds one entry of an index.
func (c *closure) child(idx v1.ImageIndex, d v1.Descriptor, depth int) error {
	switch {
	case d.MediaType.IsIndex():
		sub, err := idx.ImageIndex(d.Digest)
		if err != nil {
			return err
		}
		return c.index(sub, d, depth+1)
	case d.MediaType.IsImage():
		img, err := idx.Image(d.Digest)
		if err != nil {
			return err
		}
		if d.Platform != nil && d.Platform.OS != "unknown" {
			c.platforms = append(c.platforms, *d.Platform)
		}
		return c.image(img, d)
	}
	return newError(classVerification, "manifest "+d.Digest.String(), "media type %q is neither an image nor an index", string(d.MediaType))
}

// image adds an image manifest, its config and its layers.
func (c *closure) image(img v1.Image, desc v1.Descriptor) error {
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	m, err := c.manifest("manifest", desc, raw)
	if err != nil {
		return err
	}
	list, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return newError(classVerification, "manifest "+desc.Digest.String(), "not an image manifest: %w", err)
	}
	if err := c.consistent(list.Config); err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	if c.add(list.Config) {
		c.blobs = append(c.blobs, &blob{Descriptor: list.Config, data: config})
	}
	for _, d := range list.Layers {
		if !d.MediaType.IsDistributable() {
			continue // its URLs say where it is; no registry keeps it
		}
		if err := c.consistent(d); err != nil {
			return err
		}
		if !c.add(d) {
			continue
		}
		layer, err := img.LayerByDigest(d.Digest)
		if err != nil {
			return err
		}
		c.blobs = append(c.blobs, &blob{Descriptor: d, layer: layer})
	}
	if c.add(desc) {
		c.images = append(c.images, m)
	}
	return nil
}

// manifest verifies the bytes of a manifest against its descriptor.
func (c *closure) manifest(kind string, desc v1.Descriptor, raw []byte) (manifest, error) {
	place := kind + " " + desc.Digest.String()
	if len(raw) > maxManifest {
		return manifest{}, newError(classVerification, place, "has %d bytes, the limit is %d", len(raw), maxManifest)
	}
	if size := int64(len(raw)); size != desc.Size {
		return manifest{}, newError(classVerification, place, "has %d bytes, want %d", size, desc.Size)
	}
	got, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return manifest{}, err
	}
	if got != desc.Digest {
		return manifest{}, newError(classVerification, place, "content has the digest %s", got)
	}
	return manifest{desc, raw}, c.consistent(desc)
}

// consistent checks that a digest has one plausible size everywhere.
func (c *closure) consistent(d v1.Descriptor) error {
	place := "blob " + d.Digest.String()
	if d.Digest.Algorithm != "sha256" || len(d.Digest.Hex) != 64 {
		return newError(classVerification, place, "digest is not a sha256")
	}
	if d.Size < 0 {
		return newError(classVerification, place, "size %d is negative", d.Size)
	}
	if size, ok := c.seen[d.Digest]; ok && size != d.Size {
		return newError(classVerification, place, "has the sizes %d and %d", size, d.Size)
	}
	return nil
}

// add records a digest and says whether it is new.
func (c *closure) add(d v1.Descriptor) bool {
	if _, ok := c.seen[d.Digest]; ok {
		return false
	}
	c.seen[d.Digest] = d.Size
	return true
}

// manifests returns all manifests, children before parents.
func (c *closure) manifests() []manifest {
	return append(append([]manifest{}, c.images...), c.indexes...)
}

// total is the size of the closure in bytes.
func (c *closure) total() int64 {
	var n int64
	for _, size := range c.seen {
		n += size
	}
	return n
}

// zstd returns the first zstd layer, or nil.
func (c *closure) zstd() *blob {
	for _, b := range c.blobs {
		if strings.HasSuffix(string(b.MediaType), "+zstd") {
			return b
		}
	}
	return nil
}
