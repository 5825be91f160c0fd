package builder_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// merged are the links of a root where /usr is merged.
func merged() []lock.Link {
	return []lock.Link{{Path: "bin", Target: "usr/bin"}, {Path: "lib", Target: "usr/lib"}, {Path: "var/run", Target: "run"}}
}

// onBase composes the project's image on a base, which it changes with edit.
func onBase(t *testing.T, p *project, pl platforms.Platform, below v1.Image, edit func(*lock.Base)) builder.Image {
	t.Helper()
	img, err := p.image(pl, below, func(s *lock.Selection, _ *builder.Inputs) {
		s.Base = &lock.Base{Image: "debian:12-slim@" + hex(nil), Manifest: hex([]byte("m")), Facts: lock.Facts{
			Libc: "glibc 2.36", Links: merged(), Env: []string{"PATH=/bin", "A=1", "B=2"}, Sh: true,
		}}
		if edit != nil {
			edit(s.Base)
		}
	})
	must(t, err)
	return img
}

func built(t *testing.T, img builder.Image) v1.Image {
	t.Helper()
	idx, err := buildImage(t, img)
	must(t, err)
	return firstImage(t, idx)
}

// TestRebase moves an image onto another base: it becomes what a build on that
// base makes.
func TestRebase(t *testing.T) {
	p := newProject(t)
	p.config = builder.Config{Annotations: map[string]string{"k": "v", "org.opencontainers.image.base.name": "mine", "io.gophersnake.base.layers": "9"}, Labels: map[string]string{"l": "v"}}
	old := built(t, onBase(t, p, amd64, baseImage(t, amd64, types.OCILayer), nil))
	m, err := old.Manifest()
	must(t, err)
	want := map[string]string{
		"k": "v", "org.opencontainers.image.base.name": "mine", "org.opencontainers.image.base.digest": hex([]byte("m")),
		"io.gophersnake.base.layers": "1", "io.gophersnake.base.libc": "glibc 2.36", "io.gophersnake.base.links": "bin=usr/bin lib=usr/lib",
	}
	if diff := cmp.Diff(want, m.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	p.config.Annotations = nil
	img := onBase(t, p, amd64, baseImage(t, amd64, types.DockerLayer, types.OCILayerZStd), func(b *lock.Base) {
		b.Libc, b.Env = "glibc 2.41", []string{"PATH=/new:/bin", "C=3"}
	})
	moved, err := builder.Rebase(img, old, "team/x:1")
	must(t, err)
	idx, err := buildImage(t, moved)
	must(t, err)
	got, err := firstImage(t, idx).Digest()
	must(t, err)
	plain := built(t, img)
	anew, err := plain.Digest()
	must(t, err)
	if got != anew {
		t.Errorf("moved %s, built %s", got, anew)
	}
	config, err := firstImage(t, idx).ConfigFile()
	must(t, err)
	if path := config.Config.Env[0]; path != "PATH=/opt/conda/bin:/new:/bin" {
		t.Errorf("%q", config.Config.Env)
	}
	m, err = plain.Manifest()
	must(t, err)
	if name := m.Annotations["org.opencontainers.image.base.name"]; name != "docker.io/library/debian:12-slim" {
		t.Errorf("base name %q", name)
	}
}

func TestRebaseErrors(t *testing.T) {
	p := newProject(t)
	below := baseImage(t, amd64, types.OCILayer)
	old := built(t, onBase(t, p, amd64, below, nil))
	const anew, libcHint, linkHint = "the configuration changed since the image was built: build it anew",
		"build the image anew: packages are chosen for the libc of their base", "build the image anew: a directory would hide a link of the base"
	for _, tt := range []struct {
		name       string
		img        func() builder.Image
		old        v1.Image
		want, hint string
	}{
		{"older libc", func() builder.Image {
			return onBase(t, p, amd64, below, func(b *lock.Base) { b.Libc = "glibc 2.9" })
		}, old, "x: its layers were made for glibc 2.36, the base debian:12-slim@" + hex(nil) + " has glibc 2.9", libcHint},
		{"other libc", func() builder.Image {
			return onBase(t, p, amd64, below, func(b *lock.Base) { b.Image, b.Libc = "alpine", "musl 1.2.5" })
		}, old, "x: its layers were made for glibc 2.36, the base alpine has musl 1.2.5", libcHint},
		{"no libc", func() builder.Image {
			return onBase(t, p, amd64, nil, func(b *lock.Base) { b.Image, b.Libc = "static", "" })
		}, old, "x: its layers were made for glibc 2.36, the base static has no libc", libcHint},
		{"other links", func() builder.Image {
			return onBase(t, p, amd64, below, func(b *lock.Base) { b.Image, b.Links = "split", nil })
		}, old, "x: its layers were made for a root with bin=usr/bin lib=usr/lib, the base split has no links", linkHint},
		{
			"other platform", func() builder.Image { return onBase(t, p, arm64, baseImage(t, arm64, types.OCILayer), nil) }, old,
			"x: the image is for linux/amd64, the base for linux/arm64", "",
		},
		{"no base", func() builder.Image {
			img, err := p.image(amd64, nil, nil)
			must(t, err)
			return img
		}, old, "base: there is none to move x onto", "set [base] image or debian"},
		{
			"not ours", func() builder.Image { return onBase(t, p, amd64, below, nil) }, below,
			"x: its manifest does not tell which layers are its base's", "only images that gophersnake built on a base can be moved; build it anew",
		},
		{"other layers", func() builder.Image {
			img := onBase(t, p, amd64, below, nil)
			img.Layers = img.Layers[:2]
			return img
		}, old, `x: its layer 3 above the base is "conda tool", the configuration makes "none"`, anew},
	} {
		_, err := builder.Rebase(tt.img(), tt.old, "x")
		t.Run(tt.name, func(t *testing.T) { wantError(t, err, fault.Usage, tt.want, tt.hint) })
	}
}
