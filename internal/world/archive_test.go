package world

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/platforms"
)

// TestArchive checks that an archive is that of the cli package, is made once,
// and is made again where the store's was spoiled.
func TestArchive(t *testing.T) {
	w, _ := newWorld(t)
	windows := platforms.Platform{OS: "windows", Arch: "arm64"}
	write(t, w.Dir, "program", "the program")
	program := filepath.Join(w.Dir, "program")
	for name, tc := range map[string]struct {
		b    *cli.Binary
		p    platforms.Platform
		want string // in the archive
	}{
		"first":    {hello(), here(), "hello"},
		"windows":  {hello(), windows, "hello"},
		"its name": {&cli.Binary{Name: "hi", Package: "./cmd/hello", Source: "sha256:0"}, here(), "hi"},
	} {
		var want bytes.Buffer
		must(t, cli.Archive(&want, tc.p, tc.want, bytes.NewReader([]byte("the program")), int64(len("the program"))))
		var before string
		for _, from := range []string{program, "gone"} { // the second time the program is not read
			file, err := w.Archive(t.Context(), tc.b, tc.p, from)
			must(t, err)
			got, err := os.ReadFile(file)
			must(t, err)
			if !bytes.Equal(got, want.Bytes()) || before != "" && file != before {
				t.Errorf("%s: another archive", name)
			}
			before = file
		}
		must(t, os.Chmod(before, 0o600))
		must(t, os.WriteFile(before, []byte("spoiled"), 0o600))
		file, err := w.Archive(t.Context(), tc.b, tc.p, program)
		must(t, err)
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: a spoiled archive stays: %v", name, err)
		}
	}
	changed := hello()
	changed.Source = "sha256:1"
	_, err := w.Archive(t.Context(), changed, here(), filepath.Join(w.Dir, "gone"))
	wantError(t, err, fault.Disk, filepath.Join(w.Dir, "gone")+": no such file or directory", "")
}
