//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fullDisk is a place for a store or a layout that gets full.
type fullDisk struct {
	*faultSite
	disk  string // a tmpfs
	cache store
	hint  string
	want  string // the image's digest
	args  []string
}

// TestDiskOfEverySize: the disk below the store, or below the layout, has room for 1 to
// 64 MiB of an image that wants more. Each time the program exits 7, names a
// path there and leaves nothing half; with more room the next run goes on to the
// same digest. A gate's run begins at each size with an empty disk.
func TestDiskOfEverySize(t *testing.T) {
	t.Run("store", func(t *testing.T) {
		// Packages, and then fragments of them: twice 35 MB.
		d := &fullDisk{
			faultSite: newFaultSite(t, 6<<20, 5<<20, 5<<20, 5<<20, 5<<20, 5<<20, 4<<20), disk: tmpfs(t, 1), args: []string{"build", "-q"},
			hint: "free some space, prune the cache, or choose another directory with --cache-dir",
		}
		d.cache = store(filepath.Join(d.disk, "cache"))
		d.want = digest(t, coldStore(t).gs(t, d.dir, "build", "-q"))
		d.fill(t, func() {
			clean(t, d.disk)
			d.cache.verified(t)
		})
	})
	t.Run("layout", func(t *testing.T) {
		d := &fullDisk{
			faultSite: newFaultSite(t, 20<<20, 20<<20, 20<<20, 5<<20, 3<<20), disk: tmpfs(t, 1), cache: coldStore(t),
			hint: "free some space there, or write to another place",
		}
		layout := filepath.Join(d.disk, "image")
		d.args = []string{"build", "-q", "-o", "oci:" + layout}
		d.want = digest(t, d.cache.gs(t, d.dir, "build", "-q"))
		d.fill(t, func() {
			clean(t, d.disk)
			if layoutParts(layout).tag(t, "index.json") == "" || !strings.Contains(readFile(t, filepath.Join(layout, "index.json")), d.want) {
				t.Error("the image is not in the layout")
			}
		})
	})
}

// fill runs at all sizes. After a run with enough room, whole checks what there
// is.
func (d *fullDisk) fill(t *testing.T, whole func()) {
	t.Helper()
	for size := 1; size <= 64; size++ {
		resize(t, d.disk, size)
		d.fails(t, size)
		if gate() {
			d.ends(t, whole)
			entries, err := os.ReadDir(d.disk)
			must(t, err)
			for _, e := range entries {
				must(t, os.RemoveAll(filepath.Join(d.disk, e.Name())))
			}
		}
		if t.Failed() {
			t.Fatalf("with %d MiB", size)
		}
	}
	d.ends(t, whole)
}

func (d *fullDisk) fails(t *testing.T, size int) {
	t.Helper()
	d.fresh(t)
	code, stdout, stderr := ends(t, d.cache.with(t, binary, d.dir, d.args...))
	path, ok := strings.CutSuffix(stderr, ": no space left on device\nhint: "+d.hint+"\n")
	if code != 7 || stdout != "" || !ok || !strings.HasPrefix(path, "gophersnake: "+d.disk+"/") || strings.Contains(path, "\n") {
		t.Errorf("with %d MiB: exit %d\n%s%s", size, code, stdout, stderr)
	}
}

func (d *fullDisk) ends(t *testing.T, whole func()) {
	t.Helper()
	resize(t, d.disk, 256)
	same(t, runCmd(t, d.cache.with(t, binary, d.dir, d.args...)), d.want)
	whole()
}

// TestFullDiskLock: there is no room for a lock beside the configuration. The
// one that is there stays.
func TestFullDiskLock(t *testing.T) {
	s, disk, cache := newFaultSite(t, 1<<10), tmpfs(t, 1), coldStore(t)
	dir := filepath.Join(disk, "project")
	must(t, os.CopyFS(dir, os.DirFS(s.dir)))
	lock, filler := filepath.Join(dir, "gophersnake.lock"), filepath.Join(disk, "filler")
	edit(t, filepath.Join(dir, "gophersnake.toml"), `["linux/amd64", "linux/arm64"]`, `["linux/arm64"]`)
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o644); err == nil {
		t.Fatal("the disk is not full")
	}
	code, stdout, stderr := ends(t, cache.command(t, dir, "lock", "-q"))
	if want := "gophersnake: " + lock + ": no space left on device\n"; code != 7 || stdout != "" || stderr != want {
		t.Errorf("exit %d\n got %s%s\nwant %s", code, stdout, stderr, want)
	}
	if got := readFile(t, lock); got != s.lock {
		t.Errorf("the lock is %d bytes, want %d", len(got), len(s.lock))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 3 {
		t.Errorf("left %v, %v", left, err)
	}
	must(t, os.Remove(filler))
	cache.gs(t, dir, "lock", "-q")
	if readFile(t, lock) == s.lock {
		t.Error("the lock did not change")
	}
}
