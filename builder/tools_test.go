package builder_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// TestComposeTools checks where the layer of tools lies, and what is in it.
func TestComposeTools(t *testing.T) {
	p := newProject(t)
	file := filepath.Join(t.TempDir(), "vet")
	must(t, os.WriteFile(file, []byte("vet"), 0o600))
	vet := lock.Tool{Package: "tools.example/vet", Module: "tools.example/vet", Version: "v1.0.0", H1: "h1:x", Go: "1.26.8"}
	img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
		s.Tools = []lock.Tool{vet}
		in.CompileTools = func(_ context.Context, tools []lock.Tool, pl platforms.Platform) ([]string, error) {
			if len(tools) != 1 || tools[0].Package != vet.Package || pl != amd64 {
				t.Errorf("compiles %v for %s", tools, pl)
			}
			return []string{file}, nil
		}
	})
	must(t, err)
	if got, want := kinds(img), "go 1.26.8; tools vet; conda ca-certificates tzdata; conda tool; env conda environment; files files; cli hello; bundle hello; accounts accounts"; got != want {
		t.Errorf("layers are %q, want %q", got, want)
	}
	idx, err := buildImage(t, img)
	must(t, err)
	check(t, idx)
	if diff := cmp.Diff([]string{"usr/ 755", "usr/local/ 755", "usr/local/bin/ 755", "usr/local/bin/vet 755"}, names(t, firstImage(t, idx))[1]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	clash := vet
	clash.Package = "tools.example/hello"
	_, err = p.image(amd64, nil, func(s *lock.Selection, _ *builder.Inputs) { s.Tools = []lock.Tool{clash} })
	wantError(t, err, fault.Usage, `go.tools: tool "tools.example/hello" and cli "./cmd/hello" are both /usr/local/bin/hello`, "give the cli another name or path")

	vet.Go = "1.27.0"
	_, err = p.image(amd64, nil, func(s *lock.Selection, _ *builder.Inputs) { s.Tools = []lock.Tool{vet} })
	wantError(t, err, fault.Stale, `gophersnake.lock: no go 1.27.0 for linux/amd64, which tool "tools.example/vet" needs`, "run gophersnake lock")
}
