package base

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// document is a manifest or an index as it was received.
type document struct {
	raw         []byte
	digest      string          // computed from raw
	contentType types.MediaType // what the sender or the descriptor called it; "" where unknown
	where       string          // for errors
}

func newDocument(raw []byte, contentType types.MediaType, where string) document {
	return document{raw: raw, digest: digestOf(raw), contentType: contentType, where: where}
}

func digestOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// manifest is a checked document: an index if isIndex, else an image's
// manifest.
type manifest struct {
	isIndex   bool
	mediaType types.MediaType
	children  []descriptor // of an index
	config    descriptor   // of an image
	layers    []descriptor // of an image, bottom to top
}

// wire is a document's JSON. Slices are pointers so that an empty list differs
// from none.
type wire struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     types.MediaType `json:"mediaType"`
	Manifests     *[]descriptor   `json:"manifests"`
	Config        *descriptor     `json:"config"`
	Layers        *[]descriptor   `json:"layers"`
	FSLayers      *[]any          `json:"fsLayers"`
}

// parseManifest validates a document on its raw bytes: schema, media type
// against structure and content type (CVE-2021-41190), and every descriptor.
func (s *Source) parseManifest(doc document) (*manifest, error) {
	var w wire
	if err := decodeJSON(doc.raw, &w); err != nil {
		return nil, fault.New(fault.Verification, doc.where, "manifest %s is not valid JSON: %v", doc.digest, err)
	}
	mediaType, err := w.check(doc)
	if err != nil {
		return nil, err
	}
	m := &manifest{isIndex: w.Manifests != nil, mediaType: mediaType}
	if m.isIndex {
		m.children = *w.Manifests
		for i := range m.children {
			if err := m.children[i].check(doc.where, "index entry", false); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	m.config, m.layers = *w.Config, *w.Layers
	if err := m.config.check(doc.where, "config", false); err != nil {
		return nil, err
	}
	return m, s.checkLayers(doc.where, m.layers)
}

// check returns the document's media type.
func (w *wire) check(doc document) (types.MediaType, error) {
	old := doc.contentType.IsSchema1() || w.FSLayers != nil
	image, index := w.Layers != nil || w.Config != nil, w.Manifests != nil
	switch {
	case w.SchemaVersion == 1 || old:
		return "", fault.New(fault.Usage, doc.where, "manifest %s is of schema 1, which is not supported", doc.digest).
			WithHint("pull the image and push it again with a current tool, then name that")
	case w.SchemaVersion != 2:
		return "", doc.refuse("has schemaVersion %d, not 2", w.SchemaVersion)
	case index && image:
		return "", doc.refuse("is ambiguous: it has manifests and layers")
	case !index && (w.Layers == nil || w.Config == nil):
		return "", doc.refuse("is neither an image nor an index")
	}
	return w.mediaType(doc, index)
}

// mediaType returns what the document calls itself, or what it was sent as, or
// what its structure says, all of which must agree.
func (w *wire) mediaType(doc document, index bool) (types.MediaType, error) {
	if w.MediaType != "" && doc.contentType != "" && w.MediaType != doc.contentType {
		return "", doc.refuse("calls itself %q and was sent as %q", w.MediaType, doc.contentType)
	}
	t := cmp.Or(w.MediaType, doc.contentType)
	switch {
	case t == "" && index:
		return types.OCIImageIndex, nil
	case t == "":
		return types.OCIManifestSchema1, nil
	case index && !t.IsIndex(), !index && !t.IsImage():
		return "", doc.refuse("has the content of another media type than %q", t)
	}
	return t, nil
}

// refuse returns an error about the document.
func (d document) refuse(problem string, args ...any) error {
	return fault.New(fault.Verification, d.where, "manifest "+d.digest+" "+problem, args...)
}

func (s *Source) checkLayers(where string, layers []descriptor) error {
	limit := s.Limits.withDefaults().Layer
	for i := range layers {
		d := &layers[i]
		foreign := !d.MediaType.IsDistributable()
		if foreign && !s.AllowForeign {
			return fault.New(fault.Usage, where, "layer %s is foreign: %q layers are not distributed with the image", printable(d.Digest), d.MediaType).
				WithHint("push the image with all of its layers to one registry, or pass --allow-foreign-layers")
		}
		if err := d.check(where, "layer", foreign); err != nil {
			return err
		}
		switch {
		case packingOf(d.MediaType) == unknown:
			return fault.New(fault.Usage, where, "layer %s has the media type %q, which is not supported", d.Digest, d.MediaType)
		case d.size > limit:
			return fault.New(fault.Verification, where, "layer %s of %d bytes is larger than the limit of %d", d.Digest, d.size, limit)
		}
	}
	return nil
}

// contentType returns the media type that an HTTP answer names.
func contentType(h http.Header) types.MediaType {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return types.MediaType(t)
}

// acceptable lists the media types asked of a registry, as one header line
// since some read only the first. Schema 1 stands last, so that an old image is
// told apart from none.
func acceptable() string {
	return strings.Join([]string{
		string(types.OCIImageIndex), string(types.DockerManifestList),
		string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
		string(types.DockerManifestSchema1Signed), string(types.DockerManifestSchema1),
	}, ", ")
}
