//go:build !unix

package store

import "os"

func checkLower(dir string) error { return checkDir(dir) }

// checkDir relies on the access lists that a user's own directories inherit.
func checkDir(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return diskError("stat", dir, err)
	}
	return nil
}
