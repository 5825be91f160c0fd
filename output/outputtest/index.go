// Package outputtest makes images for tests of outputs, and a registry whose
// answers a test may change.
package outputtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer is a lazy layer that counts how often its bytes were asked for.
type Layer struct {
	Opens  atomic.Int64              // calls of Compressed
	From   *name.Repository          // what MountFrom returns; nil for none
	Source func() (io.Reader, error) // what Compressed yields; nil for the right bytes
	Type   types.MediaType           // "" for gzip

	content []byte
	diffID  v1.Hash
	digest  v1.Hash
}

// NewLayer returns a layer of one file, as two gzip members like ours.
func NewLayer(t testing.TB, path, content string) *Layer {
	t.Helper()
	var plain, packed bytes.Buffer
	tw := tar.NewWriter(&plain)
	must(t, tw.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(content))}))
	_, err := io.WriteString(tw, content)
	must(t, err)
	must(t, tw.Close())
	for _, member := range [][]byte{plain.Bytes()[:512], plain.Bytes()[512:]} {
		zw := gzip.NewWriter(&packed)
		_, err := zw.Write(member)
		must(t, err)
		must(t, zw.Close())
	}
	l := &Layer{content: packed.Bytes()}
	l.diffID, _, err = v1.SHA256(&plain)
	must(t, err)
	l.digest, _, err = v1.SHA256(bytes.NewReader(l.content))
	must(t, err)
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Digest implements v1.Layer.
func (l *Layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID implements v1.Layer.
func (l *Layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Size implements v1.Layer.
func (l *Layer) Size() (int64, error) { return int64(len(l.content)), nil }

// Bytes returns the right bytes.
func (l *Layer) Bytes() []byte { return l.content }

// MediaType implements v1.Layer.
func (l *Layer) MediaType() (types.MediaType, error) {
	if l.Type != "" {
		return l.Type, nil
	}
	return types.OCILayer, nil
}

// Compressed implements v1.Layer.
func (l *Layer) Compressed() (io.ReadCloser, error) {
	l.Opens.Add(1)
	if l.Source != nil {
		r, err := l.Source()
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	}
	return io.NopCloser(bytes.NewReader(l.content)), nil
}

// Uncompressed implements v1.Layer. Outputs have no use for it.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	return nil, fmt.Errorf("layer %s: an output asked for uncompressed bytes", l.digest)
}

// MountFrom implements output.Mountable.
func (l *Layer) MountFrom() (name.Repository, bool) {
	if l.From == nil {
		return name.Repository{}, false
	}
	return *l.From, true
}

// Index returns an index with an image per platform ("os/arch"). The layers
// are shared; each image has one more of its own.
func Index(t testing.TB, platforms []string, layers ...v1.Layer) v1.ImageIndex {
	t.Helper()
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range platforms {
		os, arch, _ := strings.Cut(p, "/")
		img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		all := append([]v1.Layer{}, layers...)
		all = append(all, NewLayer(t, "platform", p))
		img, err := mutate.AppendLayers(img, all...)
		must(t, err)
		cfg, err := img.ConfigFile()
		must(t, err)
		cfg = cfg.DeepCopy()
		cfg.OS, cfg.Architecture = os, arch
		img, err = mutate.ConfigFile(img, cfg)
		must(t, err)
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{
			Add:        img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}},
		})
	}
	return idx
}

// Nest returns an index whose one entry is idx.
func Nest(t testing.TB, idx v1.ImageIndex) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: idx})
}
