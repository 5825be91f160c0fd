// Package gotools makes the layer of an image's Go tools.
//
// # The tree
//
// Every tool of the environment lies in usr/local/bin under the name that
// go install gives it, 0755 root:root, dated with the Unix epoch. Files are
// sorted bytewise by name.
//
// # The key
//
// A tool's bytes follow from its row of the lock, the image's platform and the
// toolchain that compiles it, so that the key is known before anything is
// compiled. The toolchain is that of the lock for the image's platform, as for
// programs of the user's own (layers/cli). Each tool is a fragment of its own:
// where one changes, the others are not compressed anew, and where none does
// nothing is compiled. Tools of one module are compiled together, by the first
// of them that is needed.
package gotools

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Dir is where tools lie, relative to the image's root.
const Dir = "usr/local/bin"

// Env is the tools of one environment on one platform.
type Env struct {
	Platform    platforms.Platform
	Tools       []lock.Tool
	Go          []lock.Toolchain // of the platform
	Facts       *lock.Facts
	Compression tree.Compression

	// Compile compiles tools of one module by one Go, all for a platform, and
	// returns their files in the same order.
	Compile func(ctx context.Context, tools []lock.Tool, p platforms.Platform) (files []string, err error)
}

// Description is all that the bytes of a tool depend on, besides layer format
// and compression.
type Description struct {
	Target   string `json:"target"` // the image's platform
	Path     string `json:"path"`   // in the image
	Package  string `json:"package"`
	Module   string `json:"module"`
	Version  string `json:"version"`
	H1       string `json:"h1"`
	Go       string `json:"go"`
	GoModule string `json:"go-module"` // the toolchain of the platform
	GoH1     string `json:"go-h1"`     // "" where not available
}

// Layer returns the layer of all tools. A toolchain that the lock lacks is of
// class stale, two tools of one name are of class usage.
func Layer(e Env) (layers.Layer, error) {
	dir := e.Facts.Resolve(Dir)
	dirs := layers.Dirs(e.Facts, dir)
	tools := slices.Clone(e.Tools)
	slices.SortFunc(tools, func(a, b lock.Tool) int { return strings.Compare(a.Name(), b.Name()) })
	var fragments []layers.Fragment
	var all []Description
	var names []string
	for i, t := range tools {
		if i > 0 && tools[i-1].Name() == t.Name() {
			return layers.Layer{}, fault.New(fault.Usage, "go.tools", "%q and %q have the same name", tools[i-1].Package, t.Package)
		}
		d, err := e.describe(t, dir)
		if err != nil {
			return layers.Layer{}, err
		}
		all, names = append(all, d), append(names, t.Name())
		fragments = append(fragments, layers.Fragment{
			Key:   layers.Key("tool", e.Compression, d),
			Write: func(ctx context.Context, w *tree.Writer) error { return e.write(ctx, t, d.Path, w) },
		})
	}
	key := layers.Key("tools", e.Compression, struct {
		Tools []Description
		Dirs  []tree.Header
	}{all, dirs})
	return layers.Layer{Kind: "tools", Name: layers.Title(names, "tools"), Key: key, Content: func(context.Context) (*layers.Content, error) {
		return &layers.Content{Dirs: dirs, Fragments: fragments}, nil
	}}, nil
}

func (e Env) describe(t lock.Tool, dir string) (Description, error) {
	i := slices.IndexFunc(e.Go, func(g lock.Toolchain) bool { return g.Version == t.Go && g.Source != lock.SourceConda })
	if i < 0 {
		return Description{}, fault.New(fault.Stale, "gophersnake.lock", "no go %s for %s, which tool %q needs", t.Go, e.Platform, t.Package).WithHint("run gophersnake lock")
	}
	return Description{
		Target: e.Platform.String(), Path: path.Join(dir, t.Name()), Package: t.Package, Module: t.Module, Version: t.Version, H1: t.H1,
		Go: t.Go, GoModule: e.Go[i].Name(), GoH1: e.Go[i].Hash(),
	}, nil
}

// write compiles a tool with those of its module, and writes it.
func (e Env) write(ctx context.Context, t lock.Tool, name string, w *tree.Writer) error {
	var group []lock.Tool
	at := 0
	for _, o := range e.Tools {
		if o.Module != t.Module || o.Version != t.Version || o.Go != t.Go {
			continue
		}
		if o.Package == t.Package {
			at = len(group)
		}
		group = append(group, o)
	}
	files, err := e.Compile(ctx, group, e.Platform)
	if err != nil {
		return err
	}
	f, err := os.Open(files[at])
	if err != nil {
		return fault.New(fault.Disk, "tool "+t.Name(), "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return fault.New(fault.Disk, "tool "+t.Name(), "%w", err)
	}
	return w.Add(tree.Header{Path: name, Mode: 0o755, Size: info.Size()}, f)
}
