package builder_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/layers/activation"
	"github.com/gophersnake/gophersnake/lock"
)

// TestActivation checks the last layer and the configuration: over a base with
// its own entry point, variables and PATH; without dynamic scripts; without a
// shell.
func TestActivation(t *testing.T) {
	base := baseImage(t, amd64, types.DockerLayer)
	baseConfig, err := base.ConfigFile()
	must(t, err)
	dynamic := []lock.Dynamic{{Script: "etc/conda/activate.d/x.sh", Package: "x", Reason: "depends on $HOME"}}
	entry, own := "/"+activation.EntryPath, []string{"/own"}
	none := []string{}
	for _, tc := range []struct {
		name   string
		sh     bool
		row    lock.Activation
		config builder.Config
		layer  bool
		entry  []string
		env    []string
	}{
		{"literal", true, lock.Activation{Env: []string{"PATH=/c:$PATH", "X=1"}}, builder.Config{}, true, baseConfig.Config.Entrypoint, []string{"PATH=/c:/bin", "A=1", "B=2", "X=1"}},
		{"unset", true, lock.Activation{Unset: []string{"A", "Z"}}, builder.Config{}, true, baseConfig.Config.Entrypoint, []string{"PATH=/bin", "B=2"}},
		{"unset, and set by the configuration", true, lock.Activation{Unset: []string{"A"}}, builder.Config{Env: []string{"A=9"}}, true, baseConfig.Config.Entrypoint, []string{"PATH=/bin", "B=2", "A=9"}},
		{"dynamic", true, lock.Activation{Dynamic: dynamic}, builder.Config{}, true, append([]string{entry}, baseConfig.Config.Entrypoint...), baseConfig.Config.Env},
		{"dynamic, an entry point of its own", true, lock.Activation{Dynamic: dynamic}, builder.Config{Entrypoint: &own}, true, []string{entry, "/own"}, baseConfig.Config.Env},
		{"dynamic, no entry point", true, lock.Activation{Dynamic: dynamic}, builder.Config{Entrypoint: &none}, true, []string{entry}, baseConfig.Config.Env},
		{"no shell", false, lock.Activation{Env: []string{"X=1"}}, builder.Config{}, false, baseConfig.Config.Entrypoint, append(slices.Clone(baseConfig.Config.Env), "X=1")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProject(t)
			p.config = tc.config
			img, err := p.image(amd64, base, func(s *lock.Selection, in *builder.Inputs) {
				*s = lock.Selection{Base: &lock.Base{Facts: lock.Facts{Env: baseConfig.Config.Env, Sh: tc.sh}}, Activation: &tc.row}
				in.Programs, in.Files = nil, nil
			})
			must(t, err)
			if last := img.Layers[len(img.Layers)-1]; (last.Kind == "activation") != tc.layer {
				t.Errorf("the last layer is %s", last.Kind)
			}
			got := configOf(t, img).Config
			if diff := cmp.Diff(tc.entry, got.Entrypoint); diff != "" {
				t.Errorf("entry point (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.env, got.Env); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(baseConfig.Config.Cmd, got.Cmd); diff != "" {
				t.Errorf("cmd (-want +got):\n%s", diff)
			}
		})
	}
	after, err := base.ConfigFile()
	must(t, err)
	if diff := cmp.Diff(baseConfig, after); diff != "" {
		t.Errorf("the base changed:\n%s", diff)
	}
}
