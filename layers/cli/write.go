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

// part is one file of the layer.
type part struct {
	path    string
	from    platforms.Platform
	archive bool
}

// Write writes the layer's fragment for an image of target from what was made
// for each platform that Needs names.
func (b Binary) Write(ctx context.Context, target platforms.Platform, builds map[platforms.Platform]Build, w *tree.Writer) error {
	name, err := b.name()
	if err != nil {
		return err
	}
	file, err := b.file()
	if err != nil {
		return err
	}
	parts := []part{{path: file, from: target}}
	for _, p := range b.bundled() {
		parts = append(parts, part{path: path.Join(relative(b.Bundle), ArchiveName(name, p)), from: p, archive: true})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.path, b.path) })
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.write(name, builds[p.from], w); err != nil {
			return err
		}
	}
	return nil
}

func (p part) write(name string, build Build, w *tree.Writer) error {
	file, mode := build.Program, int64(0o755)
	if p.archive {
		file, mode = build.Archive, 0o644
	}
	if file == "" {
		return fault.New(fault.Failed, "cli "+name, "not compiled for %s", p.from)
	}
	f, err := os.Open(file)
	if err != nil {
		return fault.New(fault.Disk, "cli "+name, "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return fault.New(fault.Disk, "cli "+name, "%w", err)
	}
	return w.Add(tree.Header{Path: p.path, Mode: mode, Size: info.Size()}, f)
}
