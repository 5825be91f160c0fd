package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// Options say how to unpack. The zero value works.
type Options struct {
	// Owners says that files get the numeric owners that the layers say, which
	// needs root's rights.
	Owners bool

	// Show is what errors call the directory; "" means its path.
	Show string
}

// Extractor unpacks the layers of one image into one directory.
type Extractor struct {
	root    *os.Root
	owners  bool
	show    string
	members int
	dirs    map[string]attributes // of the directories there are; others are stale

	layer string          // what errors call the one being unpacked
	made  map[string]kind // what it has at a path
}

// kind is what a layer has at a path.
type kind uint8

const (
	implied   kind = iota + 1 // a directory, as the parent of something
	directory                 // a directory with a member of its own
	other
)

// attributes are what a directory gets in the end.
type attributes struct {
	mode     fs.FileMode
	uid, gid int
	time     time.Time
}

// New returns an extractor into a directory, which must exist and be empty.
func New(dir string, o Options) (*Extractor, error) {
	root, err := os.OpenRoot(dir)
	x := &Extractor{root: root, owners: o.Owners, show: o.Show, dirs: map[string]attributes{".": unnamed()}}
	if x.show == "" {
		x.show = dir
	}
	if err != nil {
		return nil, x.disk(".", err)
	}
	return x, nil
}

// unnamed are the attributes of a directory that has no member of its own.
func unnamed() attributes { return attributes{mode: fs.ModeDir | 0o755, time: time.Unix(0, 0)} }

// Layer unpacks the next layer, whose tar it reads to the end. name is what
// errors call it. After an error the directory is of no use.
func (x *Extractor) Layer(ctx context.Context, name string, tarStream io.Reader) error {
	x.layer, x.made = name, map[string]kind{".": implied}
	t := tar.NewReader(tarStream)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return x.tarError(err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if x.members++; x.members > maxMembers {
			return x.unsafe(h.Name, "the image has more than %d files", int(maxMembers))
		}
		if err := x.member(h, t); err != nil {
			return err
		}
	}
	// What follows the end of the archive belongs to the layer's digest too.
	_, err := io.Copy(io.Discard, tarStream)
	return err
}

// tarError tells errors of the source from those of the archive in it.
func (x *Extractor) tarError(err error) error {
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, tar.ErrFieldTooLong) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrInsecurePath) {
		return &Error{Type: "verification", Place: x.layer, Problem: "not a tar archive: " + err.Error(), Err: err}
	}
	return err
}

// Close checks all symbolic links, gives the directories their modes, owners
// and times, and closes the root.
func (x *Extractor) Close() error {
	err := x.finish()
	if e := x.root.Close(); err == nil {
		err = e
	}
	return err
}

// Abort closes the root and leaves the directory as it is.
func (x *Extractor) Abort() { _ = x.root.Close() } // nothing is kept

func (x *Extractor) finish() error {
	var dirs []string
	err := fs.WalkDir(x.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return x.disk(p, err)
		case d.IsDir():
			dirs = append(dirs, p)
		case d.Type() == fs.ModeSymlink:
			return x.checkLink(p)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- { // children first: parents may become read-only
		err = x.attribute(dirs[i])
	}
	return err
}

// attribute gives a directory its attributes.
func (x *Extractor) attribute(p string) error {
	a := x.dirs[p]
	if x.owners {
		if err := x.root.Lchown(p, a.uid, a.gid); err != nil {
			return x.disk(p, err)
		}
	}
	if err := x.root.Chmod(p, x.mode(a.mode)); err != nil {
		return x.disk(p, err)
	}
	if err := x.root.Chtimes(p, a.time, a.time); err != nil {
		return x.disk(p, err)
	}
	return nil
}

// mode returns the bits that a file may have.
func (x *Extractor) mode(m fs.FileMode) fs.FileMode {
	m &= fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if !x.owners {
		m &^= fs.ModeSetuid | fs.ModeSetgid
	}
	return m
}

// parents makes sure that all directories above a member's path are there, and
// are directories.
func (x *Extractor) parents(member, p string) error {
	dir := path.Dir(p)
	if k := x.made[dir]; k == implied || k == directory {
		return nil
	}
	if err := x.parents(member, dir); err != nil {
		return err
	}
	info, err := x.root.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := x.root.Mkdir(dir, 0o700); err != nil {
			return x.disk(dir, err)
		}
		x.dirs[dir] = unnamed()
	case err != nil:
		return x.disk(dir, err)
	case info.Mode().Type() == fs.ModeSymlink:
		return x.unsafe(member, "its parent %q is a symbolic link", dir)
	case !info.IsDir():
		return x.unsafe(member, "its parent %q is not a directory", dir)
	}
	x.made[dir] = implied
	return nil
}
