// Package store is the per-user cache on disk that all processes share: blobs
// by digest, small records by key, directories that were made once.
//
// # Layout 1
//
// A store is a directory of one user, mode 0700, on a local file system:
//
//	VERSION                      "gophersnake store 1"
//	lock                         flock: shared while a Store is open, exclusive to prune
//	locks/<sha256 of key>        flock per key, see Store.Lock; there while held
//	tmp/                         unfinished files, see below
//	blobs/<2 hex>/<62 hex>       a blob, named by the sha256 of its bytes
//	records/<bucket>/<sha256>    a record, named by the sha256 of its key
//	dirs/<sha256>/complete       the mark of a finished directory: its files' hashes
//	dirs/<sha256>/tree/          a directory, named by the sha256 of its key
//
// Whatever has a name outside tmp is complete: a file is written in tmp, synced,
// checked and renamed, and its directory is synced. Records that can be made
// again are only renamed (NoteRecord): without power they may be torn, which
// their checksum tells. A process that is killed leaves files in tmp and locks
// only; the next process that opens the store alone removes them all, and one
// that does not removes those in tmp that are older than a day.
//
// Nothing that is read is trusted. A blob is hashed when a process first opens
// it, a record carries a checksum of its own, and what does not match is
// removed and reported as absent, so that it is made again. A directory is
// the exception: its files are trusted because only this user can write them,
// but where they end up in images (Store.CheckedDir).
//
// A store may stand above others that it only reads (Store.Lower).
package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/gophersnake/gophersnake/internal/fault"
)

const (
	versionFile = "VERSION"
	versionText = "gophersnake store 1\n"
	lockFile    = "lock"

	locksDir   = "locks"
	tmpDir     = "tmp"
	blobsDir   = "blobs"
	recordsDir = "records"
	dirsDir    = "dirs"

	// poll is how often a lock that another process holds is tried.
	poll = 5 * time.Millisecond
	// patience is how long Open waits for a prune, and a prune for other
	// processes, before it says so.
	patience = time.Minute
	// leftoverAge is the age from which a temporary file is nobody's, even
	// though other processes use the store.
	leftoverAge = 24 * time.Hour
	// useAge is how exactly the time of last use is kept.
	useAge = time.Hour
)

// Store is an open store. Its methods may be called at the same time, by many
// processes too, except where they say otherwise.
type Store struct {
	// Corrupt, if set before the first use, is told the path of each file
	// that was removed because its content was not what its name says.
	Corrupt func(path string)

	dir    string
	shared *flock.Flock
	opened time.Time // by the clock of the file system

	mu       sync.Mutex
	verified map[string]*verdict      // by digest
	turns    map[string]chan struct{} // by key

	lower []*Store // of Lower: only their paths are used

	hook func(op, path string) error // of OpenHook
}

// Open opens the store in dir and makes it where it is absent. A directory
// that belongs to another user, that others can write, that holds something
// else, or whose layout is not known is refused with an error of class disk.
//
// Open waits a minute at most for a process that is pruning the store.
func Open(dir string) (*Store, error) { return OpenHook(dir, nil) }

// OpenHook is Open for tests of what happens when an operation fails, or when a
// process ends before it: hook, unless it is nil, is called before each one on
// the store's files, and its error is that operation's.
func OpenHook(dir string, hook func(op, path string) error) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, diskError("open", dir, err)
	}
	s := &Store{dir: abs, verified: map[string]*verdict{}, turns: map[string]chan struct{}{}, hook: hook}
	if err := s.mkdir(abs); err != nil {
		return nil, err
	}
	if err := checkDir(abs); err != nil {
		return nil, err
	}
	if err := s.checkEmpty(); err != nil {
		return nil, err
	}
	if err := s.openLocked(); err != nil {
		return nil, err
	}
	return s, nil
}

