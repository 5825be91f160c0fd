package builder_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/platforms"
)

// baseImage returns an image as docker makes them, with a layer of each type.
func baseImage(t *testing.T, p platforms.Platform, ts ...types.MediaType) v1.Image {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.DockerManifestSchema2), types.DockerConfigJSON)
	var all []mutate.Addendum
	for i, mt := range ts {
		all = append(all, mutate.Addendum{
			Layer:   static.NewLayer(fmt.Appendf(nil, "layer %d of %s", i, p), mt),
			History: v1.History{CreatedBy: fmt.Sprint("step ", i), Created: v1.Time{Time: time.Unix(1e9, 0).UTC()}},
		})
	}
	img, err := mutate.Append(img, all...)
	must(t, err)
	config, err := img.ConfigFile()
	must(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Author, config.Container = p.OS, p.Arch, "somebody", "c0ffee"
	config.Created = v1.Time{Time: time.Unix(1e9, 0)}
	config.History = append(config.History, v1.History{CreatedBy: "ENV A=1", EmptyLayer: true})
	config.Config = v1.Config{
		User: "base", WorkingDir: "/base", Entrypoint: []string{"/entry"}, Cmd: []string{"base"}, Env: []string{"PATH=/bin", "A=1", "B=2"},
		Labels: map[string]string{"a": "base", "b": "base"}, ExposedPorts: map[string]struct{}{"80/tcp": {}}, StopSignal: "SIGINT",
		Volumes: map[string]struct{}{"/data": {}},
	}
	img, err = mutate.ConfigFile(img, config)
	must(t, err)
	return img
}

func buildImage(t *testing.T, images ...builder.Image) (v1.ImageIndex, error) {
	t.Helper()
	b := builder.Builder{Store: openStore(t, t.TempDir())}
	r, err := b.Build(t.Context(), images)
	if err != nil {
		return nil, err
	}
	return r.Index, nil
}

// configOf builds an image and returns its configuration.
func configOf(t *testing.T, img builder.Image) *v1.ConfigFile {
	t.Helper()
	idx, err := buildImage(t, img)
	must(t, err)
	config, err := firstImage(t, idx).ConfigFile()
	must(t, err)
	return config
}

func TestConfig(t *testing.T) {
	epoch := time.Unix(0, 0).UTC()
	layer := (&fake{}).layer("x", "a")
	none, some := []string{}, []string{"one", "two"}
	base := baseImage(t, amd64, types.DockerLayer)
	baseConfig, err := base.ConfigFile()
	must(t, err)
	for _, tc := range []struct {
		name string
		img  builder.Image
		want v1.Config
	}{
		{"scratch", builder.Image{}, v1.Config{}},
		{"all on scratch", builder.Image{Config: builder.Config{
			User: "1000", WorkDir: "/w", Entrypoint: &some, Cmd: &some, Env: []string{"A=1", "B=2", "A=3"}, Labels: map[string]string{"l": "v"},
		}}, v1.Config{User: "1000", WorkingDir: "/w", Entrypoint: some, Cmd: some, Env: []string{"A=3", "B=2"}, Labels: map[string]string{"l": "v"}}},
		{"nothing on a base", builder.Image{Base: base}, baseConfig.Config},
		{"all on a base", builder.Image{Base: base, Config: builder.Config{
			User: "1000", WorkDir: "/w", Entrypoint: &some, Cmd: &none, Env: []string{"C=4", "A=3"}, Labels: map[string]string{"a": "ours", "c": "ours"},
		}}, v1.Config{
			User: "1000", WorkingDir: "/w", Entrypoint: some, Cmd: nil, Env: []string{"PATH=/bin", "A=3", "B=2", "C=4"},
			Labels: map[string]string{"a": "ours", "b": "base", "c": "ours"}, ExposedPorts: map[string]struct{}{"80/tcp": {}}, StopSignal: "SIGINT",
			Volumes: map[string]struct{}{"/data": {}},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.img.Platform, tc.img.Layers = amd64, []layers.Layer{layer}
			got := configOf(t, tc.img)
			if diff := cmp.Diff(tc.want, got.Config); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !got.Created.Time.Equal(epoch) || got.OS != "linux" || got.Architecture != "amd64" {
				t.Errorf("created %v for %s/%s", got.Created, got.OS, got.Architecture)
			}
		})
	}
}

