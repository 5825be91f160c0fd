package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/durable"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// writeFile gives a file of the user's a new content: at any moment it is as
// before or complete, also after a crash. What a link leads to is replaced, not
// the link; a file that is there keeps its permissions, a new one is 0644 less
// the umask. Errors are of class disk and name the file.
func writeFile(file string, text []byte) error {
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	if err := replaceFile(file, text); err != nil {
		return fault.New(fault.Disk, file, "%w", bare(err))
	}
	return nil
}

// replaceFile writes a file beside the one that it becomes, since a rename works
// within one file system.
func replaceFile(file string, text []byte) error {
	perm := os.FileMode(0o644)
	info, err := os.Stat(file)
	there := err == nil
	if there {
		perm = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			return os.WriteFile(file, text, perm) // /dev/stdout is not to be replaced
		}
	}
	sweep(file)
	tmp := beside(file) + rand.Text()[:8]
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if there && err == nil {
		err = f.Chmod(perm) // the umask has no say in what was there
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, file)
	}
	if err != nil {
		_ = os.Remove(tmp) // the first error is the one to tell
		return err
	}
	return durable.SyncDir(filepath.Dir(file))
}

// beside is what the names of the files begin with that become a file.
func beside(file string) string {
	dir, name := filepath.Split(file)
	return filepath.Join(dir, "."+name+".gophersnake-")
}

// abandoned is the age at which a file that was to become another one is that of
// a process that was killed: one that lives has written it within milliseconds.
const abandoned = time.Minute

// sweep removes what killed processes left beside a file, as far as it can: that
// is no reason not to write the file.
func sweep(file string) {
	dir, prefix := filepath.Dir(file), filepath.Base(beside(file))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
