package install

import (
	"context"
	"io"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/output/rootfs"
	"github.com/gophersnake/gophersnake/shell"
	"github.com/gophersnake/gophersnake/tree"
)

// prefixDir is what the environment lies in, below its directory of the store.
const prefixDir = "prefix"

// prefix installs the conda environment and its wheels, and returns where.
func (in *Installed) prefix(ctx context.Context) (string, error) {
	e := in.env
	if len(e.Lock.Conda) == 0 {
		return "", nil
	}
	key, err := in.prefixKey()
	if err != nil {
		return "", err
	}
	prefix := filepath.Join(e.Store.DirPath(key), prefixDir)
	_, err = e.Store.Dir(ctx, key, func(ctx context.Context, tmp string) error {
		return in.at(prefix).fill(ctx, tmp)
	})
	return prefix, err
}

// at returns what is installed, with a prefix that is about to be.
func (in *Installed) at(prefix string) *Installed {
	return &Installed{Prefix: filepath.ToSlash(prefix), Go: in.Go, Bin: in.Bin, env: in.env}
}

// prefixKey covers all that the bytes of the environment depend on. The prefix
// follows from the key and the store.
func (in *Installed) prefixKey() (string, error) {
	e := in.env
	var specs, variables []string
	if q := e.Lock.Solve; q != nil {
		specs, variables = q.Specs, q.Variables
	}
	type file struct {
		Name, SHA256 string
		Requested    bool
	}
	var own []file
	for _, w := range e.Lock.Wheels {
		own = append(own, file{w.Name, w.SHA256, w.Requested})
	}
	hooks, err := in.at(e.CondaPrefix).Hooks()
	if err != nil {
		return "", fault.New(fault.Usage, "gophersnake.lock", "%w", err)
	}
	return e.key("conda", struct {
		Conda     any
		Specs     []string
		Variables []string
		Wheels    []file
		Hooks     []shell.HookFile
	}{e.conda("").Inputs(), specs, variables, own, hooks}), nil
}

// conda describes the environment in a prefix. Its files are written below
// prefixDir, by a base that has the prefix as a link there.
func (e *Environment) conda(prefix string) *condaenv.Environment {
	env := condaenv.Env{
		Platform: e.Platform, Prefix: prefix, Packages: e.Lock.Conda, Groups: e.Lock.Groups, DropPyc: e.DropPyc, Strict: e.Strict,
		Base:     &lock.Facts{Links: []lock.Link{{Path: strings.TrimPrefix(prefix, "/"), Target: prefixDir}}},
		Archives: e.Archives, Warn: e.Warn,
	}
	if q := e.Lock.Solve; q != nil {
		env.Specs, env.Variables = q.Specs, q.Variables
	}
	return condaenv.New(env)
}

// fill installs the environment into an empty directory, for a prefix that will
// be below it.
func (in *Installed) fill(ctx context.Context, dir string) error {
	conda := in.env.conda(in.Prefix)
	all, err := conda.Layers()
	if err != nil {
		return err
	}
	above, err := wheels.Layers(wheels.Env{Conda: conda, Wheels: in.env.Lock.Wheels, Archives: in.env.Wheels})
	if err != nil {
		return err
	}
	hooks, err := in.Hooks()
	if err != nil {
		return err
	}
	var scripts []files.File
	for _, h := range hooks {
		scripts = append(scripts, files.Text(path.Join(prefixDir, h.Path), 0o644, []byte(h.Text)))
	}
	own, err := files.Layer("hooks", "hooks", conda.Base, tree.Gzip, scripts)
	if err != nil {
		return err
	}
	return unpack(ctx, dir, append(append(all, above...), own))
}

// unpack writes layers into an empty directory and shuts it.
func unpack(ctx context.Context, dir string, all []layers.Layer) error {
	x, err := rootfs.New(dir, rootfs.Options{})
	if err != nil {
		return err
	}
	for _, l := range all {
		if err := unpackLayer(ctx, x, l); err != nil {
			x.Abort()
			return err
		}
	}
	if err := x.Close(); err != nil {
		return err
	}
	return shut(dir)
}

// unpackLayer streams a layer from its packages to disk. Whichever side fails,
// the other one gets its error.
func unpackLayer(ctx context.Context, x *rootfs.Extractor, l layers.Layer) error {
	content, err := l.Content(ctx)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := stream(ctx, content, w)
		_ = w.CloseWithError(err) // never fails
		return err
	})
	g.Go(func() error {
		err := x.Layer(ctx, l.Name, r)
		_ = r.CloseWithError(err) // never fails
		return err
	})
	return g.Wait()
}

// stream writes the tar of a layer.
func stream(ctx context.Context, c *layers.Content, tar io.Writer) error {
	o := tree.Options{Tar: tar}
	if err := tree.WriteHead(nil, c.Dirs, o); err != nil {
		return err
	}
	for _, f := range c.Fragments {
		w := tree.NewWriter(nil, o)
		err := f.Write(ctx, w)
		if closed := w.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	return tree.WriteTail(nil, o)
}
