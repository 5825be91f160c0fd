//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// lost is what a registry may lose of an image, as files of docker-registry's
// storage: the data of a digest, which all repositories share, or the link by
// which a repository has it.
type lost struct {
	name   string
	digest func(*image) string
	links  string // "_layers" or "_manifests/revisions"; "" is the data
}

// image is the part of a pushed image that tests lose something of.
type image struct {
	index, child, config, layer string
}

// TestLosses: promise P1. The registry loses a part of an image between two
// pushes, of the same tag or of a new one, from the store that made it or from
// an empty one: the next push brings it back. Where docker-registry will not
// have it back, the push fails and sets no tag.
func TestLosses(t *testing.T) {
	s, cache := newFaultSite(t, 3<<10, 1200<<10), coldStore(t)
	of := []lost{
		{"layer's link", func(i *image) string { return i.layer }, "_layers"},
		{"layer", func(i *image) string { return i.layer }, ""},
		{"config's link", func(i *image) string { return i.config }, "_layers"},
		{"config", func(i *image) string { return i.config }, ""},
		{"child's link", func(i *image) string { return i.child }, "_manifests/revisions"},
		{"child", func(i *image) string { return i.child }, ""},
		{"index's link", func(i *image) string { return i.index }, "_manifests/revisions"},
		{"index", func(i *image) string { return i.index }, ""},
	}
	get := registryParts(registry, "faults/lost")
	push := func(cache store, tag string) (int, string) {
		code, _, stderr := ends(t, cache.command(t, s.dir, "build", "-q", "-o", "docker://"+registry+"/faults/lost:"+tag))
		return code, stderr
	}
	if code, stderr := push(cache, "same"); code != 0 {
		t.Fatal(stderr)
	}
	img := pushed(t, get, "same")
	for _, l := range of {
		for _, tag := range []string{"same", "new"} {
			for _, from := range []store{cache, coldStore(t)} {
				must(t, os.RemoveAll(l.path(img)))
				if code, stderr := push(from, tag); code != 0 {
					t.Errorf("%s, tag %s: exit %d, %s", l.name, tag, code, stderr)
				}
				if got := get.tag(t, tag); got != img.index {
					t.Errorf("%s, tag %s is %q, want %s", l.name, tag, got, img.index)
				}
			}
		}
	}
	// What is there, but short, docker-registry does not replace.
	data := filepath.Join(lost{digest: func(i *image) string { return i.layer }}.path(img), "data")
	right := readFile(t, data)
	must(t, os.WriteFile(data, []byte(right[:len(right)/2]), 0o644))
	code, stderr := push(cache, "short")
	want := "gophersnake: " + registry + "/faults/lost: blob " + img.layer +
		" is still missing or has a wrong size after 5 uploads\nhint: the registry accepts uploads and loses them; no tag was changed\n"
	if got := get.tag(t, "short"); code != 5 || stderr != want || got != "" {
		t.Errorf("a short layer: exit %d, tag %q\n got %s\nwant %s", code, got, stderr, want)
	}
	must(t, os.WriteFile(data, []byte(right), 0o644))
	if got := get.tag(t, "same"); got != img.index {
		t.Errorf("the tag is %q", got)
	}
}

// pushed reads what a tag consists of.
func pushed(t *testing.T, get parts, tag string) *image {
	t.Helper()
	img := &image{index: get.tag(t, tag)}
	raw, err := get("manifests", img.index)
	must(t, err)
	var index v1.IndexManifest
	must(t, json.Unmarshal(raw, &index))
	img.child = index.Manifests[1].Digest.String()
	raw, err = get("manifests", img.child)
	must(t, err)
	var m v1.Manifest
	must(t, json.Unmarshal(raw, &m))
	img.config = m.Config.Digest.String()
	large := m.Layers[0]
	for _, l := range m.Layers {
		if l.Size > large.Size {
			large = l
		}
	}
	img.layer = large.Digest.String()
	return img
}

var digestPath = regexp.MustCompile(`^sha256:(..)`)

// path returns the directory to remove.
func (l lost) path(img *image) string {
	root, digest := filepath.Join(work, "registry", "docker", "registry", "v2"), l.digest(img)
	if l.links != "" {
		return filepath.Join(root, "repositories", "faults", "lost", l.links, strings.Replace(digest, ":", "/", 1))
	}
	return filepath.Join(root, "blobs", digestPath.ReplaceAllString(digest, "sha256/$1/$1"))
}
