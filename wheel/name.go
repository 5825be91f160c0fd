package wheel

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// maxTags is the most tags that the name of a wheel may stand for.
const maxTags = 10_000

// Name is what the file name of a wheel says (PEP 427, "File name convention").
type Name struct {
	Distribution string   // as written: "zope.interface", "Foo_Bar"
	Version      string   // as written: "1.0+local.1"
	Build        string   // build tag: "1", "2a", or ""
	Pythons      []string // "cp311", "py2", "py3"; lower case, as the other tags
	ABIs         []string // "cp311", "abi3", "none"
	Platforms    []string // "manylinux_2_17_x86_64", "any"
}

// Normalize returns the name of a project as [pypi.Normalize] does.
func Normalize(name string) string { return pypi.Normalize(name) }

var (
	distribution = regexp.MustCompile(`^[A-Za-z0-9]+(?:[._]+[A-Za-z0-9]+)*$`)
	buildTag     = regexp.MustCompile(`^[0-9][A-Za-z0-9_.]*$`)
	compatTag    = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
)

// ParseName reads the file name of a wheel,
//
//	DISTRIBUTION-VERSION(-BUILD)?-PYTHON-ABI-PLATFORM.whl
//
// where the last three may be sets, joined by dots (PEP 425, "Compressed Tag
// Sets"). The version must be one of PEP 440, in which "_" may stand for "-".
// The error is an *tree.Error of class "usage".
func ParseName(file string) (Name, error) {
	refuse := func(format string, args ...any) (Name, error) {
		return Name{}, tree.NewError("", "wheel file name %q "+format, append([]any{file}, args...)...).WithClass("usage")
	}
	stem, ok := strings.CutSuffix(file, ".whl")
	if !ok {
		return refuse("does not end in .whl")
	}
	parts := strings.Split(stem, "-")
	if len(parts) != 5 && len(parts) != 6 {
		return refuse("does not have 5 or 6 parts that are joined by %q", "-")
	}
	n := Name{Distribution: parts[0], Version: parts[1]}
	if len(parts) == 6 {
		n.Build = parts[2]
	}
	switch {
	case !distribution.MatchString(n.Distribution):
		return refuse("has no name of a project: %q", n.Distribution)
	case !n.SameVersion(n.Version):
		return refuse("has no version: %q", n.Version)
	case len(parts) == 6 && !buildTag.MatchString(n.Build):
		return refuse("has a build tag that does not begin with a digit: %q", n.Build)
	}
	tags := parts[len(parts)-3:]
	count := 1
	for i, set := range []*[]string{&n.Pythons, &n.ABIs, &n.Platforms} {
		*set = strings.Split(strings.ToLower(tags[i]), ".")
		if count *= len(*set); count > maxTags {
			return refuse("stands for more than %d tags", maxTags)
		}
		for _, tag := range *set {
			if !compatTag.MatchString(tag) {
				return refuse("has a tag %q", tag)
			}
		}
	}
	return n, nil
}

// Project returns the normalised name of the project.
func (n Name) Project() string { return Normalize(n.Distribution) }

// SameVersion reports whether the name's version means the same as another one
// (PEP 440): "1.0" and "1.0.0" do. What is no version means nothing.
func (n Name) SameVersion(version string) bool {
	v, err1 := parseVersion(n.Version)
	w, err2 := parseVersion(version)
	return err1 == nil && err2 == nil && v.Compare(w) == 0
}

// parseVersion reads a version of a file name, where "_" may stand for "-".
func parseVersion(s string) (pypi.Version, error) {
	return pypi.ParseVersion(strings.ReplaceAll(s, "_", "-"))
}

// Rank returns how well the wheel fits a target: the place of the first of the
// target's tags that the wheel has, so that lower is better (PEP 425). ok is
// false where it does not fit at all.
func (n Name) Rank(t Target) (rank int, ok bool) { return n.RankIn(t.Tags()) }

// RankIn is Rank for a target's tags, for many wheels and one target.
func (n Name) RankIn(tags []Tag) (rank int, ok bool) {
	rank = slices.IndexFunc(tags, func(tag Tag) bool {
		return slices.Contains(n.Pythons, tag.Python) && slices.Contains(n.ABIs, tag.ABI) && slices.Contains(n.Platforms, tag.Platform)
	})
	return rank, rank >= 0
}
