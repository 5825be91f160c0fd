package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/internal/fault"
)

func TestReadFile(t *testing.T) {
	w, _ := newWorld(t)
	write(t, w.Dir, "a/b.txt", "text")
	write(t, w.Dir, "empty", "")
	must(t, os.Symlink("a/b.txt", filepath.Join(w.Dir, "link")))
	for name, want := range map[string]string{"a/b.txt": "text", "./a/../a/b.txt": "text", "link": "text", "empty": "", filepath.Join(w.Dir, "link"): "text"} {
		if got, err := w.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	big, err := os.Create(filepath.Join(w.Dir, "big"))
	must(t, err)
	must(t, big.Truncate(maxText+1))
	must(t, big.Close())
	const hint = "paths are relative to gophersnake.toml"
	for _, tc := range []struct{ name, want, hint string }{
		{"gone", "gone: no such file or directory", hint},
		{"empty/x", "empty/x: not a directory", hint},
		{"a", "a: not a regular file", ""},
		{"big", "big: file is larger than 67108864 bytes", ""},
	} {
		_, err := w.ReadFile(tc.name)
		wantError(t, err, fault.Usage, tc.want, tc.hint)
	}
	if runtime.GOOS == "linux" {
		_, err = w.ReadFile("/proc/self/mem")
		wantError(t, err, fault.Disk, "/proc/self/mem: input/output error", "")
	}
}

func TestRelative(t *testing.T) {
	w, _ := newWorld(t)
	other := t.TempDir()
	for _, tc := range []struct{ lockFile, url, want string }{
		{"l.txt", "https://h/c/noarch/a-1-0.conda", "https://h/c/noarch/a-1-0.conda"},
		{"l.txt", "pkgs/a-1-0.conda", "pkgs/a-1-0.conda"},
		{"sub/l.txt", "pkgs/a-1-0.conda", "sub/pkgs/a-1-0.conda"},
		{"sub/l.txt", "../pkgs/a-1-0.conda", "pkgs/a-1-0.conda"},
		{"l.txt", "file://" + filepath.ToSlash(w.Dir) + "/pkgs/a-1-0.conda", "pkgs/a-1-0.conda"},
		{filepath.Join(w.Dir, "sub", "l.txt"), "a-1-0.conda", "sub/a-1-0.conda"},
	} {
		if got, err := w.Relative(tc.lockFile, tc.url); got != tc.want || err != nil {
			t.Errorf("%s in %s is %q, %v; want %q", tc.url, tc.lockFile, got, err, tc.want)
		}
	}
	got, err := w.Relative("l.txt", filepath.ToSlash(other)+"/a-1-0.conda")
	if err != nil || !strings.HasPrefix(got, "../") || filepath.Join(w.Dir, filepath.FromSlash(got)) != filepath.Join(other, "a-1-0.conda") {
		t.Errorf("a package elsewhere is %q, %v", got, err)
	}
	_, err = w.Relative("l.txt", "file://host/a-1-0.conda")
	wantError(t, err, fault.Usage, `"file://host/a-1-0.conda" is not a URL of a file on this machine`, "")
}

func TestBase(t *testing.T) {
	w, _ := newWorld(t)
	w.Bases = &base.Source{Dir: w.Dir}
	if _, err := w.Base(t.Context(), "oci:gone", here()); fault.ClassOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
}

func TestDocuments(t *testing.T) {
	w, _ := newWorld(t)
	d := Documents{w.Store}
	digest := "sha256:" + sha("document")
	if data, ok := d.Get(digest); ok {
		t.Errorf("%q before it was put", data)
	}
	d.Put(digest, []byte("other")) // is not kept, and nobody is told
	d.Put("md5:0", []byte("document"))
	if data, ok := d.Get(digest); ok {
		t.Errorf("%q, which has another digest", data)
	}
	d.Put(digest, []byte("document"))
	if data, ok := d.Get(digest); string(data) != "document" || !ok {
		t.Errorf("%q, %v", data, ok)
	}
}

func TestState(t *testing.T) {
	w, _ := newWorld(t)
	s := state{w.Store, w.Scratch}
	if _, err := s.Load("db/latest"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	must(t, s.Save("db/latest", []byte("head\n")))
	must(t, s.Save("db/other", nil))
	if data, err := s.Load("db/latest"); string(data) != "head\n" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}
