package importer

import (
	"path"
	"regexp"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/wheel"
)

// sources are the endings of source distributions (PEP 527 and older ones).
var sources = regexp.MustCompile(`\.(tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz|tar\.zst|tar\.Z|tar|zip|egg)$`)

// setWheel reads what a wheel's URL or path tells, and checks that it is the
// one that the lock file names (PEP 427; names are compared as PEP 503 says,
// versions as PEP 440 does). version may be "". A "#sha256=" at the end of the
// URL counts as the hash, if there is no other.
//
// i.Name is how the lock file calls the package, as far as it does.
func (i *Imported) setWheel(f yamltree.File, raw, version string) error {
	raw = strings.TrimPrefix(raw, "direct+") // pixi's mark of a URL that is not of an index
	place, fragment, _ := strings.Cut(raw, "#")
	if kind := sourceKind(place); kind != "" {
		return notWheel(f, i.Line, i.Name, place, kind)
	}
	if sum, ok := strings.CutPrefix(fragment, "sha256="); ok && isHex(sum, 64) && i.SHA256 == "" {
		i.SHA256 = sum
	}
	where, err := i.setPlace(f, place)
	if err != nil {
		return err
	}
	n, err := wheel.ParseName(path.Base(where))
	if err != nil {
		return f.Usage(i.Line, "%w", err)
	}
	named := i.Name
	if i.Name = n.Project(); named != "" && wheel.Normalize(named) != i.Name {
		return f.Usage(i.Line, "%s has a file of %q", quote(named), i.Name)
	}
	if i.Version = n.Version; version != "" && !n.SameVersion(version) {
		return f.Usage(i.Line, "%s %s has a file of version %s", quote(named), version, i.Version)
	}
	return nil
}

// sourceKind returns what a URL or path leads to if it is no wheel, or "".
func sourceKind(place string) string {
	place, _, _ = strings.Cut(place, "?")
	scheme, _, isURL := strings.Cut(place, "://")
	switch {
	case isURL && strings.Contains(scheme, "+"):
		return "a repository"
	case strings.HasSuffix(place, ".whl"):
		return ""
	case sources.MatchString(place):
		return "a source distribution"
	case isURL && scheme != "file":
		return "no wheel"
	}
	return "a source directory"
}

// notWheel is the error for a Python package that would have to be built, for
// which its code would have to be run.
func notWheel(f yamltree.File, line int, name, place, kind string) error {
	return fault.New(fault.Usage, f.At(line), "%s: %q is %s: gophersnake installs wheels only", quote(name), shown(place), kind).
		WithHint("lock a version that has a wheel, or take the package from a conda channel")
}
