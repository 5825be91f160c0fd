package resolve_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
)

// goChannel has Go as real channels do: a package whose builds are variants, and
// packages that choose one.
func goChannel(t *testing.T, w *world) {
	t.Helper()
	var lines []string
	for _, subdir := range []string{"linux-64/", "linux-aarch64/"} {
		lines = append(lines, subdir+"app-1-0")
		for _, v := range []string{"1.21.5", "1.21.6", "1.22.0"} {
			lines = append(lines,
				subdir+"go-"+v+"-cgo_0: _go_select ==2.3.0 cgo", subdir+"go-"+v+"-nocgo_0: _go_select ==2.2.0 nocgo",
				subdir+"go-cgo-"+v+"-0: go "+v+" cgo_0; gcc", subdir+"go-nocgo-"+v+"-0: go "+v+" nocgo_0")
		}
		lines = append(lines, subdir+"_go_select-2.3.0-cgo", subdir+"_go_select-2.2.0-nocgo", subdir+"gcc-9-0")
	}
	w.channel(t, "c", lines...)
}

// TestCondaGo checks the Go of a channel: its wish joins the environment's
// requests, and the lock has no module and no layer of it.
func TestCondaGo(t *testing.T) {
	for _, tc := range []struct{ name, wish, env, want, specs string }{
		{"a series", "1.21", "", "_go_select-2.3.0-cgo app-1-0 go-1.21.6-cgo_0", "app go 1.21.*"},
		{"a version", "1.21.5", "", "_go_select-2.3.0-cgo app-1-0 go-1.21.5-cgo_0", "app go ==1.21.5"},
		{"a range", ">=1.21.0,<1.22.0", "", "_go_select-2.3.0-cgo app-1-0 go-1.21.6-cgo_0", "app go >=1.21.0,<1.22.0"},
		{"without cgo", ">1.21", "env.CGO_ENABLED = \"0\"", "_go_select-2.2.0-nocgo app-1-0 go-1.22.0-nocgo_0 go-nocgo-1.22.0-0", "app go >=1.22 go-nocgo"},
		{"with cgo", "<=1.21", "env.CGO_ENABLED = \"1\"", "_go_select-2.3.0-cgo app-1-0 gcc-9-0 go-1.21.6-cgo_0 go-cgo-1.21.6-0", "app go <1.22 go-cgo"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{}
			goChannel(t, w)
			r := request(t, both+"dependencies = [\"app\"]\n[go]\nsource = \"conda\"\nversions = [\""+tc.wish+"\"]\n"+tc.env+"\n")
			l, text := resolved(t, w, r)
			for _, p := range []platforms.Platform{linux, arm} {
				if got := packages(l, "", p); got != tc.want {
					t.Errorf("%s: packages %s, want %s", p, got, tc.want)
				}
				rows, c := l.For("", p).Go, l.For("", p).Conda
				i := slices.IndexFunc(c, func(c lock.Conda) bool { return c.Name == "go" })
				want := []lock.Toolchain{{
					Envs: []string{"default"}, Platform: p, Version: c[i].Version, Source: lock.SourceConda, File: "go-" + c[i].Version + "-" + c[i].Build + ".conda",
					SHA256: c[i].SHA256, Size: 1000, Image: true,
				}}
				if diff := cmp.Diff(want[0].File, rows[0].File); diff != "" || len(rows) != 1 || rows[0].SHA256 != want[0].SHA256 || rows[0].Size != 1000 || !rows[0].Image || rows[0].Host {
					t.Errorf("toolchains %+v, want %+v", rows, want)
				}
			}
			if got := strings.Join(l.Solve[0].Specs, " "); got != tc.specs {
				t.Errorf("asked for %q, want %q", got, tc.specs)
			}
			env := l.For("", linux).Activation.Env
			if env[0] != "PATH=/opt/conda/bin:/go/bin:$PATH" || slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "GOROOT=") }) {
				t.Errorf("activation %q", env)
			}
			w.questions()
			r.Old = l
			if _, again := resolved(t, w, r); again != text || w.questions() != nil {
				t.Errorf("a second lock asks, or changes\n%s", cmp.Diff(text, again))
			}
		})
	}
}

