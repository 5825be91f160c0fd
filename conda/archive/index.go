package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Index is info/index.json (CEP 34): the package's own record. Channels may
// have corrected it since, so it is not what dependencies are solved with.
type Index struct {
	Name                   string   `json:"name"`
	Version                string   `json:"version"`
	Build                  string   `json:"build"`
	BuildNumber            int64    `json:"build_number"`
	Subdir                 string   `json:"subdir,omitempty"` // absent in packages before 2016
	Depends                []string `json:"depends,omitempty"`
	Constrains             []string `json:"constrains,omitempty"`
	Noarch                 string   `json:"noarch,omitempty"` // "", "generic" or "python"
	License                string   `json:"license,omitempty"`
	LicenseFamily          string   `json:"license_family,omitempty"`
	Timestamp              int64    `json:"timestamp,omitempty"` // milliseconds since the Unix epoch; 0 is unknown
	TrackFeatures          []string `json:"track_features,omitempty"`
	Features               []string `json:"features,omitempty"`
	Arch                   string   `json:"arch,omitempty"`
	Platform               string   `json:"platform,omitempty"`
	PythonSitePackagesPath string   `json:"python_site_packages_path,omitempty"` // of python itself (CEP 17), relative to the prefix
}

// rawIndex is info/index.json as tools have written it over the years.
type rawIndex struct {
	Name                   string   `json:"name"`
	Version                string   `json:"version"`
	Build                  string   `json:"build"`
	BuildNumber            int64    `json:"build_number"`
	Subdir                 string   `json:"subdir"`
	Depends                []string `json:"depends"`
	Constrains             []string `json:"constrains"`
	Noarch                 any      `json:"noarch"`
	License                string   `json:"license"`
	LicenseFamily          string   `json:"license_family"`
	Timestamp              float64  `json:"timestamp"`
	TrackFeatures          words    `json:"track_features"`
	Features               words    `json:"features"`
	Arch                   string   `json:"arch"`
	Platform               string   `json:"platform"`
	PythonSitePackagesPath string   `json:"python_site_packages_path"`
}

// words is a list, or a string of words between blanks or commas.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(w))
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*w = strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
	return nil
}

func parseIndex(text []byte) (Index, error) {
	var raw rawIndex
	if err := unmarshal(text, &raw); err != nil {
		return Index{}, err
	}
	noarch, err := parseNoarch(raw.Noarch)
	if err != nil {
		return Index{}, err
	}
	timestamp, err := parseTimestamp(raw.Timestamp)
	if err != nil {
		return Index{}, err
	}
	for _, f := range []struct {
		key, value string
		required   bool
	}{
		{"name", raw.Name, true},
		{"version", raw.Version, true},
		{"build", raw.Build, true},
		{"subdir", raw.Subdir, false},
	} {
		if problem := namePartProblem(f.value, f.required); problem != "" {
			return Index{}, fmt.Errorf("%s %q %s", f.key, f.value, problem)
		}
	}
	if raw.PythonSitePackagesPath != "" {
		if err := tree.CheckPath(raw.PythonSitePackagesPath); err != nil {
			return Index{}, fmt.Errorf("python_site_packages_path: %w", err)
		}
	}
	return Index{
		Name: raw.Name, Version: raw.Version, Build: raw.Build, BuildNumber: raw.BuildNumber,
		Subdir: raw.Subdir, Depends: orNil(raw.Depends), Constrains: orNil(raw.Constrains),
		Noarch: noarch, License: raw.License, LicenseFamily: raw.LicenseFamily, Timestamp: timestamp,
		TrackFeatures: orNil(raw.TrackFeatures), Features: orNil(raw.Features),
		Arch: raw.Arch, Platform: raw.Platform, PythonSitePackagesPath: raw.PythonSitePackagesPath,
	}, nil
}

// namePartProblem says why a value cannot be a part of a file name. Names are
// judged no further: old packages break the rules of CEP 26.
func namePartProblem(s string, required bool) string {
	switch {
	case s == "" && required:
		return "is missing"
	case s == "":
		return ""
	case strings.ContainsAny(s, `/\`):
		return "has a slash"
	case strings.Contains(s, "..") || tree.CheckPath(s) != nil:
		return "is unsafe"
	}
	return ""
}

// parseNoarch takes true for generic, as the first noarch packages had it.
func parseNoarch(v any) (string, error) {
	switch v {
	case nil, false, "":
		return "", nil
	case true, "generic":
		return "generic", nil
	case "python":
		return "python", nil
	}
	return "", fmt.Errorf("noarch: want \"generic\", \"python\" or a boolean, got %v", v)
}

// parseTimestamp returns milliseconds. A value before the year 9999 if taken
// as seconds was written as seconds.
func parseTimestamp(t float64) (int64, error) {
	const year9999 = 253402300799
	if t < 0 || t > math.MaxInt64/1024 {
		return 0, fmt.Errorf("timestamp %v is out of range", t)
	}
	if t <= year9999 {
		t *= 1000
	}
	return int64(t), nil
}

// linkInfo is what info/link.json says (CEP 34).
type linkInfo struct {
	noarch      string
	entryPoints []string
}

func parseLink(text []byte) (linkInfo, error) {
	var raw struct {
		Noarch struct {
			Type        any      `json:"type"`
			EntryPoints []string `json:"entry_points"`
		} `json:"noarch"`
		Version int `json:"package_metadata_version"`
	}
	if err := unmarshal(text, &raw); err != nil {
		return linkInfo{}, err
	}
	if raw.Version > 1 {
		return linkInfo{}, fmt.Errorf("package_metadata_version %d is not supported, only 1", raw.Version)
	}
	noarch, err := parseNoarch(raw.Noarch.Type)
	if err != nil {
		return linkInfo{}, err
	}
	return linkInfo{noarch: noarch, entryPoints: orNil(raw.Noarch.EntryPoints)}, nil
}

func orNil[S ~[]string](s S) []string {
	if len(s) == 0 {
		return nil
	}
	return s
}

const maxJSONDepth = 64 // promises.md §3.3

var errTooDeep = errors.New("is nested deeper than 64 levels")

// unmarshal reads one JSON object that is not nested too deeply.
func unmarshal(text []byte, into any) error {
	if tooDeep(text) {
		return errTooDeep
	}
	trimmed := strings.TrimLeft(string(text[:min(len(text), 16)]), " \t\r\n")
	if !strings.HasPrefix(trimmed, "{") {
		return errors.New("is not a JSON object")
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("is not valid: %w", err)
	}
	return nil
}

func tooDeep(text []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
