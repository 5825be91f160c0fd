//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// solved makes the site ask a channel that a server has, so that the store holds
// what solving needs too. The lock is then part of what is made again.
func (s *faultSite) solved(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(s.dir)))
	t.Cleanup(server.Close)
	edit(t, filepath.Join(s.dir, "gophersnake.toml"), `lock = "chan/conda-lock.yml"`,
		"channels = [\""+server.URL+"/chan\"]\ndependencies = [\"pkg0\", \"pkg1\"]")
	must(t, os.Remove(s.lockFile()))
}

// TestFlippedBits flips a bit of one file of the store after the other and locks
// and builds anew: the same lock and the same image come out, and nothing in the
// store stays wrong that is not noticed.
func TestFlippedBits(t *testing.T) {
	s, cache, out := newFaultSite(t, 20<<10, 300<<10), coldStore(t), t.TempDir()
	s.solved(t)
	rng, bits := rand.New(rand.NewPCG(8, 1)), 1
	if gate() {
		bits = 16
	}
	layout := filepath.Join(out, "image")
	build := func() string {
		must(t, errors.Join(os.RemoveAll(s.lockFile()), os.RemoveAll(layout)))
		return digest(t, cache.gs(t, s.dir, "build", "-q", "-o", "oci:"+layout))
	}
	want := build()
	if build() != want {
		t.Fatal("two builds differ")
	}
	lock := readFile(t, s.lockFile())
	files := storeFiles(t, string(cache))
	t.Logf("%d files", len(files))
	for name, right := range files {
		for range bits {
			if _, err := os.Stat(name); err != nil {
				build() // it was found to be wrong, and went
			}
			flipped := bytes.Clone(right)
			bit := rng.IntN(8 * len(flipped))
			flipped[bit/8] ^= 1 << (bit % 8)
			must(t, os.WriteFile(name, flipped, 0o600))
			if filepath.Base(name) == "VERSION" {
				code, _, stderr := ends(t, cache.command(t, s.dir, "build", "-q"))
				if code != 7 || !strings.Contains(stderr, ": the cache has another layout: ") {
					t.Errorf("VERSION: exit %d, %s", code, stderr)
				}
				must(t, os.WriteFile(name, right, 0o600))
				continue
			}
			if got := build(); got != want {
				t.Errorf("the image is %s, want %s", got, want)
			}
			if got := layoutParts(layout).tag(t, "index.json"); got == "" || readFile(t, s.lockFile()) != lock {
				t.Errorf("%q, or another lock:\n%s", got, readFile(t, s.lockFile()))
			}
			// What a build has no need of is found by who looks at all.
			ends(t, cache.command(t, s.dir, "cache", "verify"))
			if now, err := os.ReadFile(name); err == nil && bytes.Equal(now, flipped) {
				t.Errorf("is still as it was made")
			}
			if t.Failed() {
				t.Fatalf("bit %d of %s: %q", bit, name, right[:min(len(right), 200)])
			}
		}
	}
	cache.verified(t)
	clean(t, string(cache))
}

// storeFiles returns all files of a store that hold anything.
func storeFiles(t *testing.T, cache string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	must(t, filepath.WalkDir(filepath.Join(cache, "store"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if len(data) > 0 {
			files[path] = data
		}
		return err
	}))
	return files
}
