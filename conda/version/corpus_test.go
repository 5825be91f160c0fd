package version_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors returns the lines of a file of the shared test data.
func vectors(tb testing.TB, name string) []string {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "vectors", name))
	if err != nil {
		tb.Skipf("no shared test data: %v", err)
	}
	defer f.Close()
	var lines []string
	for in := bufio.NewScanner(f); in.Scan(); {
		if line := strings.TrimSpace(in.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}
