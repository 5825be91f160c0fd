package archive

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// PathType says how a path of a package is to be installed.
type PathType string

// The types of paths (CEP 34).
const (
	HardLink  PathType = "hardlink" // a file
	SoftLink  PathType = "softlink"
	Directory PathType = "directory"
)

// Path is one path to install.
type Path struct {
	Path        string   `json:"path"`
	Type        PathType `json:"type"`
	SHA256      string   `json:"sha256,omitempty"`      // lower-case hex; of a softlink, the hash of the content it leads to; "" where the package does not say
	Size        int64    `json:"size"`                  // bytes; of a softlink, of the content it leads to; -1 where the package does not say
	NoLink      bool     `json:"no_link,omitempty"`     // to be copied, never hard-linked
	FileMode    string   `json:"file_mode,omitempty"`   // how the placeholder is to be replaced: "text", "binary", or "" for not at all
	Placeholder string   `json:"placeholder,omitempty"` // the prefix that the package was built with
}

// The values of Path.FileMode.
const (
	modeText   = "text"
	modeBinary = "binary"
)

// parsePaths reads info/paths.json.
func parsePaths(content []byte) ([]Path, error) {
	var raw struct {
		Version int       `json:"paths_version"`
		Paths   []rawPath `json:"paths"`
	}
	if err := unmarshal(content, &raw); err != nil {
		return nil, err
	}
	if raw.Version > 1 {
		return nil, fmt.Errorf("paths_version %d is not supported, only 1", raw.Version)
	}
	var paths []Path
	seen := make(map[string]int, len(raw.Paths))
	for _, r := range raw.Paths {
		p, err := r.check()
		if err != nil {
			return nil, err
		}
		if i, ok := seen[p.Path]; ok {
			if paths[i] != p {
				return nil, fmt.Errorf("path %q occurs twice, and differs", p.Path)
			}
			continue
		}
		seen[p.Path] = len(paths)
		paths = append(paths, p)
	}
	return paths, nil
}

// rawPath is an element of info/paths.json.
type rawPath struct {
	Path        string  `json:"_path"`
	Type        string  `json:"path_type"`
	SHA256      *string `json:"sha256"`
	Size        *int64  `json:"size_in_bytes"`
	NoLink      bool    `json:"no_link"`
	FileMode    string  `json:"file_mode"`
	Placeholder string  `json:"prefix_placeholder"`
}

func (r rawPath) check() (Path, error) {
	if err := tree.CheckPath(r.Path); err != nil {
		return Path{}, err
	}
	p := Path{Path: r.Path, Type: PathType(r.Type), Size: -1, NoLink: r.NoLink}
	switch p.Type {
	case HardLink, SoftLink, Directory:
	default:
		return Path{}, fmt.Errorf("path %q: path_type %q is unknown", r.Path, r.Type)
	}
	if r.Size != nil {
		if p.Size = *r.Size; p.Size < 0 {
			return Path{}, fmt.Errorf("path %q: size_in_bytes is negative", r.Path)
		}
	}
	if r.SHA256 != nil && *r.SHA256 != "" {
		if digest, err := hex.DecodeString(*r.SHA256); err != nil || len(digest) != 32 {
			return Path{}, fmt.Errorf("path %q: sha256 %q is not one", r.Path, *r.SHA256)
		}
		p.SHA256 = strings.ToLower(*r.SHA256)
	}
	if r.FileMode == "" || r.Placeholder == "" {
		return p, nil // both or none: a placeholder without a mode is no request
	}
	if r.FileMode != modeText && r.FileMode != modeBinary {
		return Path{}, fmt.Errorf("path %q: file_mode %q is unknown", r.Path, r.FileMode)
	}
	p.FileMode, p.Placeholder = r.FileMode, r.Placeholder
	return p, nil
}
