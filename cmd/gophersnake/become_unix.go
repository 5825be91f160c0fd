//go:build unix

package main

import (
	"context"
	"io/fs"
	"syscall"
)

// become replaces this process by a program.
func become(_ context.Context, program string, args, env []string) error {
	return syscall.Exec(program, args, env)
}

func executable(info fs.FileInfo) bool { return info.Mode()&0o111 != 0 }

func programSuffixes() []string { return []string{""} }
