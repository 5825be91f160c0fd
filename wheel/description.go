package wheel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"slices"

	"github.com/gophersnake/gophersnake/tree"
)

// Rules is the version of the rules by which a description becomes bytes. It
// is part of every key and changes when a rule does.
const Rules = 1

// Description is all that installing a wheel needs besides the wheel's bytes.
// It is immutable. It holds nothing of other packages but which of its paths
// they have.
type Description struct {
	Rules   int    `json:"rules"`
	Project string `json:"project"` // normalised
	Version string `json:"version"` // as in the file's name
	SHA256  string `json:"sha256"`  // hex, of the wheel
	System  string `json:"system"`
	Root    string `json:"root"` // tar path of the prefix
	Files   []File `json:"files"`

	GroupAsUser bool `json:"group_as_user,omitempty"` // see Environment
}

// File is a file that a description installs. Files are sorted bytewise by
// path.
type File struct {
	Path       string `json:"path"`                 // below the prefix
	Source     string `json:"source,omitempty"`     // path in the wheel; "" for a file that the installer makes
	Text       string `json:"text,omitempty"`       // of a file that the installer makes
	SHA256     string `json:"sha256,omitempty"`     // hex, of the installed bytes; "" where RECORD has another hash
	Size       int64  `json:"size"`                 // of the installed bytes
	Executable bool   `json:"executable,omitempty"` // mode 0755, else 0644
	ModTime    int64  `json:"mtime"`                // seconds since the epoch
	Shebang    string `json:"shebang,omitempty"`    // first line in place of the wheel's
	Elsewhere  bool   `json:"elsewhere,omitempty"`  // another package has the same file, so that it is not written
}

// Key returns "sha256:<hex>" of the description's JSON. Equal keys mean equal
// bytes.
func (d *Description) Key() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic("wheel: a description is always JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Dirs returns the tar paths of all directories that the description's files
// need, from the image's root down, sorted bytewise.
func (d *Description) Dirs() []string {
	var dirs []string
	seen := map[string]bool{}
	for i := range d.Files {
		if d.Files[i].Elsewhere {
			continue
		}
		for dir := range tree.Parents(path.Join(d.Root, d.Files[i].Path)) {
			if !seen[dir] {
				seen[dir] = true
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	return dirs
}

// title names the wheel in errors.
func (d *Description) title() string { return d.Project + " " + d.Version }
