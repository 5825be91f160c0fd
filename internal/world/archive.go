package world

import (
	"cmp"
	"context"
	"os"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Archive returns the file of the archive of a compiled program, which the
// images of all platforms hand out. It is made once, as the program is.
func (w *World) Archive(ctx context.Context, b *cli.Binary, p platforms.Platform, program string) (string, error) {
	name := cmp.Or(b.Name, cli.DefaultName(b.Package))
	key := layers.Key("archive", tree.Gzip, struct {
		Name     string
		Binary   cli.Binary
		Platform platforms.Platform
	}{name, programInputs(b), p})
	unlock, err := w.Store.Lock(ctx, key)
	if err != nil {
		return "", err
	}
	defer unlock()
	if file, err := w.program(ctx, key); err != nil || file != "" {
		return file, err
	}
	f, err := os.Open(program)
	if err != nil {
		return "", fault.New(fault.Disk, program, "%w", bare(err))
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return "", fault.New(fault.Disk, program, "%w", bare(err))
	}
	out, err := w.Store.Create(ctx)
	if err != nil {
		return "", err
	}
	defer out.Abort()
	if err := cli.Archive(out, p, name, f, info.Size()); err != nil {
		return "", err
	}
	digest, _, err := out.Commit("")
	if err != nil {
		return "", err
	}
	return w.kept(ctx, key, digest)
}
