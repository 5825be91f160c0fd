package matchspec_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

func FuzzMatchSpec(f *testing.F) {
	for _, form := range forms {
		f.Add(form.in, false)
		f.Add(form.in, true)
	}
	record := &matchspec.Record{Name: "p", Build: "b", BuildNumber: 3, Subdir: "linux-64", Channel: "https://h/c", License: "MIT"}
	var err error
	if record.Version, err = version.Parse("1.8"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, patterns bool) {
		options := matchspec.Options{Patterns: patterns}
		spec, err := options.Parse(text)
		if err != nil {
			if _, err := (matchspec.Options{Patterns: patterns, Strict: true}).Parse(text); err == nil {
				t.Fatalf("%q: only a strict reader reads it", text)
			}
			return
		}
		// A blank in front keeps the quick reader of plain specs away.
		if slow, err := options.Parse(" " + text); len(text) < matchspec.MaxLength && (err != nil || slow.String() != spec.String()) {
			t.Fatalf("%q: %s, but with a blank %v, %v", text, spec, slow, err)
		}
		again, err := options.Parse(spec.String())
		if err != nil {
			t.Fatalf("%q: written as %q: %v", text, spec, err)
		}
		if again.String() != spec.String() || again.Matches(record) != spec.Matches(record) {
			t.Fatalf("%q: written as %q, then as %q", text, spec, again)
		}
	})
}
