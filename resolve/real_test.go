package resolve_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

// shared returns a path in the shared test data.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{"..", "..", "shared", "data"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	return p
}

// TestReal solves for two platforms over channels that were published.
func TestReal(t *testing.T) {
	for _, tt := range []struct {
		name, wish, dir string
		amd64, arm64    int // packages
		notes           []string
	}{
		{"cpython", `["python 3.11.*", "requests", "pip", "openssl", "ncurses", "tqdm", "tzdata", "ca-certificates"]`, "channels/cpython", 21, 16, []string{
			"ncurses: no version suits all platforms: 6.5 on linux/amd64, 6.4 on linux/arm64",
			"openssl: no version suits all platforms: 3.3.1 on linux/amd64, 3.1.4 on linux/arm64",
		}},
		{"conda-forge", `["python", "pip", "curl", "sqlite", "zstd", "llvm-openmp"]`, "repodata/conda-forge-py39-2024-05", 36, 35, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{base: lock.Facts{Libc: "glibc 2.36"}, channels: map[string]string{"c": shared(t, tt.dir)}}
			r := request(t, "[image]\nname = \"x\"\n[base]\nimage = \"debian:12\"\n[conda]\nchannels = [\"c\"]\ndependencies = "+tt.wish+"\n")
			var notes []string
			r.Note = func(text string) { notes = append(notes, text) }
			l, text := resolved(t, w, r)
			a, b := l.For("", linux), l.For("", arm)
			if diff := cmp.Diff(tt.notes, notes); diff != "" || len(a.Conda) != tt.amd64 || len(b.Conda) != tt.arm64 {
				t.Errorf("%d and %d packages; notes (-want +got):\n%s", len(a.Conda), len(b.Conda), diff)
			}
			versions := map[string]string{}
			for _, c := range a.Conda {
				versions[c.Name] = c.Name + " " + c.Version
			}
			for _, c := range b.Conda {
				if v := versions[c.Name]; v != "" && v != c.Name+" "+c.Version && !slices.Contains(a.Solve.Differs, v) {
					t.Errorf("%s and %s", v, c.Version)
				}
			}
			r.Old, r.Anew = l, true
			if _, again := resolved(t, w, r); again != text {
				t.Errorf("again (-was +is):\n%s", cmp.Diff(text, again))
			}
		})
	}
}
