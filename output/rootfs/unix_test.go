//go:build unix

package rootfs_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// ownerOf returns "uid:gid".
func ownerOf(t *testing.T, name string) string {
	t.Helper()
	info, err := os.Lstat(name)
	must(t, err)
	s := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", s.Uid, s.Gid)
}
