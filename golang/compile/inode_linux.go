package compile

import (
	"io/fs"
	"syscall"
)

// inode returns the time of the inode's last change, in nanoseconds since the
// epoch, and its number.
func inode(info fs.FileInfo) (changed int64, number uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano(), st.Ino
	}
	return 0, 0
}