// TestBaseKept checks that a base, which may be that of other images too, stays
// as it is.
func TestBaseKept(t *testing.T) {
	base := baseImage(t, amd64, types.OCILayer)
	config, err := base.ConfigFile()
	must(t, err)
	before := config.DeepCopy()
	configOf(t, builder.Image{
		Platform: amd64, Base: sameConfig{base, config}, Layers: []layers.Layer{(&fake{}).layer("x", "a")},
		Config: builder.Config{Env: []string{"A=2"}, Labels: map[string]string{"a": "ours"}, User: "1"},
	})
	if diff := cmp.Diff(before, config); diff != "" {
		t.Errorf("config of the base (-before +after):\n%s", diff)
	}
}

// sameConfig hands out one configuration each time.
type sameConfig struct {
	v1.Image
	config *v1.ConfigFile
}

func (s sameConfig) ConfigFile() (*v1.ConfigFile, error) { return s.config, nil }

// TestOverBase checks order of layers and history, and what is left out.
func TestOverBase(t *testing.T) {
	f := &fake{}
	img := builder.Image{
		Platform: arm64, Base: baseImage(t, arm64, types.DockerLayer, types.DockerUncompressedLayer, types.OCILayerZStd),
		Layers: []layers.Layer{f.layer("x", "a"), f.layer("y", "b")}, Config: builder.Config{Created: time.Unix(7, 0), Annotations: map[string]string{"k": "v"}},
	}
	idx, err := buildImage(t, img)
	must(t, err)
	built := firstImage(t, idx)
	config, err := built.ConfigFile()
	must(t, err)
	ls, err := built.Layers()
	must(t, err)
	below, err := img.Base.Layers()
	must(t, err)
	for i, l := range ls {
		id, err := l.DiffID()
		must(t, err)
		if config.RootFS.DiffIDs[i] != id || i < len(below) && l != below[i] {
			t.Errorf("layer %d is out of place", i)
		}
	}
	var history []string
	for _, h := range config.History {
		history = append(history, fmt.Sprint(h.CreatedBy, " ", h.Created.Unix(), " ", h.EmptyLayer))
	}
	want := []string{
		"step 0 1000000000 false", "step 1 1000000000 false", "step 2 1000000000 false", "ENV A=1 -62135596800 true",
		"gophersnake: files x 7 false", "gophersnake: files y 7 false",
	}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if config.Author != "somebody" || config.Container != "" || config.Created.Unix() != 7 {
		t.Errorf("config %+v", config)
	}
	m, err := built.Manifest()
	must(t, err)
	var mediaTypes []types.MediaType
	for _, l := range m.Layers {
		mediaTypes = append(mediaTypes, l.MediaType)
	}
	wantTypes := []types.MediaType{types.OCILayer, types.OCIUncompressedLayer, types.OCILayerZStd, types.OCILayer, types.OCILayer}
	if diff := cmp.Diff(wantTypes, mediaTypes); diff != "" || m.MediaType != types.OCIManifestSchema1 || m.Config.MediaType != types.OCIConfigJSON {
		t.Errorf("manifest is %s with config %s, layers (-want +got):\n%s", m.MediaType, m.Config.MediaType, diff)
	}
	im, err := idx.IndexManifest()
	must(t, err)
	annotations := map[string]string{"k": "v"}
	if !cmp.Equal(m.Annotations, annotations) || !cmp.Equal(im.Annotations, annotations) {
		t.Errorf("annotations %v and %v", m.Annotations, im.Annotations)
	}
	if p := im.Manifests[0].Platform; p.OS != "linux" || p.Architecture != "arm64" || im.MediaType != types.OCIImageIndex {
		t.Errorf("index %+v", im)
	}
}

