package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/gofrs/flock"
)

// Lock waits until no process, and no other caller in this one, holds the
// lock of the key, and takes it. The kernel frees the lock of a process that
// dies. Lock is not reentrant; locks of different keys never exclude each
// other. The returned function may be called more than once.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	path := s.path(locksDir, keyName(key))
	// Callers in this process queue here, which needs no polling and, unlike
	// the kernel's lock, orders their memory accesses.
	turn := s.turn(key)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var l *flock.Flock
	err = s.do("lock", path, func() (err error) {
		l, err = lockNamed(ctx, path)
		return err
	})
	if err != nil {
		<-turn
		return nil, err
	}
	return sync.OnceFunc(func() {
		s.release(l, path)
		<-turn
	}), nil
}

// turn returns the channel of one element that is full while a caller in this
// process has the lock of a key.
func (s *Store) turn(key string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns[key] == nil {
		s.turns[key] = make(chan struct{}, 1)
	}
	return s.turns[key]
}

// lockNamed locks the file that has a name, and makes it where it is absent.
func lockNamed(ctx context.Context, path string) (*flock.Flock, error) {
	for {
		l := flock.New(path)
		if _, err := l.TryLockContext(ctx, poll); err != nil {
			return nil, lockError(path, err)
		}
		same, err := named(l, path)
		if err != nil {
			return nil, errors.Join(err, l.Unlock())
		}
		if same {
			return l, nil
		}
		// The holder before us removed the file that we waited for.
		if err := l.Unlock(); err != nil {
			return nil, lockError(path, err)
		}
	}
}

// named reports whether the locked file is the one that has the name.
func named(l *flock.Flock, path string) (bool, error) {
	held, err := l.Stat()
	if err != nil {
		return false, diskError("stat", path, err)
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, diskError("stat", path, err)
	}
	return os.SameFile(held, info), nil
}

// release removes the lock's file while it is held, so that locks do not pile
// up, and then frees it. A file that stays (Windows) does no harm, and neither
// call can fail in a way that leaves the lock held.
func (s *Store) release(l *flock.Flock, path string) {
	_ = s.do("unlock", path, func() error { return os.Remove(path) })
	_ = l.Unlock()
}

// keyName is the file name of a key of any form.
func keyName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
