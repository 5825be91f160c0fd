package store

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a tmpfs of a size in bytes, or skips.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a small tmpfs needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		t.Skipf("a small tmpfs cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A store on a read-only file system is refused in one line.
func TestReadOnlyDisk(t *testing.T) {
	dir := smallDisk(t, 1<<20)
	s := open(t, dir+"/cache")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("the tmpfs cannot be made read-only: %v", err)
	}
	for name, want := range map[string]string{
		"/cache": dir + "/cache/tmp: create: read-only file system",
		"/new":   dir + "/new: make directory: read-only file system",
	} {
		if _, err := Open(dir + name); err == nil || err.Error() != want {
			t.Errorf("Open(%s): %v, want %s", name, err, want)
		}
	}
}
