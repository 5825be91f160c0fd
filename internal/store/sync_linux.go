package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncTree makes all files below a directory durable. One call for the file
// system is far cheaper than one for each of a toolchain's files.
func syncTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
