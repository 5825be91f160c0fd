package debian

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// ordered are versions from old to new, by the rules of policy §5.6.12.
var ordered = []string{
	"0~~", "0~~a", "0~", "0", "0+a", "1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0a", "1.0+dfsg-1", "1.0.1",
	"1.2.13", "1.10", "20230101", "20230101120000", "1:0.1", "1:1.2.13.dfsg-1", "2:0",
}

func TestCompareVersions(t *testing.T) {
	for i, a := range ordered {
		for j, b := range ordered {
			got := CompareVersions(a, b)
			if want := i - j; got > 0 != (want > 0) || got < 0 != (want < 0) {
				t.Errorf("CompareVersions(%q, %q) is %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1.00"}, {"0:1.0", "1.0"}, {"1.0-0", "1.0"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%q and %q differ", same[0], same[1])
		}
	}
}

// TestCompareVersionsDpkg asks dpkg itself.
func TestCompareVersionsDpkg(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Skip("there is no dpkg")
	}
	for i, a := range ordered[1:] {
		if err := exec.CommandContext(t.Context(), "dpkg", "--compare-versions", ordered[i], "lt", a).Run(); err != nil {
			t.Errorf("dpkg does not think that %q is older than %q", ordered[i], a)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for _, v := range ordered {
		if err := CheckVersion(v); err != nil {
			t.Error(err)
		}
	}
	for _, v := range []string{"", "a1", "1 0", "x:1", "1_0", "-1", strings.Repeat("1", 300)} {
		if CheckVersion(v) == nil {
			t.Errorf("%q is taken for a version", v)
		}
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.0~rc1", "1.0", "1:0")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if CompareVersions(a, a) != 0 || CompareVersions(a, b) != -CompareVersions(b, a) {
			t.Errorf("%q and %q have no order", a, b)
		}
		list := []string{a, b, c}
		slices.SortFunc(list, CompareVersions)
		if CompareVersions(list[0], list[2]) > 0 {
			t.Errorf("%q is no order", list)
		}
	})
}
