package debian

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestControl(t *testing.T) {
	const text = "# comment\nPackage: a\nDescription: short\n long\n .\n more\n\n\nPackage: b\nDepends: x,\n y\n"
	c := NewControl(strings.NewReader(text), "f")
	var got []Stanza
	for {
		s, err := c.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	want := []Stanza{
		{{"Package", "a"}, {"Description", "short\nlong\n.\nmore"}},
		{{"Package", "b"}, {"Depends", "x,\ny"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if v := got[1].Get("depends"); v != "x,\ny" {
		t.Errorf("a field's name has a case: %q", v)
	}
}

func TestControlErrors(t *testing.T) {
	for text, want := range map[string]string{
		" x\n":           "f: line 1: a continued line without a field",
		"a\n":            "f: line 1: no field",
		"A: 1\na: 2\n":   `f: line 2: field "a" stands twice`,
		"A: 1\n  \nB: 2": "f: line 2: a line of blanks inside a stanza",
		"-A: 1\n":        "f: line 1: no field",
	} {
		if _, err := NewControl(strings.NewReader(text), "f").Next(); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestParseRelations(t *testing.T) {
	for _, tt := range []struct{ field, want string }{
		{"libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0", "libc6 (>= 2.34); debconf (>= 0.5) | debconf-2.0"},
		{"perl:any, xx (<< 1:2~) ,", "perl:any; xx (<< 1:2~)"},
		{"aa [amd64], bb [!amd64], cc [arm64], dd [!arm64 !i386], ee [linux-any]", "aa; dd; ee"},
		{"old (> 1), older (< 2)", "old (>= 1); older (<= 2)"},
		{"", ""},
	} {
		got, err := ParseRelations(tt.field, "amd64")
		if err != nil {
			t.Errorf("%q: %v", tt.field, err)
			continue
		}
		var parts []string
		for _, any := range got {
			var texts []string
			for _, r := range any {
				texts = append(texts, r.String())
			}
			parts = append(parts, strings.Join(texts, " | "))
		}
		if text := strings.Join(parts, "; "); text != tt.want {
			t.Errorf("%q is %q, want %q", tt.field, text, tt.want)
		}
	}
	for _, bad := range []string{"UPPER", "a b", "libc6 (2.34)", "libc6 (>= )", "libc6 (>= 1", "x:", "libc6 [amd64", "| x", "x <!nocheck>"} {
		if _, err := ParseRelations(bad, "amd64"); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
