package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// layoutIndex is index.json. Entries that are not ours stay as they are.
type layoutIndex struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType,omitempty"`
	Manifests     []json.RawMessage `json:"manifests"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// readIndex reads index.json; a layout without one is fresh.
func (l *layout) readIndex() (*layoutIndex, error) {
	file := l.path(indexFile)
	var raw []byte
	err := l.disk.do("read", file, func() (err error) {
		raw, err = os.ReadFile(file)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		l.fresh = true
		return newLayoutIndex(), nil
	}
	if err != nil {
		return nil, diskError(err, file)
	}
	index := new(layoutIndex)
	err = json.Unmarshal(raw, index)
	if err == nil && index.SchemaVersion != 2 {
		err = fmt.Errorf("schemaVersion is %d, want 2", index.SchemaVersion)
	}
	if err != nil {
		return nil, newError(classDisk, file, "not an image index, the layout is corrupt: %w", err).
			hint("its blobs may be whole: restore index.json from a copy, or remove the directory %s and write it again", l.dir)
	}
	return index, nil
}

func newLayoutIndex() *layoutIndex {
	return &layoutIndex{SchemaVersion: 2, MediaType: "application/vnd.oci.image.index.v1+json"}
}

// put gives each tag the root; without tags the root becomes the one entry
// without a name. A replaced entry keeps its position.
func (x *layoutIndex) put(root v1.Descriptor, tags []string) error {
	if len(tags) == 0 {
		tags = []string{""}
	}
	for _, tag := range tags {
		d := root
		if tag != "" {
			d.Annotations = map[string]string{refNameKey: tag}
		}
		raw, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if err := x.replace(tag, raw); err != nil {
			return err
		}
	}
	return nil
}

// replace puts an entry in the place of the first with the same name and drops
// the others with it.
func (x *layoutIndex) replace(tag string, entry json.RawMessage) error {
	var kept []json.RawMessage
	placed := false
	for _, raw := range x.Manifests {
		var d struct {
			Annotations map[string]string `json:"annotations"`
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return newError(classDisk, indexFile, "an entry is not a descriptor: %w", err)
		}
		switch {
		case d.Annotations[refNameKey] != tag:
			kept = append(kept, bytes.TrimSpace(raw))
		case !placed:
			kept, placed = append(kept, entry), true
		}
	}
	if !placed {
		kept = append(kept, entry)
	}
	x.Manifests = kept
	return nil
}
