package wheel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	for file, want := range map[string]Name{
		"numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": {
			"numpy", "1.26.4", "", []string{"cp311"}, []string{"cp311"}, []string{"manylinux_2_17_x86_64", "manylinux2014_x86_64"},
		},
		"six-1.16.0-py2.py3-none-any.whl":                     {"six", "1.16.0", "", []string{"py2", "py3"}, []string{"none"}, []string{"any"}},
		"zope.interface-6.0-1b-cp37-abi3-Win_AMD64.whl":       {"zope.interface", "6.0", "1b", []string{"cp37"}, []string{"abi3"}, []string{"win_amd64"}},
		"Foo_Bar-2!1.0_rc.1+local_1-py3-none-any.whl":         {"Foo_Bar", "2!1.0_rc.1+local_1", "", []string{"py3"}, []string{"none"}, []string{"any"}},
		"backports.zoneinfo-0.2.1-cp38-cp38-linux_x86_64.whl": {"backports.zoneinfo", "0.2.1", "", []string{"cp38"}, []string{"cp38"}, []string{"linux_x86_64"}},
	} {
		got, err := ParseName(file)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", file, diff)
		}
	}
}

func TestParseNameErrors(t *testing.T) {
	many := strings.Repeat("a.", 101) + "a"
	for file, want := range map[string]string{
		"a.zip":                                   "does not end in .whl",
		"a-1.0.whl":                               `does not have 5 or 6 parts that are joined by "-"`,
		"a-1.0-1-x-py3-none-any.whl":              `does not have 5 or 6 parts that are joined by "-"`,
		"_a-1.0-py3-none-any.whl":                 `has no name of a project: "_a"`,
		"../a-1.0-py3-none-any.whl":               `has no name of a project: "../a"`,
		"-1.0-py3-none-any.whl":                   `has no name of a project: ""`,
		"a-latest-py3-none-any.whl":               `has no version: "latest"`,
		"a-1.0-x-py3-none-any.whl":                `has a tag that does not begin with a digit`,
		"a-1.0-py3.-none-any.whl":                 `has a tag ""`,
		"a-1.0-py3-none-any/b.whl":                `has a tag "any/b"`,
		"a-1.0-" + many + "-" + many + "-any.whl": "stands for more than 10000 tags",
	} {
		_, err := ParseName(file)
		if err == nil {
			t.Errorf("%s: no error", file)
			continue
		}
		want = strings.Replace(want, "has a tag that", "has a build tag that", 1)
		if c := err.(interface{ Class() string }).Class(); !strings.Contains(err.Error(), want) || c != "usage" {
			t.Errorf("%s: error %q of class %s, want %q", file, err, c, want)
		}
	}
}

func TestSameVersion(t *testing.T) {
	n := Name{Version: "1.0_1"}
	for version, same := range map[string]bool{"1.0-1": true, "1.0.post1": true, "1.0.0_1": true, "1.0": false, "x": false, "": false} {
		if n.SameVersion(version) != same {
			t.Errorf("%q means 1.0_1: %v", version, !same)
		}
	}
	if (Name{Version: "x"}).SameVersion("x") {
		t.Error("x is no version")
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
	f.Add("a-1!0.0rc1.post2.dev3+l-1a-py3-none-any.whl")
	f.Fuzz(func(t *testing.T, file string) {
		n, err := ParseName(file)
		if err != nil {
			return
		}
		parts := []string{n.Distribution, n.Version}
		if n.Build != "" {
			parts = append(parts, n.Build)
		}
		parts = append(parts, strings.Join(n.Pythons, "."), strings.Join(n.ABIs, "."), strings.Join(n.Platforms, "."))
		again := strings.Join(parts, "-") + ".whl"
		if !strings.EqualFold(again, file) || strings.ContainsAny(file, "/\\\n\x00 ") || !n.SameVersion(n.Version) {
			t.Errorf("%q is %+v", file, n)
		}
	})
}
