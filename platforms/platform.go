// Package platforms spells one platform in the ways of OCI, Go, conda and
// Debian.
package platforms

import (
	"fmt"
	"strings"
)

// Platform is an operating system and an architecture in Go's and OCI's
// spelling. It is comparable and may be a map key.
type Platform struct {
	OS   string // linux, darwin or windows
	Arch string // amd64 or arm64
}

// spelling is how others write one platform.
type spelling struct {
	Platform
	subdir string // conda's
	debian string // Debian's architecture; "" where Debian has none
	image  bool   // can be the platform of an image
}

// spellings returns the platforms gophersnake knows, in the order they are
// listed. It is an array: reading a lock asks for each of its rows.
func spellings() [6]spelling {
	return [...]spelling{
		{Platform{"linux", "amd64"}, "linux-64", "amd64", true},
		{Platform{"linux", "arm64"}, "linux-aarch64", "arm64", true},
		{Platform{"darwin", "amd64"}, "osx-64", "", false},
		{Platform{"darwin", "arm64"}, "osx-arm64", "", false},
		{Platform{"windows", "amd64"}, "win-64", "", false},
		{Platform{"windows", "arm64"}, "win-arm64", "", false},
	}
}

// All returns every platform that can be compiled for.
func All() []Platform {
	var all []Platform
	for _, k := range spellings() {
		all = append(all, k.Platform)
	}
	return all
}

// Parse reads "os/arch". An unknown platform is an error that lists the known
// ones.
func Parse(s string) (Platform, error) {
	for _, k := range spellings() {
		if s == k.OS+"/"+k.Arch {
			return k.Platform, nil
		}
	}
	var names []string
	for _, p := range All() {
		names = append(names, p.String())
	}
	return Platform{}, fmt.Errorf("platform %q is not one of %s", s, strings.Join(names, ", "))
}

// BySubdir returns the platform of a conda subdir such as "linux-64" (CEP 26).
// The subdir "noarch" has none.
func BySubdir(subdir string) (Platform, error) {
	var names []string
	for _, k := range spellings() {
		if subdir == k.subdir {
			return k.Platform, nil
		}
		names = append(names, k.subdir)
	}
	return Platform{}, fmt.Errorf("subdir %q is not one of %s", subdir, strings.Join(names, ", "))
}

// String returns "os/arch", OCI's and Go's spelling.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// MarshalText returns String.
func (p Platform) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *Platform) UnmarshalText(text []byte) (err error) {
	*p, err = Parse(string(text))
	return err
}

// Subdir returns conda's spelling, such as "linux-aarch64", or "" for a
// platform that is not one of All.
func (p Platform) Subdir() string { return p.spelling().subdir }

// Debian returns Debian's architecture, or "" for a platform Debian has not.
func (p Platform) Debian() string { return p.spelling().debian }

// Image reports whether an image can have the platform: linux only.
func (p Platform) Image() bool { return p.spelling().image }

func (p Platform) spelling() spelling {
	for _, k := range spellings() {
		if k.Platform == p {
			return k
		}
	}
	return spelling{}
}

// Compare orders platforms as All lists them; unknown ones come last.
func Compare(a, b Platform) int { return a.index() - b.index() }

func (p Platform) index() int {
	known := spellings()
	for i := range known {
		if known[i].Platform == p {
			return i
		}
	}
	return len(known)
}
