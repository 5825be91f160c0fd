package condaenv_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// environment returns an environment of three packages in two groups.
func environment(a *archives) condaenv.Env {
	return condaenv.Env{
		Platform: amd64, Prefix: "/opt/conda", Base: &lock.Facts{}, Specs: []string{"tool"}, Archives: a,
		Packages: []lock.Conda{a.add(tool()), a.add(lib("linux-64")), a.add(python("linux-64"))},
		Groups:   []lock.Group{{Packages: []string{"gone"}}, {Packages: []string{"lib", "python"}}, {Packages: []string{"tool"}}},
	}
}

func mustLayers(t *testing.T, e condaenv.Env) []layers.Layer {
	t.Helper()
	ls, err := condaenv.New(e).Layers()
	must(t, err)
	return ls
}

func TestLayers(t *testing.T) {
	a := &archives{}
	e := environment(a)
	reports := 0
	e.Report = func(*link.Plan) { reports++ }
	ls := mustLayers(t, e)
	if len(a.asked) != 0 {
		t.Errorf("keys took %v", a.asked)
	}
	want := [][]string{
		{
			"opt/ 755", "opt/conda/ 755", "opt/conda/bin/ 755", "opt/conda/conda-meta/ 755", "opt/conda/etc/ 755", "opt/conda/lib/ 755", "opt/conda/share/ 755",
			"opt/conda/etc/lib.conf 644", "opt/conda/lib/lib.so.1 775", "opt/conda/lib/lib.so 777", "opt/conda/lib/copy 644", "opt/conda/share/sticky 775",
			"opt/conda/conda-meta/lib-1.0-0.json 644",
			"opt/conda/bin/python3.12 755", "opt/conda/bin/python 777", "opt/conda/conda-meta/python-3.12.1-0.json 644",
		},
		{
			"opt/ 755", "opt/conda/ 755", "opt/conda/bin/ 755", "opt/conda/conda-meta/ 755", "opt/conda/lib/ 755", "opt/conda/lib/python3.12/ 755",
			"opt/conda/lib/python3.12/site-packages/ 755", "opt/conda/lib/python3.12/site-packages/tool/ 755",
			"opt/conda/lib/python3.12/site-packages/tool/cli.py 644", "opt/conda/bin/tool-old 775", "opt/conda/bin/tool 775",
			"opt/conda/conda-meta/tool-1.0-0.json 644",
		},
		{"opt/ 755", "opt/conda/ 755", "opt/conda/conda-meta/ 755", "opt/conda/conda-meta/history 644"},
	}
	for i, l := range ls {
		if diff := cmp.Diff(want[i], makeLayer(t, l, tree.Gzip).Names); diff != "" {
			t.Errorf("layer %s %q (-want +got):\n%s", l.Kind, l.Name, diff)
		}
	}
	if got, want := titles(ls), "conda lib python; conda tool; env conda environment"; got != want {
		t.Errorf("layers are %q, want %q", got, want)
	}
	if reports != 1 {
		t.Errorf("%d reports", reports)
	}
	slices.Sort(a.asked)
	if diff := cmp.Diff(strings.Split("meta lib,meta python,meta tool,open lib,open python,open tool", ","), a.asked); diff != "" {
		t.Errorf("asked of the archives (-want +got):\n%s", diff)
	}
}

// TestPlan links once for the layers and for others who ask.
func TestPlan(t *testing.T) {
	a := &archives{}
	e := environment(a)
	reports := 0
	e.Report = func(*link.Plan) { reports++ }
	env := condaenv.New(e)
	if in := fmt.Sprint(env.Inputs()); !strings.Contains(in, "/opt/conda") || env.Root() != "opt/conda" || len(a.asked) != 0 {
		t.Errorf("inputs %s, root %q, asked %v", in, env.Root(), a.asked)
	}
	ls, err := env.Layers()
	must(t, err)
	plan, err := env.Plan(t.Context())
	must(t, err)
	_, err = ls[0].Content(t.Context())
	must(t, err)
	if diff := cmp.Diff(&link.Python{Version: "3.12", SitePackages: "lib/python3.12/site-packages"}, plan.Python); diff != "" || reports != 1 {
		t.Errorf("%d reports; -want +got:\n%s", reports, diff)
	}
}

