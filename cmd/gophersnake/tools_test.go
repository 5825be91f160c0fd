package main

import (
	"strings"
	"testing"
)

// TestTools locks real tools: the proxy's modules, the public checksum
// database, and a Go that compiles what no Go of the image can.
func TestTools(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the module proxy")
	}
	s := proxySite(t, imageTable+"[go]\nversions = [\"1.26\"]\ntools = [\"golang.org/x/tools/gopls@v0.24.0\", \"mvdan.cc/gofumpt@v0.11\"]\n")
	got := s.run("lock")
	if got.Code == 5 {
		t.Skip("the module proxy does not answer: ", got.Stderr)
	}
	if got.Code != 0 || !strings.Contains(got.Stderr, " compiles gopls, which needs Go 1.27.0; it is not in the image\n") ||
		!strings.Contains(got.Stderr, "+ tool mvdan.cc/gofumpt v0.11.0 by go 1.2") {
		t.Errorf("lock: exit %d\n%s", got.Code, got.Stderr)
	}
	s.env = append(s.env, "GOPROXY=off")
	if got := s.run("lock"); got.Code != 0 {
		t.Errorf("lock again: exit %d\n%s", got.Code, got.Stderr)
	}
	if got := s.run("lock", "--update", "gofunpt"); got.Code != 2 || !strings.Contains(got.Stderr, `the lock has no "gofunpt"`+"\nhint: did you mean \"gofumpt\"?") {
		t.Errorf("update: exit %d\n%s", got.Code, got.Stderr)
	}
}

func TestToolErrors(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the module proxy")
	}
	for _, tc := range []struct{ tool, want string }{
		{"mvdan.cc/gofumpt@v0.3.99", "gophersnake: mvdan.cc/gofumpt@v0.3.99: the module proxy has no such version\nhint: the nearest version is v0.3.1\n"},
		{"mvdan.cc/gofumpt/format@v0.11.0", "gophersnake: mvdan.cc/gofumpt/format@v0.11.0: is not a command\nhint: its commands are mvdan.cc/gofumpt\n"},
		{"mvdan.cc/gofumpt/cmd/x@v0.11.0", "gophersnake: mvdan.cc/gofumpt/cmd/x@v0.11.0: module mvdan.cc/gofumpt has no such package\nhint: its commands are mvdan.cc/gofumpt\n"},
	} {
		s := proxySite(t, imageTable+"[go]\ntools = [\""+tc.tool+"\"]\n")
		got := s.run("lock")
		if got.Code == 5 {
			t.Skip("the module proxy does not answer: ", got.Stderr)
		}
		if got.Code != 2 || !strings.HasSuffix(got.Stderr, tc.want) {
			t.Errorf("%s: exit %d\n%s\nwant\n%s", tc.tool, got.Code, got.Stderr, tc.want)
		}
	}
}
