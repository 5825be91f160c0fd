package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill puts things of known sizes and ages into a store.
func fill(t *testing.T, s *Store) (digests []string) {
	t.Helper()
	age := func(path string, hours int) {
		t.Helper()
		when := s.opened.Add(-time.Duration(hours) * time.Hour)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 { // the first is the oldest
		d := put(t, s, content(i, 10_000))
		age(s.blobPath(d), 100-i)
		digests = append(digests, d)
	}
	for _, bucket := range []string{"sumdb", "layers"} {
		if err := s.SaveRecord(t.Context(), bucket, "key", "value"); err != nil {
			t.Fatal(err)
		}
		path, err := s.recordPath(bucket, "key")
		if err != nil {
			t.Fatal(err)
		}
		age(path, 1000)
	}
	dir, err := s.Dir(t.Context(), "go1", makeTestDir)
	if err != nil {
		t.Fatal(err)
	}
	age(filepath.Join(filepath.Dir(dir), completeMark), 98)
	return digests
}

func TestInfo(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	fill(t, s)
	f, err := s.temp("blob-")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Kind == "dirs" {
			got[i].Bytes = 0 // holds a process number
		}
	}
	want := []Usage{{"blobs", 4, 40_000}, {"dirs", 1, 0}, {"records/layers", 1, 112}, {"records/sumdb", 1, 111}, {"tmp", 1, 0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPrune(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir)
	digests := fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if _, err := readBlob(t.Context(), s, digests[0]); err != nil { // now it is the newest
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), 25_000, "sumdb"); err != nil {
		t.Fatal(err)
	}
	var v string
	for bucket, want := range map[string]bool{"sumdb": true, "layers": false} {
		if ok, err := s.LoadRecord(t.Context(), bucket, "key", &v); ok != want || err != nil {
			t.Errorf("record in %s: %v, %v, want %v", bucket, ok, err, want)
		}
	}
	var have []bool
	for _, d := range digests {
		have = append(have, s.Has(d))
	}
	if d := cmp.Diff([]bool{true, false, false, true}, have); d != "" {
		t.Errorf("blobs: %s", d)
	}
	if _, err := s.Prune(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	usage, err := s.Info(t.Context())
	if d := cmp.Diff([]Usage{{Kind: "blobs"}, {Kind: "dirs"}}, usage); d != "" || err != nil {
		t.Errorf("after pruning all: %s, %v", d, err)
	}
	put(t, s, []byte("content"))
}

// What was used after it was chosen stays.
func TestPruneUsedMeanwhile(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	digests := fill(t, s)
	items, err := s.items(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(s.blobPath(digests[2]), s.opened, s.opened); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sweep(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	for i, d := range digests {
		if s.Has(d) != (i == 2) {
			t.Errorf("blob %d: %v", i, s.Has(d))
		}
	}
}

func TestPruneWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s, user := open(t, dir), open(t, dir)
	d := put(t, user, []byte("content"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Prune(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Prune while the store is used: %v", err)
	}
	if !s.Has(d) {
		t.Error("a blob was removed while the store is used")
	}
	if err := user.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), 0); err != nil || s.Has(d) {
		t.Errorf("Prune: %v", err)
	}
}

func TestVerify(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	digests := fill(t, s)
	if r, err := s.Verify(t.Context()); err != nil || len(r.Bad) > 0 || r.Files != 7 {
		t.Fatalf("Verify: %+v, %v", r, err)
	}
	record, err := s.recordPath("layers", "key")
	if err != nil {
		t.Fatal(err)
	}
	dir := s.path(dirsDir, keyName("go1"))
	err = errors.Join(
		os.Truncate(s.blobPath(digests[1]), 5),
		os.WriteFile(record, []byte("{}"), 0o600),
		os.Remove(filepath.Join(dir, completeMark)),
	)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Verify(t.Context())
	bad := map[string]bool{}
	for _, path := range r.Bad {
		bad[path] = true
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if d := cmp.Diff(map[string]bool{s.blobPath(digests[1]): true, record: true, dir: true}, bad); d != "" || err != nil {
		t.Errorf("Verify: %s, %v", d, err)
	}
}