func titles(ls []layers.Layer) string {
	var all []string
	for _, l := range ls {
		all = append(all, l.Kind+" "+l.Name)
	}
	return strings.Join(all, "; ")
}

func TestTitle(t *testing.T) {
	a := &archives{}
	e := condaenv.Env{Platform: amd64, Prefix: "/opt/conda", Base: &lock.Facts{}, Archives: a, Groups: []lock.Group{{}}}
	for _, name := range strings.Fields("a b c d e f g") {
		e.Packages = append(e.Packages, a.add(archivetest.Package{Name: name}))
		e.Groups[0].Packages = append(e.Groups[0].Packages, name)
	}
	if got, want := mustLayers(t, e)[0].Name, "a b c d e … 7 packages"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
}

func TestNone(t *testing.T) {
	ls, err := condaenv.New(condaenv.Env{Platform: amd64, Prefix: "/opt/conda"}).Layers()
	if ls != nil || err != nil {
		t.Errorf("%v, %v", ls, err)
	}
}

func TestNotPlanned(t *testing.T) {
	e := environment(&archives{})
	e.Groups = e.Groups[:2]
	_, err := condaenv.New(e).Layers()
	var f *fault.Error
	if !errors.As(err, &f) || f.Error() != `gophersnake.lock: package "tool" is in no group of the plan` || f.Class() != "usage" || f.Hint() != "run gophersnake lock --replan" {
		t.Errorf("error %v", err)
	}
}