// TestCondaGoCompiles checks that programs beside a Go of conda are compiled by a
// module or an archive of the same version.
func TestCondaGoCompiles(t *testing.T) {
	w := &world{missing: []platforms.Platform{darwin}}
	goChannel(t, w)
	r := request(t, one+"[go]\nsource = \"conda\"\nversions = [\"go.mod\"]\n[[cli]]\npackage = \"./x\"\n")
	w.files, r.GoMod = map[string]string{"go.mod": "module x\ngo 1.21.5\n"}, "go.mod"
	l, _ := resolved(t, w, r)
	var got []string
	for _, g := range l.Go {
		line := g.Version + " " + g.Platform.String() + " " + g.Source
		if g.Host {
			line += " compiles"
		}
		got = append(got, line)
	}
	want := []string{
		"1.21.5 linux/amd64 conda", "1.21.5 linux/amd64 module compiles", "1.21.5 linux/arm64 module compiles",
		"1.21.5 darwin/amd64 module compiles", "1.21.5 darwin/arm64 release compiles",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAutoGo checks the first source that has a platform, and conda as the last.
func TestAutoGo(t *testing.T) {
	w := &world{missing: []platforms.Platform{arm}}
	goChannel(t, w)
	toml := both + "[go]\nsource = \"auto\"\nversions = [\"1.26\"]\n"
	r := request(t, toml)
	l, text := resolved(t, w, r)
	if a, b := l.For("", linux).Go[0], l.For("", arm).Go[0]; a.Source != "module" || b.Source != "release" || !slices.Equal(b.PassedOver, []string{"module: none"}) {
		t.Errorf("amd64 %+v\narm64 %+v", a, b)
	}
	w.questions()
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("a second lock asks, or changes\n%s", cmp.Diff(text, again))
	}

	none := &release.Error{Place: "go 1.21", Problem: "there is none", Type: string(fault.Usage)}
	w.fail = map[string]error{"go 1.21 for [linux/amd64 linux/arm64] from auto": none}
	var notes []string
	r = request(t, strings.Replace(toml, "1.26", "1.21", 1))
	r.Note = func(text string) { notes = append(notes, text) }
	l, text = resolved(t, w, r)
	want := lock.Toolchain{Source: lock.SourceConda, Version: "1.21.6", PassedOver: []string{"module and release: there is none"}}
	if g := l.For("", arm).Go[0]; g.Source != want.Source || g.Version != want.Version || !slices.Equal(g.PassedOver, want.PassedOver) {
		t.Errorf("%+v, want %+v", g, want)
	}
	if !slices.Contains(notes, "go 1.21 is conda's: there is none") {
		t.Errorf("notes %q", notes)
	}
	w.questions()
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("a second lock asks, or changes\n%s", cmp.Diff(text, again))
	}

	// Without a channel, or for several, it is an error.
	for _, toml := range []string{
		"[image]\nname = \"x\"\n[go]\nsource = \"auto\"\nversions = [\"1.21\"]\n",
		both + "[go]\nsource = \"auto\"\nversions = [\"1.21\", \"1.22\"]\n",
	} {
		if _, err := resolve.Lock(t.Context(), w, request(t, toml)); !errors.Is(err, none) {
			t.Errorf("error %v", err)
		}
	}
}

// TestReleaseGo checks the rows of archives: those of hosts alone have no
// signature yet.
func TestReleaseGo(t *testing.T) {
	w := &world{}
	r := request(t, oneImage+"[go]\nsource = \"release\"\nversions = [\"1.26\"]\n")
	l, text := resolved(t, w, r)
	for _, g := range l.Go {
		if g.Source != "release" || g.SHA256 == "" || g.Module != "" || (g.SignedBy != "") != g.Image {
			t.Errorf("%+v", g)
		}
	}
	w.questions()
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("a second lock asks, or changes\n%s", cmp.Diff(text, again))
	}
	// Another source is another question.
	r = request(t, oneImage+"[go]\nsource = \"module\"\nversions = [\"1.26\"]\n")
	r.Old = l
	resolved(t, w, r)
	if got := w.questions(); !slices.Contains(got, "toolchain 1.26.8 linux/amd64 true") {
		t.Errorf("asked %q", got)
	}
}

// TestCondaGoLocked checks a Go that another tool's lock has, or has not.
func TestCondaGoLocked(t *testing.T) {
	w := &world{files: map[string]string{
		"with.txt": explicit("linux-64/go-1.21.6-h0.conda#" + hash("1")), "without.txt": explicit("linux-64/app-1-h0.conda#" + hash("1")),
	}}
	toml := oneImage + "[conda]\nlock = \"with.txt\"\n[go]\nsource = \"conda\"\nversions = [\"1.21\"]\n"
	l, _ := resolved(t, w, request(t, toml))
	if g := l.For("", linux).Go[0]; g.File != "go-1.21.6-h0.conda" || g.Version != "1.21.6" {
		t.Errorf("%+v", g)
	}
	_, err := resolve.Lock(t.Context(), w, request(t, strings.Replace(toml, "with.txt", "without.txt", 1)))
	wantError(t, err, fault.Usage, `go.source: the packages of conda for linux/amd64 have no "go"`, `add it to the lock file of conda, or take [go] source = "module"`)
}

// TestRealCondaGo solves for the Go that a real channel of 2021 has, by its
// variants: real records, whose packages are not there.
func TestRealCondaGo(t *testing.T) {
	for cgo, want := range map[string][]string{
		"":  {"go 1.16.5"},
		"0": {"_go_select 2.2.0 nocgo", "go 1.16.5 hb589e2e_0", "go-nocgo 1.16.5 h94e987e_0"},
		"1": {"_go_select 2.3.0 cgo", "gcc_linux-64 9.3.0", "go 1.16.5 h59941bc_0", "go-cgo 1.16.5 hd57fb8f_0"},
	} {
		w := &world{base: lock.Facts{Libc: "glibc 2.36"}, channels: map[string]string{"c": shared(t, "repodata/defaults-current-2021-11")}}
		toml := "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"debian:12\"\n[conda]\nchannels = [\"c\"]\n[go]\nsource = \"conda\"\nversions = [\">=1.16,<1.17\"]\n"
		if cgo != "" {
			toml += "env.CGO_ENABLED = \"" + cgo + "\"\n"
		}
		l, _ := resolved(t, w, request(t, toml))
		var got []string
		for _, c := range l.For("", linux).Conda {
			got = append(got, c.Name+" "+c.Version+" "+c.Build)
		}
		for _, name := range want {
			if !slices.ContainsFunc(got, func(g string) bool { return g == name || strings.HasPrefix(g, name+" ") }) {
				t.Errorf("CGO_ENABLED=%q: no %s among %q", cgo, name, got)
			}
		}
		if g := l.For("", linux).Go[0]; g.Version != "1.16.5" || g.Source != "conda" || !strings.HasPrefix(g.File, "go-1.16.5-h") {
			t.Errorf("%+v", g)
		}
	}
}
