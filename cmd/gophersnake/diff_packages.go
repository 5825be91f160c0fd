package main

import (
	"archive/tar"
	"errors"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Files whose names or texts tell of a package in a layer.
var (
	condaFile = regexp.MustCompile(`(?:^|/)conda-meta/([^/]+)-([^-/]+)-([^-/]+)\.json$`)
	wheelDir  = regexp.MustCompile(`/site-packages/([^/]+)-([^-/]+)\.dist-info/RECORD$`)
	goVersion = regexp.MustCompile(`^(?:usr/local/go|opt/go/[^/]+|.*/go)/VERSION$`)
)

// dpkgStatus is where dpkg keeps what is installed (dpkg(1), FILES).
const dpkgStatus = "var/lib/dpkg/status"

// maxStatus bounds the texts that are read.
const maxStatus = 32 << 20

// kindDeb is the kind of Debian packages.
const kindDeb = "deb"

// packageKey names what can be there in one version.
type packageKey struct{ kind, name string }

// packages returns what some layers have, by reading these as streams.
func (c *contents) packages(layers []diffBlob) (map[packageKey]string, error) {
	found := map[packageKey]string{}
	for _, y := range layers {
		if err := c.read(y, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// debian adds what dpkg knows, from the topmost layer that tells it: each list
// is complete, so it can be compared with a complete one only.
func (c *contents) debian(found map[packageKey]string) error {
	for _, y := range slices.Backward(c.layers) {
		all := map[packageKey]string{}
		if err := c.read(y, all); err != nil {
			return err
		}
		if hasDebs(all) {
			for k, version := range all {
				if k.kind == kindDeb {
					found[k] = version
				}
			}
			return nil
		}
	}
	return nil
}

func hasDebs(found map[packageKey]string) bool {
	for k := range found {
		if k.kind == kindDeb {
			return true
		}
	}
	return false
}

func (c *contents) read(y diffBlob, found map[packageKey]string) error {
	r, err := c.open[y.Digest].Uncompressed()
	if err != nil {
		return err
	}
	defer r.Close()
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r) // the digest covers the rest
			return err
		}
		if err != nil {
			return classed(y, err)
		}
		if err := notice(strings.TrimPrefix(path.Clean(h.Name), "/"), t, found); err != nil {
			return classed(y, err)
		}
	}
}

// classed gives an error about a layer's content a class, unless it has one.
func classed(y diffBlob, err error) error {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return err
	}
	return fault.New(fault.Verification, "layer "+y.Digest, "not a tar archive: %w", err)
}

// notice adds the package that a file tells of.
func notice(name string, r io.Reader, found map[packageKey]string) error {
	if m := condaFile.FindStringSubmatch(name); m != nil {
		found[packageKey{"conda", m[1]}] = m[2] + " " + m[3]
		return nil
	}
	if m := wheelDir.FindStringSubmatch(name); m != nil {
		found[packageKey{"python", strings.ToLower(m[1])}] = m[2]
		return nil
	}
	if goVersion.MatchString(name) {
		text, err := io.ReadAll(io.LimitReader(r, 256))
		if first, _, _ := strings.Cut(string(text), "\n"); strings.HasPrefix(first, "go") {
			version := strings.TrimPrefix(strings.TrimSpace(first), "go")
			found[packageKey{"go", path.Dir("/" + name)}] = version
		}
		return err
	}
	if name == dpkgStatus {
		text, err := io.ReadAll(io.LimitReader(r, maxStatus))
		for stanza := range strings.SplitSeq(string(text), "\n\n") {
			if pkg := field(stanza, "Package"); pkg != "" {
				found[packageKey{kindDeb, pkg}] = field(stanza, "Version")
			}
		}
		return err
	}
	return nil
}

// field returns a one-line field of a Debian control stanza (deb822(5)).
func field(stanza, name string) string {
	for line := range strings.Lines(stanza) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// comparePackages returns what changed, sorted. A Python package that conda
// brings is conda's.
func comparePackages(before, after map[packageKey]string) []packageChange {
	keys := map[packageKey]bool{}
	for k := range before {
		keys[k] = true
	}
	for k := range after {
		keys[k] = true
	}
	var changes []packageChange
	for _, k := range slices.SortedFunc(maps.Keys(keys), func(a, b packageKey) int {
		return strings.Compare(a.kind+" "+a.name, b.kind+" "+b.name)
	}) {
		conda := packageKey{"conda", strings.ReplaceAll(k.name, "_", "-")}
		if k.kind == "python" && (before[conda] != "" || after[conda] != "") || before[k] == after[k] {
			continue
		}
		changes = append(changes, packageChange{Kind: k.kind, Name: k.name, Old: before[k], New: after[k]})
	}
	return changes
}
