package base

import (
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

// memory is a Cache.
type memory map[string][]byte

func (m memory) Get(digest string) ([]byte, bool) { d, ok := m[digest]; return d, ok }
func (m memory) Put(digest string, data []byte)   { m[digest] = data }

// resolved returns a world with an image and its row of the lock.
func resolved(t *testing.T, s *Source) (*world, *lock.Base) {
	t.Helper()
	w := newWorld(t)
	w.tag(w.image(amd64, tarOf(debian()...), tarOf(file("x", "y"))))
	b, err := s.Resolve(t.Context(), w.serve(), amd64)
	if err != nil {
		t.Fatal(err)
	}
	return w, b
}

func TestImage(t *testing.T) {
	w, b := resolved(t, &Source{})
	w.asked = nil
	img, err := (&Source{}).Image(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range layers {
		d, _ := l.Digest()
		id, _ := l.DiffID()
		size, _ := l.Size()
		mt, _ := l.MediaType()
		if got := (lock.Blob{Digest: d.String(), DiffID: id.String(), Size: size, MediaType: string(mt)}); got != b.Layers[i] {
			t.Errorf("layer %d: got %+v, want %+v", i, got, b.Layers[i])
		}
		from, ok := l.(Mountable).MountFrom()
		if !ok || !strings.HasSuffix(from.Name(), "/base") {
			t.Errorf("mount from %v, %v", from, ok)
		}
	}
	for _, p := range w.asked {
		if slices.ContainsFunc(b.Layers, func(l lock.Blob) bool { return strings.HasSuffix(p, l.Digest) }) {
			t.Errorf("a layer was asked for: %s", p)
		}
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	if d, err := img.Digest(); err != nil || d.String() != b.Manifest {
		t.Errorf("digest %s, %v", d, err)
	}
	l, err := random.Layer(100, ociLayer)
	if err != nil {
		t.Fatal(err)
	}
	above, err := mutate.AppendLayers(img, l)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(above); err != nil {
		t.Error(err)
	}
	if _, err := img.LayerByDiffID(v1.Hash{}); err == nil || fault.ClassOf(err) != fault.Failed {
		t.Errorf("no layer: %v", err)
	}
}

func TestImageFromCache(t *testing.T) {
	cache := memory{}
	_, b := resolved(t, &Source{Cache: cache})
	if len(cache) != 2 {
		t.Errorf("%d documents in the cache, want manifest and config", len(cache))
	}
	b.Image = "registry.example.com/gone:1" // no network from here on
	img, err := (&Source{Cache: cache}).Image(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.ConfigFile(); err != nil {
		t.Error(err)
	}
}

func TestSpoiledCache(t *testing.T) {
	w, b := resolved(t, &Source{})
	cache := memory{b.Manifest: []byte("spoiled"), b.Config: []byte("{}")}
	if _, err := (&Source{Cache: cache}).Image(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if string(cache[b.Manifest]) != string(w.top) {
		t.Error("the cache was not healed")
	}
}

func TestBadLocks(t *testing.T) {
	edited := func(edit func(*lock.Base)) func(*world, *lock.Base) {
		return func(_ *world, b *lock.Base) { edit(b) }
	}
	const differs = "the lock's config or layers are not those of the manifest it names"
	tests := []struct {
		name  string
		spoil func(*world, *lock.Base)
		class fault.Class
		want  string
	}{
		{"size", edited(func(b *lock.Base) { b.Layers[0].Size++ }), fault.Verification, "{HOST}/base@{top}: " + differs},
		{"layers", edited(func(b *lock.Base) { b.Layers = b.Layers[1:] }), fault.Verification, "{HOST}/base@{top}: " + differs},
		{"diffID", edited(func(b *lock.Base) { b.Layers[0].DiffID = b.Layers[1].DiffID }), fault.Verification, "{HOST}/base@{top}: " + differs},
		{"config", edited(func(b *lock.Base) { b.Config = b.Manifest }), fault.Verification, "{HOST}/base@{top}: " + differs},
		{"digest", edited(func(b *lock.Base) { b.Manifest = "sha512:ab" }), fault.Verification, `manifest of {HOST}/base:1: digest algorithm "sha512" is not supported, only sha256 is`},
		{"image", edited(func(b *lock.Base) { b.Image = "NO" }), fault.Usage, `image reference "NO" is not valid: want [HOST[:PORT]/]NAME[:TAG][@sha256:HEX], with a NAME of lower-case letters, digits and . _ - /`},
		{"index", func(w *world, b *lock.Base) {
			b.Manifest = w.put("index", w.json(obj{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []any{}}))
		}, fault.Verification, "{HOST}/base@{index}: the lock names an index where an image's manifest should be"},
		{"gone", func(w *world, b *lock.Base) { delete(w.blobs, b.Manifest) }, fault.Network, "{HOST}/base@{top}: the registry answered 404 Not Found: BLOB_UNKNOWN gone"},
		{"exchanged", func(w *world, b *lock.Base) { w.blobs[b.Manifest] = []byte("{}") }, fault.Verification, "{HOST}/base@{top}: want {top}, got sha256:N"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, b := resolved(t, &Source{})
			test.spoil(w, b)
			_, err := (&Source{}).Image(t.Context(), b)
			if got := numbers(w.plain(err), test.want); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if c := fault.ClassOf(err); c != test.class {
				t.Errorf("class %s, want %s", c, test.class)
			}
		})
	}
}

// TestImageReadsLayersVerified exchanges a layer after locking.
func TestImageReadsLayersVerified(t *testing.T) {
	w, b := resolved(t, &Source{})
	img, err := (&Source{}).Image(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	w.blobs[b.Layers[0].Digest] = make([]byte, b.Layers[0].Size)
	h, err := v1.NewHash(b.Layers[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	l, err := img.LayerByDigest(h)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); n > b.Layers[0].Size || fault.ClassOf(err) != fault.Verification {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestOtherTools reads images that go-containerregistry made and pushed.
func TestOtherTools(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/team/base:1"
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	img, err := random.Image(500, 3)
	if err != nil {
		t.Fatal(err)
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c.OS, c.Architecture, c.Config.User = "linux", "amd64", "7"
	if img, err = mutate.ConfigFile(img, c); err != nil {
		t.Fatal(err)
	}
	if err := ggcr.Write(tag, img); err != nil {
		t.Fatal(err)
	}
	b, err := (&Source{}).Resolve(t.Context(), ref, amd64)
	if err != nil {
		t.Fatal(err)
	}
	want, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if b.Manifest != want.String() || len(b.Layers) != 3 || b.User != "7" {
		t.Errorf("got %+v", b)
	}
	back, err := (&Source{}).Image(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(back); err != nil {
		t.Error(err)
	}
}
