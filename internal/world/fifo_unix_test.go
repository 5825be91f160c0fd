//go:build unix

package world

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// TestReadFIFO checks that a file that nobody writes is refused, not waited for.
func TestReadFIFO(t *testing.T) {
	w, _ := newWorld(t)
	must(t, syscall.Mkfifo(filepath.Join(w.Dir, "fifo"), 0o600))
	_, err := w.ReadFile("fifo")
	wantError(t, err, fault.Usage, "fifo: not a regular file", "")
}
