package builder_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/devcontainer"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

// labelled returns a base with a label of development containers.
func labelled(t *testing.T, label string) v1.Image {
	t.Helper()
	img := baseImage(t, amd64, types.OCILayer)
	file, err := img.ConfigFile()
	must(t, err)
	file = file.DeepCopy()
	file.Config.Labels[devcontainer.LabelName] = label
	img, err = mutate.ConfigFile(img, file)
	must(t, err)
	return img
}

func TestDevcontainerLabel(t *testing.T) {
	const own = `{"remoteUser":"nonroot","customizations":{"vscode":{"settings":{"go.alternateTools":{"go":"/usr/local/go/bin/go"},` +
		`"go.toolsManagement.autoUpdate":false,"go.toolsManagement.checkForUpdates":"local"}}}}`
	const broken = "the base's label devcontainer.metadata: not a JSON array of objects: unexpected end of JSON input; the image is made without it"
	const noShell = "devcontainer: the base has no /bin/sh, which tools of development containers start images with"
	onBase := func(s *lock.Selection, _ *builder.Inputs) {
		s.Base = &lock.Base{Facts: lock.Facts{Passwd: "root:x:0:0::/root:/bin/sh\nnode:x:1234:1234::/home/node:/bin/sh\n", Sh: true}}
	}
	as := func(user string, e devcontainer.Entry) func(*lock.Selection, *builder.Inputs) {
		return func(s *lock.Selection, in *builder.Inputs) {
			onBase(s, in)
			s.Go, s.Tools, in.User, in.Devcontainer = nil, nil, user, &e
		}
	}
	for _, tt := range []struct {
		name   string
		base   v1.Image
		change func(*lock.Selection, *builder.Inputs)
		want   string
		warned []string
	}{
		{"no base", nil, nil, "[" + own + "]", []string{noShell}},
		{"appended", labelled(t, `[{"id":"a"}, {"remoteUser":"base"}]`), onBase, `[{"id":"a"},{"remoteUser":"base"},` + own + "]", nil},
		{"one object", labelled(t, ` {"z":1,"a":2} `), onBase, `[{"z":1,"a":2},` + own + "]", nil},
		{"broken", labelled(t, `[{"id":"a"}`), onBase, "[" + own + "]", []string{broken}},
		{"a number with a name of ours", labelled(t, ""), as("1000", devcontainer.Entry{}), `[{"remoteUser":"dev"}]`, nil},
		{"a number with a name of the base", labelled(t, ""), as("1234", devcontainer.Entry{}), `[{"remoteUser":"node"}]`, nil},
		{"a number without a name", labelled(t, ""), as("777", devcontainer.Entry{}), `[{"remoteUser":"777"}]`, nil},
		{"root", labelled(t, ""), as("0", devcontainer.Entry{}), `[{"remoteUser":"root"}]`, nil},
		{"another user", labelled(t, ""), as("dev", devcontainer.Entry{RemoteUser: "1234", Init: true}), `[{"init":true,"remoteUser":"node"}]`, nil},
		{
			"several toolchains, tools and python", labelled(t, ""), func(s *lock.Selection, in *builder.Inputs) {
				onBase(s, in)
				older := s.Go[0]
				older.Version, s.Go[0].Default = "1.25.0", true
				s.Go = append([]lock.Toolchain{older}, s.Go...)
				s.Tools = []lock.Tool{{Package: "github.com/go-delve/delve/cmd/dlv", Go: "1.26.8"}, {Package: "golang.org/x/tools/gopls", Go: "1.26.8"}}
				s.Conda = append(slices.Clone(s.Conda), lock.Conda{Name: "python"})
				s.Conda[len(s.Conda)-1] = s.Conda[0]
				s.Conda[len(s.Conda)-1].Name = "python"
				s.Groups = append(slices.Clone(s.Groups), lock.Group{Packages: []string{"python"}})
			},
			`[{"capAdd":["SYS_PTRACE"],"remoteUser":"nonroot","customizations":{"vscode":{"settings":{"go.alternateTools":{"dlv":"/usr/local/bin/dlv","go":"/opt/go/1.26.8/bin/go","gopls":"/usr/local/bin/gopls"},` +
				`"go.toolsManagement.autoUpdate":false,"go.toolsManagement.checkForUpdates":"local","python.defaultInterpreterPath":"/opt/conda/bin/python"}}}}]`, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProject(t)
			p.config.Labels = map[string]string{"b": "ours"}
			var warned []string
			img, err := p.image(amd64, tt.base, func(s *lock.Selection, in *builder.Inputs) {
				in.Devcontainer = &devcontainer.Entry{}
				in.Warn = func(text string) { warned = append(warned, text) }
				if tt.change != nil {
					tt.change(s, in)
				}
				in.Programs = nil
			})
			must(t, err)
			want := map[string]string{"b": "ours", devcontainer.LabelName: tt.want}
			if diff := cmp.Diff(want, img.Config.Labels); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.warned, warned); diff != "" {
				t.Errorf("warnings: %s", diff)
			}
			if len(p.config.Labels) != 1 {
				t.Errorf("the configuration changed: %q", p.config.Labels)
			}
		})
	}
}

// TestNoDevcontainer shows that a base's label stays where nothing is added.
func TestNoDevcontainer(t *testing.T) {
	p := newProject(t)
	const label = `[{"id":"a"}`
	img, err := p.image(amd64, labelled(t, label), nil)
	must(t, err)
	idx, err := buildImage(t, img)
	must(t, err)
	file, err := firstImage(t, idx).ConfigFile()
	must(t, err)
	if got := file.Config.Labels[devcontainer.LabelName]; got != label {
		t.Errorf("the label is %q", got)
	}
}

func TestDevcontainerUser(t *testing.T) {
	p := newProject(t)
	_, err := p.image(amd64, nil, func(_ *lock.Selection, in *builder.Inputs) {
		in.Devcontainer = &devcontainer.Entry{RemoteUser: "vscode"}
	})
	wantError(t, err, fault.Usage, `user "vscode": no such account, and the base has none of this name`, "add it to [[accounts]], or use a number")
}
