package pypi_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// ordered are versions in PEP 440's order; those of one row are equal.
var ordered = [][]string{
	{"0", "0.0", "v0"},
	{"1.0.dev456", "1.0-DEV456"},
	{"1.0a1", "1.0.alpha-1", "1.0_A01"},
	{"1.0a2.dev456"},
	{"1.0a2"},
	{"1.0b1.dev456"},
	{"1.0b2"},
	{"1.0b2.post345.dev456"},
	{"1.0b2.post345", "1.0b2-345"},
	{"1.0rc1.dev456"},
	{"1.0rc1", "1.0c1", "1.0-preview1", "1pre1"},
	{"1.0", "1", "1.0.0"},
	{"1.0+abc"},
	{"1.0+abc.5"},
	{"1.0+abc.7", "1.0+ABC_07"},
	{"1.0+5"},
	{"1.0.post456.dev34"},
	{"1.0.post456", "1.0-456", "1.0rev456"},
	{"1.0.15"},
	{"1.1.dev1"},
	{"1.10"},
	{"20251122000000000000000001"},
	{"20251122000000000000000002"},
	{"1!0.1", "01!0.1"},
}

func version(t *testing.T, s string) pypi.Version {
	t.Helper()
	v, err := pypi.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrder(t *testing.T) {
	for i, row := range ordered {
		for j, other := range ordered {
			for _, a := range row {
				for _, b := range other {
					want := max(-1, min(1, i-j))
					if got := version(t, a).Compare(version(t, b)); got != want {
						t.Errorf("%s and %s: %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func TestVersionErrors(t *testing.T) {
	for _, s := range []string{"", "1.", "x", "1..0", "1+", "1 0", "2004d-1-1", "1.0+a/b", "1.*"} {
		if v, err := pypi.ParseVersion(s); err == nil {
			t.Errorf("%q is %v", s, v)
		}
	}
	if _, err := pypi.ParseVersion(strings.Repeat("1", 5000)); err == nil || err.Error() != "version of 5000 bytes is too long" {
		t.Error(err)
	}
}

// specifiers are tried with all versions of ordered.
var specifiers = []string{
	"", ">=1", ">1.0", "<1.0", "<=1.0", "==1.0", "==1.0.*", "==1.*", "!=1.0", "!=1.0.*", "~=1.0", "~=1.0.1", "~=1.0a1", ">1.0a2", "<1.0a2",
	">1.0.post456", "==1.0+abc.7", "!=1.0+abc.7", "===1.0", "==1!0.*", ">=0,<2,!=1.0.15", ">=1.0.dev0", "<1.0.post456", ">1.0b2", "==1.0b2.post345", "<1.0rc1,",
}

// TestPackaging compares with packaging, the reference of these standards.
func TestPackaging(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import packaging.version").Run(); err != nil {
		t.Skip("python3 has no packaging")
	}
	in := map[string]any{"versions": slices.Concat(ordered...), "specifiers": specifiers, "markers": markers(), "env": env}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", `
import json, sys
from packaging.version import Version
from packaging.specifiers import SpecifierSet
from packaging.markers import Marker
i = json.load(sys.stdin)
json.dump({
    "normal": {v: str(Version(v)) for v in i["versions"]},
    "holds": {s: [v for v in i["versions"] if SpecifierSet(s.rstrip(",")).contains(v, prereleases=True)] for s in i["specifiers"]},
    "markers": {m: bool(Marker(m).evaluate(dict(i["env"], extra="socks-5"))) for m in i["markers"]},
}, sys.stdout)`)
	cmd.Stdin = strings.NewReader(string(text))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Normal  map[string]string   `json:"normal"`
		Holds   map[string][]string `json:"holds"`
		Markers map[string]bool     `json:"markers"`
	}
	want, got := answer{}, answer{map[string]string{}, map[string][]string{}, map[string]bool{}}
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for _, v := range slices.Concat(ordered...) {
		got.Normal[v] = version(t, v).String()
	}
	for _, s := range specifiers {
		got.Holds[s] = []string{}
		list, err := pypi.ParseSpecifiers(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range slices.Concat(ordered...) {
			if list.Contains(version(t, v)) {
				got.Holds[s] = append(got.Holds[s], v)
			}
		}
	}
	for _, m := range markers() {
		got.Markers[m] = applies(t, m, "socks-5")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-packaging +ours:\n%s", diff)
	}
}

func TestSpecifiers(t *testing.T) {
	for _, tt := range []struct {
		spec, version string
		want          bool
	}{
		{">=3.8", "3.11.9", true},
		{">=3.8,<3.11", "3.11.9", false},
		{">=3.8.*", "3.11.9", true}, // invalid: see below
		{"!=3.0.*,>=2.7", "3.0.1", false},
		{"~=3.6", "3.11", true},
		{"~=3.6.1", "3.7", false},
		{"", "1", true},
		{">1.0", "1.0.post1", false},
		{">1.0", "1.0+x", false},
		{"<1.1", "1.1a1", false},
	} {
		list, err := pypi.ParseSpecifiers(tt.spec)
		if strings.HasPrefix(tt.spec, ">=") && strings.HasSuffix(tt.spec, ".*") {
			if err == nil || err.Error() != `">=3.8.*" is not a version specifier (PEP 440)` {
				t.Error(err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := list.Contains(version(t, tt.version)); got != tt.want {
			t.Errorf("%s in %q: %v", tt.version, tt.spec, got)
		}
	}
	for _, bad := range []string{"1.0", "=1", "~=1", ">=1+x", "==1+x.*", "==1a1.*", ">=", "== 1 2", ">=x"} {
		if _, err := pypi.ParseSpecifiers(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

var env = pypi.Linux("3.11.9", "x86_64")

// markers are tried for an extra that is called socks-5.
func markers() []string {
	return []string{
		`python_version >= "3.8"`, `python_version < "3.10"`, `'3.11' == python_version`, `python_full_version == "3.11.*"`,
		`sys_platform == "win32"`, `sys_platform != 'win32' and platform_machine == "x86_64"`,
		`os_name == "nt" or os_name == "posix" and python_version > "2"`,
		`(os_name == "nt" or os_name == "posix") and python_version < "3"`,
		`extra == "socks-5"`, `extra == "Socks_5"`, `extra == "other"`, `extra != "other"`,
		`"linux" in sys_platform`, `"win" not in sys_platform`, `platform_machine in "x86_64 aarch64"`,
		`implementation_name == "cpython"`, `platform_python_implementation != "PyPy"`, `platform_system == "Linux"`,
		`python_version in "2.7 3.11"`, `platform_version == ""`, `python_version ~= "3.9"`,
	}
}

func applies(t *testing.T, marker string, extras ...string) bool {
	t.Helper()
	r, err := pypi.ParseRequirement("x; " + marker)
	if err != nil {
		t.Fatal(err)
	}
	return r.Applies(env, extras...)
}

func TestMarkers(t *testing.T) {
	for marker, want := range map[string]bool{
		`python_version >= "3.8"`:                                      true,
		`python_version >= "3.9" and python_version < "3.10"`:          false,
		`extra == "socks"`:                                             false,
		`extra == 'a_b' or python_version < '3'`:                       true, // asked for below
		`platform_machine == "aarch64" or "linux" in platform.machine`: false,
		`python_implementation == "CPython" and os.name == "posix"`:    true,
	} {
		if got := applies(t, marker, "a-b"); got != want {
			t.Errorf("%s: %v", marker, got)
		}
	}
}

func TestParseRequirement(t *testing.T) {
	type fields struct {
		Name, URL string
		Extras    []string
		Specs     int
	}
	for text, want := range map[string]fields{
		"numpy":                           {Name: "numpy"},
		" Foo.Bar_baz [A_b, c] >=1 , <2 ": {Name: "foo-bar-baz", Extras: []string{"a-b", "c"}, Specs: 2},
		"x (>=1)":                         {Name: "x", Specs: 1},
		"x[]":                             {Name: "x"},
		"x>=1; python_version < '3'":      {Name: "x", Specs: 1},
		"x @ https://wheels.example/x;y.whl ; extra == 'z'": {Name: "x", URL: "https://wheels.example/x;y.whl"},
		"a@https://wheels.example/a.whl":                    {Name: "a", URL: "https://wheels.example/a.whl"},
	} {
		r, err := pypi.ParseRequirement(text)
		if err != nil {
			t.Error(err)
			continue
		}
		got := fields{r.Name, r.URL, r.Extras, len(r.Specifiers)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", text, diff)
		}
	}
}

func TestRequirementErrors(t *testing.T) {
	for text, why := range map[string]string{
		"":                          "it does not begin with a name",
		"-r x.txt":                  "it does not begin with a name",
		"./x.whl":                   "it does not begin with a name",
		"a b":                       `"b" is not a version specifier (PEP 440)`,
		"a\nb":                      "it holds a control character",
		"a[x":                       "the extras do not end",
		"a[x,-]":                    `"-" is not the name of an extra`,
		"a (>=1":                    "the parenthesis is not closed",
		"a @":                       "no URL after @",
		"a @ u v":                   `"v" follows the URL`,
		"a;":                        `the marker has "" where a variable or a quoted text is due`,
		"a; x == '1'":               `the marker has "x" where a variable or a quoted text is due`,
		"a; '1' == '1'":             "the marker compares two texts",
		"a; os_name":                `the marker has "" where an operator is due`,
		"a; os_name not '1'":        `the marker has "not '1" where an operator is due`,
		"a; (os_name == 'x'":        "a parenthesis of the marker is not closed",
		"a; os_name == 'x' os_name": `"os_name" follows the marker`,
		"a; os_name == 'x":          "the text 'x does not end",
		"a; os_name == $":           `the marker holds "$"`,
	} {
		_, err := pypi.ParseRequirement(text)
		if err == nil || !strings.HasSuffix(err.Error(), " is not a requirement (PEP 508): "+why) {
			t.Errorf("%q: %v, want %s", text, err, why)
		}
	}
	deep := "a; " + strings.Repeat("(", 101) + "os_name == 'x'" + strings.Repeat(")", 101)
	if _, err := pypi.ParseRequirement(deep); err == nil || !strings.HasSuffix(err.Error(), "more than 100 parentheses in the marker") {
		t.Error(err)
	}
}

func FuzzRequirement(f *testing.F) {
	f.Add(`Foo.Bar[x,y] >=1.0,!=1.5.*; python_version < "3.8" and (extra == 'z' or os_name in "a b")`)
	f.Add("a @ https://wheels.example/a-1-py3-none-any.whl ; sys_platform == 'linux'")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := pypi.ParseRequirement(s)
		if err != nil {
			return
		}
		if r.Name == "" || strings.ContainsAny(r.Name, " \t\n;[") || strings.ContainsAny(r.URL, " \t\n") {
			t.Errorf("%q is %+v", s, r)
		}
		_ = r.Applies(env, "z")
	})
}

func FuzzVersion(f *testing.F) {
	f.Add("1!2.0rc1.post2.dev3+local.1", "2")
	f.Fuzz(func(t *testing.T, a, b string) {
		v, err := pypi.ParseVersion(a)
		if err != nil {
			return
		}
		again, err := pypi.ParseVersion(v.String())
		if err != nil || again.Compare(v) != 0 || again.String() != v.String() {
			t.Errorf("%q is %v, which is %v, %v", a, v, again, err)
		}
		if w, err := pypi.ParseVersion(b); err == nil && v.Compare(w) != -w.Compare(v) {
			t.Errorf("%v and %v: %d and %d", v, w, v.Compare(w), w.Compare(v))
		}
	})
}
