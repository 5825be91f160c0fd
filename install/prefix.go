package install

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/output/rootfs"
	"github.com/gophersnake/gophersnake/tree"
)

// prefixDir is what the environment lies in, below its directory of the store.
const prefixDir = "prefix"

// prefix installs the conda environment and its wheels, and returns where.
func (e *Environment) prefix(ctx context.Context) (string, error) {
	if len(e.Lock.Conda) == 0 {
		return "", nil
	}
	key := e.prefixKey()
	prefix := filepath.Join(e.Store.DirPath(key), prefixDir)
	_, err := e.Store.Dir(ctx, key, func(ctx context.Context, tmp string) error {
		return e.fill(ctx, tmp, filepath.ToSlash(prefix))
	})
	return prefix, err
}

// prefixKey covers all that the bytes of the environment depend on. The prefix
// follows from the key and the store.
func (e *Environment) prefixKey() string {
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
	return e.key("conda", struct {
		Conda     any
		Specs     []string
		Variables []string
		Wheels    []file
	}{e.conda("").Inputs(), specs, variables, own})
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
func (e *Environment) fill(ctx context.Context, dir, prefix string) error {
	conda := e.conda(prefix)
	all, err := conda.Layers()
	if err != nil {
		return err
	}
	above, err := wheels.Layers(wheels.Env{Conda: conda, Wheels: e.Lock.Wheels, Archives: e.Wheels})
	if err != nil {
		return err
	}
	return unpack(ctx, dir, append(all, above...))
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

// text returns a file of a layer that fills a directory.
func text(name string, content []byte) files.File { return files.Text(name, 0o644, content) }
