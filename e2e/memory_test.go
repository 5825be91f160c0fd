//go:build e2e

package e2e

import (
	"path/filepath"
	"testing"
)

// TestMemory builds and pushes with an empty store. Without a program to
// compile, the process's peak is ours and not the Go compiler's.
func TestMemory(t *testing.T) {
	dir, s := dataTools(t), newStore(t)
	withoutPrograms(t, dir)
	edit(t, filepath.Join(dir, "gophersnake.toml"), "/data-tools\"", "/memory\"")
	cmd := s.command(t, dir, "push")
	runCmd(t, cmd)
	t.Logf("lock, build and push of 200 MB, cold: peak memory %d MiB", peak(cmd))
	if peak(cmd) > 256 {
		t.Errorf("peak memory %d MiB, want at most 256", peak(cmd))
	}
}
