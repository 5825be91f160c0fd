package cli

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// Write writes the fragment of a program's layer: the file that was compiled.
func (b Binary) Write(program string, w *tree.Writer) error {
	d, err := b.describe()
	if err != nil {
		return err
	}
	return add(w, "cli "+path.Base(d.Path), d.Path, 0o755, program)
}

// WriteBundle writes the fragment of its bundle's layer from the archives' files.
func (b Binary) WriteBundle(ctx context.Context, archives map[platforms.Platform]string, w *tree.Writer) error {
	d, err := b.describe()
	if err != nil {
		return err
	}
	dir, name := path.Split(d.Bundle)
	all := b.bundled()
	slices.SortFunc(all, func(p, q platforms.Platform) int { return strings.Compare(ArchiveName(name, p), ArchiveName(name, q)) })
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		if archives[p] == "" {
			return fault.New(fault.Failed, "cli "+name, "not compiled for %s", p)
		}
		if err := add(w, "cli "+name, dir+ArchiveName(name, p), 0o644, archives[p]); err != nil {
			return err
		}
	}
	return nil
}

// add copies a file into the fragment.
func add(w *tree.Writer, subject, to string, mode int64, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.New(fault.Disk, subject, "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return fault.New(fault.Disk, subject, "%w", err)
	}
	return w.Add(tree.Header{Path: to, Mode: mode, Size: info.Size()}, f)
}
