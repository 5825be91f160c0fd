package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync"

	"github.com/gofrs/flock"

	"github.com/gophersnake/gophersnake/internal/durable"
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
		if l, err = durable.Lock(ctx, path, 0o600); err != nil {
			return lockError(path, err)
		}
		return nil
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
