package builder_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

// TestHooks checks that images with conda, Go and a shell have hooks, and others
// have none.
func TestHooks(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *lock.Selection)
		want   bool
	}{
		{"all", func(*lock.Selection) {}, true},
		{"no shell", func(s *lock.Selection) { s.Base = nil }, false},
		{"no Go", func(s *lock.Selection) { s.Go = nil }, false},
		{"no conda", func(s *lock.Selection) { s.Conda = nil }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			img, err := newProject(t).image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
				s.Base = &lock.Base{Facts: lock.Facts{Sh: true}}
				in.Programs = nil
				tc.change(s)
			})
			must(t, err)
			i := slices.IndexFunc(img.Layers, func(l layers.Layer) bool { return l.Kind == "hooks" })
			if (i >= 0) != tc.want {
				t.Fatalf("layer %d is of hooks, want one: %v", i, tc.want)
			}
			if i < 0 {
				return
			}
			content, err := img.Layers[i].Content(t.Context())
			must(t, err)
			if d := content.Dirs[len(content.Dirs)-1]; d.Path != "opt/conda/etc/conda/deactivate.d" || d.Mode != 0o755 {
				t.Errorf("the last directory is %+v", d)
			}
			var text bytes.Buffer
			w := tree.NewWriter(nil, tree.Options{Tar: &text})
			must(t, content.Fragments[0].Write(t.Context(), w))
			must(t, w.Close())
			if !strings.Contains(text.String(), "\\export GOPATH='/go'\n") {
				t.Errorf("the hooks are %q", text.String())
			}
		})
	}
}
