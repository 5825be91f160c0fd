//go:build !unix

package main

import (
	"errors"
	"os/exec"
)

func mkfifo(string) error { return errors.ErrUnsupported }

// asUser does nothing: users have no numbers here.
func asUser(*exec.Cmd, uint32) {}
