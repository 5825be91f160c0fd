package world

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// Cache returns a cache of unpacked repodata in the store. Packs have checksums
// of their own, so each is a directory of the store, which is not hashed when
// it is opened.
func (w *World) Cache() repodata.Cache { return packs{w} }

type packs struct{ w *World }

// packFile is the file's name in the directory.
const packFile = "pack"

// Get implements repodata.Cache. The file is closed when it is collected as
// garbage.
func (p packs) Get(ctx context.Context, key string) (io.ReaderAt, error) {
	dir, err := p.w.Store.Dir(ctx, key, func(context.Context, string) error {
		return &fs.PathError{Op: "open", Path: packFile, Err: fs.ErrNotExist} // it is only looked for
	})
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, packFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Disk, filepath.Join(dir, packFile), "%w", bare(err))
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Put implements repodata.Cache.
func (p packs) Put(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := p.w.Store.DropDir(ctx, key); err != nil {
		return err
	}
	_, err := p.w.Store.Dir(ctx, key, func(_ context.Context, tmp string) error {
		f, err := os.Create(filepath.Join(tmp, packFile))
		if err != nil {
			return fault.New(fault.Disk, tmp, "%w", bare(err))
		}
		b := bufio.NewWriterSize(f, 1<<20)
		if err := errors.Join(write(b), b.Flush(), f.Close()); err != nil {
			return fault.New(fault.Disk, f.Name(), "%w", bare(err))
		}
		return nil
	})
	return err
}
