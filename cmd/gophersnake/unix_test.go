//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

func mkfifo(name string) error { return syscall.Mkfifo(name, 0o644) }

// asUser makes a command run with that user ID and group ID.
func asUser(cmd *exec.Cmd, id uint32) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}
