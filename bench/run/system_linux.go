package main

import (
	"os"
	"syscall"
)

// withParent makes a process die with the thread that started it.
func withParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// maxRSS returns the peak memory of an ended process and of those it waited for,
// the largest, in bytes.
func maxRSS(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}

// unmount detaches a mount; removing what is below tells whether it worked.
func unmount(dir string) { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }
