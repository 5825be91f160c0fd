package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Promise P5: whichever operation fails, the error is of class disk, names a
// path inside the store and wraps the cause; nothing wrong can be read
// afterwards, and the next try succeeds.
func TestEveryOperationFails(t *testing.T) {
	causes := []error{syscall.EIO, syscall.ENOSPC, syscall.EMFILE, syscall.EACCES, syscall.EROFS}
	for first := range 2 {
		for n := 1; failsAt(t, n, causes[(first+n)%len(causes)]); n++ {
		}
	}
}

// failsAt lets the n-th operation fail, and reports whether there is one.
func failsAt(t *testing.T, n int, cause error) bool {
	dir := filepath.Join(t.TempDir(), "cache")
	ops, failed := 0, ""
	s, err := OpenHook(dir, func(op, path string) error {
		if ops++; ops == n {
			failed = op
			return fmt.Errorf("%s: %w", op, cause)
		}
		return nil
	})
	if err == nil {
		err = useAll(t.Context(), s)
		s.hook = nil
	} else {
		s = &Store{dir: dir, verified: map[string]*verdict{}}
	}
	switch failed {
	case "":
		if err != nil {
			t.Fatalf("without a fault: %v", err)
		}
		return false
	case "unlock": // the kernel frees a lock whose file stays
	default:
		checkFault(t, s, n, cause, err)
	}
	if err := useAll(t.Context(), open(t, dir)); err != nil {
		t.Errorf("operation %d, then again: %v", n, err)
	}
	if locks, err := os.ReadDir(filepath.Join(dir, locksDir)); err != nil || len(locks) > 0 {
		t.Errorf("operation %d, left in locks: %v, %v", n, locks, err)
	}
	return true
}

func checkFault(t *testing.T, s *Store, n int, cause, err error) {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) || e.Class() != "disk" || !errors.Is(err, cause) {
		t.Fatalf("operation %d, %v: %v", n, cause, err)
	}
	if rel, relErr := filepath.Rel(s.dir, e.Where()); relErr != nil || !filepath.IsLocal(rel) {
		t.Errorf("operation %d: %q is not a path of the store", n, e.Where())
	}
	if wantHint := cause != syscall.EIO && cause != syscall.EMFILE; wantHint != (e.Hint() != "") {
		t.Errorf("operation %d, %v: hint %q", n, cause, e.Hint())
	}
	if names := tmpFiles(t, s); len(names) > 0 {
		t.Errorf("operation %d: left in tmp: %q", n, names)
	}
	if r, err := s.Verify(t.Context()); err != nil || len(r.Bad) > 0 {
		t.Errorf("operation %d: Verify: %+v, %v", n, r, err)
	}
}

// useAll does everything once.
func useAll(ctx context.Context, s *Store) error {
	want := content(1, 300<<10)
	if _, _, err := s.Put(ctx, bytes.NewReader(want), digestOf(want), 0); err != nil {
		return err
	}
	s.mu.Lock()
	clear(s.verified)
	s.mu.Unlock()
	if _, err := readBlob(ctx, s, digestOf(want)); err != nil {
		return err
	}
	if err := s.SaveRecord(ctx, "notes", "key", 1); err != nil {
		return err
	}
	var v int
	if ok, err := s.LoadRecord(ctx, "notes", "key", &v); err != nil || !ok || v != 1 {
		return errors.Join(err, fmt.Errorf("record %v %d", ok, v))
	}
	dir, err := s.Dir(ctx, "dir", makeTestDir)
	if err != nil {
		return err
	}
	f, err := s.Spool()
	if err != nil {
		return err
	}
	return errors.Join(checkTestDir(dir), f.Close())
}
