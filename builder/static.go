package builder

import (
	"bytes"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// staticImage is an image whose config and manifest are bytes.
type staticImage struct {
	config, manifest []byte
	layers           map[v1.Hash]v1.Layer
}

func newStatic(m *v1.Manifest, config []byte, ls map[v1.Hash]v1.Layer) (v1.Image, error) {
	raw, err := canonical(m)
	if err != nil {
		return nil, err
	}
	img, err := partial.CompressedToImage(&staticImage{config, raw, ls})
	if err != nil {
		return nil, err
	}
	return keepLayers{img, ls}, nil
}

func (s *staticImage) RawConfigFile() ([]byte, error)      { return s.config, nil }
func (s *staticImage) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (s *staticImage) RawManifest() ([]byte, error)        { return s.manifest, nil }
func (s *staticImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if l, ok := s.layers[h]; ok {
		return l, nil
	}
	if got, _, err := v1.SHA256(bytes.NewReader(s.config)); err == nil && got == h {
		return blob(types.OCIConfigJSON, s.config), nil
	}
	return nil, fault.New(fault.Failed, "image", "no blob %s", h)
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

// blob is a small document as a layer, for its descriptor.
func blob(t types.MediaType, b []byte) v1.Layer { return static.NewLayer(b, t) }

// name is the key of "KEY=value".
func name(kv string) string {
	key, _, _ := strings.Cut(kv, "=")
	return key
}
