package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "gophersnake.lock"), filepath.Join(dir, "link")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(file, []byte("before\n"), 0o600))
	must(os.Symlink(filepath.Base(file), link))
	must(writeFile(link, []byte("after\n")))
	if got, err := os.ReadFile(file); err != nil || string(got) != "after\n" {
		t.Errorf("behind the link: %q, %v", got, err)
	}
	if target, err := os.Readlink(link); err != nil || target != filepath.Base(file) {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("permissions: %v, %v", info.Mode(), err)
	}
	must(writeFile(filepath.Join(dir, "new"), nil))
	if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(names) > 0 {
		t.Errorf("left behind: %q, %v", names, err)
	}

	old, young := filepath.Join(dir, ".new.gophersnake-OLD"), filepath.Join(dir, ".new.gophersnake-YOUNG")
	must(os.WriteFile(old, nil, 0o644))
	must(os.WriteFile(young, nil, 0o644))
	must(os.Chtimes(old, time.Time{}, time.Now().Add(-2*abandoned)))
	must(writeFile(filepath.Join(dir, "new"), nil))
	if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(names) != 1 || names[0] != young {
		t.Errorf("of an abandoned file and one that another process writes %q stay, %v", names, err)
	}

	gone := filepath.Join(dir, "none", "file")
	err := writeFile(gone, nil)
	if err == nil || runtime.GOOS != "windows" && err.Error() != gone+": no such file or directory" {
		t.Errorf("got %v", err)
	}
}

// A device, /dev/stdout among them, takes the text and stays what it is.
func TestWriteFileToDevice(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no device is a file there")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(link, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Fatalf("%s was replaced: %v, %v", os.DevNull, info.Mode(), err)
	}
}
