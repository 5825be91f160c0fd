package store

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gophersnake/gophersnake/internal/durable"
)

const (
	completeMark = "complete"
	treeDir      = "tree"
)

// Dir returns a directory that was made once for a key of any form, such as an
// unpacked toolchain. Where it is absent, build fills an empty one; an error of
// build leaves nothing behind. Processes that ask at the same time wait for the
// one that makes it. The directory must not be written afterwards, and stays
// until Close at least. Its files are not looked at.
func (s *Store) Dir(ctx context.Context, key string, build func(ctx context.Context, tmp string) error) (string, error) {
	unlock, err := s.Lock(ctx, "dir "+key)
	if err != nil {
		return "", err
	}
	defer unlock()
	final := s.path(dirsDir, keyName(key))
	mark := filepath.Join(final, completeMark)
	info, err := os.Lstat(mark)
	switch {
	case err == nil:
		s.touch(mark, info)
		return filepath.Join(final, treeDir), nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", diskError("stat", mark, err)
	}
	if err := s.makeDir(ctx, final, build); err != nil {
		return "", err
	}
	return filepath.Join(final, treeDir), nil
}

// CheckedDir is Dir for what images are made with. The first one of a key in a
// process reads every file; a directory that is not as it was made is removed,
// reported and made again.
func (s *Store) CheckedDir(ctx context.Context, key string, build func(ctx context.Context, tmp string) error) (string, error) {
	dir, err := s.Dir(ctx, key, build)
	if err != nil {
		return "", err
	}
	final := filepath.Dir(dir)
	v := s.verdict("dir " + key)
	v.mu.Lock()
	defer v.mu.Unlock()
	info, err := os.Lstat(filepath.Join(final, completeMark))
	if err == nil && unchanged(v.info, info) {
		return dir, nil
	}
	good, err := s.intact(ctx, final)
	if err != nil {
		return "", err
	}
	if good {
		v.info = info
		return dir, nil
	}
	if s.Corrupt != nil {
		s.Corrupt(final)
	}
	if err := s.DropDir(ctx, key); err != nil {
		return "", err
	}
	return s.Dir(ctx, key, build)
}

// DirPath returns where Dir makes the directory of a key, for what has to know
// its own path.
func (s *Store) DirPath(key string) string {
	return filepath.Join(s.path(dirsDir, keyName(key)), treeDir)
}

// DropDir removes the directory of a key, which its owner found to be broken.
// Files of it that are open stay readable.
func (s *Store) DropDir(ctx context.Context, key string) error {
	unlock, err := s.Lock(ctx, "dir "+key)
	if err != nil {
		return err
	}
	defer unlock()
	final := s.path(dirsDir, keyName(key))
	return s.drop(final)
}

// drop removes a directory, a file, or nothing. It is out of sight at once: who
// is killed meanwhile leaves no directory that has its mark and lacks files.
func (s *Store) drop(path string) error {
	return s.do("remove", path, func() error {
		aside := s.path(tmpDir, "drop-"+rand.Text())
		if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return removeAll(aside)
	})
}

// makeDir makes a directory in tmp and renames it. The mark is written last, so
// that a directory that someone emptied by half is not taken for whole.
func (s *Store) makeDir(ctx context.Context, final string, build func(ctx context.Context, tmp string) error) error {
	tmp, remove, err := s.TempDir()
	if err != nil {
		return err
	}
	defer remove()
	tree := filepath.Join(tmp, treeDir)
	if err := s.do("create", tree, func() error { return os.Mkdir(tree, 0o700) }); err != nil {
		return err
	}
	if err := build(ctx, tree); err != nil {
		return err
	}
	mark := filepath.Join(tmp, completeMark)
	err = s.do("write", mark, func() error {
		text, err := s.manifest(ctx, tree)
		if err != nil {
			return err
		}
		return os.WriteFile(mark, text, 0o600)
	})
	if err != nil {
		return err
	}
	if err := s.do("sync", tmp, func() error { return syncTree(tmp) }); err != nil {
		return err
	}
	if err := s.drop(final); err != nil {
		return err
	}
	if err := s.do("rename", final, func() error { return os.Rename(tmp, final) }); err != nil {
		return err
	}
	dir := filepath.Dir(final)
	return s.do("sync", dir, func() error { return durable.SyncDir(dir) })
}

// TempDir makes a directory for what need not last. The caller removes it; that
// of a process which is killed, a later Open removes.
func (s *Store) TempDir() (dir string, remove func(), err error) {
	err = s.do("create", s.path(tmpDir), func() error {
		dir, err = os.MkdirTemp(s.path(tmpDir), "dir-")
		return err
	})
	return dir, func() { _ = removeAll(dir) }, err
}

// removeAll is os.RemoveAll that also removes directories without write
// permission, such as those of a module cache.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	walk := func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			return os.Chmod(p, 0o700)
		}
		return nil
	}
	if err := filepath.WalkDir(path, walk); err != nil {
		return err
	}
	return os.RemoveAll(path)
}
