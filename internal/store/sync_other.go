//go:build !linux

package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// syncDir makes the names in a directory durable. Windows has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// syncTree makes all files below a directory durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || runtime.GOOS == "windows" {
			return err
		}
		return syncDir(path)
	})
}
