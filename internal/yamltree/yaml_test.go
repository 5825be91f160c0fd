package yamltree_test

import (
	"slices"
	"testing"

	"github.com/gophersnake/gophersnake/internal/yamltree"
)

func TestTree(t *testing.T) {
	n, err := yamltree.Parse("f.yml", []byte("# head\nversion: 3.10\nlist: [a, 1]\none: x\nnone: ~\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := yamltree.AsMapping("f.yml", "the file", n)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"version", "list", "one", "none"}; !slices.Equal(m.Keys, want) || m.Line != 2 {
		t.Errorf("keys %q from line %d, want %q from line 2", m.Keys, m.Line, want)
	}
	if one, none := m.LineOf("one"), m.LineOf("nobody"); one != 4 || none != 0 {
		t.Errorf("keys stand in lines %d and %d, want 4 and 0", one, none)
	}
	if v, err := m.Text("the file", "version"); v != "3.10" || err != nil {
		t.Errorf("version is %q, %v: a number stays what is written", v, err)
	}
	if v, err := m.List("the file", "list"); !slices.Equal(v, []string{"a", "1"}) || err != nil {
		t.Errorf("list is %q, %v", v, err)
	}
	if v, err := m.List("the file", "one"); !slices.Equal(v, []string{"x"}) || err != nil {
		t.Errorf("a text is a list of %q, %v", v, err)
	}
	if _, err := m.Text("the file", "none"); err == nil || err.Error() != "f.yml:2: the file has no none" {
		t.Errorf("null: %v", err)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a: &x 1\nb: *x\n":  "f.yml:1: anchors, aliases, merge keys, tags and directives are not read",
		"a: 1\n---\nb: 1\n": "f.yml: file holds 2 YAML documents with content, not one",
		"":                  "f.yml: file holds 0 YAML documents with content, not one",
	} {
		if _, err := yamltree.Parse("f.yml", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
