package main

import (
	"os/exec"
	"strings"
	"testing"
)

// proxySite is a project that asks the module proxy of this machine for Go.
func proxySite(t *testing.T, config string) *site {
	t.Helper()
	out, err := exec.Command("go", "env", "GOPROXY").Output()
	proxy := strings.TrimSpace(string(out))
	if err != nil || !strings.Contains(proxy, "://") {
		t.Skip("no module proxy")
	}
	s := newSite(t, config)
	s.env = append(s.env, "GOPROXY="+proxy)
	return s
}

// G05 and G06: Go versions that are not there.
func TestNoSuchGo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the module proxy")
	}
	for _, version := range []string{"1.99.9", ">=1.99.0"} {
		s := proxySite(t, imageTable+"[go]\nversions = [\""+version+"\"]\n")
		got := s.run("-q", "lock", "--max-wait", "5s")
		if got.Code == 5 {
			t.Skip("the module proxy does not answer: ", got.Stderr)
		}
		if got.Code != 2 || !strings.Contains(got.Stderr, version) || !strings.Contains(got.Stderr, "hint: ") {
			t.Errorf("%s: exit %d, %q", version, got.Code, got.Stderr)
		}
		t.Log(got.Stderr)
		s.absent(lockName)
	}
}

// Nobody is asked with --offline, and a proxy that does not answer is named.
func TestGoWithoutProxy(t *testing.T) {
	t.Parallel()
	s := newSite(t, imageTable+"[go]\nversions = [\"1.26\"]\n")
	s.env = append(s.env, "GOPROXY=http://127.0.0.1:1")
	s.fails(5, "gophersnake: golang.org/toolchain/@v/list: http://127.0.0.1:1/golang.org/toolchain/@v/list: --offline is set\n", "lock", "--offline")
	got := s.run("-q", "lock", "--max-wait", "1s")
	if got.Code != 5 || !strings.HasSuffix(got.Stderr, " attempts: dial tcp 127.0.0.1:1: connect: connection refused\n") {
		t.Errorf("exit %d, %q", got.Code, got.Stderr)
	}
	s.env = append(s.env, "GOPROXY=off")
	s.fails(2, "gophersnake: go.proxy: no module proxy in \"off\"\nhint: set [go] proxy or GOPROXY to the URL of a module proxy: toolchains come as modules\n", "lock")
	s.absent(lockName)
}
