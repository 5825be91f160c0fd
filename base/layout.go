package base

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// files are those of an OCI image layout, in a directory or in an archive.
type files interface {
	// open opens a file by its name in the layout. A file that is not there is
	// fs.ErrNotExist; other errors have a class.
	open(name string) (io.ReadCloser, error)
	// where names a file for errors.
	where(name string) string
	// present says why there is no layout at all, or nil.
	present() error
}

// layout is an OCI image layout (OCI image specification 1.1, "Image Layout").
type layout struct {
	ref    reference
	files  files
	limits Limits

	once sync.Once
	err  error // why files are no layout
}

const refName = "org.opencontainers.image.ref.name"

func (l *layout) repository() (name.Repository, bool) { return name.Repository{}, false }
func (l *layout) short() fault.Class                  { return fault.Verification }

func (l *layout) where(digest string) string {
	return l.files.where(blobName(digest))
}

func blobName(digest string) string {
	return "blobs/" + strings.Replace(digest, ":", "/", 1)
}

// check reads the file oci-layout, once.
func (l *layout) check() error {
	l.once.Do(func() { l.err = l.readMark() })
	return l.err
}

func (l *layout) readMark() error {
	if err := l.files.present(); err != nil {
		return err
	}
	raw, err := l.read("oci-layout", 64<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Usage, l.ref.text, "not an OCI layout: it has no file oci-layout").
			WithHint("a layout holds oci-layout, index.json and blobs/; a docker-archive is something else")
	}
	if err != nil {
		return err
	}
	var mark struct {
		Version string `json:"imageLayoutVersion"`
	}
	if err := decodeJSON(raw, &mark); err != nil {
		return l.corrupt("oci-layout", err)
	}
	if mark.Version != "1.0.0" {
		return fault.New(fault.Usage, l.files.where("oci-layout"), "image layout version %q is not supported, only 1.0.0 is", mark.Version)
	}
	return nil
}

// corrupt is an error about a file of the layout that no digest covers.
func (l *layout) corrupt(file string, err error) error {
	return fault.New(fault.Disk, l.files.where(file), "corrupt: not valid JSON: %v", err).
		WithHint("write the layout again, or copy it again from where it came from")
}

func (l *layout) read(file string, limit int64) ([]byte, error) {
	f, err := l.files.open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f, limit, l.files.where(file), file)
}

func (l *layout) top(ctx context.Context) (document, error) {
	if err := l.check(); err != nil {
		return document{}, err
	}
	raw, err := l.read("index.json", l.limits.Manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return document{}, fault.New(fault.Disk, l.ref.text, "the layout has no index.json").
			WithHint("write the layout again, or copy it again from where it came from")
	}
	if err != nil {
		return document{}, err
	}
	var index wire
	if err := decodeJSON(raw, &index); err != nil {
		return document{}, l.corrupt("index.json", err)
	}
	doc := newDocument(raw, index.MediaType, l.files.where("index.json"))
	d, err := l.choose(index.Manifests)
	if err != nil || d == nil {
		return doc, err
	}
	if err := d.check(doc.where, "index entry", false); err != nil {
		return document{}, err
	}
	if doc, err = l.document(ctx, *d, l.limits.Manifest, "manifest"); err != nil {
		return document{}, err
	}
	if doc.digest != d.Digest {
		return document{}, fault.New(fault.Verification, doc.where, "want %s, got %s", d.Digest, doc.digest)
	}
	return checkSize(doc, *d, "manifest")
}

// choose returns the descriptor that the reference's tag names, or nil where
// index.json is itself the index to look into.
func (l *layout) choose(manifests *[]descriptor) (*descriptor, error) {
	if manifests == nil {
		return nil, nil // parseManifest says what is wrong
	}
	var names []string
	var found []descriptor
	for _, d := range *manifests {
		n := d.Annotations[refName]
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
		if l.ref.tag != "" && n == l.ref.tag {
			found = append(found, d)
		}
	}
	slices.Sort(names)
	list := strings.Join(names, ", ")
	if list == "" {
		list = "none"
	}
	switch {
	case l.ref.tag == "" && len(names) > 1:
		return nil, fault.New(fault.Usage, l.ref.text, "the layout holds several images: %s", list).
			WithHint("put one of them after the path: %s:%s", l.ref.text, names[0])
	case l.ref.tag == "":
		return nil, nil
	case len(found) == 0:
		return nil, fault.New(fault.Usage, l.ref.text, "the layout has no tag %q; it has %s", l.ref.tag, list)
	case len(found) > 1:
		return nil, fault.New(fault.Usage, l.ref.text, "the layout has the tag %q %d times", l.ref.tag, len(found))
	}
	return &found[0], nil
}

func (l *layout) document(_ context.Context, d descriptor, limit int64, what string) (document, error) {
	if err := l.check(); err != nil {
		return document{}, err
	}
	where := l.where(d.Digest)
	raw, err := l.read(blobName(d.Digest), limit)
	if errors.Is(err, fs.ErrNotExist) {
		return document{}, l.missing(d.Digest)
	}
	if err != nil {
		return document{}, err
	}
	return newDocument(raw, d.MediaType, where), nil
}

func (l *layout) missing(digest string) error {
	return fault.New(fault.Disk, l.where(digest), "the layout has no such blob").
		WithHint("write the layout again, or copy it again from where it came from")
}

func (l *layout) blob(_ context.Context, digest string, _ int64) (io.ReadCloser, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	f, err := l.files.open(blobName(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.missing(digest)
	}
	return f, err
}