// openLocked takes the store's lock: exclusively where no other process has
// it, which is the chance to clean up, and then shared.
func (s *Store) openLocked() error {
	alone := flock.New(s.path(lockFile))
	ok, err := alone.TryLock()
	if err != nil {
		return lockError(s.path(lockFile), err)
	}
	if ok {
		err := errors.Join(s.prepare(true), alone.Unlock())
		if err != nil {
			return err
		}
	}
	if err := s.share(); err != nil {
		return err
	}
	if !ok {
		if err := s.prepare(false); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return nil
}

// share takes the shared lock that says "in use".
func (s *Store) share() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.shared = flock.New(s.path(lockFile))
	_, err := s.shared.TryRLockContext(ctx, poll)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Disk, s.dir, "another process has kept the cache to itself for %s", patience).
			WithHint("wait until it ends, or choose another directory with --cache-dir")
	case err != nil:
		return lockError(s.path(lockFile), err)
	}
	return nil
}

// prepare checks the version, makes the folders and removes leftovers.
func (s *Store) prepare(alone bool) error {
	if err := s.checkVersion(); err != nil {
		return err
	}
	for _, d := range []string{locksDir, tmpDir, blobsDir, recordsDir, dirsDir} {
		if err := s.mkdir(s.path(d)); err != nil {
			return err
		}
	}
	now, err := s.clock()
	if err != nil {
		return err
	}
	s.opened = now
	return s.clean(alone)
}

// clock returns the time of the file system, which is what ages are measured
// against: the host's clock may differ from a file server's. It also proves
// that the store can be written.
func (s *Store) clock() (time.Time, error) {
	f, err := s.Spool()
	if err != nil {
		return time.Time{}, err
	}
	info, err := f.Stat()
	if err != nil {
		err = diskError("stat", s.path(tmpDir), err)
	} else {
		err = f.Close()
	}
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// Close ends the use of the store. A process that ends need not call it.
func (s *Store) Close() error {
	if err := s.shared.Unlock(); err != nil {
		return diskError("unlock", s.path(lockFile), err)
	}
	return nil
}

// checkEmpty refuses a directory that is neither a store nor empty, so that
// nothing of the user's is ever taken for a leftover.
func (s *Store) checkEmpty() error {
	if _, err := os.Lstat(s.path(versionFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil // checkVersion reads it
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return diskError("read directory", s.dir, err)
	}
	if _, err := os.Lstat(s.path(versionFile)); err == nil {
		return nil // another process made the store meanwhile
	}
	for _, e := range entries {
		if e.Name() != lockFile && e.Name() != versionFile+".tmp" {
			return fault.New(fault.Disk, s.dir, "is not a cache of gophersnake: it holds %q and no %s", e.Name(), versionFile).
				WithHint("choose an empty directory with --cache-dir")
		}
	}
	return nil
}

// checkVersion reads the VERSION file, or writes it in a new store. It is the
// first file of a store besides the lock.
func (s *Store) checkVersion() error {
	file := s.path(versionFile)
	text, err := os.ReadFile(file)
	switch {
	case err == nil && string(text) == versionText:
		return nil
	case err == nil:
		return fault.New(fault.Disk, s.dir, "the cache has another layout: %.40q, want %q", text, versionText).
			WithHint("choose another directory with --cache-dir, or remove this one")
	case !errors.Is(err, fs.ErrNotExist):
		return diskError("read", file, err)
	}
	if err := s.do("write", file, func() error { return os.WriteFile(file+".tmp", []byte(versionText), 0o600) }); err != nil {
		return err
	}
	return s.do("rename", file, func() error { return os.Rename(file+".tmp", file) })
}

// path joins names to the store's directory.
func (s *Store) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

// mkdir makes a directory and those above it, for this user alone.
func (s *Store) mkdir(dir string) error {
	return s.do("make directory", dir, func() error { return os.MkdirAll(dir, 0o700) })
}

// do runs one operation on the file system and gives its error a class.
func (s *Store) do(op, path string, f func() error) error {
	var err error
	if s.hook != nil {
		err = s.hook(op, path)
	}
	if err == nil {
		err = f()
	}
	if err != nil {
		return diskError(op, path, err)
	}
	return nil
}
