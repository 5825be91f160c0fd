package version_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

// specs are version specs and their canonical form. differs is what rattler
// makes of them where that is something else; docs/conda-choices.md has the
// reasons.
var specs = []struct{ in, want, differs string }{
	{in: "1.8", want: "==1.8"},
	{in: "=1.8", want: "1.8.*"},
	{in: "==1.8", want: "==1.8"},
	{in: "1.8*", want: "1.8.*"},
	{in: "1.8.*", want: "1.8.*"},
	{in: "1.8.*.*", want: "1.8.*"},
	{in: "1.8.*.", want: "1.8.*"},
	{in: "=1.8.*", want: "1.8.*"},
	{in: "==1.8.*", want: "1.8.*", differs: "==1.8"},
	{in: "!=1.8", want: "!=1.8"},
	{in: "!=1.8*", want: "!=1.8.*"},
	{in: "!=1.8.*", want: "!=1.8.*"},
	{in: "!=1.8.*.*", want: "!=1.8.*", differs: "!=1.8"},
	{in: ">1.8.*", want: ">=1.8"},
	{in: ">1.8*", want: ">=1.8"},
	{in: ">1.8", want: ">1.8"},
	{in: ">=1.8.*", want: ">=1.8"},
	{in: "<1.8.*", want: "<1.8"},
	{in: "<=1.8*", want: "<=1.8"},
	{in: "~=1.8", want: "~=1.8"},
	{in: "~=1.8.*", want: "~=1.8"},
	{in: "~=1", want: "~=1"},
	{in: "*", want: "*"},
	{in: "*.*", want: "*"},
	{in: ">=*", want: "*"},
	{in: "<=*", want: "*"},
	{in: "==*", want: "*"},
	{in: "=*", want: "*"},
	{in: "~=*", want: "*"},
	{in: "(>=1,<2)|3", want: ">=1,<2|==3"},
	{in: "((1))", want: "==1"},
	{in: "1|2,3", want: "==1|==2,==3"},
	{in: "(1|2),3", want: "(==1|==2),==3"},
	{in: "1 | 2 , 3", want: "==1|==2,==3"},
	{in: "(1,2)|3,(4|5)", want: "==1,==2|==3,(==4|==5)"},
	{in: "(1|(2|3))|4", want: "==1|==2|==3|==4"},
	{in: "1.8_*", want: "1.8_.*", differs: "does not match 1.8-"},
	{in: "1.8-*", want: "1.8-.*", differs: "does not match 1.8_"},
	{in: "1_", want: "==1_"},
	{in: "1!2.*", want: "1!2.*"},
	{in: "1+x.*", want: "1+x.*"},
	{in: "01.RC1", want: "==1.rc1"},
	{in: ">=1.8,<2*", want: ">=1.8,<2"},
	{in: "2.7|>=3.6", want: "==2.7|>=3.6"},
	{in: " >= 1 ", want: ">=1", differs: "error"},
	{in: "=>1.2", want: ">=1.2", differs: "error"},
	{in: "1.*.3", want: "1.*.3", differs: "error"},
	{in: "=1.*.3", want: "1.*.3", differs: "error"},
	{in: "**", want: "**", differs: "error"},
	{in: "^1\\.(8|9),?.*$|3", want: "^1\\.(8|9),?.*$|==3", differs: "error"},
	{in: "(^1$)", want: "^1$", differs: "error"},
}

func TestSpecString(t *testing.T) {
	for _, test := range specs {
		spec, err := version.ParseSpec(test.in)
		if err != nil {
			t.Errorf("%q: %v", test.in, err)
			continue
		}
		if got := spec.String(); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
		again, err := version.ParseSpec(test.want)
		if err != nil || again.String() != test.want {
			t.Errorf("%q: read again: %q, %v", test.want, again.String(), err)
		}
	}
}

// some are versions to match specs with.
var some = strings.Split("1,1.0,1.7,1.8,1.8.0,1.8.1,1.80,1.8a1,1.8.rc1,1.8post1,1.8+x,1.8_,1.8-,1.9,1.9.3,2,2.0a1,2.7,2.7.1,3,3.6,3.7,1!1.8,1!2,1!2.5,1+x,1+x.1,1_,1.2,1.2.3,4,5", ",")

func TestRattlerSpecs(t *testing.T) {
	var questions []string
	for _, test := range specs {
		questions = append(questions, test.in+"\t"+strings.Join(some, ","))
	}
	for i, answer := range oracle(t, "spec", questions) {
		spec, err := version.ParseSpec(specs[i].in)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range some {
			got += flag(spec.Matches(parse(t, v)))
		}
		if differs := specs[i].differs != ""; differs != (got != answer) {
			t.Errorf("%q: matches %s, rattler %s, said to differ: %v", specs[i].in, got, answer, differs)
		}
	}
}

