package builder

import (
	"bytes"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	specsgo "github.com/opencontainers/image-spec/specs-go"
	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// rawImage is an image whose config and manifest are bytes.
type rawImage struct {
	config, manifest []byte
	layers           map[v1.Hash]v1.Layer
}

func newImage(m specs.Manifest, config []byte, ls map[v1.Hash]v1.Layer) (v1.Image, error) {
	raw, err := canonical(m)
	if err != nil {
		return nil, err
	}
	img, err := partial.CompressedToImage(&rawImage{config, raw, ls})
	if err != nil {
		return nil, err
	}
	return keepLayers{img, ls}, nil
}

func (r *rawImage) RawConfigFile() ([]byte, error)      { return r.config, nil }
func (r *rawImage) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (r *rawImage) RawManifest() ([]byte, error)        { return r.manifest, nil }

func (r *rawImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if l, ok := r.layers[h]; ok {
		return l, nil
	}
	if got, _, err := v1.SHA256(bytes.NewReader(r.config)); err == nil && got == h {
		return static.NewLayer(r.config, types.OCIConfigJSON), nil
	}
	return nil, unknown(h)
}

// keepLayers hands out the layers themselves: partial's would hide what a
// layer can do besides v1.Layer, such as being mounted from its repository.
type keepLayers struct {
	v1.Image
	layers map[v1.Hash]v1.Layer
}

// Layers returns the layers in the manifest's order.
func (k keepLayers) Layers() ([]v1.Layer, error) {
	m, err := k.Manifest()
	if err != nil {
		return nil, err
	}
	ls := make([]v1.Layer, len(m.Layers))
	for i, d := range m.Layers {
		ls[i] = k.layers[d.Digest]
	}
	return ls, nil
}

// LayerByDigest returns a layer, or the config.
func (k keepLayers) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	if l, ok := k.layers[h]; ok {
		return l, nil
	}
	return k.Image.LayerByDigest(h)
}

// rawIndex is an index of images whose manifest is bytes.
type rawIndex struct {
	manifest []byte
	images   map[v1.Hash]v1.Image
}

// Join returns the index of images that exist already, one for each platform:
// the one that Build returns for the same images.
func Join(images []v1.Image, ps []platforms.Platform, annotations map[string]string) (v1.ImageIndex, error) {
	return newIndex(images, ps, annotations)
}

// newIndex joins the images of all platforms.
func newIndex(images []v1.Image, ps []platforms.Platform, annotations map[string]string) (v1.ImageIndex, error) {
	idx := specs.Index{Versioned: specsgo.Versioned{SchemaVersion: 2}, MediaType: specs.MediaTypeImageIndex, Manifests: []specs.Descriptor{}, Annotations: annotations}
	r := &rawIndex{images: map[v1.Hash]v1.Image{}}
	for n, img := range images {
		d, err := partial.Descriptor(img)
		if err != nil {
			return nil, err
		}
		idx.Manifests = append(idx.Manifests, specs.Descriptor{
			MediaType: string(d.MediaType), Digest: digest.Digest(d.Digest.String()), Size: d.Size,
			Platform: &specs.Platform{OS: ps[n].OS, Architecture: ps[n].Arch},
		})
		r.images[d.Digest] = img
	}
	var err error
	r.manifest, err = canonical(idx)
	return r, err
}

func (r *rawIndex) MediaType() (types.MediaType, error) { return types.OCIImageIndex, nil }
func (r *rawIndex) Digest() (v1.Hash, error)            { return partial.Digest(r) }
func (r *rawIndex) Size() (int64, error)                { return int64(len(r.manifest)), nil }
func (r *rawIndex) RawManifest() ([]byte, error)        { return r.manifest, nil }

func (r *rawIndex) IndexManifest() (*v1.IndexManifest, error) {
	return v1.ParseIndexManifest(bytes.NewReader(r.manifest))
}

func (r *rawIndex) Image(h v1.Hash) (v1.Image, error) {
	if img, ok := r.images[h]; ok {
		return img, nil
	}
	return nil, unknown(h)
}

func (r *rawIndex) ImageIndex(h v1.Hash) (v1.ImageIndex, error) { return nil, unknown(h) }

func unknown(h v1.Hash) error { return fault.New(fault.Failed, "image", "there is no blob %s", h) }

// name is the key of "KEY=value".
func name(kv string) string {
	key, _, _ := strings.Cut(kv, "=")
	return key
}
