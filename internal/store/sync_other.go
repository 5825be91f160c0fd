//go:build !linux

package store

import (
	"io/fs"
	"path/filepath"
	"runtime"

	"github.com/gophersnake/gophersnake/internal/durable"
)

// syncTree makes all files below a directory durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || runtime.GOOS == "windows" {
			return err
		}
		return durable.SyncDir(path)
	})
}
