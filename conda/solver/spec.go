package solver

import (
	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
	"github.com/gophersnake/gophersnake/conda/version"
	"github.com/gophersnake/gophersnake/tree"
)

// spec is a match spec of one name, with the text it was read from.
type spec struct {
	*matchspec.MatchSpec
	text  string
	plain bool // version, build and build number are all there is to match
	// only is the one record that is meant by an extra, or sat.Root.
	only sat.Solvable
}

// parseSpec reads a match spec with an exact name.
func parseSpec(text string) (spec, error) {
	m, err := matchspec.Parse(text)
	switch {
	case err != nil:
		return spec{}, err
	case m.Name == "":
		return spec{}, tree.NewError(text, "no package name").WithClass("usage")
	}
	return spec{MatchSpec: m, text: text, plain: m.Plain()}, nil
}

func anyVersion(name string) spec {
	return spec{MatchSpec: &matchspec.MatchSpec{Name: name}, text: name, plain: true}
}

// matches reports whether a record of the name, with a version that the spec
// allows, is meant.
func (s *spec) matches(r *Record, v version.Version) bool {
	if s.plain {
		return s.Build.Match(r.Build) && s.BuildNumber.Match(r.BuildNumber)
	}
	return s.Matches(&matchspec.Record{
		Name: r.Name, Version: v, Build: r.Build, BuildNumber: r.BuildNumber,
		Channel: r.Channel, Subdir: r.Subdir, FileName: r.FileName, URL: r.URL,
		MD5: r.MD5, SHA256: r.SHA256, License: r.License, LicenseFamily: r.LicenseFamily,
		TrackFeatures: r.TrackFeatures, Flags: r.Flags,
	})
}

// inChannel reports whether a record comes from a channel given by name or URL.
func inChannel(r *Record, channel string) bool {
	m := matchspec.MatchSpec{Name: r.Name, Channel: channel}
	return m.Matches(&matchspec.Record{Name: r.Name, Channel: r.Channel, URL: r.URL, Subdir: r.Subdir})
}
