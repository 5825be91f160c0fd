package exporter

import (
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

func TestScalar(t *testing.T) {
	for s, want := range map[string]string{
		"python >=3.8,<4": "python >=3.8,<4",
		"conda-forge::a":  "conda-forge::a",
		"https://a.b/c":   "https://a.b/c",
		"1.0":             "'1.0'",
		"TRUE":            "'TRUE'",
		"n":               "'n'",
		"a: b":            "'a: b'",
		"a:":              "'a:'",
		"a #b":            "'a #b'",
		"it's":            "'it''s'",
		"":                "''",
		"a ":              "'a '",
		"*":               "'*'",
		"a\nb\u2028é":     `"a\nb\u2028é"`,
	} {
		if got := scalar(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func FuzzScalar(f *testing.F) {
	for _, s := range []string{"a", "1.0", "a: b", "null", "- x", "it's", "\x01", "\"\\", "é", "a #"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // a lock is UTF-8 text
		}
		var got struct{ List []any }
		text := "list:\n- " + scalar(s) + "\n"
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(got.List) != 1 || got.List[0] != s {
			t.Errorf("%q is read as %#v", s, got.List)
		}
	})
}
