//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestEightProcesses: promise P6. Eight processes lock, build and write at the
// same time: to one empty store, to one layout, each by its own tag, and to one
// repository by the same tags. None fails, all make the same image, and no entry
// of the layout is lost.
func TestEightProcesses(t *testing.T) {
	const processes = 8
	s, root := newFaultSite(t, 1<<10, 200<<10, 400<<10), tmpfs(t, 256)
	rounds := 5
	if gate() {
		rounds = 100
	}
	want := digest(t, store(filepath.Join(root, "cache")).gs(t, s.dir, "build", "-q"))
	var copies [processes]string
	for i := range copies {
		copies[i] = copyDir(t, s.dir)
	}
	for round := range rounds {
		dir := filepath.Join(root, fmt.Sprint(round))
		cache, layout, repository := store(filepath.Join(dir, "cache")), filepath.Join(dir, "image"), fmt.Sprintf("faults/eight%d", round)
		must(t, os.MkdirAll(string(cache), 0o700))
		var wg sync.WaitGroup
		for i, project := range copies {
			must(t, os.Remove(filepath.Join(project, "gophersnake.lock")))
			wg.Go(func() {
				code, stdout, stderr := ends(t, cache.command(t, project, "build", "-q", "-o", fmt.Sprintf("oci:%s:t%d", layout, i), "-o", "docker://"+registry+"/"+repository))
				if code != 0 || stderr != "" {
					t.Errorf("round %d: exit %d, %s", round, code, stderr)
					return
				}
				same(t, stdout, want)
			})
		}
		wg.Wait()
		if t.Failed() {
			t.FailNow()
		}
		index := readFile(t, filepath.Join(layout, "index.json"))
		for i := range copies {
			if !strings.Contains(index, fmt.Sprintf(`"t%d"`, i)) {
				t.Errorf("round %d: the layout has no tag t%d", round, i)
			}
		}
		layoutParts(layout).tag(t, "index.json")
		for _, tag := range []string{"1", "2"} {
			if got := registryParts(registry, repository).tag(t, tag); got != want {
				t.Errorf("round %d: tag %s is %q", round, tag, got)
			}
		}
		cache.verified(t)
		clean(t, dir)
		must(t, os.RemoveAll(dir))
	}
}
