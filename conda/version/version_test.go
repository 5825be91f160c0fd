package version_test

import (
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

func TestCompare(t *testing.T) {
	for _, rule := range []string{
		// CEP 26 and the notes that come with it.
		"0.4 = 0.4.0 < 0.4.1.rc = 0.4.1.RC < 0.4.1 < 0.5a1 < 0.5b3 < 0.5C1 < 0.5 < 0.9.6 < 0.960923 < 1.0",
		"1.1dev1 < 1.1_ < 1.1a1 < 1.1.0dev1 = 1.1.dev1 < 1.1.a1 < 1.1.0rc1 < 1.1.0 = 1.1 < 1.1.0post1 = 1.1.post1 < 1.1post1",
		"1996.07.12 < 1!0.4.1 < 1!3.1.1.6 < 2!0.4.1",
		"1.1rc < 1.1.0rc",
		"1.0.1_ < 1.0.1a < 1.0.1",
		"1_2 = 1.2 = 1-2",
		"1.0+local < 1.0 = 1.0+0 < 1.0+1 < 1.0.1",
		"2023a < 2023.1",
		"v0.1 < 0.1",
		"1.0.0.rc < 1.0 < 1.0.0.0.1",
		"1.0a.rc < 1.0a < 1.0a.1",
		"1.0.0a < 1.0.0.a = 1.0.0.0a < 1.0.0.0.a",
		"9 < 215 < 216 < 255 < 256 < 65536 < 20230101120000 < 18446744073709551615 < 18446744073709551616 < 99999999999999999999999",
		"1.099999999999999999999999 = 1.99999999999999999999999",
		"0!1 = 1 < 2!0",
		"1develop < 1",
		"1dev < 1_ < 1dea < 1deva < 1posta",
	} {
		words := strings.Fields(rule)
		for i := 0; i+2 < len(words); i += 2 {
			a, b := parse(t, words[i]), parse(t, words[i+2])
			want := -1
			if words[i+1] == "=" {
				want = 0
			}
			if a.Compare(b) != want || b.Compare(a) != -want || a.Equal(b) != (want == 0) {
				t.Errorf("%s %s %s does not hold", a, words[i+1], b)
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	long := strings.Repeat("1", version.MaxLength+1)
	for _, test := range []struct{ in, want string }{
		{"", `version "": column 1: empty version`},
		{"1..2", `version "1..2": column 3: expected a digit or a letter`},
		{"1.0.", `version "1.0.": column 5: expected a digit or a letter`},
		{"1!", `version "1!": column 3: expected a digit or a letter`},
		{"1!2!3", `version "1!2!3": column 4: expected the end of the version`},
		{"1+", `version "1+": column 3: expected a digit or a letter`},
		{"1+a+b", `version "1+a+b": column 4: expected the end of the version`},
		{"_1", `version "_1": column 1: expected a digit or a letter`},
		{"1__2", `version "1__2": column 4: expected the end of the version`},
		{"1_2-3", `version "1_2-3": column 4: "-" and "_" in one version`},
		{"1-2+3_4", `version "1-2+3_4": column 6: "-" and "_" in one version`},
		{"1.0_-", `version "1.0_-": column 5: "-" and "_" in one version`},
		{"1 2", `version "1 2": column 2: expected the end of the version`},
		{"é", `version "é": column 1: expected a digit or a letter`},
		{"1.*", `version "1.*": column 3: expected a digit or a letter`},
		{long, `version "` + long[:200] + `"…: column 4097: too long`},
	} {
		if _, err := version.Parse(test.in); err == nil || err.Error() != test.want {
			t.Errorf("%.20q:\n got %v\nwant %s", test.in, err, test.want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"1.0": "1.0", "01.00": "1.0", "1!02.RC01+LOC_1": "1!2.rc1+loc_1", "1.0__": "1.0__", "0": "0", "000": "0",
	} {
		v := parse(t, in)
		if got := v.Canonical(); got != want || !parse(t, got).Equal(v) || v.String() != in {
			t.Errorf("%s: canonical %s, want %s", in, got, want)
		}
	}
}

// TestOrderLaws checks that the order of made versions is antisymmetric, total
// and transitive, and that keys agree with it.
func TestOrderLaws(t *testing.T) {
	var all []version.Version
	for _, s := range made(200) {
		all = append(all, parse(t, s))
	}
	for _, x := range all {
		for _, y := range all {
			xy := x.Compare(y)
			if xy != -y.Compare(x) || (xy == 0) != x.Equal(y) || (xy == 0) != (x.Key() == y.Key()) {
				t.Fatalf("%s and %s: not antisymmetric", x, y)
			}
			for _, z := range all {
				if xy <= 0 && y.Compare(z) <= 0 && x.Compare(z) > 0 {
					t.Fatalf("%s <= %s <= %s: not transitive", x, y, z)
				}
			}
		}
	}
}
