package durable

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestLock: one holder at a time, also where each removes or renames the file
// while it holds the lock.
func TestLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "lock")
	leave := []func() error{
		func() error { return nil },
		func() error { return os.Remove(file) },
		func() error { return os.Rename(file, filepath.Join(dir, "made")) },
	}
	held, rounds := make(chan struct{}, 1), 0
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			for range 20 {
				l, err := Lock(t.Context(), file, 0o644)
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case held <- struct{}{}:
				default:
					t.Error("two hold the lock")
				}
				rounds++ // the race detector is told by the channel
				err = leave[i%len(leave)]()
				<-held
				if err := errors.Join(err, l.Unlock()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if rounds != 12*20 {
		t.Errorf("%d rounds", rounds)
	}
}

// TestLockLink: what is locked behind a symbolic link has its name too.
func TestLockLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	l, err := Lock(ctx, link, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestLockErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lock")
	l, err := Lock(t.Context(), file, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, file, 0o600); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held lock: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if _, err := Lock(t.Context(), filepath.Join(file, "x"), 0o600); err == nil {
		t.Error("a lock below a file")
	}
	if _, err := Lock(t.Context(), filepath.Join(file+"-none", "x"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lock in no directory: %v", err)
	}
}

func TestSyncDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := SyncDir(dir); err != nil {
		t.Error(err)
	}
	if err := SyncDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
