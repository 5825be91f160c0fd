package debian

import (
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Package is one binary package of an archive.
type Package struct {
	Name         string
	Version      string
	Architecture string // "amd64", "all", …
	Path         string // of the .deb, relative to the archive: "pool/main/…"
	Security     bool   // the archive is that of security updates; for the caller to set
	Size         int64  // of the .deb, in bytes
	SHA256       string // of the .deb, lower-case hex
	Essential    bool
	Priority     string // "required", "important", "standard", "optional" or "extra"
	Provides     [][]Relation

	// Relations as written: they are read when they count.
	PreDepends, Depends, Conflicts, Breaks string
}

// fields are those of an index that a [Package] holds.
var fields = [...]string{
	"Package", "Version", "Architecture", "Filename", "SHA256", "Size", "Essential", "Priority", "Provides",
	"Pre-Depends", "Depends", "Conflicts", "Breaks",
}

// ReadPackages reads a Packages file of an architecture, and tells keep about
// each package in the file's order. Errors are of class verification.
func ReadPackages(r io.Reader, where, arch string, keep func(*Package)) error {
	c := NewControl(r, where)
	c.only = map[string]bool{}
	for _, name := range fields {
		c.only[name] = true
	}
	for {
		s, err := c.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := newPackage(s, where, arch)
		if err != nil {
			return err
		}
		if p.Architecture == arch || p.Architecture == "all" {
			keep(p)
		}
	}
}

func newPackage(s Stanza, where, arch string) (*Package, error) {
	p := &Package{
		Name: s.Get("Package"), Version: s.Get("Version"), Architecture: s.Get("Architecture"),
		Path: s.Get("Filename"), SHA256: s.Get("SHA256"), Essential: s.Get("Essential") == "yes", Priority: s.Get("Priority"),
		PreDepends: s.Get("Pre-Depends"), Depends: s.Get("Depends"), Conflicts: s.Get("Conflicts"), Breaks: s.Get("Breaks"),
	}
	bad := func(format string, args ...any) error {
		return tree.NewError(where, "package "+strconv.Quote(p.Name)+": "+format, args...)
	}
	var err error
	if p.Size, err = strconv.ParseInt(s.Get("Size"), 10, 64); err != nil || p.Size < 0 {
		return nil, bad("size %q is no number of bytes", s.Get("Size"))
	}
	switch {
	case !isName(p.Name):
		return nil, bad("the name is none of Debian's")
	case CheckVersion(p.Version) != nil:
		return nil, bad("%q is no version", p.Version)
	case len(p.SHA256) != 64 || strings.Trim(p.SHA256, "0123456789abcdef") != "":
		return nil, bad("sha256 %q is not 64 lower-case hex digits", p.SHA256)
	case tree.CheckPath(p.Path) != nil || path.Ext(p.Path) != ".deb":
		return nil, bad("%q is no path of a .deb", p.Path)
	}
	if p.Provides, err = ParseRelations(s.Get("Provides"), arch); err != nil {
		return nil, bad("provides: %w", err)
	}
	return p, nil
}
