package resolve_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
)

// everything is a project with a base, conda, Go, a program and a variant.
const everything = `
[image]
name = "x/y"
[base]
image = "debian:12"
[conda.target.linux-64]
lock = "linux-64.txt"
[conda.target.linux-aarch64]
lock = "linux-aarch64.txt"
[go]
versions = ["1.26"]
[go.env]
GOPROXY = "https://goproxy.example.com"
GOTOOLCHAIN = "local+path"
[[cli]]
package = "./cmd/hello"
[env.k8s]
go.env = { GOPROXY = "off" }
[env.small]
image.platforms = ["linux/amd64"]
base.image = "scratch"
conda.target.linux-64.lock = "noarch.txt"
`

func everythingWorld() *world {
	data := "noarch/data-1-0.conda#" + hash("d")
	return &world{files: map[string]string{
		"linux-64.txt":      explicit("linux-64/lib-1-0.conda#"+hash("a"), data),
		"linux-aarch64.txt": explicit("linux-aarch64/lib-1-0.conda#"+hash("b"), data),
		"noarch.txt":        explicit(data),
	}, missing: []platforms.Platform{darwin}}
}

func TestLock(t *testing.T) {
	w := everythingWorld()
	l, text := resolved(t, w, request(t, everything))
	want := strings.Split(`base debian:12 linux/amd64
base debian:12 linux/amd64
base debian:12 linux/arm64
base debian:12 linux/arm64
go 1.26 for [linux/amd64 linux/arm64]
go 1.26 for [linux/amd64]
package data-1-0.conda
package data-1-0.conda
package data-1-0.conda
package data-1-0.conda
package data-1-0.conda
package lib-1-0.conda
package lib-1-0.conda
package lib-1-0.conda
package lib-1-0.conda
toolchain 1.26.8 darwin/amd64 false
toolchain 1.26.8 darwin/amd64 false
toolchain 1.26.8 darwin/amd64 false
toolchain 1.26.8 darwin/arm64 false
toolchain 1.26.8 darwin/arm64 false
toolchain 1.26.8 darwin/arm64 false
toolchain 1.26.8 linux/amd64 true
toolchain 1.26.8 linux/amd64 true
toolchain 1.26.8 linux/amd64 true
toolchain 1.26.8 linux/arm64 false
toolchain 1.26.8 linux/arm64 true
toolchain 1.26.8 linux/arm64 true`, "\n")
	if diff := cmp.Diff(want, w.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	s := l.For("small", linux)
	if s.Base != nil || len(s.Conda) != 1 || !s.Go[0].Image || len(l.For("small", platforms.Platform{OS: "linux", Arch: "arm64"}).Conda) != 0 {
		t.Errorf("small is %+v", s)
	}
	for _, tc := range []struct {
		env string
		p   platforms.Platform
		has bool
		h1  bool
	}{{"", linux, true, true}, {"k8s", linux, true, true}, {"", darwin, false, false}} {
		s := l.For(tc.env, tc.p)
		if s.Go[0].Image != tc.has || !s.Go[0].Host || (s.Go[0].H1 != "") != tc.h1 || (s.Go[0].ZipSHA256 != "") != tc.has {
			t.Errorf("%q on %s: toolchain %+v", tc.env, tc.p, s.Go[0])
		}
	}
	if !strings.Contains(text, `envs = [
  "default",
  "k8s",
]`) {
		t.Errorf("the top level and k8s share no row:\n%s", text)
	}
}

// TestKept resolves again with what was resolved: nothing is asked, but for
// the toolchain that was not there, and nothing changes.
func TestKept(t *testing.T) {
	w := everythingWorld()
	w.missing = nil
	r := request(t, everything)
	l, text := resolved(t, w, r)
	l.Layer = []lock.Layer{{Key: "sha256:" + hash("1"), DiffID: "sha256:" + hash("2"), Digest: "sha256:" + hash("3"), Size: 4}}
	text += strings.Join([]string{
		"", "[[layer]]", `key = "sha256:` + hash("1") + `"`, `diff-id = "sha256:` + hash("2") + `"`, `digest = "sha256:` + hash("3") + `"`, "size = 4", "",
	}, "\n")
	w.questions()
	r.Old = l
	for name, change := range map[string]struct {
		change func(*resolve.Request)
		asked  []string
	}{
		"nothing":     {func(*resolve.Request) {}, nil},
		"replan":      {func(r *resolve.Request) { r.Replan = true }, nil},
		"base":        {func(r *resolve.Request) { r.Update = only("base") }, []string{"base debian:12 linux/amd64", "base debian:12 linux/arm64"}},
		"lib":         {func(r *resolve.Request) { r.Update = only("lib") }, []string{"package lib-1-0.conda"}},
		"another":     {func(r *resolve.Request) { r.Update = only("li", "") }, nil},
		"other input": {func(r *resolve.Request) { r.InputHash = sha("other") }, []string{"go 1.26 for [linux/amd64 linux/arm64]", "go 1.26 for [linux/amd64]"}},
		"go": {func(r *resolve.Request) { r.Update = only("go") }, []string{
			"go 1.26 for [linux/amd64 linux/arm64]", "go 1.26 for [linux/amd64]",
			"toolchain 1.26.8 darwin/amd64 false", "toolchain 1.26.8 darwin/arm64 false", "toolchain 1.26.8 linux/amd64 true",
			"toolchain 1.26.8 linux/arm64 false", "toolchain 1.26.8 linux/arm64 true",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := r
			change.change(&r)
			_, again := resolved(t, w, r)
			var asked []string
			for _, q := range w.questions() {
				if len(asked) == 0 || asked[len(asked)-1] != q {
					asked = append(asked, q)
				}
			}
			if diff := cmp.Diff(change.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			want := strings.Replace(text, sha(everything), r.InputHash, 1)
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("lock (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStickyPlan checks that a new package does not move those that stay: not
// of the top level either, whose name is spelled in two ways.
func TestStickyPlan(t *testing.T) {
	const toml = "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[conda]\nlock = \"l.txt\"\n"
	w := &world{files: map[string]string{"l.txt": explicit("linux-64/a-1-0.conda#"+hash("a"), "linux-64/z-1-0.conda#"+hash("b"))}}
	r := request(t, toml)
	l, _ := resolved(t, w, r)
	groups := func(gs []lock.Group) string {
		var all []string
		for _, g := range gs {
			all = append(all, strings.Join(g.Packages, " "))
		}
		return strings.Join(all, "; ")
	}
	if got := groups(l.Plan); got != "a z" {
		t.Fatalf("plan %q", got)
	}
	l.Plan = []lock.Group{{Envs: l.Plan[0].Envs, Packages: []string{"z"}}, {Envs: l.Plan[0].Envs, Packages: []string{"a"}}} // as another program might have it
	w.files["l.txt"] += channel + "linux-64/b-1-0.conda#" + hash("c") + "\n"
	r.Old = l
	again, _ := resolved(t, w, r)
	if got := groups(again.Plan); got != "z; a; b" && got != "z b; a" && got != "z; a b" {
		t.Errorf("plan %q does not keep z before a", got)
	}
	r.Replan = true
	again, _ = resolved(t, w, r)
	if got := groups(again.Plan); got != "a b z" {
		t.Errorf("new plan %q", got)
	}
}

// TestSteady resolves with answers in any order.
func TestSteady(t *testing.T) {
	w := everythingWorld()
	var lines []string
	for _, digit := range "0123456789abcdef" {
		lines = append(lines, "noarch/p"+string(digit)+"-1-0.conda#"+hash(string(digit)))
	}
	w.files["noarch.txt"] = explicit(lines...)
	r := request(t, everything)
	_, want := resolved(t, w, r)
	w.slow = true
	for range 3 {
		if _, got := resolved(t, w, r); got != want {
			t.Errorf("-want +got:\n%s", cmp.Diff(want, got))
		}
	}
}

func TestActivation(t *testing.T) {
	const image = "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n"
	for _, tc := range []struct {
		name, toml string
		want       []string
	}{
		{"nothing", "", nil},
		{"conda", "[conda]\nlock = \"l.txt\"\nprefix = \"/c\"\n", []string{"PATH=/c/bin:$PATH", "CONDA_PREFIX=/c", "CONDA_DEFAULT_ENV=/c", "CONDA_SHLVL=1"}},
		{"go", "[go]\nversions = [\"1.26\"]\n", []string{"PATH=/go/bin:/usr/local/go/bin:$PATH", "GOPATH=/go", "GOTOOLCHAIN=local", "CGO_ENABLED=0"}},
		{
			"both", "[conda]\nlock = \"l.txt\"\n[go]\nversions = [\"1.26\"]\nenv = { GOPATH = \"/x\", A = \"1\" }\n",
			[]string{"PATH=/opt/conda/bin:/x/bin:/usr/local/go/bin:$PATH", "CONDA_PREFIX=/opt/conda", "CONDA_DEFAULT_ENV=/opt/conda", "CONDA_SHLVL=1", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "A=1", "GOPATH=/x"},
		},
		{"variables alone", "[go]\nenv = { B = \"2\", A = \"1\" }\n", []string{"A=1", "B=2"}},
		{"a program alone", "[[cli]]\npackage = \"./cmd/x\"\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{files: map[string]string{"l.txt": explicit("noarch/a-1-0.conda#" + hash("a")), "go.mod": "module x\ngo 1.26\n"}}
			r := request(t, image+tc.toml)
			r.GoMod = "go.mod"
			l, _ := resolved(t, w, r)
			var got []string
			if a := l.For("", linux).Activation; a != nil {
				got = a.Env
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBase(t *testing.T) {
	w := &world{fail: map[string]error{"base debian:12 linux/arm64": errors.New("bad")}}
	r := request(t, "[image]\nname = \"x\"\n[base]\nimage = \"debian:12\"\n")
	if _, err := resolve.Lock(t.Context(), w, r); !errors.Is(err, w.fail["base debian:12 linux/arm64"]) {
		t.Errorf("error %v", err)
	}

	// Another image, or another platform, is asked for; what is there is kept.
	w.fail = nil
	l, _ := resolved(t, w, r)
	w.questions()
	r = request(t, "[image]\nname = \"x\"\n[base]\nimage = \"debian:13\"\n[env.old]\nbase.image = \"debian:12\"\n")
	r.Old = l
	resolved(t, w, r)
	if diff := cmp.Diff([]string{"base debian:13 linux/amd64", "base debian:13 linux/arm64"}, w.questions()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
