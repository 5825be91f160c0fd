//go:build !unix

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
)

// become runs a program and ends as it does: there is no way to become it.
func become(ctx context.Context, program string, args, env []string) error {
	cmd := exec.CommandContext(ctx, program, args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	return err
}

func executable(fs.FileInfo) bool { return true }

func programSuffixes() []string { return []string{"", ".exe", ".bat", ".cmd"} }
