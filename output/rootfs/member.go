package rootfs

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// kinds names the members that no layer may have.
var kinds = map[byte]string{
	tar.TypeChar: "a character device", tar.TypeBlock: "a block device", tar.TypeFifo: "a fifo", tar.TypeCont: "a file of reserved kind",
	tar.TypeGNUSparse: "a sparse file",
}

// member unpacks one member of a layer.
func (x *Extractor) member(h *tar.Header, content io.Reader) error {
	p, problem := clean(h.Name)
	if problem != "" {
		return x.unsafe(h.Name, "%s", problem)
	}
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return x.unsafe(h.Name, "it is a sparse file")
		}
	}
	if name := path.Base(p); strings.HasPrefix(name, whiteout) {
		return x.whiteout(h.Name, path.Dir(p), name)
	}
	if h.Typeflag == tar.TypeDir {
		return x.directory(p, h)
	}
	if p == "." {
		return x.unsafe(h.Name, "the root is not a directory")
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return x.file(p, h, content)
	case tar.TypeSymlink:
		return x.symlink(p, h)
	case tar.TypeLink:
		return x.hardLink(p, h)
	}
	if what, ok := kinds[h.Typeflag]; ok {
		return x.unsafe(h.Name, "it is %s", what)
	}
	return x.unsafe(h.Name, "it is a member of unknown type %q", string(rune(h.Typeflag)))
}

// directory makes a directory, or takes the one of lower layers.
func (x *Extractor) directory(p string, h *tar.Header) error {
	a := attributes{h.FileInfo().Mode(), h.Uid, h.Gid, h.ModTime}
	switch x.made[p] {
	case directory:
		if was := x.dirs[p]; was.mode != a.mode || was.uid != a.uid || was.gid != a.gid || !was.time.Equal(a.time) {
			return x.unsafe(h.Name, "the layer has it twice")
		}
		return nil
	case other:
		return x.unsafe(h.Name, "the layer has a file and a directory of that name")
	case implied: // it is there
	default:
		if err := x.parents(h.Name, p); err != nil {
			return err
		}
		if err := x.mkdir(p); err != nil {
			return err
		}
	}
	x.made[p], x.dirs[p] = directory, a
	return nil
}

func (x *Extractor) mkdir(p string) error {
	info, err := x.root.Lstat(p)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		err = x.root.Remove(p)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = x.root.Mkdir(p, 0o700)
	}
	if err != nil {
		return x.disk(p, err)
	}
	return nil
}

// place makes room for what is no directory.
func (x *Extractor) place(p string, h *tar.Header) error {
	switch x.made[p] {
	case other:
		return x.unsafe(h.Name, "the layer has it twice")
	case implied, directory:
		return x.unsafe(h.Name, "the layer has a file and a directory of that name")
	}
	if err := x.parents(h.Name, p); err != nil {
		return err
	}
	x.made[p] = other
	return x.remove(p)
}

// remove removes what lower layers have at a path.
func (x *Extractor) remove(p string) error {
	if err := x.root.RemoveAll(p); err != nil {
		return x.disk(p, err)
	}
	return nil
}

func (x *Extractor) file(p string, h *tar.Header, content io.Reader) error {
	if err := x.place(p, h); err != nil {
		return err
	}
	f, err := x.root.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return x.disk(p, err)
	}
	err = x.fill(f, h, content)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = x.root.Chtimes(p, h.ModTime, h.ModTime)
	}
	if err != nil {
		return x.disk(p, x.tarError(err))
	}
	return nil
}

func (x *Extractor) fill(f *os.File, h *tar.Header, content io.Reader) error {
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	if x.owners {
		if err := f.Chown(h.Uid, h.Gid); err != nil {
			return err
		}
	}
	return f.Chmod(x.mode(h.FileInfo().Mode())) // after Chown, which clears bits
}

func (x *Extractor) symlink(p string, h *tar.Header) error {
	if h.Linkname == "" || len(h.Linkname) > maxPath || strings.ContainsRune(h.Linkname, 0) {
		return x.unsafe(h.Name, "its target is empty, longer than 4096 bytes, or has a NUL byte")
	}
	if err := x.place(p, h); err != nil {
		return err
	}
	if err := x.root.Symlink(h.Linkname, p); err != nil {
		return x.disk(p, err)
	}
	if x.owners {
		if err := x.root.Lchown(p, h.Uid, h.Gid); err != nil {
			return x.disk(p, err)
		}
	}
	if err := linkTime(x.root, p, h.ModTime); err != nil {
		return x.disk(p, err)
	}
	return nil
}

// hardLink makes a second name of what is there already, in this layer or
// below. Its owner and mode are those of the first.
func (x *Extractor) hardLink(p string, h *tar.Header) error {
	target, problem := clean(h.Linkname)
	if problem != "" {
		return x.unsafe(h.Name, "hard link to %q: %s", short(h.Linkname), problem)
	}
	if target == p || strings.HasPrefix(target, p+"/") {
		return x.unsafe(h.Name, "hard link to itself")
	}
	there, err := x.reachable(h.Name, target)
	if err != nil {
		return err
	}
	if !there {
		return x.unsafe(h.Name, "hard link to %q, which is not there", short(target))
	}
	info, err := x.root.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return x.unsafe(h.Name, "hard link to %q, which is not there", short(target))
	case err != nil:
		return x.disk(target, err)
	case info.IsDir():
		return x.unsafe(h.Name, "hard link to %q, which is a directory", short(target))
	}
	if err := x.place(p, h); err != nil {
		return err
	}
	if err := x.root.Link(target, p); err != nil {
		return x.disk(p, err)
	}
	return nil
}

// reachable reports whether the directory of a path is there, through real
// directories alone. It makes none.
func (x *Extractor) reachable(member, p string) (bool, error) {
	dir := path.Dir(p)
	if k := x.made[dir]; k == implied || k == directory {
		return true, nil
	}
	if ok, err := x.reachable(member, dir); !ok || err != nil {
		return ok, err
	}
	info, err := x.root.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, x.disk(dir, err)
	case info.Mode().Type() == fs.ModeSymlink:
		return false, x.unsafe(member, "%q is a symbolic link", dir)
	}
	return info.IsDir(), nil
}

func short(name string) string {
	if len(name) > maxShown {
		return name[:maxShown] + "…"
	}
	return name
}
