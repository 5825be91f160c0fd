//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMemory builds and pushes with an empty store. Without a program to
// compile, the process's peak is ours and not the Go compiler's.
func TestMemory(t *testing.T) {
	dir, s := dataTools(t), newStore(t)
	file := filepath.Join(dir, "gophersnake.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(text), "[[cli]]")
	end := strings.Index(string(text), "[[files]]")
	if err := os.WriteFile(file, append(text[:start:start], text[end:]...), 0o644); err != nil {
		t.Fatal(err)
	}
	edit(t, file, "/data-tools\"", "/memory\"")
	cmd := s.command(t, dir, "push")
	runCmd(t, cmd)
	t.Logf("lock, build and push of 200 MB, cold: peak memory %d MiB", peak(cmd))
	if peak(cmd) > 256 {
		t.Errorf("peak memory %d MiB, want at most 256", peak(cmd))
	}
}
