package release

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/platforms"
)

// Site is the download site of Go, below which Downloads asks.
const Site = "https://go.dev/dl"

// indexPath is the index of all releases, as go.dev/dl documents it.
const indexPath = "?mode=json&include=all"

// maxIndex bounds the index, which has 4 MB in 2026.
const maxIndex = 64 << 20

// Downloads is the download site's index of release archives, read once. Its
// methods may be called from several goroutines.
type Downloads struct {
	Site Proxy // files below Site, the index among them

	mu    sync.Mutex
	read  bool
	files []Archive
}

// Archive is a file that the index lists.
type Archive struct {
	Version  string // "1.26.8"
	Platform platforms.Platform
	File     string // "go1.26.8.linux-amd64.tar.gz"
	SHA256   string // hex
	Size     int64  // bytes
}

// File returns the name of the archive of a version for a platform:
// "go1.26.8.linux-amd64.tar.gz".
func File(version string, p platforms.Platform) string {
	return "go" + version + suffix(p) + ".tar.gz"
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Find returns the archive of a version for a platform, and whether there is one.
// Errors are of class "network", and "verification" where the answer is no index.
func (d *Downloads) Find(ctx context.Context, version string, p platforms.Platform) (a Archive, ok bool, err error) {
	all, err := d.all(ctx)
	if err != nil {
		return a, false, err
	}
	i := slices.IndexFunc(all, func(a Archive) bool { return a.Version == version && a.Platform == p })
	if i < 0 {
		return a, false, nil
	}
	return all[i], true, nil
}

// all returns the index's archives. A failure is not kept.
func (d *Downloads) all(ctx context.Context) ([]Archive, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.read {
		return d.files, nil
	}
	data, err := readUpTo(ctx, d.Site, indexPath, maxIndex)
	if err != nil {
		return nil, newError(classOf(err, "network"), "download index", "%w", cmp.Or(errors.Unwrap(err), err)).
			advise("a mirror of go.dev can be named: mirrors in [registry.\"go.dev\"]")
	}
	if d.files, err = parseIndex(data); err != nil {
		return nil, err
	}
	d.read = true
	return d.files, nil
}

// parseIndex reads the index: a list of versions, each with its files. Only
// archives of our platforms are kept, by the name that cmd/distpack gives them; a
// file that is listed twice with other hashes makes the index worthless.
func parseIndex(data []byte) ([]Archive, error) {
	bad := func(format string, args ...any) error {
		return newError("verification", "download index", format, args...)
	}
	var versions []struct {
		Version string `json:"version"`
		Files   []struct {
			File    string `json:"filename"`
			OS      string `json:"os"`
			Arch    string `json:"arch"`
			Version string `json:"version"`
			SHA256  string `json:"sha256"`
			Size    int64  `json:"size"`
			Kind    string `json:"kind"`
		} `json:"files"`
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&versions); err != nil {
		return nil, bad("is no list of releases: %w", err)
	}
	var all []Archive
	seen := map[string]string{}
	for _, v := range versions {
		for _, f := range v.Files {
			p := platforms.Platform{OS: f.OS, Arch: f.Arch}
			name := File(strings.TrimPrefix(v.Version, "go"), p)
			if goVersion(v.Version) != v.Version || f.Kind != "archive" || f.File != name || !slices.Contains(platforms.All(), p) {
				continue
			}
			switch {
			case !sha256Form.MatchString(f.SHA256) || f.Size <= 0:
				return nil, bad("file %q has the sha256 %q and the size %d", f.File, f.SHA256, f.Size)
			case seen[name] != "" && seen[name] != f.SHA256:
				return nil, bad("file %q is listed twice, with different hashes", f.File)
			}
			if seen[name] == "" {
				all = append(all, Archive{strings.TrimPrefix(v.Version, "go"), p, f.File, f.SHA256, f.Size})
			}
			seen[name] = f.SHA256
		}
	}
	return all, nil
}
