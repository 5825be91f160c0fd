package matchspec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/version"
)

func TestErrors(t *testing.T) {
	for _, test := range []struct{ in, want, hint string }{
		{"", `column 1: expected a package name`, ""},
		{" >=1", `column 2: expected a package name`, ""},
		{"@feat", `column 1: a package name cannot have '@'`, ""},
		{"bla/bla", `column 4: a package name cannot have '/'`, ""},
		{"ray[default,data] >=2", `column 4: a package name cannot have '['`, ""},
		{"py*", `column 1: "py*" is a pattern, only one package can be asked for`, ""},
		{"c::py*", `column 4: "py*" is a pattern, only one package can be asked for`, ""},
		{"a::b::p", `column 1: "a::b" is no channel`, ""},
		{"::p", `column 1: "" is no channel`, ""},
		{"https://h/p.txt", `column 1: not a URL or path of a package file`, ""},
		{"https://", `column 1: not a URL`, ""},
		{"numpy 3..7", `column 9: expected a digit or a letter`, ""},
		{"numpy >=1.0,===2", `column 13: unknown operator "==="`, `write "=="`},
		{"numpy >=1.0,", `column 13: expected a version`, ""},
		{"numpy =", `column 8: expected a version`, ""},
		{"numpy >=1.0 <2.0", `column 13: a build cannot have '<'`, `join versions with "," and no blank before the operator`},
		{"numpy 1 b c", `column 10: a build cannot have ' '`, ""},
		{"numpy >=7;python", `column 10: expected ",", "|" or the end`, `write conditions as [when="…"]`},
		{"numpy 1 ;if python", `column 9: a build cannot have ';'`, `write conditions as [when="…"]`},
		{"p 1 ^(b$", "column 5: error parsing regexp: missing closing ): `^(b$`", ""},
		{"p[build='^b']", `column 10: a build cannot have '^'`, ""},
		{"p[build_number='=3']", `column 17: unknown operator "="`, ""},
		{"p[build_number='>=x']", `column 17: "x" is no build number`, ""},
		{"p[features=x]", `column 3: unknown key "features"`, ""},
		{"p[version='>=1..2']", `column 16: expected a digit or a letter`, ""},
		{"p[version=]", `column 11: expected a value`, ""},
		{"p[version='1]", `column 11: no "'" to close this one`, ""},
		{"p[version='1' build=b]", `column 15: expected ",", or "]" at the end`, ""},
		{"p[version='1',]", `column 15: expected a key`, ""},
		{"p[version 1]", `column 11: expected "=" after key "version"`, ""},
		{"p]", `column 2: no "[" for this "]"`, ""},
		{"p[md5=12]", `column 7: md5 takes 32 hexadecimal digits`, ""},
		{"p[sha256=xy]", `column 10: sha256 takes 64 hexadecimal digits`, ""},
		{"p[url=x]", `column 7: not a URL or absolute path`, ""},
		{"p[license=[MIT]]", `column 11: key "license" takes no list`, ""},
		{"p[extras=[a b]]", `column 10: "a b" is no name of an extra`, ""},
		{"p[flags=['~x']]", `column 9: "~x" is no flag`, ""},
		{"p[when='a and']", `column 14: expected a package name`, ""},
		{"p[when='(a']", `column 9: no ")" for this "("`, ""},
		{"p[when='a) b']", `column 10: expected "and", "or" or the end of the condition`, ""},
		{"p[when='a >=1..2']", `column 15: expected a digit or a letter`, ""},
		{"p[extras=[a;]]", `column 10: "a;" is no name of an extra`, ""},
		{"p[extras=[a'b']]", `column 12: expected "," or "]"`, ""},
		{"p[extras=[,]]", `column 11: expected a value`, ""},
		{"p[flags=['^(b$']]", "column 9: error parsing regexp: missing closing ): `^(b$`", ""},
		{"p[when='(a']", `column 9: no ")" for this "("`, ""},
		{"p[when='(']", `column 10: expected a package name`, ""},
		{"p ^1", `column 3: no "$" at the end of the regular expression`, ""},
		{"/a/p-1.conda", `column 1: not a URL or path of a package file`, ""},
		{`p[when='a[when="b"]']`, `column 11: a condition within a condition`, ""},
	} {
		_, err := matchspec.Parse(test.in)
		want := `match spec ` + quote(test.in) + `: ` + test.want
		var syntax *version.SyntaxError
		if !errors.As(err, &syntax) || syntax.Error() != want || syntax.Hint() != test.hint || syntax.Class() != "usage" {
			t.Errorf("%s\n got %v\nwant %s", test.in, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for in, want := range map[string]string{
		"p " + strings.Repeat("1", matchspec.MaxLength):            `column 16385: too long`,
		"p[when='" + strings.Repeat("(", 99) + "']":                `column 73: parentheses nest deeper than 64`,
		"p " + strings.Repeat("1|", version.MaxSpecLength):         `column 16385: too long`,
		"p " + strings.Repeat("1|", version.MaxSpecLength/2) + "1": `column 8195: too long`,
	} {
		if _, err := matchspec.Parse(in); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%.20q: %.400v, want %s", in, err, want)
		}
	}
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func TestStrict(t *testing.T) {
	strict := matchspec.Options{Strict: true}
	for in, want := range map[string]string{
		"p":                     "p",
		"p =1.8 b":              "p 1.8.* b",
		"p ==1.8 b*":            "p ==1.8 b*",
		"p >=1,<2":              "p >=1,<2",
		"c::p[version='1.8.*']": `p 1.8.*[channel="c"]`,
	} {
		if spec, err := strict.Parse(in); err != nil || spec.String() != want {
			t.Errorf("%q: %v, %v; want %q", in, spec, err, want)
		}
	}
	for in, want := range map[string]string{
		"p 1.8":                      `column 3: a version without operator`,
		"p==1.8=b":                   `column 7: expected a blank before the build`,
		"p[build=b,build=c]":         `column 11: key "build" is given twice`,
		"p ==1[version='==1']":       `column 3: the version is given twice`,
		"p ==1 b[build=b]":           `column 3: the build is given twice`,
		"p[when='a 1']":              `column 11: a version without operator`,
		"p[version='==1.*',build=b]": `column 12: an operator with "*"`,
	} {
		if _, err := strict.Parse(in); err == nil || err.Error() != "match spec "+quote(in)+": "+want {
			t.Errorf("%q:\n got %v\nwant %s", in, err, want)
		}
	}
}
