package spec

import (
	"errors"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// FuzzRead: no input panics; every error has a position and class usage; what
// is read makes environments, and they have a hash.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", full, string(Starter(Found{})), "version = 1\n[image]\nnmae = 1\n", "version = 1\n[[cli]]\npackage = \".\"\n",
		"version = 1\n[env.a]\n[env.b]\nimage.tags = [\"{{.Env.X}}\"]\n", "a.b.c = [[1], {x = 2}]\n[a]\n[[a.b]]\n",
		"version = 1\n[[files]]\n[files.src]\n[[files]]\n", "version = 1\nenv.x.conda.target.linux-64.lock = \"l\"\n",
	} {
		f.Add([]byte(seed))
	}
	place := regexp.MustCompile(`^f\.toml:[1-9][0-9]*:[1-9][0-9]*$`)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read("f.toml", data)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || !place.MatchString(e.Where()) || e.Class() != "usage" {
				t.Fatalf("%q: %v", data, err)
			}
			if utf8.Valid(data) && !utf8.ValidString(err.Error()) {
				t.Fatalf("%q: error is not UTF-8: %q", data, err)
			}
			return
		}
		for _, name := range s.Environments() {
			if _, err := s.Environment(name); err != nil {
				t.Fatalf("%q: %q: %v", data, name, err)
			}
		}
		if first, second := s.InputHash(), s.InputHash(); first != second {
			t.Fatal("two calls, two hashes")
		}
	})
}

// FuzzExpand: no input panics, and what the file's check takes, Expand takes.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "{{.Version}}", "{{.Env.X}}", "{{", "}}{{ .Commit }}{{.X}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, checked := expand(s, func(string) (string, flaw) { return "", flaw{} })
		_, err := Expand(s, Values{})
		if checked.problem != "" && err == nil {
			t.Errorf("%q: refused in the file, expanded later", s)
		}
	})
}
