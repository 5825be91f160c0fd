package pypi

import "testing"

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{"Foo": "foo", "foo.-_bar": "foo-bar", "zope.interface": "zope-interface", "a__b": "a-b"} {
		if got := Normalize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
