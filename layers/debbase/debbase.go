// Package debbase makes the layer of a base of Debian packages.
package debbase

import (
	"bytes"
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Debs gives access to packages by what the lock says of them.
type Debs interface {
	// DebMeta returns what a package says of itself and holds.
	DebMeta(ctx context.Context, d *lock.Deb) (*debian.Meta, error)
	// OpenDeb returns a package's bytes.
	OpenDeb(ctx context.Context, d *lock.Deb) (io.ReadCloser, error)
}

// Base is a base of Debian packages on one platform.
type Base struct {
	Platform    platforms.Platform
	Packages    []lock.Deb // by name
	Compression tree.Compression
	Debs        Debs
}

// inputs is everything that the layer's bytes depend on.
type inputs struct {
	Rules        int
	Architecture string
	Packages     []string // "name sha256"
}

// Layer returns the base's layer. Its key follows from the lock alone.
func Layer(b Base) layers.Layer {
	in := inputs{Rules: debian.Rules, Architecture: b.Platform.Debian()}
	var size int64
	for _, d := range b.Packages {
		size += d.Size
		in.Packages = append(in.Packages, d.Name+" "+d.SHA256)
	}
	guess := size * 4 / 3 // gzip against xz
	return layers.Layer{Kind: "debian", Name: "debian packages", Key: layers.Key("debian", b.Compression, in), Guess: guess, Content: b.content}
}

// metas is how many packages are read at a time.
const metas = 4

// content assembles the root and returns its directories, a fragment for each
// package, and one with the files that rules make.
func (b Base) content(ctx context.Context) (*layers.Content, error) {
	all := make([]*debian.Meta, len(b.Packages))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(metas)
	for i := range b.Packages {
		g.Go(func() (err error) {
			all[i], err = b.Debs.DebMeta(gctx, &b.Packages[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	root, err := debian.Assemble(all)
	if err != nil {
		return nil, err
	}
	c := &layers.Content{Dirs: root.Dirs}
	at := map[string]*lock.Deb{}
	for i := range b.Packages {
		at[b.Packages[i].Name] = &b.Packages[i]
	}
	for _, p := range root.Packages {
		if len(p.Files) == 0 {
			continue
		}
		d := at[p.Name]
		c.Fragments = append(c.Fragments, layers.Fragment{
			Key: layers.Key("deb", b.Compression, p),
			Write: func(ctx context.Context, w *tree.Writer) error {
				r, err := b.Debs.OpenDeb(ctx, d)
				if err != nil {
					return err
				}
				defer r.Close()
				return debian.Write(ctx, p, r, "package "+p.Name, w)
			},
		})
	}
	c.Fragments = append(c.Fragments, layers.Fragment{Key: layers.Key("debian-made", b.Compression, root.Made), Write: func(_ context.Context, w *tree.Writer) error {
		for _, m := range root.Made {
			if err := w.Add(m.Header, bytes.NewReader(m.Content)); err != nil {
				return err
			}
		}
		return nil
	}})
	return c, nil
}

// Facts returns what the layers above need to know of the base.
func Facts(root *debian.Root) lock.Facts {
	f := lock.Facts{
		Env:  []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Libc: root.Facts.Libc, OSRelease: root.Facts.OSRelease, Passwd: root.Facts.Passwd, Group: root.Facts.Group,
		Sh: root.Facts.Sh, Bash: root.Facts.Bash, UsrBinEnv: root.Facts.UsrBinEnv,
	}
	for _, l := range root.Facts.Links {
		f.Links = append(f.Links, lock.Link{Path: l.Path, Target: l.Target})
	}
	for _, d := range root.Dirs {
		if d.Mode != 0o755 || d.UID != 0 || d.GID != 0 {
			f.Dirs = append(f.Dirs, lock.Dir{Path: d.Path, Mode: d.Mode, UID: d.UID, GID: d.GID})
		}
	}
	return f
}
