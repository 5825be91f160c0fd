package version_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

func FuzzVersion(f *testing.F) {
	for _, s := range made(40) {
		f.Add(s, "1.0", "2023a")
	}
	f.Add("1!2.0_+x", "1..", "99999999999999999999999999")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x, err := version.Parse(a)
		if err != nil {
			return
		}
		again, err := version.Parse(x.Canonical())
		if err != nil || !again.Equal(x) || again.Canonical() != x.Canonical() || !again.StartsWith(x) {
			t.Fatalf("%q: canonical %q: %v", a, x.Canonical(), err)
		}
		y, errY := version.Parse(b)
		z, errZ := version.Parse(c)
		if errY != nil || errZ != nil {
			return
		}
		if x.Compare(y) != -y.Compare(x) {
			t.Fatalf("%q and %q: not antisymmetric", a, b)
		}
		if x.Compare(y) <= 0 && y.Compare(z) <= 0 && x.Compare(z) > 0 {
			t.Fatalf("%q <= %q <= %q: not transitive", a, b, c)
		}
		x.StartsWith(y)
		x.CompatibleWith(z)
	})
}

func FuzzSpec(f *testing.F) {
	for _, test := range specs {
		f.Add(test.in, "1.8")
	}
	f.Fuzz(func(t *testing.T, text, v string) {
		strict, errStrict := version.ParseSpecStrict(text)
		spec, err := version.ParseSpec(text)
		if err != nil {
			if errStrict == nil {
				t.Fatalf("%q: only a strict reader reads it", text)
			}
			return
		}
		again, err := version.ParseSpec(spec.String())
		if err != nil || again.String() != spec.String() {
			t.Fatalf("%q: %q, read again %q, %v", text, spec.String(), again.String(), err)
		}
		if w, err := version.Parse(v); err == nil {
			if spec.Matches(w) != again.Matches(w) {
				t.Fatalf("%q and %q disagree on %s", text, spec.String(), v)
			}
			if errStrict == nil && spec.Matches(w) != strict.Matches(w) {
				t.Fatalf("%q: strict and lenient disagree on %s", text, v)
			}
		}
	})
}
