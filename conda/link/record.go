package link

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Record is the repodata record (CEP 36) of an installed package, with where it
// came from. Its JSON is the first part of the package's file in conda-meta.
type Record struct {
	Arch                   string   `json:"arch,omitempty"`
	Build                  string   `json:"build"`
	BuildNumber            uint64   `json:"build_number"`
	Constrains             []string `json:"constrains,omitempty"`
	Depends                []string `json:"depends"`
	Features               string   `json:"features,omitempty"`
	License                string   `json:"license,omitempty"`
	LicenseFamily          string   `json:"license_family,omitempty"`
	MD5                    string   `json:"md5,omitempty"` // hex
	Name                   string   `json:"name"`
	Noarch                 string   `json:"noarch,omitempty"` // "python", "generic" or ""
	Platform               string   `json:"platform,omitempty"`
	PythonSitePackagesPath string   `json:"python_site_packages_path,omitempty"` // CEP 17
	SHA256                 string   `json:"sha256,omitempty"`                    // hex, of the archive
	Size                   int64    `json:"size,omitempty"`                      // bytes of the archive
	Subdir                 string   `json:"subdir"`
	Timestamp              int64    `json:"timestamp,omitempty"` // milliseconds since the epoch
	TrackFeatures          []string `json:"track_features,omitempty"`
	Version                string   `json:"version"`
	FileName               string   `json:"fn"`
	URL                    string   `json:"url"`
	Channel                string   `json:"channel,omitempty"`
}

// Stem returns "name-version-build", the name of the package's file in
// conda-meta without ".json".
func (r *Record) Stem() string { return r.Name + "-" + r.Version + "-" + r.Build }

// check refuses a record that would make an unsafe path, or a key that does
// not tell the package's bytes.
func (r *Record) check() error {
	if strings.Contains(r.Stem(), "/") || tree.CheckPath(r.metaPath()) != nil {
		return tree.NewError(r.Stem(), "name, version and build are no file name")
	}
	if digest, err := hex.DecodeString(r.SHA256); err != nil || len(digest) != sha256.Size {
		return tree.NewError(r.Stem(), "the record's sha256 %q is not one", r.SHA256)
	}
	return nil
}

// metaPath returns where the package's record lies below the prefix.
func (r *Record) metaPath() string { return path.Join("conda-meta", r.Stem()+".json") }

// prefixRecord is the file of an installed package in conda-meta, as rattler
// writes it, without what names the machine that installed it or the request
// it was installed for.
type prefixRecord struct {
	Record
	Files []string  `json:"files"`
	Paths pathsData `json:"paths_data"`
	Link  linkInfo  `json:"link"`
}

type pathsData struct {
	Version int            `json:"paths_version"`
	Paths   []prefixedPath `json:"paths"`
}

// prefixedPath is an installed file.
type prefixedPath struct {
	Path           string `json:"_path"`
	Type           string `json:"path_type"`
	NoLink         bool   `json:"no_link,omitempty"`
	SHA256         string `json:"sha256,omitempty"`           // as packaged
	SHA256InPrefix string `json:"sha256_in_prefix,omitempty"` // where it is not SHA256
	Size           *int64 `json:"size_in_bytes,omitempty"`
	FileMode       string `json:"file_mode,omitempty"`
	Placeholder    string `json:"prefix_placeholder,omitempty"`
}

type linkInfo struct {
	Source string `json:"source"` // always "": the path of a package cache
	Type   int    `json:"type"`   // 1 is a hard link (conda.models.enums.LinkType)
}

// appendJSON returns the record's text.
func (r *prefixRecord) appendJSON() ([]byte, error) { return encodeJSON(r, "  ") }

// encodeJSON returns v's JSON and a newline, without escapes for HTML.
func encodeJSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return b.Bytes(), err
}
