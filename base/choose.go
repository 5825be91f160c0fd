package base

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// image is one platform's manifest and config, checked.
type image struct {
	doc      document
	manifest *manifest
	config   *config
}

// finder looks for one platform in an index and the indexes below it.
type finder struct {
	source  *Source
	origin  origin
	want    platforms.Platform
	present []string // the platforms seen
	path    []string // digests of the indexes entered
}

// locate returns the image of a platform that a reference names.
func (s *Source) locate(ctx context.Context, ref reference, o origin, p platforms.Platform) (*image, error) {
	doc, err := o.top(ctx)
	if err != nil {
		return nil, err
	}
	f := &finder{source: s, origin: o, want: p}
	img, err := f.find(ctx, doc)
	if err != nil || img != nil {
		return img, err
	}
	slices.Sort(f.present)
	list := strings.Join(slices.Compact(f.present), ", ")
	if list == "" {
		list = "no image at all"
	}
	return nil, fault.New(fault.Usage, ref.text, "no image for %s; it has %s", p, list).
		WithHint("take the platform out of platforms, or choose another base")
}

// find returns the image in a document, or nil if it is for other platforms.
func (f *finder) find(ctx context.Context, doc document) (*image, error) {
	m, err := f.source.parseManifest(doc)
	if err != nil {
		return nil, err
	}
	if !m.isIndex {
		return f.image(ctx, doc, m)
	}
	if slices.Contains(f.path, doc.digest) {
		return nil, fault.New(fault.Verification, doc.where, "index %s contains itself", doc.digest)
	}
	f.path = append(f.path, doc.digest)
	defer func() { f.path = f.path[:len(f.path)-1] }()
	if len(f.path) > maxNesting {
		return nil, fault.New(fault.Verification, doc.where, "indexes are nested deeper than %d", maxNesting)
	}
	for _, d := range m.children {
		img, err := f.child(ctx, d)
		if err != nil || img != nil {
			return img, err
		}
	}
	return nil, nil
}

// child enters an index entry, unless its platform says that it is another.
// Entries of unknown media types and attestations, whose platform is "unknown",
// are passed over.
func (f *finder) child(ctx context.Context, d descriptor) (*image, error) {
	switch {
	case d.MediaType.IsSchema1():
		return nil, fault.New(fault.Usage, f.origin.where(d.Digest), "manifest %s is of schema 1, which is not supported", d.Digest).
			WithHint("pull the image and push it again with a current tool, then name that")
	case !d.MediaType.IsImage() && !d.MediaType.IsIndex():
		return nil, nil
	case d.Platform != nil && !d.MediaType.IsIndex():
		if d.Platform.OS == "unknown" || d.Platform.OS == "" {
			return nil, nil
		}
		if !d.Platform.is(f.want) {
			f.present = append(f.present, d.Platform.String())
			return nil, nil
		}
	}
	doc, err := f.source.readDocument(ctx, f.origin, d, f.source.Limits.withDefaults().Manifest, "manifest")
	if err != nil {
		return nil, err
	}
	return f.find(ctx, doc)
}

// image reads the config of a manifest, whose platform has the last word.
func (f *finder) image(ctx context.Context, doc document, m *manifest) (*image, error) {
	if !m.config.MediaType.IsConfig() {
		return nil, nil // an artifact
	}
	c, err := f.source.readConfig(ctx, f.origin, m)
	if err != nil {
		return nil, err
	}
	if !c.is(f.want) {
		f.present = append(f.present, c.platform.String())
		return nil, nil
	}
	if f.source.Cache != nil { // what a tag names did not go through readDocument
		f.source.Cache.Put(doc.digest, bytes.Clone(doc.raw))
	}
	return &image{doc: doc, manifest: m, config: c}, nil
}

// is reports whether a platform serves the one wanted. Of the variants of a
// processor only the one that every such processor is will do.
func (p platform) is(want platforms.Platform) bool {
	if p.OS != want.OS || p.Arch != want.Arch {
		return false
	}
	return p.Variant == "" || p.Arch == "arm64" && p.Variant == "v8" || p.Arch == "amd64" && p.Variant == "v1"
}