func TestImageErrors(t *testing.T) {
	l := (&fake{}).layer("x", "a")
	_, err := buildImage(t, builder.Image{Platform: arm64, Base: baseImage(t, amd64), Layers: []layers.Layer{l}})
	wantError(t, err, fault.Verification, "base: config is for linux/amd64, want linux/arm64", "")

	bad := errors.New("bad")
	for name, base := range map[string]v1.Image{
		"config": badImage{baseImage(t, amd64), bad, nil, nil}, "layers": badImage{baseImage(t, amd64), nil, bad, nil},
		"layer": badImage{baseImage(t, amd64), nil, nil, bad},
	} {
		if _, err := buildImage(t, builder.Image{Platform: amd64, Base: base}); !errors.Is(err, bad) {
			t.Errorf("%s: error %v", name, err)
		}
	}

	many := make([]types.MediaType, 126)
	for i := range many {
		many[i] = types.OCILayer
	}
	base := baseImage(t, amd64, many...)
	_, err = buildImage(t, builder.Image{Platform: amd64, Base: base, Layers: []layers.Layer{l}})
	must(t, err)
	_, err = buildImage(t, builder.Image{Platform: amd64, Base: base, Layers: []layers.Layer{l, l}})
	wantError(t, err, fault.Usage, "image: 128 layers, 126 of them the base's, are more than the 127 that overlay file systems stack",
		"set [layers] budget lower and run gophersnake lock --replan")
}

// badImage fails at what it is told to.
type badImage struct {
	v1.Image
	config, layers, layer error
}

func (b badImage) ConfigFile() (*v1.ConfigFile, error) {
	if b.config != nil {
		return nil, b.config
	}
	return b.Image.ConfigFile()
}

func (b badImage) Layers() ([]v1.Layer, error) {
	if b.layer == nil {
		return nil, b.layers
	}
	return []v1.Layer{badLayer{static.NewLayer(nil, types.OCILayer), b.layer}}, b.layers
}

type badLayer struct {
	v1.Layer
	err error
}

func (b badLayer) Digest() (v1.Hash, error) { return v1.Hash{}, b.err }

// TestByDigest asks an index and an image for their parts.
func TestByDigest(t *testing.T) {
	f := &fake{}
	idx, err := buildImage(t,
		builder.Image{Platform: amd64, Layers: []layers.Layer{f.layer("x", "a"), f.layer("amd64", "b")}},
		builder.Image{Platform: arm64, Layers: []layers.Layer{f.layer("x", "a")}})
	must(t, err)
	check(t, idx)
	mt, err := idx.MediaType()
	must(t, err)
	raw, err := idx.RawManifest()
	must(t, err)
	size, err := idx.Size()
	must(t, err)
	if mt != types.OCIImageIndex || size != int64(len(raw)) || digest(t, idx) != hex(raw) {
		t.Errorf("index is %s of %d bytes", mt, size)
	}
	img := firstImage(t, idx)
	ls, err := img.Layers()
	must(t, err)
	h, err := ls[1].Digest()
	must(t, err)
	if l, err := img.LayerByDigest(h); err != nil || l != ls[1] {
		t.Errorf("layer by digest: %v, %v", l, err)
	}
	name, err := img.ConfigName()
	must(t, err)
	config, err := img.LayerByDigest(name)
	must(t, err)
	if got := hex(readAll(t, config.Compressed)); got != name.String() {
		t.Errorf("config by digest is %s, want %s", got, name)
	}
	other := v1.Hash{Algorithm: "sha256", Hex: name.Hex[1:] + "0"}
	want := "image: there is no blob " + other.String()
	_, err = img.LayerByDigest(other)
	wantError(t, err, fault.Failed, want, "")
	_, err = idx.Image(other)
	wantError(t, err, fault.Failed, want, "")
	_, err = idx.ImageIndex(other)
	wantError(t, err, fault.Failed, want, "")
}

// TestEmpty checks that lists without elements are lists.
func TestEmpty(t *testing.T) {
	idx, err := buildImage(t)
	must(t, err)
	raw, err := idx.RawManifest()
	must(t, err)
	if got, want := string(raw), `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`; got != want {
		t.Errorf("index is %s, want %s", got, want)
	}
	idx, err = buildImage(t, builder.Image{Platform: amd64})
	must(t, err)
	raw, err = firstImage(t, idx).RawManifest()
	must(t, err)
	if !strings.Contains(string(raw), `"layers":[]`) {
		t.Errorf("manifest %s", raw)
	}
	raw, err = firstImage(t, idx).RawConfigFile()
	must(t, err)
	if want := `{"architecture":"amd64","created":"1970-01-01T00:00:00Z","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}`; string(raw) != want {
		t.Errorf("config is %s, want %s", raw, want)
	}
}
