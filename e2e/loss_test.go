//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
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
	index, child, config, layer, base string
}

// TestLosses: promise P1. The registry loses a part of an image between two
// pushes, of the same tag or of a new one, from the store that made it or from
// an empty one: the next push brings it back. Where docker-registry will not
// have it back, the push fails and sets no tag.
func TestLosses(t *testing.T) {
	s, cache := newFaultSite(t, 3<<10, 1200<<10), coldStore(t)
	s.above(t, dataBase(t))
	of := []lost{
		{"layer's link", func(i *image) string { return i.layer }, "_layers"},
		{"layer", func(i *image) string { return i.layer }, ""},
		{"base layer's link", func(i *image) string { return i.base }, "_layers"},
		{"base layer", func(i *image) string { return i.base }, ""},
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

// above puts an image below that of the project.
func (s *faultSite) above(t *testing.T, base v1.ImageIndex) {
	t.Helper()
	_, err := layout.Write(filepath.Join(s.dir, "base"), base)
	must(t, err)
	file := filepath.Join(s.dir, "gophersnake.toml")
	must(t, os.WriteFile(file, []byte(readFile(t, file)+"[base]\nimage = \"oci:base\"\n"), 0o644))
	coldStore(t).gs(t, s.dir, "lock", "-q")
	s.lock = readFile(t, s.lockFile())
}

// dataBase returns an image of one file for both platforms.
func dataBase(t *testing.T) v1.ImageIndex {
	t.Helper()
	content := make([]byte, 300<<10)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(content)
	var file bytes.Buffer
	w := tar.NewWriter(&file)
	must(t, w.WriteHeader(&tar.Header{Name: "usr/share/base", Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write(content)
	must(t, errors.Join(err, w.Close()))
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file.Bytes())), nil })
	must(t, err)
	index := v1.ImageIndex(empty.Index)
	for _, arch := range []string{"amd64", "arm64"} {
		img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: arch})
		must(t, err)
		img, err = mutate.AppendLayers(img, layer)
		must(t, err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	return index
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
	img.config, img.base = m.Config.Digest.String(), m.Layers[0].Digest.String()
	large := m.Layers[1]
	for _, l := range m.Layers[1:] {
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
