package exporter

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

func TestJoined(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{">=1", "", ">=1"},
		{"", ">=1", ">=1"},
		{">=1", ">=1", ">=1"},
		{">=1", "<2", ">=1,<2"},
		{">=1, <3", "!=2", ">=1,<3,!=2"},
		{"1.*|2.*", "<3", "(1.*|2.*),<3"},
		{">=1", "1.0 h1_0", "1.0 h1_0"},
		{"1.0 h1_0", ">=1", "1.0 h1_0"},
		{"=1.0=h1_0", ">=1", "=1.0=h1_0"},
		{">=1", "[version='>=1']", "[version='>=1']"},
		{"=1", "==1.0", "=1,==1.0"},
	} {
		if got := joined(tt.a, tt.b); got != tt.want {
			t.Errorf("joined(%q, %q) = %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestRequirements(t *testing.T) {
	p := part{Selection: lock.Selection{
		Conda:  []lock.Conda{{Name: "numpy"}},
		Wheels: []lock.Wheel{{Name: "typing-extensions"}, {Name: "attrs"}},
	}}
	got := p.requirements([]string{
		`Typing_Extensions (>=4.0, <5)`, `typing.extensions!=4.1; python_version < "3.11"`, "numpy", "attrs @ https://wheels.example/attrs.whl",
		"pytest>=8", "(broken",
	})
	want := map[string]string{"typing-extensions": ">=4.0,<5,!=4.1", "numpy": "", "attrs": ""}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOrdered(t *testing.T) {
	for _, tt := range []struct {
		packages []lock.Conda
		want     []string
	}{
		{[]lock.Conda{{Name: "a", Depends: []string{"c >=1"}}, {Name: "b"}, {Name: "c"}}, []string{"c", "a", "b"}},
		{[]lock.Conda{{Name: "a", Depends: []string{"a", "__glibc"}}}, []string{"a"}},
		{ // a cycle that is entered at the noarch package
			[]lock.Conda{
				{Name: "app", Depends: []string{"pip"}, Noarch: "python"},
				{Name: "pip", Depends: []string{"python"}, Noarch: "python"},
				{Name: "python", Depends: []string{"pip", "zlib"}},
				{Name: "zlib"},
			},
			[]string{"zlib", "python", "pip", "app"},
		},
		{ // one without a better place to cut than the first by name
			[]lock.Conda{{Name: "a", Depends: []string{"b"}}, {Name: "b", Depends: []string{"c"}}, {Name: "c", Depends: []string{"a"}}},
			[]string{"c", "b", "a"},
		},
		{ // an edge to a noarch package outside of any cycle counts
			[]lock.Conda{{Name: "a", Depends: []string{"data"}}, {Name: "data", Noarch: "generic"}},
			[]string{"data", "a"},
		},
	} {
		var got []string
		for _, c := range ordered(tt.packages) {
			got = append(got, c.Name)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Error(d)
		}
	}
}
