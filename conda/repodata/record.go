package repodata

import (
	"strings"
	"unicode/utf8"
)

// Record is what a channel says of one package (CEP 34 and 36, with the
// channel's hot fixes). Absent values are zero.
type Record struct {
	Name        string
	Version     string
	Build       string
	BuildNumber uint64
	Subdir      string // "noarch", "linux-64", …
	FileName    string // name-version-build.conda or .tar.bz2
	URL         string // of the file, secrets of Channel.URL included; filled by Subdir, not by Repodata
	Channel     string // the channel's name; filled by Subdir, not by Repodata

	Depends       []string // match specs, as written
	Constrains    []string // likewise
	Extras        []Extra  // optional groups of dependencies (CEP 44)
	Flags         []string // CEP 45
	Features      string
	TrackFeatures []string
	Noarch        string // "python", "generic" or ""
	SitePackages  string // python_site_packages_path (CEP 17)

	MD5           string // lower-case hex
	SHA256        string // lower-case hex
	Size          int64  // bytes of the file
	LegacyBz2MD5  string // of the .tar.bz2 that a .conda was made from
	LegacyBz2Size int64

	License          string
	LicenseFamily    string
	Arch             string // deprecated in favour of Subdir, as Platform is
	Platform         string
	Timestamp        int64 // milliseconds since the epoch: when it was built
	IndexedTimestamp int64 // milliseconds since the epoch: when the channel took it in (CEP 47)

	Revision int // 3 for a record of v3 (CEP 48), else 0
}

// Extra is an optional group of a package's dependencies.
type Extra struct {
	Name    string
	Depends []string
}

// Published returns when the package appeared, in milliseconds since the
// epoch: the channel's time, else that of the build, else 0.
func (r *Record) Published() int64 {
	if r.IndexedTimestamp != 0 {
		return r.IndexedTimestamp
	}
	return r.Timestamp
}

const (
	extConda = ".conda"
	extBz2   = ".tar.bz2"
)

// cutExt cuts a package format off a file name; ext is "" if there is none.
func cutExt(file string) (stem, ext string) {
	for _, ext := range []string{extConda, extBz2} {
		if stem, ok := strings.CutSuffix(file, ext); ok {
			return stem, ext
		}
	}
	return file, ""
}

// nameOf returns the name in name-version-build.
func nameOf(stem string) (string, bool) {
	i := strings.LastIndexByte(stem, '-')
	if i < 0 || i == len(stem)-1 {
		return "", false
	}
	j := strings.LastIndexByte(stem[:i], '-')
	if j < 1 || j == i-1 {
		return "", false
	}
	return stem[:j], true
}

// checkPart says what is wrong with a part of a file name, or "".
func checkPart(s string) string {
	switch {
	case s == "":
		return "is absent"
	case len(s) > 255:
		return "has more than 255 bytes"
	case s[0] == '.':
		return "begins with a dot"
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f || c == '/' || c == '\\':
			return "holds " + quoteRune(rune(c))
		case c >= utf8.RuneSelf && !utf8.ValidString(s):
			return "is not UTF-8"
		}
	}
	return ""
}