func TestSpecPatterns(t *testing.T) {
	for _, test := range []struct{ spec, yes, no string }{
		{"1.*.3", "1.2.3 1.RC.3 1.2.9.3", "1.3 1.2.4 11.2.3"},
		{"1.*RC", "1.0rc 1.0RC", "1.0"},
		{`^1\.[89].*$`, "1.8 1.90.1", "1.7 11.8"},
		{"^1$", "1", "1.0"},
		{"^1.*RC$", "1.0rc 1.0RC", "1.0"},
		{"**", "1 dev", ""},
		{"1+*.2", "1+x.2", "11.2"},
	} {
		spec, err := version.ParseSpec(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range strings.Fields(test.yes) {
			if !spec.Matches(parse(t, v)) {
				t.Errorf("%q does not match %s", test.spec, v)
			}
		}
		for _, v := range strings.Fields(test.no) {
			if spec.Matches(parse(t, v)) {
				t.Errorf("%q matches %s", test.spec, v)
			}
		}
	}
}

func TestSpecErrors(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", `version spec "": column 1: expected a version`},
		{"()", `version spec "()": column 2: expected a version`},
		{"(1", `version spec "(1": column 1: no ")" for this "("`},
		{"1)", `version spec "1)": column 2: expected ",", "|" or the end`},
		{"1 2", `version spec "1 2": column 3: expected ",", "|" or the end`},
		{"1,", `version spec "1,": column 3: expected a version`},
		{"|1", `version spec "|1": column 1: expected a version`},
		{"1||2", `version spec "1||2": column 3: expected a version`},
		{">=1.8.", `version spec ">=1.8.": column 7: expected a digit or a letter`},
		{"1,3..7", `version spec "1,3..7": column 5: expected a digit or a letter`},
		{"2.7.15+", `version spec "2.7.15+": column 8: expected a digit or a letter`},
		{"1_2-3", `version spec "1_2-3": column 4: "-" and "_" in one version`},
		{"===1", `version spec "===1": column 1: unknown operator "==="`},
		{"1,<>1", `version spec "1,<>1": column 3: unknown operator "<>"`},
		{"!=*", `version spec "!=*": column 1: an operator with "*"`},
		{"<*", `version spec "<*": column 1: an operator with "*"`},
		{"1,>*", `version spec "1,>*": column 3: an operator with "*"`},
		{">=1.*.3", `version spec ">=1.*.3": column 1: an operator with "*" inside a version`},
		{"^1.*", `version spec "^1.*": column 1: no "$" at the end of the regular expression`},
		{"^(1$", "version spec \"^(1$\": column 1: error parsing regexp: missing closing ): `^(1$`"},
		{">=3.8<3.9", `version spec ">=3.8<3.9": column 6: expected ",", "|" or the end`},
		{strings.Repeat("(", 99), `version spec "` + strings.Repeat("(", 99) + `": column 65: parentheses nest deeper than 64`},
	} {
		_, err := version.ParseSpec(test.in)
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\n got %v\nwant %s", test.in, err, test.want)
		}
		var syntax *version.SyntaxError
		if !errors.As(err, &syntax) || syntax.Class() != "usage" {
			t.Errorf("%q: %T is no SyntaxError of class usage", test.in, err)
		}
	}
}

func TestStrict(t *testing.T) {
	for _, in := range []string{"=1.8", "==1.8", "1.8.*", "1.8*", "!=1.8.*", ">=1.8,<2", "~=1.8", "*", "^1$"} {
		if _, err := version.ParseSpecStrict(in); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, test := range []struct{ in, want, hint string }{
		{"1.8", `version spec "1.8": column 1: a version without operator`, `write "==1.8" or "1.8.*"`},
		{">1,=>2", `version spec ">1,=>2": column 4: unknown operator "=>"`, `write ">="`},
		{"==1.8.*", `version spec "==1.8.*": column 1: an operator with "*"`, ""},
		{">=*", `version spec ">=*": column 1: an operator with "*"`, ""},
		{"1.8.*.*", `version spec "1.8.*.*": column 4: more than one "*"`, ""},
		{"1.*.3", `version spec "1.*.3": column 1: "*" is only allowed at the end of a version`, ""},
		{"*.*", `version spec "*.*": column 1: "*" is only allowed at the end of a version`, ""},
	} {
		_, err := version.ParseSpecStrict(test.in)
		var syntax *version.SyntaxError
		if !errors.As(err, &syntax) || syntax.Error() != test.want || syntax.Hint() != test.hint {
			t.Errorf("%q:\n got %v\nwant %s", test.in, err, test.want)
		}
	}
}

func TestSpecKinds(t *testing.T) {
	for in, want := range map[string]string{"*": "any", ">=*": "any", "==1.8": "1.8", "1.8": "1.8", "=1.8": "", ">1,==2": "", "^1$": ""} {
		spec, err := version.ParseSpec(in)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if spec.IsAny() {
			got = "any"
		} else if v, ok := spec.Exact(); ok {
			got = v.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var zero version.Spec
	if !zero.IsAny() || zero.String() != "*" || !zero.Matches(version.Version{}) {
		t.Error("the zero Spec is not any version")
	}
}

func TestOperatorHints(t *testing.T) {
	for in, want := range map[string]string{
		"===1": `write "=="`, "=<1": `write "<="`, "<>1": `write "!="`, "!1": `write "!="`, "~1": `write "~="`,
		"=!=1": "operators are ==, !=, <, <=, >, >=, = and ~=",
	} {
		_, err := version.ParseSpec(in)
		var syntax *version.SyntaxError
		if !errors.As(err, &syntax) || syntax.Hint() != want {
			t.Errorf("%q: %v, want hint %q", in, err, want)
		}
	}
}
