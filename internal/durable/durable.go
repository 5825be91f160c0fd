// Package durable has what writers of files need that other processes write as
// well, and that are to be as before or complete after a crash: a lock that is a
// file, and the syncing of a directory.
//
// Errors are those of the operating system, with the path that they are of.
package durable

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// poll is how often a lock that another process holds is tried.
const poll = 5 * time.Millisecond

// Lock makes a file where it is absent, with permissions less the umask, and
// waits until it holds the exclusive lock on it, or ctx ends. The kernel frees
// the lock of a process that dies. Who has the lock may rename or remove the
// file: those who wait notice, and begin again.
func Lock(ctx context.Context, file string, perm fs.FileMode) (*flock.Flock, error) {
	for {
		l := flock.New(file, flock.SetPermissions(perm))
		if _, err := l.TryLockContext(ctx, poll); err != nil {
			return nil, err
		}
		named, err := hasName(l, file)
		if err == nil && named {
			return l, nil
		}
		// Nothing was written under it. The holder before us removed or renamed
		// the file that we waited for.
		if err := errors.Join(err, l.Unlock()); err != nil {
			return nil, err
		}
	}
}

// hasName reports whether the locked file is the one that has the name.
func hasName(l *flock.Flock, file string) (bool, error) {
	held, err := l.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(file) // a symbolic link is followed, as by who opened it
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(held, there), err
}

// SyncDir makes the names in a directory durable, where the system can: Windows
// has no such call, nor have some file systems.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
