package debian

import (
	"cmp"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// CompareVersions orders two versions as dpkg does (Debian policy §5.6.12): by
// epoch, upstream version, then revision.
func CompareVersions(a, b string) int {
	ea, ua, ra := splitVersion(a)
	eb, ub, rb := splitVersion(b)
	return cmp.Or(compareNumbers(ea, eb), compareParts(ua, ub), compareParts(ra, rb))
}

// CheckVersion reports what keeps a string from being a version.
func CheckVersion(v string) error {
	epoch, upstream, revision := splitVersion(v)
	if strings.Trim(epoch, "0123456789") != "" || upstream == "" || upstream[0] < '0' || upstream[0] > '9' || len(v) > 256 {
		return tree.NewError("", "%q is no version", v)
	}
	for _, c := range []byte(upstream + revision) {
		if !isDigit(c) && !isLetter(c) && !strings.ContainsRune(".+-~:", rune(c)) {
			return tree.NewError("", "%q is no version", v)
		}
	}
	return nil
}

func splitVersion(v string) (epoch, upstream, revision string) {
	if e, rest, ok := strings.Cut(v, ":"); ok {
		epoch, v = e, rest
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return epoch, v[:i], v[i+1:]
	}
	return epoch, v, ""
}

// compareNumbers compares digits of any length; "" is 0.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareParts compares runs of other characters and runs of digits by turns.
func compareParts(a, b string) int {
	for a != "" || b != "" {
		na, nb := run(a, false), run(b, false)
		if c := compareText(a[:na], b[:nb]); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
		na, nb = run(a, true), run(b, true)
		if c := compareNumbers(a[:na], b[:nb]); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return 0
}

// run returns the length of the digits, or of what are none, at the start.
func run(s string, digits bool) int {
	for i := range len(s) {
		if isDigit(s[i]) != digits {
			return i
		}
	}
	return len(s)
}

// compareText orders "~" before the end, the end before letters, and letters
// before all else.
func compareText(a, b string) int {
	for i := range max(len(a), len(b)) {
		if c := cmp.Compare(weight(a, i), weight(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case isLetter(s[i]):
		return int(s[i])
	}
	return int(s[i]) + 256
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
