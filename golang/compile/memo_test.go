package compile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/golang/compile"
)

// TestMemo: with a memo a hash is what it is without, whatever happens to the
// files, and a file that is as it was is not read.
func TestMemo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	const old = "package lib // old\n"
	write(t, dir, map[string]string{"lib/a.go": old, "lib/b.go": old})
	memo := &compile.Memo{Now: time.Now().Add(time.Hour)}
	check := func(what string) {
		t.Helper()
		sum, err := compile.Source(t.Context(), dir, "./cmd/hello", memo)
		if err != nil {
			t.Fatal(err)
		}
		if want := source(t, dir, "./cmd/hello").Hash; sum.Hash != want {
			t.Errorf("%s: hash %s, want %s", what, sum.Hash, want)
		}
	}
	check("first")
	n := len(memo.Files)
	if n < 4 {
		t.Fatalf("%d files are remembered", n)
	}
	check("again")

	a := filepath.Join(dir, "lib", "a.go")
	info, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{"lib/a.go": "package lib // new\n"}) // of the same size
	if err := os.Chtimes(a, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	check("new content with the old time")
	if err := os.Remove(filepath.Join(dir, "lib", "b.go")); err != nil {
		t.Fatal(err)
	}
	check("a file less")
	if len(memo.Files) != n-1 {
		t.Errorf("%d files are remembered, want %d", len(memo.Files), n-1)
	}

	// A wrong memory shows that the file is not read.
	r := memo.Files[a]
	r.SHA256 = "0000000000000000000000000000000000000000000000000000000000000000"
	memo.Files[a] = r
	sum, err := compile.Source(t.Context(), dir, "./cmd/hello", memo)
	if err != nil || sum.Hash == source(t, dir, "./cmd/hello").Hash {
		t.Errorf("%v: the file was read", err)
	}
}

// TestMemoOfYoungFiles: what has just changed may change again unseen.
func TestMemoOfYoungFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	memo := &compile.Memo{Now: time.Now()}
	if _, err := compile.Source(t.Context(), dir, "./cmd/hello", memo); err != nil || len(memo.Files) > 0 {
		t.Errorf("%v; %d files are remembered", err, len(memo.Files))
	}
}
