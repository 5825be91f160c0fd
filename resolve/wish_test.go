package resolve_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

const environmentYML = `# go_version: go1.26.8
name: tools
channels: [b, nodefaults]
colour: blue
dependencies:
- python >=3
- numpy
- extra  # [aarch64]
variables:
  B: "2 $x"
  A: 1
  GOTOOLCHAIN: auto
`

// TestEnvironmentYML checks how environment.yml and the configuration are
// joined.
func TestEnvironmentYML(t *testing.T) {
	w := &world{files: map[string]string{"environment.yml": environmentYML}}
	w.channel(t, "a", "noarch/python-3-0", "noarch/numpy-1-0", "noarch/numpy-2-0", "noarch/own-1-0")
	w.channel(t, "b", "linux-aarch64/extra-1-0")
	toml := "[image]\nname = \"x\"\n[conda]\nfile = \"environment.yml\"\nchannels = [\"a\", \"b\"]\ndependencies = [\"own\", \"numpy <2\"]\n"
	r := request(t, toml)
	var notes []string
	r.Note = func(text string) { notes = append(notes, text) }
	l, text := resolved(t, w, r)
	if a, b := packages(l, "", linux), packages(l, "", arm); a != "numpy-1-0 own-1-0 python-3-0" || b != "extra-1-0 numpy-1-0 own-1-0 python-3-0" {
		t.Errorf("amd64 %s, arm64 %s", a, b)
	}
	want := &lock.Solve{
		Envs: []string{""}, Platform: arm, Channels: []string{"a", "b"}, Priority: "strict", Specs: []string{"python >=3", "extra", "own", "numpy <2"},
		Virtual: []string{"__archspec=1=aarch64", "__linux=4.18=0", "__unix=0=0"}, Variables: []string{"A=1", "B=2 $x", "GOTOOLCHAIN=auto"},
	}
	if diff := cmp.Diff(want, l.For("", arm).Solve); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
	env := []string{
		"PATH=/opt/conda/bin:/go/bin:/usr/local/go/bin:$PATH", "CONDA_PREFIX=/opt/conda", "CONDA_DEFAULT_ENV=/opt/conda", "CONDA_SHLVL=1",
		"A=1", "B=2 $x", "GOTOOLCHAIN=auto", "GOPATH=/go", "CGO_ENABLED=0",
	}
	if diff := cmp.Diff(env, l.For("", arm).Activation.Env); diff != "" {
		t.Errorf("activation (-want +got):\n%s", diff)
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "environment.yml:4: ") {
		t.Errorf("notes %q", notes)
	}
	if asked := strings.Join(w.questions(), "\n"); !strings.Contains(asked, "go 1.26.8 for [linux/amd64 linux/arm64]") {
		t.Errorf("asked %s", asked)
	}
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("again (-was +is):\n%s", cmp.Diff(text, again))
	}
}

// TestFrom checks packages that another tool chose.
func TestFrom(t *testing.T) {
	w := &world{files: map[string]string{
		"l.txt":     explicit("noarch/a-1-0.conda#"+hash("a"), "noarch/b-1-0.conda#"+hash("b")),
		"other.txt": explicit("noarch/b-1-0.conda#" + hash("b")),
	}, meta: map[string]*archive.Meta{}}
	for _, name := range []string{"a", "b"} {
		w.meta[name+"-1-0.conda"] = &archive.Meta{Index: archive.Index{Name: name, Version: "1", Build: "0", Subdir: "noarch"}}
	}
	w.channel(t, "https://conda.example/c", "noarch/a-1-0", "noarch/a-2-0", "noarch/d-1-0")
	elsewhere := strings.Replace(both, `"c"`, `"https://conda.example/c"`, 1)
	r := request(t, elsewhere+"dependencies = [\"a\"]\n[env.x]\n")
	r.From = map[string]string{"": "l.txt"}
	l, text := resolved(t, w, r)
	if a, b, c := packages(l, "", linux), packages(l, "", arm), packages(l, "x", linux); a != "a-1-0 b-1-0" || b != a || c != "a-2-0" || l.For("", arm).Solve.From != "l.txt" {
		t.Errorf("amd64 %s, arm64 %s, x %s", a, b, c)
	}
	w.questions()
	r.Old, r.From = l, nil
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("later (-was +is):\n%s", cmp.Diff(text, again))
	}
	// Another question is solved, with as few changes as that takes.
	r = request(t, elsewhere+"dependencies = [\"a\", \"d\"]\n")
	r.Old = l
	if l, _ := resolved(t, w, r); packages(l, "", arm) != "a-1-0 d-1-0" || l.For("", arm).Solve.From != "" {
		t.Errorf("solved again: %s", packages(l, "", arm))
	}
	const hint = "lock with the other tool again, or run gophersnake lock without --from"
	r.From = map[string]string{"": "other.txt"}
	_, err := resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Stale, `other.txt: no package "a" for linux/amd64, which "a" asks for`, hint)
	r = request(t, elsewhere+"dependencies = [\"a >1\"]\n")
	r.From = map[string]string{"": "l.txt"}
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Stale, `l.txt: package a-1-0 for linux/amd64 is not what "a >1" asks for`, hint)
}

// TestGrounded checks the virtual packages that locked packages need.
func TestGrounded(t *testing.T) {
	w := &world{base: lock.Facts{Libc: "glibc 2.17"}, files: map[string]string{"pixi.lock": strings.ReplaceAll(pixiLock, "SHA", hash("a"))}}
	r := request(t, oneImage+"[base]\nimage = \"debian:7\"\n[conda]\nlock = \"pixi.lock\"\n")
	_, err := resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Unsatisfiable, "conda for linux/amd64: package a-1-0 needs __glibc >=2.28, and the base debian:7 has glibc 2.17",
		`choose a newer base; a C library that you add yourself can be stated: [conda] virtual-packages = { __glibc = "2.36" }`)
	w.base.Libc = "glibc 2.31"
	_, err = resolve.Lock(t.Context(), w, r)
	wantError(t, err, fault.Unsatisfiable, "conda for linux/amd64: package a-1-0 needs __cuda, which images of linux/amd64 have not",
		`if they do, say so: [conda] virtual-packages = { __cuda = "VERSION" }`)
	r.Override = map[string]string{"__cuda": "12"}
	l, _ := resolved(t, w, r)
	if got := l.Conda[0].Depends; strings.Join(got, "; ") != "__glibc >=2.28; __cuda" {
		t.Errorf("depends %q", got)
	}
}

const pixiLock = `version: 6
environments:
  default:
    channels:
    - url: https://conda.example/c/
    packages:
      linux-64:
      - conda: https://conda.example/c/linux-64/a-1-0.conda
packages:
- conda: https://conda.example/c/linux-64/a-1-0.conda
  sha256: SHA
  depends:
  - __glibc >=2.28
  - __cuda
`

// TestChannelPaths shows that the lock names a directory as seen from
// gophersnake.toml, however it was written.
func TestChannelPaths(t *testing.T) {
	for written, want := range map[string]string{"file:///project/chan": "./chan", "./chan/": "./chan", "../chan": "../chan"} {
		w := &world{}
		w.channel(t, want, "noarch/app-1-0")
		w.channels[written] = w.channels[want]
		l, _ := resolved(t, w, request(t, oneImage+"[conda]\nchannels = [\""+written+"\"]\ndependencies = [\"app\"]\n"))
		if got := l.Solve[0].Channels; len(got) != 1 || got[0] != want {
			t.Errorf("%s is locked as %q, want %q", written, got, want)
		}
	}
}
