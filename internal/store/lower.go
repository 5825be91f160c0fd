package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Lower makes the blobs and records of another store readable through this one,
// after its own: the cache of an image that a CI machine starts from, or one
// that an administrator fills for all. Nothing is written there, not even a
// lock, and what is damaged there is absent. Its records are believed, so it has
// to belong to this user or to root, and nobody else may write it. Directories
// are never taken from it.
//
// Call it before the first use of the store.
func (s *Store) Lower(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return diskError("open", dir, err)
	}
	text, err := os.ReadFile(filepath.Join(abs, versionFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Disk, abs, "is not a cache of gophersnake: it has no %s", versionFile)
	case err != nil:
		return diskError("read", filepath.Join(abs, versionFile), err)
	case string(text) != versionText:
		return fault.New(fault.Disk, abs, "the cache has another layout: %.40q, want %q", text, versionText)
	}
	if err := checkLower(abs); err != nil {
		return err
	}
	s.lower = append(s.lower, &Store{dir: abs})
	return nil
}

// statLower looks for a blob below.
func (s *Store) statLower(digest string) (fs.FileInfo, error) {
	for _, l := range s.lower {
		if info, err := os.Lstat(l.blobPath(digest)); err == nil && info.Mode().IsRegular() {
			return info, nil
		}
	}
	return nil, fs.ErrNotExist
}

// getLower opens a blob below whose bytes are right.
func (s *Store) getLower(ctx context.Context, digest string) (*Blob, error) {
	for _, l := range s.lower {
		f, err := os.Open(l.blobPath(digest))
		if err != nil {
			continue // gone, or not for us
		}
		info, err := s.check(ctx, digest, f, false)
		if err == nil {
			return &Blob{f: f, size: info.Size()}, nil
		}
		_ = f.Close() // it was only read
		if ctx.Err() != nil {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist
}

// loadLower reads a record below.
func (s *Store) loadLower(bucket, key string) (entry, bool) {
	for _, l := range s.lower {
		path, err := l.recordPath(bucket, key)
		if err != nil {
			return entry{}, false
		}
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if e, ok := unseal(text); ok && e.Bucket == bucket && e.Key == key {
			return e, true
		}
	}
	return entry{}, false
}
