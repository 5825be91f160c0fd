package gotools_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/gotools"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

var arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}

func row(pkg, module, version string) lock.Tool {
	return lock.Tool{Envs: []string{""}, Package: pkg, Module: module, Version: version, H1: "h1:m", Needs: "1.25.0", Go: "1.26.8"}
}

// env is three tools of two modules; compiled remembers what was compiled.
func env(t *testing.T, compiled *[]string) gotools.Env {
	t.Helper()
	dir := t.TempDir()
	return gotools.Env{
		Platform: arm64,
		Tools: []lock.Tool{
			row("tools.example/m/vet", "tools.example/m", "v1.0.0"), row("other.example/lint/v2", "other.example/lint/v2", "v2.0.0"),
			row("tools.example/m/fmt", "tools.example/m", "v1.0.0"),
		},
		Go:    []lock.Toolchain{{Version: "1.25.4", H1: "h1:old"}, {Version: "1.26.8", Platform: arm64, Module: "golang.org/toolchain@v", H1: "h1:go"}},
		Facts: &lock.Facts{},
		Compile: func(_ context.Context, tools []lock.Tool, p platforms.Platform) ([]string, error) {
			var files []string
			for _, tool := range tools {
				*compiled = append(*compiled, tool.Name())
				file := filepath.Join(dir, tool.Name())
				if err := os.WriteFile(file, []byte(tool.Name()+" for "+p.String()), 0o600); err != nil {
					return nil, err
				}
				files = append(files, file)
			}
			*compiled = append(*compiled, ".")
			return files, nil
		},
	}
}

// listing writes a layer and lists its files: path, mode, owner, text.
func listing(t *testing.T, l layers.Layer) (files []string, err error) {
	t.Helper()
	content, err := l.Content(t.Context())
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := tree.WriteHead(&buf, content.Dirs, tree.Options{}); err != nil {
		return nil, err
	}
	for _, f := range content.Fragments {
		w := tree.NewWriter(&buf, tree.Options{})
		if err := errors.Join(f.Write(t.Context(), w), w.Close()); err != nil {
			return nil, err
		}
	}
	if err := tree.WriteTail(&buf, tree.Options{}); err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(&buf)
	if err != nil {
		return nil, err
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		files = append(files, fmt.Sprintf("%s %o %d:%d %d %s", h.Name, h.Mode, h.Uid, h.Gid, h.ModTime.Unix(), text))
	}
}

func TestLayer(t *testing.T) {
	var compiled []string
	l, err := gotools.Layer(env(t, &compiled))
	if err != nil {
		t.Fatal(err)
	}
	files, err := listing(t, l)
	want := []string{
		"usr/ 755 0:0 0 ", "usr/local/ 755 0:0 0 ", "usr/local/bin/ 755 0:0 0 ",
		"usr/local/bin/fmt 755 0:0 0 fmt for linux/arm64", "usr/local/bin/lint 755 0:0 0 lint for linux/arm64", "usr/local/bin/vet 755 0:0 0 vet for linux/arm64",
	}
	if diff := cmp.Diff(want, files); diff != "" || err != nil || l.Kind != "tools" || l.Name != "fmt lint vet" {
		t.Errorf("%s %q, %v (-want +got):\n%s", l.Kind, l.Name, err, diff)
	}
	// Tools of one module go together; whether they are there already is
	// Compile's to know.
	if diff := cmp.Diff([]string{"vet", "fmt", ".", "lint", ".", "vet", "fmt", "."}, compiled); diff != "" {
		t.Errorf("compiled (-want +got):\n%s", diff)
	}
}

// TestKey says what changes the layer's bytes, and that nothing is compiled to
// know it.
func TestKey(t *testing.T) {
	var compiled []string
	seen := map[string]string{}
	for _, tc := range []struct {
		name   string
		change func(*gotools.Env)
		same   bool
	}{
		{"as it is", func(*gotools.Env) {}, false},
		{"another order", func(e *gotools.Env) { slices.Reverse(e.Tools) }, true},
		{"other environments", func(e *gotools.Env) { e.Tools[0].Envs = []string{"x"} }, true},
		{"another Go beside it", func(e *gotools.Env) { e.Go[0].H1 = "h1:x" }, true},
		{"platform", func(e *gotools.Env) { e.Platform.Arch = "amd64" }, false},
		{"version", func(e *gotools.Env) { e.Tools[0].Version = "v1.0.1" }, false},
		{"h1", func(e *gotools.Env) { e.Tools[0].H1 = "h1:n" }, false},
		{"module", func(e *gotools.Env) { e.Tools[0].Module = "tools.example" }, false},
		{"fewer", func(e *gotools.Env) { e.Tools = e.Tools[:2] }, false},
		{"Go", func(e *gotools.Env) { e.Tools[0].Go = "1.25.4" }, false},
		{"the Go's bytes", func(e *gotools.Env) { e.Go[1].H1 = "h1:other" }, false},
		{"compression", func(e *gotools.Env) { e.Compression = tree.Zstd }, false},
		{"a link of the base", func(e *gotools.Env) { e.Facts.Links = []lock.Link{{Path: "usr/local", Target: "opt"}} }, false},
		{"a directory of the base", func(e *gotools.Env) { e.Facts.Dirs = []lock.Dir{{Path: "usr/local", Mode: 0o2755}} }, false},
	} {
		e := env(t, &compiled)
		tc.change(&e)
		l, err := gotools.Layer(e)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if before, ok := seen[l.Key]; ok != tc.same {
			t.Errorf("%s has the key of %q", tc.name, before)
		}
		seen[l.Key] = tc.name
	}
	if compiled != nil {
		t.Errorf("compiled %v", compiled)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		change func(*gotools.Env)
		class  fault.Class
		want   string
	}{
		{func(e *gotools.Env) { e.Tools[1].Package = "x.example/vet" }, fault.Usage, `go.tools: "tools.example/m/vet" and "x.example/vet" have the same name`},
		{func(e *gotools.Env) { e.Tools[0].Go = "1.27.0" }, fault.Stale, `gophersnake.lock: no go 1.27.0 for linux/arm64, which tool "tools.example/m/vet" needs`},
		{func(e *gotools.Env) {
			e.Compile = func(context.Context, []lock.Tool, platforms.Platform) ([]string, error) {
				return nil, fault.New(fault.Network, "tool", "down")
			}
		}, fault.Network, "tool: down"},
		{func(e *gotools.Env) {
			e.Compile = func(context.Context, []lock.Tool, platforms.Platform) ([]string, error) {
				return []string{"gone", "gone"}, nil
			}
		}, fault.Disk, "tool fmt: open gone: no such file or directory"},
	} {
		var compiled []string
		e := env(t, &compiled)
		tc.change(&e)
		l, err := gotools.Layer(e)
		if err == nil {
			_, err = listing(t, l)
		}
		if err == nil || err.Error() != tc.want || fault.ClassOf(err) != tc.class {
			t.Errorf("%s error %v, want %s %s", fault.ClassOf(err), err, tc.class, tc.want)
		}
	}
}
