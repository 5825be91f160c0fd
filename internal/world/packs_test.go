package world

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// text writes a text.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func content(t *testing.T, at io.ReaderAt) string {
	t.Helper()
	data, err := io.ReadAll(io.NewSectionReader(at, 0, 1<<20))
	must(t, err)
	return string(data)
}

func TestCache(t *testing.T) {
	u := newUser(t)
	c := u.run().Cache()
	if _, err := c.Get(t.Context(), "k"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	must(t, c.Put(t.Context(), "k", text("one")))
	old, err := c.Get(t.Context(), "k")
	must(t, err)
	must(t, u.run().Cache().Put(t.Context(), "k", text("two")))
	must(t, c.Put(t.Context(), "other", text("three")))
	now, err := u.run().Cache().Get(t.Context(), "k")
	must(t, err)
	if content(t, old) != "one" || content(t, now) != "two" {
		t.Errorf("%q, then %q", content(t, old), content(t, now))
	}
	bad := errors.New("broken")
	if err := c.Put(t.Context(), "k", func(io.Writer) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	if _, err := c.Get(t.Context(), "k"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{c.Put(ctx, "k", text("x")), func() error { _, err := c.Get(ctx, "k"); return err }()} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
	files, err := filepath.Glob(filepath.Join(u.store, "dirs", "*", "tree", packFile))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	must(t, os.Remove(files[0])) // by hand: it is made anew
	if _, err := c.Get(t.Context(), "other"); !errors.Is(err, fs.ErrNotExist) || fault.ClassOf(err) == fault.Network {
		t.Errorf("error %v", err)
	}
}

// TestCacheReadsAt checks that what is in the cache is read where it is asked for.
func TestCacheReadsAt(t *testing.T) {
	u, size := bigEntry(t)
	at, err := u.run().Cache().Get(t.Context(), "k")
	must(t, err)
	last := make([]byte, 1)
	if n, err := at.ReadAt(last, size-1); n != 1 || last[0] != 7 {
		t.Errorf("%d, %v", n, err)
	}
}

// BenchmarkCacheOpen shows that opening what is in the cache does not read it.
func BenchmarkCacheOpen(b *testing.B) {
	u, _ := bigEntry(b)
	c := u.run().Cache()
	for b.Loop() {
		at, err := c.Get(b.Context(), "k")
		must(b, err)
		must(b, at.(io.Closer).Close())
	}
}

// bigEntry returns a user whose cache holds 64 MiB as "k".
func bigEntry(t testing.TB) (*user, int64) {
	u := newUser(t)
	const size = 64 << 20
	must(t, u.run().Cache().Put(t.Context(), "k", func(w io.Writer) error {
		_, err := w.Write(bytes.Repeat([]byte{7}, size))
		return err
	}))
	return u, size
}
