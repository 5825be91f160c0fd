package lock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/lock"
)

func TestFacts(t *testing.T) {
	f := lock.Facts{
		Links: []lock.Link{{Path: "bin", Target: "usr/bin"}, {Path: "usr/bin/x", Target: "opt/x"}, {Path: "r", Target: "."}, {Path: "p", Target: "q"}, {Path: "q", Target: "p"}},
		Dirs:  []lock.Dir{{Path: "usr/bin", Mode: 0o700, UID: 1, GID: 2}},
	}
	for p, want := range map[string]string{
		"bin": "usr/bin", "bin/y": "usr/bin/y", "bin/x/y": "opt/x/y", "/bin/y": "usr/bin/y", "binary": "binary",
		"r/bin/y": "usr/bin/y", "": ".", "a/../bin/y": "usr/bin/y", "opt": "opt",
	} {
		if got := f.Resolve(p); got != want {
			t.Errorf("Resolve(%q) = %q, want %q", p, got, want)
		}
	}
	if got := f.Resolve("p/x"); !strings.HasSuffix(got, "/x") {
		t.Errorf("a circle gives %q", got)
	}
	if got, want := f.Attr("usr/bin"), f.Dirs[0]; got != want {
		t.Errorf("Attr(usr/bin) = %+v, want %+v", got, want)
	}
	if got, want := f.Attr("new"), (lock.Dir{Path: "new", Mode: 0o755}); got != want {
		t.Errorf("Attr(new) = %+v, want %+v", got, want)
	}
}

// A program is written where a base with merged /usr has it.
func ExampleFacts_Resolve() {
	facts := lock.Facts{Links: []lock.Link{{Path: "bin", Target: "usr/bin"}}}
	fmt.Println(facts.Resolve("bin/hello"))
	// Output: usr/bin/hello
}

func TestToolName(t *testing.T) {
	for pkg, want := range map[string]string{
		"honnef.co/go/tools/cmd/staticcheck": "staticcheck", "mvdan.cc/gofumpt": "gofumpt", "tools.example/lint/v2": "lint",
		"tools.example/v1": "v1", "tools.example/cmd/v2x": "v2x", "v2": "v2", "tools.example/lint/v10": "lint",
	} {
		if got := (lock.Tool{Package: pkg}).Name(); got != want {
			t.Errorf("%s is %s, want %s", pkg, got, want)
		}
	}
}
