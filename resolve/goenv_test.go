package resolve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

// TestGoVariables checks that every environment has the variables that it asks
// for, those it inherits, and nothing of another's.
func TestGoVariables(t *testing.T) {
	r := request(t, oneImage+`[go]
versions = ["1.26"]
[go.env]
GOPROXY = "https://p.example.com,direct"
[env.one]
go.env = { GOPATH = "/work/go:/shared", GOBIN = "/work/bin", GOFLAGS = "-tags=one", GOPRIVATE = "git.example.com" }
[env.two]
go.env = { GOPROXY = "off", GOMODCACHE = "/cache/mod", GOCACHE = "/cache/build", GOTOOLCHAIN = "auto", CGO_ENABLED = "1" }
[env.bin]
go.env = { GOBIN = "/go/bin" }
[env.none]
go.versions = []
`)
	l, _ := resolved(t, &world{}, r)
	for env, want := range map[string][]string{
		"": {"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOPROXY=https://p.example.com,direct"},
		"one": {
			"PATH=/work/bin:/work/go/bin:/shared/bin:/usr/local/go/bin:$PATH", "GOTOOLCHAIN=local", "CGO_ENABLED=0",
			"GOBIN=/work/bin", "GOFLAGS=-tags=one", "GOPATH=/work/go:/shared", "GOPRIVATE=git.example.com", "GOPROXY=https://p.example.com,direct",
		},
		"two": {
			"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "CGO_ENABLED=1", "GOCACHE=/cache/build", "GOMODCACHE=/cache/mod", "GOPROXY=off", "GOTOOLCHAIN=auto",
		},
		"bin":  {"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOBIN=/go/bin", "GOPROXY=https://p.example.com,direct"},
		"none": {"GOPROXY=https://p.example.com,direct"},
	} {
		if diff := cmp.Diff(want, l.For(env, linux).Activation.Env); diff != "" {
			t.Errorf("variables of %q (-want +got):\n%s", env, diff)
		}
	}
}

// cgo returns what a lock's first environment says of cgo on linux/amd64.
func cgo(l *lock.Lock) string {
	for _, v := range l.For("", linux).Activation.Env {
		if strings.HasPrefix(v, "CGO_ENABLED=") {
			return v
		}
	}
	return "unset"
}

// TestCgo checks that cgo is off where no package and no base has a compiler, and
// else left to the go command.
func TestCgo(t *testing.T) {
	const golang = oneImage + "[go]\nversions = [\"1.26\"]\n"
	for _, tt := range []struct{ name, want string }{
		{"python", "CGO_ENABLED=0"},
		{"gcc_impl_linux-64", "unset"},
		{"gcc_linux-64", "unset"},
		{"c-compiler", "unset"},
		{"clang", "unset"},
		{"libgcc", "CGO_ENABLED=0"},
		{"libclang", "CGO_ENABLED=0"},
		{"gcc_impl_osx-64", "CGO_ENABLED=0"},
	} {
		w := &world{files: map[string]string{"l.txt": explicit("noarch/" + tt.name + "-1-0.conda#" + hash("a"))}}
		l, _ := resolved(t, w, request(t, golang+"[conda]\nlock = \"l.txt\"\n"))
		if got := cgo(l); got != tt.want {
			t.Errorf("conda package %s: %s, want %s", tt.name, got, tt.want)
		}
	}
	for compiler, want := range map[bool]string{true: "unset", false: "CGO_ENABLED=0"} {
		w := &world{base: lock.Facts{Compiler: compiler}}
		l, text := resolved(t, w, request(t, golang+"[base]\nimage = \"debian:12\"\n"))
		if got := cgo(l); got != want || strings.Contains(text, "compiler = true") != compiler {
			t.Errorf("a base with a compiler %v: %s, want %s", compiler, got, want)
		}
	}
}

// TestInPrefix checks where toolchains inside an environment are found, and that
// they do not lie where conda's own does.
func TestInPrefix(t *testing.T) {
	files := map[string]string{"l.txt": explicit("noarch/python-1-0.conda#" + hash("a")), "go.txt": explicit("noarch/go-1-0.conda#" + hash("b"))}
	const toml = oneImage + `[conda]
lock = "l.txt"
[go]
versions = ["1.26"]
in-prefix = true
[env.two]
conda.prefix = "/srv/env"
go.versions = ["1.25.0", "1.26"]
`
	l, _ := resolved(t, &world{files: files}, request(t, toml))
	for env, want := range map[string]string{
		"":    "PATH=/opt/conda/bin:/go/bin:/opt/conda/go/bin:$PATH",
		"two": "PATH=/srv/env/bin:/go/bin:/srv/env/go/1.25.0/bin:$PATH",
	} {
		if got := l.For(env, linux).Activation.Env[0]; got != want {
			t.Errorf("%q: %s, want %s", env, got, want)
		}
	}
	_, err := resolve.Lock(t.Context(), &world{files: files}, request(t, strings.Replace(toml, "l.txt", "go.txt", 1)))
	wantError(t, err, fault.Usage, "go.in-prefix: conda package go has its toolchain in /opt/conda/go too", "leave in-prefix out: a Go of the environment is in it already")
}

// TestPrivateTools checks that nobody is asked for a private tool.
func TestPrivateTools(t *testing.T) {
	for _, tt := range []struct{ machine, image string }{{"git.example.com/*", ""}, {"", "x.example.com,git.example.com"}} {
		toml := oneImage + "[go]\ntools = [\"git.example.com/team/tool/cmd/x@v1.0.0\"]\n"
		if tt.image != "" {
			toml += fmt.Sprintf("env = { GOPRIVATE = %q }\n", tt.image)
		}
		r := request(t, toml)
		r.GoPrivate = tt.machine
		w := &world{}
		_, err := resolve.Lock(t.Context(), w, r)
		wantError(t, err, fault.Usage, `go.tools: "git.example.com/team/tool/cmd/x" is private by GOPRIVATE, and tools are public modules that the checksum database knows`,
			`require its module in go.mod and compile it as [[cli]] with package = "git.example.com/team/tool/cmd/x": go.sum has its hash`)
		if q := w.questions(); slices.ContainsFunc(q, func(s string) bool { return strings.Contains(s, "git.example.com") }) {
			t.Errorf("the world was asked %q", q)
		}
	}
}
