package solver

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzSolve has specs of every origin: whatever they are, the answer is right or
// the error says whose they are.
func FuzzSolve(f *testing.F) {
	for _, s := range [][3]string{
		{"x", "y >=1", "z 1.*"},
		{"x 1.*|2", "y", "y <2"},
		{"x[when=\"y\"]", "y[extras=[a]]", "x >>1"},
		{"a::x=1=b", "x", "__glibc >=2"},
		{"*", "", "x ==1 #"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, want, depends, constrains string) {
		p := Problem{
			Specs:   []string{want},
			Virtual: []Record{{Name: "__glibc", Version: "2.28", Build: "0"}},
			Records: []Record{
				{Name: "x", Version: "1", Build: "b", Channel: "a", Depends: []string{depends}},
				{Name: "x", Version: "2", Build: "b", Channel: "a", Depends: []string{depends, "y"}, Constrains: []string{constrains}},
				{Name: "y", Version: "1", Build: "b", Channel: "a", Constrains: []string{constrains}},
				{Name: "y", Version: "2", Build: "b", Channel: "a", Depends: []string{"x"}},
				{Name: "z", Version: "1", Build: "b", Channel: "b", Depends: []string{depends}},
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s, err := Solve(ctx, p)
		var c interface{ Class() string }
		switch {
		case err == nil:
			if err := check(&p, s); err != nil {
				t.Errorf("%q %q %q: %v", want, depends, constrains, err)
			}
		case !errors.As(err, &c) || c.Class() != "usage" && c.Class() != "unsatisfiable":
			t.Errorf("%q %q %q: %v", want, depends, constrains, err)
		case c.Class() == "usage" && !strings.HasPrefix(err.Error(), "requested package: "):
			t.Errorf("%q: %v", want, err)
		}
	})
}
