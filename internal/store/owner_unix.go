//go:build unix

package store

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// checkDir refuses a directory that another user owns or can write: what lies
// in it could be anyone's.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return diskError("stat", dir, err)
	}
	return checkOwner(dir, info, os.Geteuid())
}

// checkLower refuses a store to look into that a user other than this one and
// root owns, or that others can write.
func checkLower(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return diskError("stat", dir, err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid == 0 {
		return checkOwner(dir, info, 0)
	}
	return checkOwner(dir, info, os.Geteuid())
}

func checkOwner(dir string, info fs.FileInfo, uid int) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != uid {
		return fault.New(fault.Disk, dir, "the cache belongs to user %d, not to user %d", st.Uid, uid).
			WithHint("choose a directory of your own with --cache-dir")
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return fault.New(fault.Disk, dir, "the cache can be written by other users (mode %04o)", perm).
			WithHint("chmod go-w %s", dir)
	}
	return nil
}
