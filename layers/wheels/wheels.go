// Package wheels makes the layer of an environment's wheels, which lies above
// those of its conda packages.
package wheels

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
)

// Archives gives access to wheels by what the lock says of them.
type Archives interface {
	// OpenWheel returns a wheel whose bytes have the lock's sha256; the closer
	// ends its use.
	OpenWheel(ctx context.Context, w *lock.Wheel) (*wheel.Wheel, io.Closer, error)
}

// Env is the wheels of an environment on one platform.
type Env struct {
	Conda    *condaenv.Environment // where they are installed
	Wheels   []lock.Wheel
	Archives Archives
}

// fetches is how many wheels are asked for at a time: the wait is for the
// network, not for a processor.
const fetches = 8

// input is what the layer's bytes depend on of one wheel.
type input struct {
	Name      string
	SHA256    string
	Requested bool
}

// Layers returns the one layer of all wheels, or none where there are none.
// Its key covers the conda environment, since a wheel leaves out what a conda
// package has; what a change of the environment leaves as it was is found again
// by the keys of the fragments.
func Layers(e Env) ([]layers.Layer, error) {
	if len(e.Wheels) == 0 {
		return nil, nil
	}
	e.Wheels = slices.Clone(e.Wheels)
	slices.SortFunc(e.Wheels, func(a, b lock.Wheel) int { return strings.Compare(a.Name, b.Name) })
	if !slices.ContainsFunc(e.Conda.Packages, func(p lock.Conda) bool { return p.Name == "python" }) {
		return nil, fault.New(fault.Usage, "gophersnake.lock", "wheel %q needs a Python, and the conda environment for %s has none", e.Wheels[0].Name, e.Conda.Platform).
			WithHint("add python to the dependencies of [conda]")
	}
	names := make([]string, len(e.Wheels))
	inputs := make([]input, len(e.Wheels))
	var size int64 // deflated, as the layer will be
	for i, w := range e.Wheels {
		size += w.Size
		names[i], inputs[i] = w.Name, input{w.Name, w.SHA256, w.Requested}
	}
	key := layers.Key("wheels", e.Conda.Compression, struct {
		Conda  any
		Wheels []input
	}{e.Conda.Inputs(), inputs})
	return []layers.Layer{{Kind: "wheels", Name: layers.Title(names, "wheels"), Key: key, Guess: size, Content: e.content}}, nil
}

// content plans how all wheels are installed, and returns a fragment for each.
func (e Env) content(ctx context.Context) (*layers.Content, error) {
	plan, err := e.Conda.Plan(ctx)
	if err != nil {
		return nil, err
	}
	ds, err := e.describe(ctx, plan)
	if err != nil {
		return nil, err
	}
	if ds, err = wheel.Settle(ds, owned(plan)); err != nil {
		return nil, err
	}
	c := &layers.Content{}
	var dirs []string
	for i, d := range ds { // both are sorted by name
		dirs = append(dirs, d.Dirs()...)
		c.Fragments = append(c.Fragments, layers.Fragment{Key: d.Key(), Write: func(ctx context.Context, out *tree.Writer) error {
			w, closer, err := e.Archives.OpenWheel(ctx, &e.Wheels[i])
			if err != nil {
				return err
			}
			defer closer.Close()
			return wheel.Write(ctx, d, w, out)
		}})
	}
	c.Dirs = layers.Dirs(e.Conda.Base, dirs...)
	return c, nil
}

// describe plans each wheel by itself.
func (e Env) describe(ctx context.Context, plan *link.Plan) ([]*wheel.Description, error) {
	system, _, _ := strings.Cut(e.Conda.Platform.Subdir(), "-")
	env := wheel.Environment{
		System: system, Prefix: e.Conda.Prefix, Root: e.Conda.Root(), Python: plan.Python.Version, SitePackages: plan.Python.SitePackages,
		GroupAsUser: e.Conda.GroupAsUser,
	}
	ds := make([]*wheel.Description, len(e.Wheels))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(fetches)
	for i := range e.Wheels {
		locked := &e.Wheels[i]
		g.Go(func() error {
			w, closer, err := e.Archives.OpenWheel(ctx, locked)
			if err != nil {
				return err
			}
			defer closer.Close()
			if got := w.Name().Project(); got != locked.Name {
				return fault.New(fault.Verification, "wheel "+locked.Name, "the locked file is a wheel of %q", got)
			}
			ds[i], err = w.Describe(ctx, env, wheel.Install{SHA256: locked.SHA256, Requested: locked.Requested})
			return err
		})
	}
	return ds, g.Wait()
}

// owned returns what the conda packages have in the prefix. What a file's bytes
// are is known where linking leaves them as they are.
func owned(plan *link.Plan) []wheel.Owned {
	var all []wheel.Owned
	for _, d := range plan.Descriptions {
		owner := "conda package " + d.Record.Stem()
		for i := range d.Files {
			f := &d.Files[i]
			o := wheel.Owned{Path: f.Path, Owner: owner}
			switch {
			case f.Type == string(archive.Directory):
				o.Kind = tree.Dir
			case f.Type == string(archive.SoftLink):
				o.Kind = tree.Symlink
			case f.Script != "":
				sum := sha256.Sum256([]byte(f.Script))
				o.SHA256 = hex.EncodeToString(sum[:])
			case f.Placeholder == "":
				o.SHA256 = f.SHA256
			}
			all = append(all, o)
		}
	}
	return all
}
