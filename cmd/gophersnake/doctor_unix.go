//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gophersnake/gophersnake/doctor"
)

// thisUser returns who runs the program.
func thisUser() doctor.User {
	groups, _ := os.Getgroups() // without, the user's own counts
	return doctor.User{ID: os.Geteuid(), Groups: append(groups, os.Getegid())}
}

// ownerOf returns mode and owner of a file.
func ownerOf(info fs.FileInfo) (mode int64, uid, gid int) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return int64(info.Mode().Perm()), 0, 0
	}
	return int64(st.Mode & 0o7777), int(st.Uid), int(st.Gid)
}

// mayWrite asks the system, which knows of access lists and of file systems
// that are mounted to be read only.
func mayWrite(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }
