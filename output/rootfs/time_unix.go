//go:build unix

package rootfs

import (
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"
)

// linkTime sets the time of a symbolic link itself, which os.Root has no method
// for.
func linkTime(root *os.Root, p string, t time.Time) error {
	dir, err := root.Open(path.Dir(p))
	if err != nil {
		return err
	}
	defer dir.Close()
	spec, err := unix.TimeToTimespec(t)
	if err == nil {
		err = unix.UtimesNanoAt(int(dir.Fd()), path.Base(p), []unix.Timespec{spec, spec}, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return &os.PathError{Op: "utimensat", Path: p, Err: err}
	}
	return nil
}
