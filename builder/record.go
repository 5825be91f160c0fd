package builder

import (
	"maps"
	"strconv"
	"strings"

	ggcr "github.com/google/go-containerregistry/pkg/name"
	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/gophersnake/gophersnake/lock"
)

// Annotations of an image's manifest that tell of its base, so that Rebase can
// move the image onto another one. They are on manifests of images that have a
// base, and on these alone: an index holds several bases, and labels would go
// on to images that are built from this one.
const (
	ownAnnotations  = "io.gophersnake."
	baseLayersKey   = ownAnnotations + "base.layers" // how many of the layers, from the lowest on, are the base's
	baseLibcKey     = ownAnnotations + "base.libc"   // as lock.Facts.Libc; absent where there is none
	baseLinksKey    = ownAnnotations + "base.links"  // PATH=TARGET of directories in the root that are symbolic links, by spaces
	defaultRegistry = "index.docker.io/"             // as the name package spells it
)

// base is what Compose knows of an image's base.
type base struct {
	row    *lock.Base // nil for scratch
	layers int        // of Image.Layers, those that are the base's
}

// annotations returns the record of a base with so many layers of an image.
func (b base) annotations(below int) map[string]string {
	if b.row == nil {
		return nil
	}
	a := map[string]string{baseLayersKey: strconv.Itoa(below + b.layers)}
	for key, value := range map[string]string{
		specs.AnnotationBaseImageDigest: b.row.Manifest, specs.AnnotationBaseImageName: baseName(b.row.Image),
		baseLibcKey: b.row.Libc, baseLinksKey: rootLinks(&b.row.Facts),
	} {
		if value != "" {
			a[key] = value
		}
	}
	return a
}

// baseName returns a reference in full, without a digest (image-spec,
// annotations.md), or "" for what is no registry's.
func baseName(image string) string {
	if strings.HasPrefix(image, "oci:") || strings.HasPrefix(image, "oci-archive:") {
		return ""
	}
	image, _, _ = strings.Cut(image, "@")
	tag, err := ggcr.NewTag(image)
	if err != nil {
		return ""
	}
	full := tag.Name()
	if rest, ok := strings.CutPrefix(full, defaultRegistry); ok {
		full = "docker.io/" + rest
	}
	return full
}

// rootLinks returns the directories in the root that are links, as /bin is
// where /usr is merged: layers were written with them in mind.
func rootLinks(f *lock.Facts) string {
	var all []string
	for _, l := range f.Links {
		if !strings.Contains(l.Path, "/") {
			all = append(all, l.Path+"="+l.Target)
		}
	}
	return strings.Join(all, " ")
}

// withRecord adds the record of a base to the user's annotations, which may say
// otherwise but for our own.
func withRecord(own, record map[string]string) map[string]string {
	if len(record) == 0 {
		return own
	}
	all := maps.Clone(record)
	for k, v := range own {
		if !strings.HasPrefix(k, ownAnnotations) {
			all[k] = v
		}
	}
	return all
}
