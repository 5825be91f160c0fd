package output_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// index has another name than its method ImageIndex, so that it can be embedded.
type index = interface{ v1.ImageIndex }

// edited is an index with other bytes than it had.
type edited struct {
	index
	raw    []byte
	digest v1.Hash
}

func (e edited) RawManifest() ([]byte, error) { return e.raw, nil }
func (e edited) Digest() (v1.Hash, error)     { return e.digest, nil }

// edit changes the manifest of an index; honest says that its digest is right.
func edit(t *testing.T, idx v1.ImageIndex, honest bool, f func(*v1.IndexManifest)) v1.ImageIndex {
	t.Helper()
	m, err := idx.IndexManifest()
	must(t, err)
	m = m.DeepCopy()
	f(m)
	raw, err := json.Marshal(m)
	must(t, err)
	e := edited{idx, raw, digest(t, idx)}
	if honest {
		e.digest, _, err = v1.SHA256(bytes.NewReader(raw))
		must(t, err)
	}
	return e
}

// TestBadIndex: what an index says is checked before anything is written.
func TestBadIndex(t *testing.T) {
	good := outputtest.Index(t, twoPlatforms)
	m, err := good.IndexManifest()
	must(t, err)
	child, size := m.Manifests[0].Digest.String(), m.Manifests[0].Size
	for _, tc := range []struct {
		name string
		idx  v1.ImageIndex
		want string // a prefix
	}{
		{
			"wrong digest", edit(t, good, false, func(m *v1.IndexManifest) { m.Annotations = map[string]string{"a": "b"} }),
			"index " + digest(t, good).String() + ": content has the digest sha256:",
		},
		{
			"wrong size of a child", edit(t, good, true, func(m *v1.IndexManifest) { m.Manifests[0].Size++ }),
			fmt.Sprintf("manifest %s: has %d bytes, want %d", child, size, size+1),
		},
		{
			"unknown media type", edit(t, good, true, func(m *v1.IndexManifest) { m.Manifests[0].MediaType = types.OCILayer }),
			"manifest " + child + `: media type "application/vnd.oci.image.layer.v1.tar+gzip" is neither an image nor an index`,
		},
		{
			"too large", edit(t, good, true, func(m *v1.IndexManifest) { m.Annotations = map[string]string{"a": strings.Repeat("x", 4<<20)} }),
			"index ",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "x")
			_, err := output.Write(t.Context(), parse(t, "oci:"+dir), output.Image{Index: tc.idx}, output.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || classOf(err) != "verification" {
				t.Errorf("got %v (%s)\nwant %s…", err, classOf(err), tc.want)
			}
		})
	}
}
