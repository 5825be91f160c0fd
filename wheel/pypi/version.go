package pypi

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Version is a version of PEP 440. The zero Version is none.
type Version struct {
	epoch   string
	release []string
	pre     string // "a", "b", "rc", or ""
	preN    string
	post    string // number, or ""
	dev     string // number, or ""
	local   []string
}

// versionForm is PEP 440's regular expression, appendix B.
var versionForm = regexp.MustCompile(`^v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?` +
	`(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?` +
	`(?:[-_.]?(dev)[-_.]?([0-9]*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

// maxLength is how many bytes a version, a specifier's clause or a requirement
// may have.
const maxLength = 4096

// ParseVersion reads a version.
func ParseVersion(s string) (Version, error) {
	if len(s) > maxLength {
		return Version{}, fmt.Errorf("version of %d bytes is too long", len(s))
	}
	m := versionForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return Version{}, fmt.Errorf("%q is not a version (PEP 440)", s)
	}
	v := Version{epoch: number(m[1])}
	for n := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, number(n))
	}
	switch m[3] {
	case "alpha", "a":
		v.pre = "a"
	case "beta", "b":
		v.pre = "b"
	case "preview", "pre", "c", "rc":
		v.pre = "rc"
	}
	v.preN = number(m[4])
	switch {
	case m[5] != "":
		v.post = number(m[5])
	case m[6] != "":
		v.post = number(m[7])
	}
	if m[8] != "" {
		v.dev = number(m[9])
	}
	for part := range strings.FieldsFuncSeq(m[10], func(c rune) bool { return strings.ContainsRune("-_.", c) }) {
		if isNumber(part) {
			part = number(part)
		}
		v.local = append(v.local, part)
	}
	return v, nil
}

// number strips leading zeros; an absent number is 0.
func number(s string) string {
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0"
	}
	return s
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// String returns the version in its normal form.
func (v Version) String() string {
	if v.release == nil {
		return ""
	}
	s := strings.Join(v.release, ".")
	if v.epoch != "0" {
		s = v.epoch + "!" + s
	}
	if v.pre != "" {
		s += v.pre + v.preN
	}
	if v.post != "" {
		s += ".post" + v.post
	}
	if v.dev != "" {
		s += ".dev" + v.dev
	}
	if v.local != nil {
		s += "+" + strings.Join(v.local, ".")
	}
	return s
}

// Compare returns -1, 0 or 1 by PEP 440's order.
func (v Version) Compare(w Version) int {
	if c := cmp.Or(compareNumbers(v.epoch, w.epoch), compareRelease(v.release, w.release)); c != 0 {
		return c
	}
	preV, preW := v.preRank(), w.preRank()
	return cmp.Or(
		cmp.Compare(preV, preW), compareNumbers(v.preN, w.preN),
		compareOptional(v.post, w.post, -1), compareOptional(v.dev, w.dev, 1),
		compareLocal(v.local, w.local),
	)
}

// preRank orders what follows the release: a development release alone, the
// pre-releases, the release.
func (v Version) preRank() int {
	switch {
	case v.pre == "" && v.post == "" && v.dev != "":
		return 0
	case v.pre == "":
		return 4
	}
	return 1 + slices.Index([]string{"a", "b", "rc"}, v.pre)
}

func compareNumbers(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

func compareRelease(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if c := compareNumbers(part(a, i), part(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

// part returns a part of a release; those that it lacks are 0.
func part(release []string, i int) string {
	if i < len(release) {
		return release[i]
	}
	return "0"
}

// compareOptional compares numbers that may be absent, which sorts before (-1)
// or after (1) all numbers.
func compareOptional(a, b string, absent int) int {
	switch {
	case a == "" && b == "":
		return 0
	case a == "":
		return absent
	case b == "":
		return -absent
	}
	return compareNumbers(a, b)
}

func compareLocal(a, b []string) int {
	for i := range min(len(a), len(b)) {
		x, y := isNumber(a[i]), isNumber(b[i])
		var c int
		switch {
		case x && y:
			c = compareNumbers(a[i], b[i])
		case x:
			c = 1
		case y:
			c = -1
		default:
			c = cmp.Compare(a[i], b[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// public returns the version without its local part.
func (v Version) public() Version {
	v.local = nil
	return v
}

// sameBase reports whether two versions have one epoch and release.
func (v Version) sameBase(w Version) bool {
	return v.epoch == w.epoch && compareRelease(v.release, w.release) == 0
}
