package release_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
)

func TestFileWishes(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"go.mod", "module x\ngo 1.26\n", "1.26"},
		{"sub/go.mod", "module x\ngo 1.25.4\ntoolchain go1.26.8\n", "1.26.8"},
		{"go.mod", "module x\ngo 1.25.4\ntoolchain default\n", "1.25.4"},
		{"../go.work", "go 1.25.0\ntoolchain go1.26.8\nuse ./a\n", "1.26.8"},
		{"go.work", "go 1.26.0\nuse (\n\t./a\n\t./b\n)\n", "1.26.0"},
		{".go-version", "1.26.8", "1.26.8"},
		{".go-version", "# ours\r\n\r\n  go1.26 # newest\r\n", "1.26"},
		{".tool-versions", "nodejs 20.0.0\ngolang 1.26.8\n", "1.26.8"},
		{".tool-versions", "go go1.26.8 1.25.0 # two\npython 3.12\n", "1.26.8 1.25.0"},
	} {
		got, err := release.FileWishes(tc.name, []byte(tc.text))
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%s %q: %q, %v; want %q", tc.name, tc.text, got, err, tc.want)
		}
	}
}

func TestFileWishesRefuse(t *testing.T) {
	for _, tc := range []struct{ name, text, want, hint string }{
		{"go.mod", "module x\n", "go.mod: no go line", "add one, or set [go] versions"},
		{"go.mod", "module x\ngo 1.26\nfuture thing\n", "go.mod:3: unknown directive: future", ""},
		{"go.mod", "module x\ngo latest\n", "go.mod:2: invalid go version 'latest': must match format 1.23.0", ""},
		{"sub/go.work", "go 1.26\nfuture thing\n", "sub/go.work:2: unknown directive: future", ""},
		{"go.work", "use ./a\n", "go.work: no go line", "add one, or set [go] versions"},
		{".go-version", "\n# none\n", ".go-version: no version", `write one, such as "1.26.8"`},
		{".go-version", "\nsystem\n", `.go-version:2: "system" is not a version of Go`, `write "1.26.8" or "1.26"`},
		{".go-version", "1.26\n1.25\n", ".go-version:2: a second version", "keep one; several stand in [go] versions"},
		{".tool-versions", "python 3.12\n", ".tool-versions: no golang line", "add one, or set [go] versions"},
		{".tool-versions", "golang latest\n", `.tool-versions:1: "latest" is not a version of Go`, `write "1.26.8" or "1.26"`},
		{".tool-versions", "golang\n", ".tool-versions:1: golang has no version", `write one, such as "1.26.8"`},
		{".tool-versions", "golang 1.26\n\ngo 1.25\n", ".tool-versions:3: Go is set twice, first on line 1", "keep one of the two"},
	} {
		_, err := release.FileWishes(tc.name, []byte(tc.text))
		var e *release.Error
		if !errors.As(err, &e) || e.Error() != tc.want || e.Hint() != tc.hint || e.Class() != "usage" {
			t.Errorf("%s %q: error %v, want %s, hint %q", tc.name, tc.text, err, tc.want, tc.hint)
		}
	}
}

func TestReadMod(t *testing.T) {
	got, err := release.ReadMod("go.mod", []byte("module x\n\ngo 1.25\n\ntoolchain go1.26.8\n"))
	want := release.Asked{Go: "1.25", GoLine: 3, Toolchain: "1.26.8", ToolchainLine: 5}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

// FuzzFileWishes checks that every wish of a file can be resolved.
func FuzzFileWishes(f *testing.F) {
	f.Add(0, "module x\ngo 1.26\ntoolchain go1.26.8\n")
	f.Add(1, "go 1.26\nuse ./a\n")
	f.Add(2, "go1.26.8\n")
	f.Add(3, "golang 1.26.8 1.25 # two\n")
	names := []string{"go.mod", "go.work", ".go-version", ".tool-versions"}
	f.Fuzz(func(t *testing.T, n int, text string) {
		name := names[uint(n)%4]
		wishes, err := release.FileWishes(name, []byte(text))
		if err != nil {
			var e *release.Error
			if !errors.As(err, &e) || e.Class() != "usage" {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(wishes) == 0 {
			t.Error("neither a wish nor an error")
		}
		for _, w := range wishes {
			if _, err := release.ParseWish(w); err != nil && strings.HasPrefix(name, ".") {
				t.Error(err)
			}
		}
	})
}
