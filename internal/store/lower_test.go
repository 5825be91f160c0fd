package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// TestLower: what the own store lacks is read from the one below, which is
// never written.
func TestLower(t *testing.T) {
	dir := t.TempDir()
	below := open(t, filepath.Join(dir, "below"))
	digest, _, err := below.Put(t.Context(), strings.NewReader("content"), "", 0)
	must(t, err)
	must(t, below.SaveRecord(t.Context(), "b", "key", "below"))
	must(t, below.SaveRecord(t.Context(), "b", "both", "below"))
	must(t, below.Close())
	before := tree(t, below.dir)

	s := open(t, filepath.Join(dir, "own"))
	must(t, s.Lower(below.dir))
	must(t, s.SaveRecord(t.Context(), "b", "both", "own"))
	for key, want := range map[string]string{"key": "below", "both": "own", "none": ""} {
		var got string
		ok, err := s.LoadRecord(t.Context(), "b", key, &got)
		if err != nil || ok != (want != "") || got != want {
			t.Errorf("record %s: %q, %v, %v", key, got, ok, err)
		}
	}
	for range 2 {
		b, err := s.Get(t.Context(), digest)
		must(t, err)
		buf := make([]byte, 7)
		if _, err := b.ReadAt(buf, 0); err != nil || string(buf) != "content" || b.Size() != 7 || !s.Has(digest) {
			t.Errorf("got %q, %v", buf, err)
		}
		must(t, b.Close())
	}

	// A damaged blob of the own store is replaced by that below.
	_, _, err = s.Put(t.Context(), strings.NewReader("content"), digest, 7)
	must(t, err)
	must(t, os.WriteFile(s.blobPath(digest), []byte("damaged"), 0o600))
	b, err := s.Get(t.Context(), digest)
	must(t, err)
	must(t, b.Close())
	if after := tree(t, below.dir); after != before {
		t.Errorf("the lower store changed:\n%s\n%s", before, after)
	}

	// One that is damaged below is absent, and stays for who owns it.
	must(t, os.WriteFile(below.blobPath(digest), []byte("damaged"), 0o600))
	s = open(t, filepath.Join(dir, "other"))
	must(t, s.Lower(below.dir))
	if _, err := s.Get(t.Context(), digest); !errors.Is(err, ErrAbsent) {
		t.Errorf("got %v", err)
	}
	record, err := below.recordPath("b", "key")
	must(t, err)
	must(t, os.WriteFile(record, []byte("damaged"), 0o600))
	var got string
	if ok, err := s.LoadRecord(t.Context(), "b", "key", &got); ok || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := os.Stat(below.blobPath(digest)); err != nil {
		t.Error(err)
	}
}

// tree lists a directory with sizes and times.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err == nil && p != dir {
			b.WriteString(p + info.Mode().String() + info.ModTime().String() + "\n")
		}
		return err
	}))
	return b.String()
}

func TestLowerRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(dir string) error
		want    string // after the directory
	}{
		{"absent", func(dir string) error { return os.RemoveAll(dir) }, ": is not a cache of gophersnake: it has no VERSION"},
		{"newer", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "VERSION"), []byte("gophersnake store 2\n"), 0o600)
		}, `: the cache has another layout: "gophersnake store 2\n", want "gophersnake store 1\n"`},
		{"writable by others", func(dir string) error { return os.Chmod(dir, 0o777) }, ": the cache can be written by other users (mode 0777)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, t.TempDir()+"/own")
			below := open(t, t.TempDir()+"/below")
			must(t, below.Close())
			must(t, tt.prepare(below.dir))
			err := s.Lower(below.dir)
			var f *fault.Error
			if !errors.As(err, &f) || f.Class() != "disk" || err.Error() != below.dir+tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
