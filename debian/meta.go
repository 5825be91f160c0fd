package debian

import (
	"archive/tar"
	"crypto/md5"
	"encoding/hex"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Meta is what one .deb says of itself and holds: all that assembling a root
// file system needs before any byte of it is written.
type Meta struct {
	SHA256  string            // of the .deb, lower-case hex
	Control Stanza            // the control file
	Area    map[string]string // the control area's other files by name: md5sums, conffiles, postinst, …
	Entries []Entry           // in the archive's order, the root left out
	Texts   map[string]string // contents of the small files that rules read, by path
	Conf    map[string]string // MD5 of conffiles in hex, by path, as dpkg's status has it
}

// Entry is one file of a package.
type Entry struct {
	Path        string // as packaged, relative to the root
	Kind        tree.Kind
	Hard        bool   // a File that is a hard link to Target, an earlier path
	Mode        int64  // permission bits with setuid 04000, setgid 02000, sticky 01000
	User, Group string // "" where the archive has numbers alone
	UID, GID    int
	ModTime     int64 // seconds since the epoch
	Size        int64 // bytes of a File's own content
	Target      string
}

// Name returns the package's name.
func (m *Meta) Name() string { return m.Control.Get("Package") }

// maxText is the most bytes of a file that rules read.
const maxText = 1 << 20

// ReadMeta reads a .deb. Devices, FIFOs and hard links to nothing are errors of
// class verification.
func ReadMeta(r io.Reader, where, sha256 string) (*Meta, error) {
	m := &Meta{SHA256: sha256, Area: map[string]string{}, Texts: map[string]string{}, Conf: map[string]string{}}
	seen := map[string]tree.Kind{}
	err := Unpack(r, where, Visitor{
		Control: func(name string, content []byte) error {
			if name != "control" {
				m.Area[name] = string(content)
				return nil
			}
			var err error
			m.Control, err = NewControl(strings.NewReader(string(content)), where+"/control").Next()
			return err
		},
		Data: func(h *tar.Header, content io.Reader) error {
			e, err := newEntry(h, where, seen)
			if err != nil || e.Path == "" {
				return err
			}
			m.Entries = append(m.Entries, e)
			return m.read(&e, content)
		},
	})
	if err == nil && (!isName(m.Name()) || CheckVersion(m.Control.Get("Version")) != nil) {
		err = tree.NewError(where, "the control file names no package and version")
	}
	return m, err
}

func newEntry(h *tar.Header, where string, seen map[string]tree.Kind) (Entry, error) {
	e := Entry{
		Path: h.Name, Mode: h.Mode & 0o7777, User: h.Uname, Group: h.Gname, UID: h.Uid, GID: h.Gid,
		ModTime: h.ModTime.Unix(), Target: h.Linkname,
	}
	if e.Path == "" {
		return e, nil
	}
	if was, again := seen[e.Path]; again && (was != tree.Dir || h.Typeflag != tar.TypeDir) {
		return e, tree.NewError(where, "%q is there twice", e.Path)
	}
	switch h.Typeflag {
	case tar.TypeReg:
		e.Size = h.Size
	case tar.TypeDir:
		e.Kind, e.Target = tree.Dir, ""
	case tar.TypeSymlink:
		e.Kind = tree.Symlink
	case tar.TypeLink:
		target, err := clean(h.Linkname)
		if kind, there := seen[target]; err != nil || !there || kind != tree.File {
			return e, tree.NewError(where, "%q is a hard link to %q, which does not stand before it", e.Path, h.Linkname)
		}
		e.Hard, e.Target = true, target
	default:
		return e, tree.NewError(where, "%q is a device, a FIFO or of a type that is not known", e.Path)
	}
	seen[e.Path] = e.Kind
	return e, nil
}

// read keeps the text of a file that rules need, and the MD5 of a conffile.
func (m *Meta) read(e *Entry, content io.Reader) error {
	if e.Kind != tree.File || e.Hard {
		return nil
	}
	conf := m.isConffile(e.Path)
	if !conf && !isRead(e.Path) || e.Size > maxText {
		return nil
	}
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	if conf {
		sum := md5.Sum(data)
		m.Conf[e.Path] = hex.EncodeToString(sum[:])
	}
	if isRead(e.Path) {
		m.Texts[e.Path] = string(data)
	}
	return nil
}

func (m *Meta) isConffile(path string) bool {
	for line := range strings.SplitSeq(m.Area["conffiles"], "\n") {
		if strings.TrimSpace(line) == "/"+path {
			return true
		}
	}
	return false
}

// isRead reports whether a rule of this package reads a file.
func isRead(path string) bool {
	for _, prefix := range []string{
		"usr/share/base-passwd/", "usr/share/base-files/", "usr/share/ca-certificates/", "usr/share/libc-bin/",
		"usr/share/debianutils/", "usr/share/pam/", "usr/share/pam-configs/", "usr/lib/os-release", "etc/os-release",
	} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
