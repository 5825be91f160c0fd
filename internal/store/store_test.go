package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

func TestOpenMakesPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "cache")
	open(t, dir)
	for _, d := range []string{dir, filepath.Join(dir, tmpDir), filepath.Join(dir, blobsDir)} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", d, info.Mode(), err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil || string(text) != "gophersnake store 1\n" {
		t.Errorf("VERSION is %q, %v", text, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string) error
		want    string // after the directory
		hint    string // DIR is the directory
	}{
		{
			"writable by a group", func(_ *testing.T, dir string) error { return os.Chmod(dir, 0o770) },
			": the cache can be written by other users (mode 0770)", "chmod go-w DIR",
		},
		{
			"writable by all", func(_ *testing.T, dir string) error { return os.Chmod(dir, 0o702) },
			": the cache can be written by other users (mode 0702)", "chmod go-w DIR",
		},
		{"something else", func(_ *testing.T, dir string) error {
			return os.Mkdir(filepath.Join(dir, "tmp"), 0o700)
		}, `: is not a cache of gophersnake: it holds "tmp" and no VERSION`, "choose an empty directory with --cache-dir"},
		{
			"newer layout", func(_ *testing.T, dir string) error {
				return os.WriteFile(filepath.Join(dir, "VERSION"), []byte("gophersnake store 2\n"), 0o600)
			}, `: the cache has another layout: "gophersnake store 2\n", want "gophersnake store 1\n"`,
			"choose another directory with --cache-dir, or remove this one",
		},
		{"a file", func(_ *testing.T, dir string) error {
			return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600))
		}, ": make directory: not a directory", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := tt.prepare(t, dir); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			var e *fault.Error
			if !errors.As(err, &e) || e.Class() != "disk" || e.Error() != dir+tt.want ||
				e.Hint() != strings.ReplaceAll(tt.hint, "DIR", dir) {
				t.Errorf("Open: %v\nwant %s", err, dir+tt.want)
			}
			if tt.name == "something else" {
				if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
					t.Errorf("the refused directory was changed: %v, %v", entries, err)
				}
			}
		})
	}
}

// A process that died while it made the store left the lock and perhaps half a
// VERSION.
func TestOpenUnfinished(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lock", "VERSION.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(t, open(t, dir), []byte("content"))
}

func TestLeftovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	first := open(t, dir)
	leave := func(name string, age time.Duration) {
		t.Helper()
		path := first.path(tmpDir, name)
		if err := os.MkdirAll(filepath.Join(path, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o500); err != nil {
			t.Fatal(err)
		}
		when := first.opened.Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	leave("young", time.Hour)
	leave("old", 25*time.Hour)
	second := open(t, dir)
	if names := tmpFiles(t, second); len(names) != 1 || names[0] != "young" {
		t.Errorf("while another process uses the store, tmp holds %q", names)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	if names := tmpFiles(t, open(t, dir)); len(names) != 0 {
		t.Errorf("when nobody uses the store, tmp holds %q", names)
	}
}

func TestLock(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	unlock, err := s.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Lock(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Lock with a cancelled context: %v", err)
	}
	const callers = 8
	inside, done := 0, make(chan error, callers)
	for range callers {
		go func() {
			unlock, err := s.Lock(t.Context(), "a")
			if err == nil {
				inside++ // only the lock keeps -race quiet
				unlock()
			}
			done <- err
		}()
	}
	unlock()
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if inside != callers {
		t.Errorf("%d of %d callers were inside", inside, callers)
	}
}

func TestDropDir(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	made := 0
	build := func(_ context.Context, tmp string) error {
		made++
		return os.WriteFile(filepath.Join(tmp, "f"), []byte(strconv.Itoa(made)), 0o400)
	}
	for want := 1; want < 4; want++ {
		dir, err := s.Dir(t.Context(), "k", build)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "f")); string(got) != strconv.Itoa(want) || err != nil {
			t.Errorf("%q, %v, want %d", got, err, want)
		}
		if err := errors.Join(s.DropDir(t.Context(), "k"), s.DropDir(t.Context(), "other")); err != nil {
			t.Error(err)
		}
	}
	if used, err := s.Info(t.Context()); err != nil || used[1].Kind != dirsDir || used[1].Files != 0 {
		t.Errorf("%+v, %v", used, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.DropDir(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestDir(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	made := 0
	build := func(ctx context.Context, tmp string) error {
		made++
		if err := os.MkdirAll(filepath.Join(tmp, "pkg"), 0o700); err != nil {
			return err
		}
		return errors.Join(makeTestDir(ctx, tmp), os.Remove(filepath.Join(tmp, "pkg")))
	}
	refuse := errors.New("no toolchain")
	if _, err := s.Dir(t.Context(), "go1", func(_ context.Context, tmp string) error {
		return errors.Join(os.Mkdir(filepath.Join(tmp, "half"), 0o500), refuse)
	}); !errors.Is(err, refuse) {
		t.Errorf("Dir: %v, want %v", err, refuse)
	}
	if names := tmpFiles(t, s); len(names) > 0 {
		t.Errorf("left in tmp: %q", names)
	}
	var dir string
	for range 3 {
		var err error
		if dir, err = s.Dir(t.Context(), "go1", build); err != nil {
			t.Fatal(err)
		}
		if err := checkTestDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(dir), completeMark)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Dir(t.Context(), "go1", build); err != nil || made != 2 {
		t.Errorf("without its mark: made %d times, %v", made, err)
	}
}

func TestSpool(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"))
	f, err := s.Spool()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write([]byte("content")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 7)
	if _, err := f.ReadAt(p, 0); err != nil || string(p) != "content" {
		t.Errorf("read %q, %v", p, err)
	}
	if _, err := os.Lstat(f.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the spool file has a name: %v", err)
	}
}
