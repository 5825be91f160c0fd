package debian

import (
	"errors"
	"strings"
	"testing"
)

// archive makes an archive from control data with what counts alone.
func archive(t *testing.T, text string) *Archive {
	t.Helper()
	const rest = "Architecture: amd64\nSize: 1\nFilename: pool/x.deb\nSHA256: 0000000000000000000000000000000000000000000000000000000000000000\n"
	var all []*Package
	for stanza := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		name, fields, _ := strings.Cut(strings.TrimSpace(stanza), "\n")
		n, v, _ := strings.Cut(name, " ")
		full := "Package: " + n + "\nVersion: " + v + "\n" + rest + fields + "\n"
		if err := ReadPackages(strings.NewReader(full), "f", "amd64", func(p *Package) { all = append(all, p) }); err != nil {
			t.Fatal(err)
		}
	}
	return NewArchive("amd64", all)
}

const world = `
bash 5.2
Pre-Depends: libc6 (>= 2.36)
Depends: base-files (>= 2.1.12), debianutils (>= 5.6-0.1)

libc6 2.36
Depends: libgcc-s1
Recommends: locales

libgcc-s1 12.2
Depends: libc6 (>= 2.35)

base-files 12
Pre-Depends: awk

gawk 5
Priority: optional
Provides: awk

mawk 1
Priority: required
Provides: awk

debianutils 5.7

mailer 1
Depends: exim | mta

postfix 3
Provides: mta

foo 2
Depends: bar (>= 3) | baz

foo 1

bar 2

baz 1
Breaks: bash (<< 6)

lib 1
Provides: virtual (= 2)

needs 1
Depends: virtual (>= 2)

needs-more 1
Depends: virtual (>= 3)

deep 1
Depends: needs-more

pin 2

pin 1
Provides: older

user 1
Depends: pin (>= 2)

user-of-older 1
Depends: older
`

func TestClosure(t *testing.T) {
	for _, tt := range []struct{ want, got string }{
		{"libc6", "libc6 libgcc-s1"},
		{"bash", "base-files bash debianutils libc6 libgcc-s1 mawk"},
		{"bash gawk", "base-files bash debianutils gawk libc6 libgcc-s1"}, // what is chosen already provides awk
		{"mailer", "mailer postfix"},
		{"foo=1", "foo"},
		{"foo", "baz foo"},
		{"needs", "lib needs"},
		{"pin=1 user-of-older", "pin user-of-older"},
		{"user pin=2", "pin user"},
	} {
		all, err := archive(t, world).Closure(strings.Fields(tt.want))
		if err != nil {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		if got := strings.ReplaceAll(names(all), ",", ""); got != tt.got {
			t.Errorf("%s gives %s, want %s", tt.want, got, tt.got)
		}
	}
}

func TestClosureErrors(t *testing.T) {
	for want, text := range map[string]string{
		"nothing":       `there is no package "nothing"`,
		"awk":           `package "awk" is virtual`,
		"foo=1 foo=2":   `package "foo" is asked for in the versions 1 and 2`,
		"foo=3":         `package "foo" has no version 3`,
		"deep":          "deep -> needs-more 1 needs virtual (>= 3), which cannot be had",
		"foo bash":      "foo -> baz 1 excludes bash 5.2 (bash (<< 6))",
		"user-of-older": "user-of-older 1 needs older, which cannot be had",
		"pin=1 user":    "user 1 needs pin (>= 2), which cannot be had beside pin 1",
	} {
		if _, err := archive(t, world).Closure(strings.Fields(want)); err == nil || err.Error() != text {
			t.Errorf("%s: %v, want %s", want, err, text)
		}
	}
}

// TestVersions shows which versions are named beside one that is not there.
func TestVersions(t *testing.T) {
	text := ""
	for _, v := range []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.6"} {
		text += "curl " + v + "\n\n"
	}
	a := archive(t, text)
	for want, hint := range map[string]string{
		"2":     "there is 1.6, 1.5, 1.4, 1.3, 1.2",
		"1.3-1": "there is 1.5, 1.4, 1.3, 1.2, 1.1",
		"0":     "there is 1.4, 1.3, 1.2, 1.1, 1.0",
	} {
		_, err := a.Closure([]string{"curl=" + want})
		var h interface{ Hint() string }
		if !errors.As(err, &h) || h.Hint() != hint {
			t.Errorf("curl=%s: %v, want the hint %q", want, err, hint)
		}
	}
}

// TestExactVersion shows that a version which is named counts before what else
// asks for the package.
func TestExactVersion(t *testing.T) {
	a := archive(t, world)
	newest, err := a.named("foo")
	if err != nil {
		t.Fatal(err)
	}
	for name, choose := range map[string]func() ([]*Package, error){
		"later in the list": func() ([]*Package, error) { return a.Closure([]string{"foo", "foo=1"}) },
		"over a preset":     func() ([]*Package, error) { return a.Closure([]string{"foo=1"}, newest) },
	} {
		all, err := choose()
		if err != nil || len(all) != 1 || all[0].Version != "1" {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}
