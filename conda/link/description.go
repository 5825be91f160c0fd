package link

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/tree"
)

// Rules is the version of the rules by which a description becomes bytes. It
// is part of every key and changes when a rule does.
const Rules = 1

// Types of installed files, as conda-meta spells them.
const (
	typeLink       = string(archive.SoftLink)
	typeDir        = string(archive.Directory)
	typeEntryPoint = "unix_python_entry_point"
)

// File modes of a placeholder.
const (
	modeText   = "text"
	modeBinary = "binary"
)

// Description is all that linking one package needs besides the archive's
// bytes. It is immutable. It holds nothing of other packages but what changes
// this one's bytes, and of the target only the system, so that a noarch
// package has one description for all architectures.
type Description struct {
	Rules           int    `json:"rules"`
	System          string `json:"system"` // "linux", "osx" or "win"
	Prefix          string `json:"prefix"` // what is written into files
	Root            string `json:"root"`   // tar path of the prefix
	ClearGroupWrite bool   `json:"clear_group_write,omitempty"`
	GroupAsUser     bool   `json:"group_as_user,omitempty"`
	Record          Record `json:"record"`
	Files           []File `json:"files"` // as conda-meta lists them: sorted by path, element by element
}

// File is a file, symbolic link or empty directory that a description installs.
type File struct {
	Source      string `json:"source,omitempty"` // path in the archive; "" for an entry point
	Path        string `json:"path"`             // below the prefix, its parents resolved
	Type        string `json:"type"`             // path_type in conda-meta
	NoLink      bool   `json:"no_link,omitempty"`
	SHA256      string `json:"sha256,omitempty"` // of the packaged bytes; "" where the package does not say
	Size        int64  `json:"size"`             // of the packaged bytes; -1 where the package does not say
	FileMode    string `json:"file_mode,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	Script      string `json:"script,omitempty"` // text of an entry point
}

// Key returns "sha256:<hex>" of the description's canonical JSON. Equal keys
// mean equal bytes; the package's own sha256 is part of it by its record.
func (d *Description) Key() string {
	text, err := encodeJSON(d, "")
	if err != nil {
		panic("link: a description is always JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Dirs returns the tar paths of all directories that the description's files
// need or are, from the image's root down, sorted bytewise.
func (d *Description) Dirs() []string {
	set := map[string]bool{}
	add := func(p string) {
		for dir := range tree.Parents(p) {
			set[dir] = true
		}
	}
	for i := range d.Files {
		p := d.tarPath(d.Files[i].Path)
		add(p)
		if d.Files[i].Type == typeDir {
			set[p] = true
		}
	}
	add(d.tarPath(d.Record.metaPath()))
	dirs := make([]string, 0, len(set))
	for dir := range set {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs
}

// tarPath returns the path below the image's root of a path below the prefix.
func (d *Description) tarPath(p string) string { return path.Join(d.Root, p) }

// patched reports whether the file's placeholder is replaced on a system:
// Windows finds its libraries without compiled-in paths.
func (f *File) patched(system string) bool {
	return f.Placeholder != "" && (system != windows || f.FileMode == modeText)
}

// comparePaths orders paths element by element, as rattler does: "a/b" is
// before "a-b".
func comparePaths(a, b string) int {
	for {
		x, restA, moreA := strings.Cut(a, "/")
		y, restB, moreB := strings.Cut(b, "/")
		if c := cmp.Compare(x, y); c != 0 || !moreA || !moreB {
			if c == 0 && moreA != moreB {
				c = map[bool]int{false: -1, true: 1}[moreA]
			}
			return c
		}
		a, b = restA, restB
	}
}
