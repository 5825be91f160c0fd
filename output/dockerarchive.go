package output

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// containerdNameKey is the annotation by which containerd names an image that
// it imports.
const containerdNameKey = "io.containerd.image.name"

// dockerEntry is an entry of manifest.json (moby, image/spec/v1.2.md).
type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// writeDockerArchive writes one tar that is two things: for docker load, an
// archive of one platform, described by manifest.json; for containerd, an OCI
// layout of the whole index. They share the blobs.
func writeDockerArchive(ctx context.Context, t Transport, img Image, c *closure, o Options) ([]string, error) {
	if b := c.zstd(); b != nil {
		return nil, zstdError(t.place(), b)
	}
	first, err := c.platform(t, o.FirstPlatform)
	if err != nil {
		return nil, err
	}
	names := dockerNames(t, img)
	entry, err := first.dockerEntry(names)
	if err != nil {
		return nil, err
	}
	manifestJSON, err := json.Marshal([]dockerEntry{entry})
	if err != nil {
		return nil, err
	}
	indexJSON, err := dockerIndex(c.root.Descriptor, names)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		layoutFile:      []byte(layoutContent),
		indexFile:       indexJSON,
		"manifest.json": manifestJSON,
	}
	return tagsOf(names), writeArchive(ctx, t, files, c, o)
}

// zstdError refuses a layer that Docker's classic store does not read.
func zstdError(place string, b *blob) *Error {
	return newError(classUsage, place, "layer %s is zstd, docker reads gzip only", b.Digest).
		hint(`set compression = "gzip" in [layers], and take a base with gzip layers`)
}

// dockerNames returns the REPOSITORY:TAG names that the archive gives the image.
func dockerNames(t Transport, img Image) []string {
	var names []string
	switch {
	case t.Ref != "" && strings.LastIndexByte(t.Ref, ':') > strings.LastIndexByte(t.Ref, '/'):
		names = append(names, t.Ref)
	case t.Ref != "":
		names = append(names, t.Ref+":latest")
	case img.Name != "":
		for _, tag := range img.Tags {
			names = append(names, img.Name+":"+tag)
		}
	}
	return names
}

// tagsOf returns the part after the last colon of each name.
func tagsOf(names []string) []string {
	var tags []string
	for _, n := range names {
		tags = append(tags, n[strings.LastIndexByte(n, ':')+1:])
	}
	return tags
}

// dockerIndex is index.json with an entry for each name.
func dockerIndex(root v1.Descriptor, names []string) ([]byte, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: "application/vnd.oci.image.index.v1+json"}
	tags := tagsOf(names)
	for i, n := range names {
		d := root
		d.Annotations = map[string]string{containerdNameKey: fullName(n), refNameKey: tags[i]}
		index.Manifests = append(index.Manifests, d)
	}
	if len(names) == 0 {
		index.Manifests = []v1.Descriptor{root}
	}
	return json.Marshal(index)
}

// fullName spells the registry and the library directory that a short name
// leaves out (distribution/reference, normalize.go), as containerd wants it.
func fullName(ref string) string {
	host, rest, ok := strings.Cut(ref, "/")
	switch {
	case !ok:
		return "docker.io/library/" + ref
	case host != "localhost" && !strings.ContainsAny(host, ".:"):
		return "docker.io/" + ref
	case host == "index.docker.io":
		host = "docker.io"
	}
	if host == "docker.io" && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	return host + "/" + rest
}

// platform returns the image manifest of a platform, or the first that has a
// platform if want is nil.
func (c *closure) platform(t Transport, want *v1.Platform) (*manifest, error) {
	list, err := v1.ParseIndexManifest(bytes.NewReader(c.root.raw))
	if err != nil {
		return nil, err
	}
	var have []string
	for _, d := range list.Manifests {
		if !d.MediaType.IsImage() || (d.Platform != nil && d.Platform.OS == "unknown") {
			continue
		}
		if want == nil || (d.Platform != nil && d.Platform.Satisfies(*want)) {
			return c.imageManifest(d.Digest), nil
		}
		if d.Platform != nil {
			have = append(have, d.Platform.String())
		}
	}
	if want == nil {
		return nil, newError(classUsage, t.place(), "the index has no image")
	}
	return nil, newError(classUsage, t.place(), "the index has no image for %s, only for %s", want, strings.Join(have, ", "))
}

func (c *closure) imageManifest(h v1.Hash) *manifest {
	for i := range c.images {
		if c.images[i].Digest == h {
			return &c.images[i]
		}
	}
	return nil
}

// dockerEntry describes an image for manifest.json.
func (m *manifest) dockerEntry(names []string) (dockerEntry, error) {
	parsed, err := m.parse()
	if err != nil {
		return dockerEntry{}, err
	}
	e := dockerEntry{Config: blobsDir + "/" + parsed.Config.Digest.Hex, RepoTags: names}
	for _, l := range parsed.Layers {
		e.Layers = append(e.Layers, blobsDir+"/"+l.Digest.Hex)
	}
	return e, nil
}

// parse reads an image manifest.
func (m *manifest) parse() (*v1.Manifest, error) {
	parsed, err := v1.ParseManifest(bytes.NewReader(m.raw))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", m.Digest, err)
	}
	return parsed, nil
}
