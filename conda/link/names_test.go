package link

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEntryPoint(t *testing.T) {
	for _, c := range []struct{ in, err string }{
		{"tool = pkg.cli:main", ""},
		{"tool=pkg:Class.method", ""},
		{"tool = pkg:main [extra]", ""},
		{"tool-1.2 = _p:_m", ""},
		{"../../x = pkg:main", `entry point "../../x = pkg:main": command "../../x" is not a file name`},
		{"/x = pkg:main", `entry point "/x = pkg:main": command "/x" is not a file name`},
		{"a\\b = pkg:main", `entry point "a\\b = pkg:main": command "a\\b" is not a file name`},
		{".. = pkg:main", `entry point ".. = pkg:main": command ".." is not a file name`},
		{".wh.x = pkg:main", `entry point ".wh.x = pkg:main": command ".wh.x" is not a file name`},
		{"#!x = pkg:main", `entry point "#!x = pkg:main": command "#!x" is not a file name`},
		{" = pkg:main", `entry point " = pkg:main": command "" is not a file name`},
		{"tool = pkg", `entry point "tool = pkg" is not of the form command = module:function`},
		{"tool", `entry point "tool" is not of the form command = module:function`},
		{"tool = pkg:main\nimport os", `entry point "tool = pkg:main\nimport os" has a line break`},
		{"tool = pkg:main() or x", `entry point "tool = pkg:main() or x": "main() or x" is not a Python name`},
		{"tool = pkg import x;:main", `entry point "tool = pkg import x;:main": "pkg import x;" is not a Python module`},
		{"tool = pkg..x:main", `entry point "tool = pkg..x:main": "pkg..x" is not a Python module`},
		{"tool = 1x:main", `entry point "tool = 1x:main": "1x" is not a Python module`},
		{"tool = pkg:", `entry point "tool = pkg:": "" is not a Python name`},
	} {
		_, err := parseEntryPoint(c.in)
		if got := errText(err); got != c.err {
			t.Errorf("%q: error\n%s, want\n%s", c.in, got, c.err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParseEntryPoint(f *testing.F) {
	f.Add("tool = pkg.cli:main")
	f.Add("../x = a:b\n")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseEntryPoint(s)
		if err != nil {
			return
		}
		for _, part := range []string{e.command, e.module, e.function} {
			if part == "" || slices.Contains([]byte(part), '\n') || slices.Contains([]byte(part), '/') {
				t.Errorf("%q became %+v", s, e)
			}
		}
	})
}

func TestPycSource(t *testing.T) {
	for in, want := range map[string]string{
		"a/__pycache__/b.cpython-311.pyc":       "a/b.py",
		"a/__pycache__/b.cpython-311.opt-1.pyc": "a/b.py",
		"a/__pycache__/b.c.cpython-311.pyc":     "a/b.c.py",
		"__pycache__/b.pypy39.pyc":              "b.py",
		"a/b.pyc":                               "a/b.py",
	} {
		if got := pycSource(in); got != want {
			t.Errorf("pycSource(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWindowsName(t *testing.T) {
	for in, want := range map[string]bool{
		"a": true, "console": true, "com": true, "COM10": true, "a.b": true, "COM1x": true,
		"con": false, "NUL.txt": false, "COM1": false, "lpt9.x": false, "a:b": false, `a\b`: false, "a.": false, "a ": false, "a?": false,
	} {
		if got := windowsName(in); got != want {
			t.Errorf("windowsName(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestComparePaths(t *testing.T) {
	paths := []string{"a-b", "a/b", "a", "a/b/c", "a.d/x", "b"}
	slices.SortFunc(paths, comparePaths)
	if diff := cmp.Diff([]string{"a", "a/b", "a/b/c", "a-b", "a.d/x", "b"}, paths); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSpecName(t *testing.T) {
	for in, want := range map[string]string{
		"python": "python", "python >=3": "python", "python=3.9": "python", "libx>1,<2": "libx", "numpy[version='1']": "numpy", "a~=1": "a", "": "",
	} {
		if got := specName(in); got != want {
			t.Errorf("specName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTopological(t *testing.T) {
	type pkg struct {
		name, noarch string
		depends      []string
	}
	for _, c := range []struct {
		name     string
		packages []pkg // sorted by name
		want     []string
	}{
		{"unrelated: the first name is last", []pkg{{name: "a"}, {name: "b"}, {name: "c"}}, []string{"c", "b", "a"}},
		{"dependencies come first", []pkg{{name: "a"}, {name: "b", depends: []string{"a >1", "__glibc"}}}, []string{"a", "b"}},
		{"chain", []pkg{{name: "a", depends: []string{"c"}}, {name: "b", depends: []string{"a"}}, {name: "c"}}, []string{"c", "a", "b"}},
		{"noarch is behind in a cycle", []pkg{{name: "pip", noarch: "python", depends: []string{"python"}}, {name: "python", depends: []string{"pip"}}}, []string{"python", "pip"}},
		{"cycle of one kind", []pkg{{name: "a", depends: []string{"b"}}, {name: "b", depends: []string{"a"}}}, []string{"b", "a"}},
		{"self", []pkg{{name: "a", depends: []string{"a"}}}, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var packages []Package
			for _, p := range c.packages {
				packages = append(packages, Package{Record: Record{Name: p.name, Noarch: p.noarch, Depends: p.depends}})
			}
			var got []string
			for _, i := range topological(packages) {
				got = append(got, packages[i].Record.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	got := string(History([]string{"python 3.12.*", `numpy[version=">=1"]`}, []Record{
		{Name: "b", Version: "1", Build: "0", Subdir: "linux-64", Channel: "https://channel.example/forge/"},
		{Name: "a", Version: "2", Build: "h_1", Subdir: "noarch", Channel: "forge"},
		{Name: "c", Version: "3", Build: "0", Subdir: "noarch"},
	}))
	want := `==> 1970-01-01 00:00:00 <==
+forge/linux-64::b-1-0
+forge/noarch::a-2-h_1
+noarch::c-3-0
# update specs: ["python 3.12.*", 'numpy[version=">=1"]']
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := string(History(nil, nil)); got != "==> 1970-01-01 00:00:00 <==\n" {
		t.Errorf("History of nothing is %q", got)
	}
}
