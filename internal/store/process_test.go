package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func makeTestDir(_ context.Context, tmp string) error {
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(tmp, strconv.Itoa(i)), content(i, 1000), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(tmp, "made-by"), []byte(strconv.Itoa(os.Getpid())), 0o600)
}

func checkTestDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 6 {
		return fmt.Errorf("%s: %d entries, %w", dir, len(entries), err)
	}
	for i := range 5 {
		p, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil || !bytes.Equal(p, content(i, 1000)) {
			return fmt.Errorf("%s: file %d differs, %w", dir, i, err)
		}
	}
	return nil
}

// Promise P6: many processes share one store, and do each thing once.
func TestManyProcesses(t *testing.T) {
	const processes, rounds = 8, 12
	dir := filepath.Join(t.TempDir(), "cache")
	type running struct {
		cmd    *exec.Cmd
		stderr *bytes.Buffer
	}
	var all []running
	for range processes {
		cmd, stderr := startChild(t, "rounds", dir, strconv.Itoa(rounds))
		all = append(all, running{cmd, stderr})
	}
	for _, r := range all {
		if err := r.cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, r.stderr)
		}
	}
	s := open(t, dir)
	for i := range rounds {
		var made int
		if ok, err := s.LoadRecord(t.Context(), "made", strconv.Itoa(i), &made); !ok || err != nil || made != 1 {
			t.Errorf("blob %d was made %d times, %v, %v", i, made, ok, err)
		}
	}
	if r, err := s.Verify(t.Context()); err != nil || len(r.Bad) > 0 {
		t.Errorf("Verify: %+v, %v", r, err)
	}
	if names := tmpFiles(t, s); len(names) > 0 {
		t.Errorf("left in tmp: %q", names)
	}
	if locks, err := os.ReadDir(s.path(locksDir)); err != nil || len(locks) > 0 {
		t.Errorf("left in locks: %v, %v", locks, err)
	}
}

// Promise P4: a process that is killed leaves no bad blob and no leftover that
// the next one does not remove.
func TestKilledWhileWriting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	for i := range 12 {
		cmd, stderr := startChild(t, "write", dir)
		time.Sleep(time.Duration(10+7*i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if stderr.Len() > 0 {
			t.Fatalf("child: %s", stderr)
		}
		s := open(t, dir)
		if r, err := s.Verify(t.Context()); err != nil || len(r.Bad) > 0 {
			t.Fatalf("Verify: %+v, %v", r, err)
		}
		if names := tmpFiles(t, s); len(names) > 0 {
			t.Fatalf("left in tmp: %q", names)
		}
		put(t, s, content(i, 1000))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The kernel frees the lock of a process that died.
func TestKilledWhileLocking(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir)
	cmd, _ := startChild(t, "hold", dir)
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for held := false; !held; time.Sleep(time.Millisecond) {
		var n int
		var err error
		if held, err = s.LoadRecord(waiting, "numbers", "holding", &n); err != nil {
			t.Fatalf("the child has not come to hold its lock: %v", err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(short, "held"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Lock while another process holds it: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	unlock, err := s.Lock(ctx, "held")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	unlock() // does nothing

	// Locks that nobody asks for again go with the next process that is alone.
	must(t, s.Close())
	must(t, os.WriteFile(s.path(locksDir, keyName("held")), nil, 0o600))
	if locks, err := os.ReadDir(open(t, dir).path(locksDir)); err != nil || len(locks) > 0 {
		t.Errorf("left in locks: %v, %v", locks, err)
	}
}

// Promise P14: a full disk is one error that names the path, and what was
// there stays whole.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 2<<20)
	s := open(t, filepath.Join(dir, "cache"))
	kept := put(t, s, content(1, 500<<10))
	_, _, err := s.Put(t.Context(), io.LimitReader(zeros{}, 8<<20), "", 0)
	var e interface {
		Class() string
		Where() string
		Hint() string
	}
	if !errors.As(err, &e) || e.Class() != "disk" || filepath.Dir(e.Where()) != s.path(tmpDir) ||
		e.Hint() != "free some space, prune the cache, or choose another directory with --cache-dir" {
		t.Fatalf("Put on a full disk: %v", err)
	}
	if want := e.Where() + ": write: no space left on device"; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	if names := tmpFiles(t, s); len(names) > 0 {
		t.Errorf("left in tmp: %q", names)
	}
	if _, err := readBlob(t.Context(), s, kept); err != nil {
		t.Error(err)
	}
	put(t, s, content(2, 500<<10))
	if _, err := s.Get(t.Context(), digestOf(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
