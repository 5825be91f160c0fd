package link_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/link"
)

func file(path string) testEntry { return testEntry{path: path, content: path} }

var (
	python312 = testPackage{name: "python", version: "3.12.1", entries: []testEntry{file("bin/python3.12")}}
	links     = []testEntry{{path: "lib64", target: "lib"}}
)

// paths returns what each package installs: "name: path path …".
func paths(plan *link.Plan) []string {
	var lines []string
	for _, d := range plan.Descriptions {
		line := d.Record.Name + ":"
		for _, f := range d.Files {
			line += " " + f.Path
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name     string
		env      link.Environment
		packages []testPackage
		want     []string
		clobbers []link.Clobber
		warnings []string
	}{
		{
			name: "noarch python",
			packages: []testPackage{python312, {
				name: "n", noarch: "python", points: []string{"tool = n.cli:main"},
				entries: []testEntry{file("site-packages/n/__init__.py"), file("python-scripts/s"), file("share/x")},
			}},
			want: []string{"n: bin/s bin/tool lib/python3.12/site-packages/n/__init__.py share/x", "python: bin/python3.12"},
		},
		{
			name: "site-packages of CEP 17",
			packages: []testPackage{
				{name: "python", version: "3.13.0", site: "lib/python3.13t/site-packages"},
				{name: "n", noarch: "python", entries: []testEntry{file("site-packages/n.py")}},
			},
			want: []string{"n: lib/python3.13t/site-packages/n.py", "python:"},
		},
		{
			name:     "not noarch: nothing moves",
			packages: []testPackage{{name: "a", entries: []testEntry{file("site-packages/a.py"), file("python-scripts/a")}}},
			want:     []string{"a: python-scripts/a site-packages/a.py"},
		},
		{
			name: "Windows",
			env:  link.Environment{Subdir: "win-64", Prefix: `C:\conda`, Root: "Files"},
			packages: []testPackage{{name: "python", version: "3.12.0"}, {
				name: "n", noarch: "python", entries: []testEntry{file("site-packages/n.py"), file("python-scripts/s")},
			}},
			want: []string{"n: Lib/site-packages/n.py Scripts/s", "python:"},
		},
		{
			name:     "dependents win",
			packages: []testPackage{{name: "a", entries: []testEntry{file("x")}}, {name: "z", depends: []string{"a"}, entries: []testEntry{file("x")}}},
			want:     []string{"a:", "z: x"},
			clobbers: []link.Clobber{{Path: "x", Winner: "z", Losers: []string{"a"}}},
		},
		{
			name:     "else the first name wins",
			packages: []testPackage{{name: "c", entries: []testEntry{file("x")}}, {name: "b", entries: []testEntry{file("x")}}, {name: "a", entries: []testEntry{file("x")}}},
			want:     []string{"a: x", "b:", "c:"},
			clobbers: []link.Clobber{{Path: "x", Winner: "a", Losers: []string{"b", "c"}}},
		},
		{
			name:     "file beats directory",
			packages: []testPackage{{name: "a", entries: []testEntry{file("d")}}, {name: "b", entries: []testEntry{file("d/x"), file("d/e/y"), file("f")}}},
			want:     []string{"a: d", "b: f"},
			clobbers: []link.Clobber{{Path: "d/e/y", Winner: "a", Losers: []string{"b"}}, {Path: "d/x", Winner: "a", Losers: []string{"b"}}},
		},
		{
			name:     "directory beats file",
			packages: []testPackage{{name: "a", entries: []testEntry{file("d/x")}}, {name: "b", entries: []testEntry{file("d")}}},
			want:     []string{"a: d/x", "b:"},
			clobbers: []link.Clobber{{Path: "d", Winner: "a", Losers: []string{"b"}}},
		},
		{
			name:     "who lost a directory does not take others with it",
			packages: []testPackage{{name: "a", entries: []testEntry{file("d/x")}}, {name: "b", entries: []testEntry{file("d")}}, {name: "c", entries: []testEntry{file("d/y")}}},
			want:     []string{"a: d/x", "b:", "c: d/y"},
			clobbers: []link.Clobber{{Path: "d", Winner: "a", Losers: []string{"b"}}},
		},
		{
			name:     "empty directories do not conflict",
			packages: []testPackage{{name: "a", entries: []testEntry{{path: "d", dir: true}}}, {name: "b", entries: []testEntry{{path: "d", dir: true}, file("d/x")}}},
			want:     []string{"a: d", "b: d d/x"},
		},
		{
			name: "entry points take part",
			packages: []testPackage{python312, {name: "a", entries: []testEntry{file("bin/tool")}}, {
				name: "n", noarch: "python", points: []string{"tool = n:main"},
			}},
			want:     []string{"a: bin/tool", "n:", "python: bin/python3.12"},
			clobbers: []link.Clobber{{Path: "bin/tool", Winner: "a", Losers: []string{"n"}}},
		},
		{
			name: "an entry point beats the package's own file",
			packages: []testPackage{python312, {
				name: "n", noarch: "python", points: []string{"tool = n:main"}, entries: []testEntry{file("python-scripts/tool")},
			}},
			want:     []string{"n: bin/tool", "python: bin/python3.12"},
			warnings: []string{"n-1.0-0: bin/tool: the package has both a file and an entry point of this name; the entry point is installed"},
		},
		{
			name: "a directory that another package makes a link",
			packages: []testPackage{
				{name: "a", entries: links}, {name: "b", entries: []testEntry{file("lib64/x"), {path: "lib64/e", dir: true}}}, {name: "c", entries: []testEntry{file("lib/y")}},
			},
			want: []string{"a: lib64", "b: lib/e lib/x", "c: lib/y"},
			warnings: []string{
				"b-1.0-0: lib64/x: installed as lib/x, since a package makes a directory of it a symbolic link",
				"b-1.0-0: lib64/e: installed as lib/e, since a package makes a directory of it a symbolic link",
			},
		},
		{
			name: "links to links, absolute ones inside the prefix",
			packages: []testPackage{
				{name: "a", entries: []testEntry{{path: "l1", target: "/opt/conda/l2"}, {path: "l2", target: "sub/../lib"}}},
				{name: "b", entries: []testEntry{file("l1/x"), file("lib/y"), file("l2/z")}},
			},
			want: []string{"a: l1 l2", "b: lib/x lib/y lib/z"},
			warnings: []string{
				"b-1.0-0: l1/x: installed as lib/x, since a package makes a directory of it a symbolic link",
				"b-1.0-0: l2/z: installed as lib/z, since a package makes a directory of it a symbolic link",
			},
		},
		{
			name:     "a link to nothing is a file",
			packages: []testPackage{{name: "a", entries: []testEntry{{path: "lib64", target: "nowhere"}}}, {name: "b", entries: []testEntry{file("lib64/x")}}},
			want:     []string{"a: lib64", "b:"},
			clobbers: []link.Clobber{{Path: "lib64/x", Winner: "a", Losers: []string{"b"}}},
		},
		{
			name: "stale .pyc",
			packages: []testPackage{{name: "a", entries: []testEntry{
				{path: "m.py", content: placeholder, fileMode: "text"}, file("__pycache__/m.cpython-312.pyc"), file("m.pyc"), file("__pycache__/n.cpython-312.pyc"),
			}}},
			want: []string{"a: __pycache__/n.cpython-312.pyc m.py"},
		},
		{
			name:     "drop .pyc",
			env:      link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", DropPyc: true},
			packages: []testPackage{{name: "a", entries: []testEntry{file("m.py"), file("__pycache__/m.cpython-312.pyc")}}},
			want:     []string{"a: m.py"},
		},
		{
			name:     "letter case on Linux",
			packages: []testPackage{{name: "a", entries: []testEntry{file("N"), file("n")}}},
			want:     []string{"a: N n"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := c.env
			if env.Subdir == "" {
				env = condaEnv()
			}
			plan, inputs, err := describe(t, env, c.packages...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, paths(plan)); diff != "" {
				t.Errorf("paths (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.clobbers, plan.Clobbers); diff != "" {
				t.Errorf("clobbers (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.warnings, plan.Warnings); diff != "" {
				t.Errorf("warnings (-want +got)\n%s", diff)
			}
			install(t, plan, inputs)
		})
	}
}

func TestDescribeRefuses(t *testing.T) {
	win, mac := link.Environment{Subdir: "win-64", Prefix: `C:\conda`, Root: "Files"}, link.Environment{Subdir: "osx-arm64", Prefix: "/opt/conda"}
	one := func(entries ...testEntry) []testPackage { return []testPackage{{name: "a", entries: entries}} }
	for _, c := range []struct {
		name, class, err string
		env              link.Environment
		packages         []testPackage
	}{
		{name: "subdir", class: "usage", env: link.Environment{Subdir: "noarch", Prefix: "/p"}, err: `subdir "noarch" is not one that packages can be linked for`},
		{name: "relative prefix", class: "usage", env: link.Environment{Subdir: "linux-64", Prefix: "opt"}, err: `prefix "opt" is not a clean absolute path below /`},
		{name: "root prefix", class: "usage", env: link.Environment{Subdir: "linux-64", Prefix: "/"}, err: `prefix "/" is not a clean absolute path below /`},
		{name: "unclean prefix", class: "usage", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/../x"}, err: `prefix "/opt/../x" is not a clean absolute path below /`},
		{name: "root", class: "usage", env: link.Environment{Subdir: "linux-64", Prefix: "/opt/conda", Root: "../x"}, err: `prefix: path "../x" leaves its root`},
		{name: "twice", class: "usage", packages: []testPackage{{name: "a"}, {name: "a", version: "2"}}, err: `package "a" is listed twice: a-1.0-0 and a-2-0`},
		{name: "no python", class: "usage", packages: []testPackage{{name: "a", noarch: "python"}}, err: "a-1.0-0: it is a noarch Python package, but the environment has no python"},
		{name: "python version", class: "usage", packages: []testPackage{{name: "python", version: "3"}}, err: `python-3-0: python version "3" has no minor version`},
		{
			name: "site-packages outside", class: "verification", packages: []testPackage{{name: "python", version: "3.13", site: "../x"}},
			err: `python-3.13-0: python_site_packages_path: path "../x" leaves its root`,
		},
		{
			name: "X24 prefix too long", class: "usage", packages: one(testEntry{path: "lib/x", content: "x", fileMode: "binary", placeholder: "/short"}),
			err: `a-1.0-0: lib/x: the prefix "/opt/conda" has 10 bytes, more than the 6 of the placeholder in this binary file`,
		},
		{
			name: "endless placeholder", class: "verification", packages: one(testEntry{path: "x", content: "x", fileMode: "text", placeholder: strings.Repeat("x", 4097)}),
			err: "a-1.0-0: x: the placeholder has 4097 bytes, more than 4096",
		},
		{
			name: "X25 entry point", class: "verification", packages: []testPackage{python312, {name: "a", noarch: "python", points: []string{"../../x = a:b"}}},
			err: `a-1.0-0: entry point "../../x = a:b": command "../../x" is not a file name`,
		},
		{
			name: "a path twice", class: "verification", packages: []testPackage{python312, {
				name: "a", noarch: "python", entries: []testEntry{file("site-packages/x"), file("lib/python3.12/site-packages/x")},
			}},
			err: "a-1.0-0: lib/python3.12/site-packages/x: the package has this path twice",
		},
		{
			name: "own record", class: "verification", packages: []testPackage{{name: "a", entries: []testEntry{file("conda-meta/b-1.0-0.json")}}, {name: "b"}},
			err: "a-1.0-0: conda-meta/b-1.0-0.json: the package has a file that only the installer writes",
		},
		{
			name: "history", class: "verification", packages: one(file("conda-meta/history")),
			err: "a-1.0-0: conda-meta/history: the package has a file that only the installer writes",
		},
		{
			name: "files below a link that leaves the prefix", class: "verification",
			packages: []testPackage{{name: "a", entries: []testEntry{{path: "etc", target: "/etc"}}}, {name: "b", entries: []testEntry{file("etc/passwd")}}},
			err:      `a-1.0-0: etc: other packages have files below this symbolic link, which leaves the prefix: "/etc"`,
		},
		{
			name: "loop", class: "verification",
			packages: []testPackage{{name: "a", entries: []testEntry{{path: "x", target: "y"}}}, {name: "b", entries: []testEntry{{path: "y", target: "x"}}}, {name: "c", entries: []testEntry{file("x/f"), file("y/g")}}},
			err:      "c-1.0-0: x/f: symbolic links in its path form a loop",
		},
		{
			name: "X16 letter case", class: "usage", env: mac, packages: []testPackage{{name: "a", entries: []testEntry{file("share/N")}}, {name: "b", entries: []testEntry{file("share/n")}}},
			err: "b-1.0-0: share/n: differs from share/N of a-1.0-0 in letter case only, which file systems of osx do not tell apart",
		},
		{
			name: "X16 file and directory", class: "usage", env: mac, packages: []testPackage{{name: "a", entries: []testEntry{file("Lib/x")}}, {name: "b", entries: []testEntry{file("lib")}}},
			err: "b-1.0-0: lib: differs from Lib of a-1.0-0 in letter case only, which file systems of osx do not tell apart",
		},
		{name: "X19 name on Windows", class: "verification", env: win, packages: one(file("share/nul.txt")), err: `a-1.0-0: share/nul.txt: "nul.txt" is no name for a file on Windows`},
		{
			name: "entry point on Windows", class: "usage", env: win, packages: []testPackage{python312, {name: "a", noarch: "python", points: []string{"x = a:b"}}},
			err: "a-1.0-0: entry points for Windows are not supported: they need a launcher program",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env.Subdir == "" {
				c.env = condaEnv()
			}
			_, _, err := describe(t, c.env, c.packages...)
			checkError(t, err, c.class, c.err)
		})
	}
}

func checkError(t *testing.T, err error, class, text string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if err.Error() != text {
		t.Errorf("error\n%s, want\n%s", err, text)
	}
	var c interface{ Class() string }
	if !errors.As(err, &c) || c.Class() != class {
		t.Errorf("class of %v is not %q", err, class)
	}
}

func TestDescribeChecksRecord(t *testing.T) {
	in := testPackage{name: "a"}.input(t)
	unsafe := in.Package
	unsafe.Record.Version = "../1"
	_, err := link.Describe(t.Context(), condaEnv(), []link.Package{unsafe})
	checkError(t, err, "verification", "a-../1-0: name, version and build are no file name")
	in.Record.SHA256 = ""
	_, err = link.Describe(t.Context(), condaEnv(), []link.Package{in.Package})
	checkError(t, err, "verification", `a-1.0-0: the record's sha256 "" is not one`)
}

// TestListing asks for a listing only where a link matters to others.
func TestListing(t *testing.T) {
	asked := 0
	a := testPackage{name: "a", entries: []testEntry{{path: "lib64", target: "lib"}, {path: "other", target: "lib"}, file("lib/x")}}.input(t)
	b := testPackage{name: "b", entries: []testEntry{file("lib64/y")}}.input(t)
	listing := a.Listing
	a.Listing = func(ctx context.Context) ([]archive.Entry, error) { asked++; return listing(ctx) }
	for _, c := range []struct {
		packages []link.Package
		asked    int
	}{{[]link.Package{a.Package}, 0}, {[]link.Package{a.Package, b.Package}, 1}} {
		asked = 0
		if _, err := link.Describe(t.Context(), condaEnv(), c.packages); err != nil {
			t.Fatal(err)
		}
		if asked != c.asked {
			t.Errorf("%d packages: the listing was asked for %d times, want %d", len(c.packages), asked, c.asked)
		}
	}
	a.Listing = nil
	_, err := link.Describe(t.Context(), condaEnv(), []link.Package{a.Package, b.Package})
	checkError(t, err, "verification", "a-1.0-0: lib64: the archive does not have this symbolic link")
}

func TestScripts(t *testing.T) {
	plan, _, err := describe(t, condaEnv(), testPackage{name: "a", entries: []testEntry{file("bin/.a-post-link.sh"), file("bin/a")}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]link.Script{{Package: "a", Path: "bin/.a-post-link.sh"}}, plan.Scripts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDescribeOrder: the order in which packages are given does not matter.
func TestDescribeOrder(t *testing.T) {
	var packages []testPackage
	for i := range 6 {
		packages = append(packages, testPackage{name: fmt.Sprint("p", i), entries: []testEntry{file("x"), file(fmt.Sprint("y", i%2))}})
	}
	want, _, err := describe(t, condaEnv(), packages...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(packages)
	got, _, err := describe(t, condaEnv(), packages...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := keys(t, condaEnv(), testPackage{name: "a"}); !maps.Equal(got, keys(t, condaEnv(), testPackage{name: "a", depends: []string{}})) {
		t.Error("an empty list of dependencies and none have different keys")
	}
}

func TestDirs(t *testing.T) {
	plan, _, err := describe(t, condaEnv(), testPackage{name: "a", entries: []testEntry{file("lib/a/b"), {path: "var/empty", dir: true}, {path: "l", target: "lib"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"opt", "opt/conda", "opt/conda/conda-meta", "opt/conda/lib", "opt/conda/lib/a", "opt/conda/var", "opt/conda/var/empty"}
	if diff := cmp.Diff(want, plan.Descriptions[0].Dirs()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
