package repodata_test

import (
	"os"
	"strings"
	"testing"
)

// TestGuide checks that the program in docs/conda.md is the one that runs here.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/conda.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("engine_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(guide), "```go\n")
	code, _, ok := strings.Cut(code, "```\n")
	if !ok || code == "" || !strings.Contains(string(program), code) {
		t.Error("docs/conda.md has another program than engine_example_test.go")
	}
}