// TestState checks that variables are in a file of their own.
func TestState(t *testing.T) {
	e := environment(&archives{})
	e.Variables = []string{"A=1"}
	ls := mustLayers(t, e)
	want := []string{"opt/ 755", "opt/conda/ 755", "opt/conda/conda-meta/ 755", "opt/conda/conda-meta/history 644", "opt/conda/conda-meta/state 644"}
	if diff := cmp.Diff(want, makeLayer(t, ls[len(ls)-1], e.Compression).Names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPrefixError(t *testing.T) {
	e := environment(&archives{})
	e.Prefix = "/opt/.wh.conda"
	const want = `/opt/.wh.conda/conda-meta/history: path "opt/.wh.conda/conda-meta/history" is an overlay whiteout`
	if _, err := condaenv.New(e).Layers(); err == nil || err.Error() != want || fault.ClassOf(err) != fault.Usage {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestKey changes one input at a time. Every layer of packages has another key
// then; whether the fragments do depends on whether their bytes do.
func TestKey(t *testing.T) {
	a := &archives{}
	newer := lib("linux-64")
	newer.Version = "1.1"
	before := mustLayers(t, environment(a))
	for _, tc := range []struct {
		name      string
		change    func(*condaenv.Env)
		same      bool // all keys
		fragments int  // of lib, python and tool that are other than before
		history   bool // has another key
	}{
		{"nothing", func(*condaenv.Env) {}, true, 0, false},
		{"order of packages", func(e *condaenv.Env) { slices.Reverse(e.Packages) }, true, 0, false},
		{"who uses a package", func(e *condaenv.Env) {
			e.Packages[0].Envs, e.Packages[0].Platforms = []string{"k8s"}, []platforms.Platform{amd64, arm64}
		}, true, 0, false},
		{"specs", func(e *condaenv.Env) { e.Specs = []string{"tool >=1"} }, true, 0, true},
		{"variables", func(e *condaenv.Env) { e.Variables = []string{"A=1"} }, true, 0, true},
		{"a directory elsewhere", func(e *condaenv.Env) { e.Base = &lock.Facts{Dirs: []lock.Dir{{Path: "tmp", Mode: 0o1777}}} }, true, 0, false},
		{"prefix", func(e *condaenv.Env) { e.Prefix = "/opt/c" }, false, 3, true},
		{"a link to the prefix", func(e *condaenv.Env) {
			e.Base = &lock.Facts{Links: []lock.Link{{Path: "opt", Target: "data"}}}
		}, false, 3, true},
		{"mode of /opt", func(e *condaenv.Env) { e.Base = &lock.Facts{Dirs: []lock.Dir{{Path: "opt", Mode: 0o711}}} }, false, 0, true},
		{"mode below the prefix", func(e *condaenv.Env) {
			e.Base = &lock.Facts{Dirs: []lock.Dir{{Path: "opt/conda/bin", Mode: 0o711}}}
		}, false, 0, false},
		{"pyc", func(e *condaenv.Env) { e.DropPyc = true }, false, 0, false},
		{"a version", func(e *condaenv.Env) { e.Packages[1] = a.add(newer) }, false, 1, true},
		{"a URL", func(e *condaenv.Env) { e.Packages[1].URL += "x/lib-1.0-0.conda" }, false, 1, false},
		{"compression", func(e *condaenv.Env) { e.Compression = tree.Zstd }, false, 0, true},
		{"one package less", func(e *condaenv.Env) { e.Packages = append(e.Packages[:1:1], e.Packages[2]) }, false, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := environment(a)
			tc.change(&e)
			after := mustLayers(t, e)
			for i := range before[:2] {
				if (before[i].Key == after[i].Key) != tc.same {
					t.Errorf("layer %q: same key %v, want %v", before[i].Name, !tc.same, tc.same)
				}
			}
			if (before[2].Key != after[2].Key) != tc.history {
				t.Errorf("history: other key %v, want %v", !tc.history, tc.history)
			}
			was := fragmentKeys(t, before)
			changed := 0
			for _, key := range fragmentKeys(t, after) {
				if !slices.Contains(was, key) {
					changed++
				}
			}
			if changed != tc.fragments {
				t.Errorf("%d other fragments, want %d", changed, tc.fragments)
			}
		})
	}
}

func fragmentKeys(t *testing.T, ls []layers.Layer) (keys []string) {
	t.Helper()
	for _, l := range ls {
		if l.Kind != "conda" {
			continue
		}
		c, err := l.Content(t.Context())
		must(t, err)
		for _, f := range c.Fragments {
			keys = append(keys, f.Key)
		}
	}
	return keys
}

// TestNeighbours checks that layers depend on the other packages only in what
// they share: the loser of a path changes, and nobody else.
func TestNeighbours(t *testing.T) {
	a := &archives{}
	e := environment(a)
	before := mustLayers(t, environment(a))
	rival := python("linux-64")
	rival.Depends = []string{"lib"} // so that it comes later, and wins
	rival.Files = append(rival.Files, archivetest.File("etc/lib.conf", "mine"))
	e.Packages[2] = a.add(rival)
	var plan *link.Plan
	e.Report = func(p *link.Plan) { plan = p }
	after := mustLayers(t, e)
	was, is := fragmentKeys(t, before), fragmentKeys(t, after)
	if was[0] == is[0] || was[1] == is[1] || was[2] != is[2] {
		t.Errorf("fragments of lib, python and tool were\n%q, are\n%q", was, is)
	}
	if diff := cmp.Diff([]link.Clobber{{Path: "etc/lib.conf", Winner: "python", Losers: []string{"lib"}}}, plan.Clobbers); diff != "" {
		t.Errorf("clobbers (-want +got):\n%s", diff)
	}
	names := makeLayer(t, after[0], tree.Gzip).Names
	if n := len(slices.DeleteFunc(names, func(n string) bool { return n != "opt/conda/etc/lib.conf 644" })); n != 1 {
		t.Errorf("etc/lib.conf is there %d times", n)
	}
}

// TestPlatforms checks that a noarch package is the same fragment everywhere.
func TestPlatforms(t *testing.T) {
	a := &archives{}
	e := environment(a)
	generic := a.add(archivetest.Package{Name: "data", Noarch: "generic", Files: []archivetest.Entry{archivetest.File("share/d", "d")}})
	e.Packages, e.Groups = append(e.Packages, generic), append(e.Groups, lock.Group{Packages: []string{"data"}})
	other := e
	other.Platform = arm64
	other.Packages = []lock.Conda{e.Packages[0], a.add(lib("linux-aarch64")), a.add(python("linux-aarch64")), generic}
	x, y := fragmentKeys(t, mustLayers(t, e)), fragmentKeys(t, mustLayers(t, other))
	for i, same := range []bool{false, false, true, true} { // lib, python, tool, data
		if (x[i] == y[i]) != same {
			t.Errorf("fragment %d is the same for both platforms: %v, want %v", i, !same, same)
		}
	}
}

// TestErrors checks that an error of the archives passes through and is
// forgotten.
func TestErrors(t *testing.T) {
	a := &archives{}
	ls := mustLayers(t, environment(a))
	a.fail = fault.New(fault.Network, "https://conda.example", "503")
	if _, err := ls[1].Content(t.Context()); !errors.Is(err, a.fail) {
		t.Errorf("error %v", err)
	}
	a.fail = nil
	content, err := ls[1].Content(t.Context())
	must(t, err)
	a.broken = errors.New("broken")
	if err := content.Fragments[0].Write(t.Context(), nil); !errors.Is(err, a.broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := mustLayers(t, environment(&archives{fail: context.Canceled}))
	if _, err := fresh[0].Content(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestDescribeError takes packages that do not fit together.
func TestDescribeError(t *testing.T) {
	e := environment(&archives{})
	e.Packages = e.Packages[:2] // a noarch python package without python
	_, err := mustLayers(t, e)[0].Content(t.Context())
	if fault.ClassOf(err) != fault.Usage || !strings.Contains(err.Error(), "python") {
		t.Errorf("error %v", err)
	}
}

func TestDropPyc(t *testing.T) {
	a := &archives{}
	compiled := tool()
	compiled.Files = append(compiled.Files, archivetest.File("site-packages/tool/__pycache__/cli.cpython-312.pyc", "pyc"))
	e := environment(a)
	e.Packages[0] = a.add(compiled)
	for _, drop := range []bool{false, true} {
		e.DropPyc = drop
		names := makeLayer(t, mustLayers(t, e)[1], tree.Gzip).Names
		if there := slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, ".pyc ") }); there == drop {
			t.Errorf("drop %v: %q", drop, names)
		}
	}
}

// TestListing makes linking ask for the targets of a package's links.
func TestListing(t *testing.T) {
	a := &archives{}
	files := func(name string, es ...archivetest.Entry) archivetest.Package {
		return archivetest.Package{Name: name, Files: es}
	}
	e := condaenv.Env{Platform: amd64, Prefix: "/p", Base: &lock.Facts{}, Archives: a, Groups: []lock.Group{{Packages: []string{"a", "b"}}}, Packages: []lock.Conda{
		a.add(files("a", archivetest.File("lib/x", "x"), archivetest.Symlink("lib64", "lib"))),
		a.add(files("b", archivetest.File("lib64/y", "y"))),
	}}
	names := makeLayer(t, mustLayers(t, e)[0], tree.Gzip).Names
	if !slices.Contains(names, "p/lib/y 644") || slices.Contains(names, "p/lib64/y 644") {
		t.Errorf("lib64 is no link: %q", names)
	}
	a.broken = errors.New("broken")
	if _, err := mustLayers(t, e)[0].Content(t.Context()); !errors.Is(err, a.broken) {
		t.Errorf("error %v", err)
	}
}

func TestRecord(t *testing.T) {
	p := lock.Conda{
		Name: "n", Version: "v", Build: "b", BuildNumber: 7, Subdir: "linux-64", URL: "https://h/c/linux-64/n-v-b.conda", Channel: "https://h/c",
		SHA256: "s", MD5: "m", Size: 9, Depends: []string{"d"}, Constrains: []string{"c"}, TrackFeatures: []string{"t"}, Features: "f",
		Noarch: "generic", SitePackages: "lib/p", License: "L", LicenseFamily: "LF", Timestamp: 5,
	}
	want := link.Record{
		Name: "n", Version: "v", Build: "b", BuildNumber: 7, Subdir: "linux-64", URL: p.URL, Channel: "https://h/c", FileName: "n-v-b.conda",
		SHA256: "s", MD5: "m", Size: 9, Depends: []string{"d"}, Constrains: []string{"c"}, TrackFeatures: []string{"t"}, Features: "f",
		Noarch: "generic", PythonSitePackagesPath: "lib/p", License: "L", LicenseFamily: "LF", Timestamp: 5,
	}
	if diff := cmp.Diff(want, condaenv.Record(&p)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := condaenv.FileName("n.conda"); got != "n.conda" {
		t.Errorf("file name %q", got)
	}
}
