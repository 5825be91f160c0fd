package base

import (
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

// scheme is where an image lies.
type scheme uint8

const (
	inRegistry scheme = iota
	inLayout
	inArchive
)

// reference is a base image's name, taken apart.
type reference struct {
	text   string // as configured
	scheme scheme
	image  name.Reference // of inRegistry
	path   string         // of a layout, as configured
	tag    string         // of a layout; "" where none is given
}

// CheckReference reports whether a base image's name is well formed. An error
// has the class usage. Nothing is read.
func CheckReference(ref string) error {
	_, err := parseReference(ref, nil)
	return err
}

// DigestRef returns the reference of exactly the manifest that a lock's base
// names, such as "localhost:5000/base@sha256:<hex>". For layouts it is the
// path, without a tag, and the digest.
func DigestRef(b *lock.Base) string {
	ref, err := parseReference(b.Image, nil)
	switch {
	case err != nil:
		return b.Image + "@" + b.Manifest
	case ref.scheme == inLayout:
		return layoutPrefix + ref.path + "@" + b.Manifest
	case ref.scheme == inArchive:
		return archivePrefix + ref.path + "@" + b.Manifest
	}
	return withoutTag(b.Image) + "@" + b.Manifest
}

const (
	layoutPrefix  = "oci:"
	archivePrefix = "oci-archive:"
)

func parseReference(text string, insecure func(host string) bool) (reference, error) {
	if rest, ok := strings.CutPrefix(text, layoutPrefix); ok {
		return parsePath(text, rest, inLayout)
	}
	if rest, ok := strings.CutPrefix(text, archivePrefix); ok {
		return parsePath(text, rest, inArchive)
	}
	image, err := name.ParseReference(text)
	if err != nil || strings.Contains(text, "://") {
		return reference{}, fault.New(fault.Usage, "", "image reference %q is not valid: want [HOST[:PORT]/]NAME[:TAG][@sha256:HEX], with a NAME of lower-case letters, digits and . _ - /", text).
			WithHint("an image on disk is written oci:DIR[:TAG] or oci-archive:FILE[:TAG]")
	}
	if insecure != nil && insecure(image.Context().RegistryStr()) {
		if image, err = name.ParseReference(text, name.Insecure); err != nil {
			return reference{}, fault.New(fault.Usage, "", "image reference %q is not valid", text)
		}
	}
	return reference{text: text, image: image}, nil
}

func parsePath(text, rest string, s scheme) (reference, error) {
	p, tag, tagged := strings.Cut(rest, ":")
	if p == "" || tagged && tag == "" {
		return reference{}, fault.New(fault.Usage, "", "image reference %q is not valid: want a path and, after a colon, a tag", text)
	}
	return reference{text: text, scheme: s, path: p, tag: tag}, nil
}

// file returns the path of a layout on this machine.
func (r reference) file(dir string) string {
	if filepath.IsAbs(r.path) {
		return r.path
	}
	return filepath.Join(dir, filepath.FromSlash(r.path))
}

// withoutTag cuts the tag and the digest off a registry reference.
func withoutTag(text string) string {
	text, _, _ = strings.Cut(text, "@")
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, '/') {
		return text[:i]
	}
	return text
}
