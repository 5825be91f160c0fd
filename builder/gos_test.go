package builder_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
)

// more adds a toolchain to a selection, before those that it has.
func (p *project) more(s *lock.Selection, version string) {
	row := s.Go[0]
	row.Module = strings.Replace(row.Module, row.Version, version, 1)
	row.Version, row.Host = version, false
	p.zips[row.Module] = toolchain(p.t, row.Module)
	row.ZipSHA256 = hex(p.zips[row.Module])[len("sha256:"):]
	s.Go = append([]lock.Toolchain{row}, s.Go...)
}

func goLayers(img builder.Image) (all []layers.Layer) {
	for _, l := range img.Layers {
		if l.Kind == "go" {
			all = append(all, l)
		}
	}
	return all
}

// TestSeveralGos checks where several toolchains of an image lie, that images
// share their layers, and that the newest compiles.
func TestSeveralGos(t *testing.T) {
	p := newProject(t)
	compose := func(versions ...string) builder.Image {
		img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
			for _, v := range versions {
				p.more(s, v)
			}
			s.Base = &lock.Base{Facts: lock.Facts{Links: []lock.Link{{Path: "opt", Target: "data"}}}}
		})
		must(t, err)
		return img
	}
	img := compose("1.25.0", "1.20.14")
	if got, want := kinds(img), "go 1.20.14; go 1.25.0; go 1.26.8; go go commands; conda "; !strings.HasPrefix(got, want) {
		t.Errorf("layers are %q, want %q", got, want)
	}
	idx, err := buildImage(t, builder.Image{Platform: amd64, Layers: img.Layers})
	must(t, err)
	check(t, idx)
	got := names(t, firstImage(t, idx))
	for i, want := range []string{"data/go/1.20.14/bin/go 755", "data/go/1.25.0/VERSION 644", "data/go/1.26.8/src/go.mod 644", "usr/local/bin/go1.25.0 777"} {
		if !slices.Contains(got[i], want) {
			t.Errorf("layer %d has no %s: %q", i, want, got[i])
		}
	}

	// Two images share the toolchains that both have, but not with an image
	// that has one alone, which lies elsewhere.
	first, second, alone := goLayers(img), goLayers(compose("1.20.14")), goLayers(compose())
	if first[0].Key != second[0].Key || first[2].Key != second[1].Key {
		t.Error("toolchains are not shared")
	}
	if first[3].Key == second[2].Key || len(alone) != 1 || alone[0].Key == first[2].Key {
		t.Error("layers that differ have one key")
	}

	// The program's layer does not change with the older toolchains.
	program := func(img builder.Image) string {
		i := slices.IndexFunc(img.Layers, func(l layers.Layer) bool { return l.Kind == "cli" })
		return img.Layers[i].Key
	}
	if program(img) != program(compose()) {
		t.Error("another Go compiles the program")
	}
}

// TestBaseGOROOT checks that a base's GOROOT stays out of images with a Go of
// their own, and nothing else does.
func TestBaseGOROOT(t *testing.T) {
	p := newProject(t)
	for _, golang := range []bool{true, false} {
		img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
			s.Base = &lock.Base{Facts: lock.Facts{Env: []string{"GOROOT=/usr/lib/go", "GOROOT_FINAL=/x"}}}
			if !golang {
				s.Go, in.Programs = nil, nil
			}
		})
		must(t, err)
		if got := slices.Contains(img.Config.Env, "GOROOT=/usr/lib/go"); got == golang {
			t.Errorf("with Go %v: variables %q", golang, img.Config.Env)
		}
		if !slices.Contains(img.Config.Env, "GOROOT_FINAL=/x") {
			t.Errorf("with Go %v: variables %q", golang, img.Config.Env)
		}
	}
}
