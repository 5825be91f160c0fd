package matchspec

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/version"
)

// MatchSpec says which package records are asked for. Fields that are zero do
// not matter. It is read-only after Parse and safe for several goroutines.
type MatchSpec struct {
	Name    string  // in lower case; "" if the spec has a name pattern
	Pattern Pattern // of names, in a search

	Version     version.Spec
	Build       Pattern
	BuildNumber Number

	Channel   string // a name or URL without "/" at its end
	Subdir    string // such as "linux-64"
	Namespace string // kept; no record has one
	FileName  string // key "fn"
	URL       string // of the package file

	MD5, SHA256 string // in hexadecimal, lower case

	License, LicenseFamily string
	TrackFeatures          []string

	Extras []string   // names of extras to install too (CEP 44); for the solver
	Flags  []Pattern  // each must match a flag of the record (CEP 45)
	When   *Condition // the spec counts only if this holds (CEP 43); for the solver
}

// Record is what a match spec can ask of a package record.
type Record struct {
	Name        string // in lower case
	Version     version.Version
	Build       string
	BuildNumber uint64

	Channel  string // a name or URL
	Subdir   string
	FileName string
	URL      string

	MD5, SHA256 string // in hexadecimal, lower case

	License, LicenseFamily string
	TrackFeatures, Flags   []string
}

// Matches reports whether the spec asks for a record. Extras, When and
// Namespace are not looked at.
func (m *MatchSpec) Matches(r *Record) bool {
	return m.MatchesName(r.Name) && m.MatchesBuild(r.Version, r.Build, r.BuildNumber) &&
		(m.Plain() || m.matchesPlace(r) && m.matchesFacts(r))
}

// MatchesName reports whether the spec asks for packages of this name.
func (m *MatchSpec) MatchesName(name string) bool {
	if m.Name == "" {
		return m.Pattern.Match(name)
	}
	return m.Name == name
}

// MatchesBuild reports whether the spec allows this version, build and build
// number. For a spec that is [MatchSpec.Plain] and a record of its name, that
// is all there is to match.
func (m *MatchSpec) MatchesBuild(v version.Version, build string, number uint64) bool {
	return m.Version.Matches(v) && m.Build.Match(build) && m.BuildNumber.Match(number)
}

// Plain reports whether the spec constrains nothing but name, version, build
// and build number, as nearly all dependencies do.
func (m *MatchSpec) Plain() bool {
	return m.Channel == "" && m.Subdir == "" && m.FileName == "" && m.URL == "" &&
		m.MD5 == "" && m.SHA256 == "" && m.License == "" && m.LicenseFamily == "" &&
		len(m.TrackFeatures) == 0 && len(m.Flags) == 0
}

func (m *MatchSpec) matchesPlace(r *Record) bool {
	return matchesChannel(m.Channel, r.Channel) &&
		(m.Subdir == "" || m.Subdir == r.Subdir) &&
		(m.FileName == "" || m.FileName == r.FileName) &&
		(m.URL == "" || m.URL == r.URL)
}

func (m *MatchSpec) matchesFacts(r *Record) bool {
	if m.MD5 != "" && m.MD5 != r.MD5 || m.SHA256 != "" && m.SHA256 != r.SHA256 {
		return false
	}
	if m.License != "" && !strings.EqualFold(m.License, r.License) ||
		m.LicenseFamily != "" && !strings.EqualFold(m.LicenseFamily, r.LicenseFamily) {
		return false
	}
	for _, feature := range m.TrackFeatures {
		if !slices.Contains(r.TrackFeatures, feature) {
			return false
		}
	}
	for _, flag := range m.Flags {
		if !slices.ContainsFunc(r.Flags, flag.Match) {
			return false
		}
	}
	return true
}

// matchesChannel compares URLs as a whole. A name matches the URLs that end
// with it, whatever mirror or alias serves them.
func matchesChannel(want, channel string) bool {
	channel = strings.TrimSuffix(channel, "/")
	if want == "" || want == channel {
		return true
	}
	return !strings.Contains(want, "://") && strings.HasSuffix(channel, "/"+want)
}
