package builder

import (
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	specsgo "github.com/opencontainers/image-spec/specs-go"
	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/platforms"
)

// Config is what the configuration says of an image besides its files. Values
// are final: templates are expanded, USER is a number.
type Config struct {
	User        string
	WorkDir     string
	Entrypoint  *[]string // nil keeps the base's; an empty list is none
	Cmd         *[]string // likewise
	Before      []string  // what runs before the entry point, which becomes its arguments
	Without     []string  // names of the base's variables that the image has not
	Env         []string  // "KEY=value", in order; a later one wins
	Labels      map[string]string
	Annotations map[string]string // of manifest and index
	Created     time.Time         // zero is the Unix epoch
}

// maxLayers is how many layers an image may have (design.md §3).
const maxLayers = 127

// image is one platform's image on its way.
type image struct {
	platform platforms.Platform
	base     v1.Image // nil is scratch
	config   Config
	layers   []layers.Layer
	lazy     []*lazyLayer // as layers
	ground   base
	above    *above // instead of more layers; may be nil
}

// build returns the image's config and manifest over its base. The manifest is
// written with the image-spec's own types: tools that read and write it again
// keep its bytes.
func (i *image) build() (v1.Image, error) {
	file, below, err := i.below()
	if err != nil {
		return nil, err
	}
	over := i.above
	if over == nil {
		over = new(above)
	}
	if n := len(below) + len(i.lazy) + len(over.layers); n > maxLayers {
		return nil, fault.New(fault.Usage, "image", "%d layers, %d of them the base's, are more than the %d that overlay file systems stack", n, len(below), maxLayers).
			WithHint("set [layers] budget lower and run gophersnake lock --replan")
	}
	i.configure(file)
	m := specs.Manifest{Versioned: specsgo.Versioned{SchemaVersion: 2}, MediaType: specs.MediaTypeImageManifest, Layers: []specs.Descriptor{}, Annotations: withRecord(i.config.Annotations, i.ground.annotations(len(below)))}
	all := map[v1.Hash]v1.Layer{}
	for _, l := range below {
		if err := appendLayer(&m, all, l); err != nil {
			return nil, err
		}
	}
	under := min(over.under, len(i.lazy))
	if err := i.append(0, under, file, &m, all); err != nil {
		return nil, err
	}
	if err := over.append(file, &m, all); err != nil {
		return nil, err
	}
	if err := i.append(under, len(i.lazy), file, &m, all); err != nil {
		return nil, err
	}
	raw, err := canonical(file)
	if err != nil {
		return nil, err
	}
	m.Config = specs.Descriptor{MediaType: specs.MediaTypeImageConfig, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return newImage(m, raw, all)
}

// append adds own layers, from one to before another, to a config and a manifest.
func (i *image) append(from, to int, file *v1.ConfigFile, m *specs.Manifest, all map[v1.Hash]v1.Layer) error {
	for n, l := range i.lazy[from:to] {
		file.RootFS.DiffIDs = append(file.RootFS.DiffIDs, l.diffID)
		file.History = append(file.History, v1.History{Created: v1.Time{Time: i.created()}, CreatedBy: createdBy(i.layers[from+n])})
		if err := appendLayer(m, all, l); err != nil {
			return err
		}
	}
	return nil
}

// append adds the layers to a config and a manifest.
func (a *above) append(file *v1.ConfigFile, m *specs.Manifest, all map[v1.Hash]v1.Layer) error {
	file.RootFS.DiffIDs = append(file.RootFS.DiffIDs, a.diffIDs...)
	file.History = append(file.History, a.history...)
	for _, l := range a.layers {
		if err := appendLayer(m, all, l); err != nil {
			return err
		}
	}
	return nil
}

// below returns the base's config, or an empty one, and its layers.
func (i *image) below() (*v1.ConfigFile, []v1.Layer, error) {
	fresh := &v1.ConfigFile{OS: i.platform.OS, Architecture: i.platform.Arch, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	if i.base == nil {
		return fresh, nil, nil
	}
	file, err := i.base.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	if file.OS != i.platform.OS || file.Architecture != i.platform.Arch {
		return nil, nil, fault.New(fault.Verification, "base", "config is for %s/%s, want %s", file.OS, file.Architecture, i.platform)
	}
	file = file.DeepCopy()
	kept := &v1.ConfigFile{ // all but what tells of the machine that made the base
		OS: file.OS, OSVersion: file.OSVersion, OSFeatures: file.OSFeatures,
		Architecture: file.Architecture, Variant: file.Variant, Author: file.Author,
		Config: file.Config, RootFS: file.RootFS, History: file.History,
	}
	ls, err := i.base.Layers()
	return kept, ls, err
}

// configure applies the configuration over the base's (design.md §3).
func (i *image) configure(file *v1.ConfigFile) {
	c, conf := &file.Config, i.config
	file.Created = v1.Time{Time: i.created()}
	if conf.User != "" {
		c.User = conf.User
	}
	if conf.WorkDir != "" {
		c.WorkingDir = conf.WorkDir
	}
	if conf.Entrypoint != nil {
		c.Entrypoint = *conf.Entrypoint
	}
	c.Entrypoint = append(slices.Clone(conf.Before), c.Entrypoint...)
	if conf.Cmd != nil {
		c.Cmd = *conf.Cmd
	}
	c.Env = mergeEnv(withoutVars(c.Env, conf.Without), conf.Env)
	for k, v := range conf.Labels {
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		c.Labels[k] = v
	}
}

func (i *image) created() time.Time {
	if i.config.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return i.config.Created.UTC()
}

// createdBy says in the image's history what a layer is.
func createdBy(l layers.Layer) string {
	if l.Name == l.Kind {
		return madeBy + l.Kind
	}
	return madeBy + l.Kind + " " + l.Name
}

// madeBy begins the history of our layers.
const madeBy = "gophersnake: "

func appendLayer(m *specs.Manifest, all map[v1.Hash]v1.Layer, l v1.Layer) error {
	d, err := partial.Descriptor(l)
	if err != nil {
		return err
	}
	m.Layers = append(m.Layers, specs.Descriptor{MediaType: string(ociLayer(d.MediaType)), Digest: digest.Digest(d.Digest.String()), Size: d.Size})
	all[d.Digest] = l
	return nil
}

// ociLayer returns the OCI name of a layer's media type, since an OCI manifest
// should hold OCI types (image-spec manifest.md).
func ociLayer(t types.MediaType) types.MediaType {
	switch t {
	case types.DockerLayer:
		return types.OCILayer
	case types.DockerUncompressedLayer:
		return types.OCIUncompressedLayer
	}
	return t
}

// mergeEnv appends variables; one that exists keeps its place and takes the
// new value.
func mergeEnv(base, more []string) []string {
	env := slices.Clone(base)
	for _, kv := range more {
		key := name(kv)
		if i := slices.IndexFunc(env, func(have string) bool { return name(have) == key }); i >= 0 {
			env[i] = kv
		} else {
			env = append(env, kv)
		}
	}
	return env
}
