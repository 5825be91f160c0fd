package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// The names that stand for removals (image-spec, layer.md).
const (
	whiteout = ".wh."
	aufs     = ".wh..wh."
	opaque   = ".wh..wh..opq"
)

// whiteout applies the whiteout called name in a directory.
func (x *Extractor) whiteout(member, dir, name string) error {
	hidden := strings.TrimPrefix(name, whiteout)
	if hidden == "" || hidden == "." || hidden == ".." {
		return x.unsafe(member, "a whiteout of nothing")
	}
	if strings.HasPrefix(name, aufs) && name != opaque {
		return nil
	}
	p := path.Join(dir, hidden)
	there, err := x.reachable(member, p)
	if !there || err != nil {
		return err
	}
	if name == opaque {
		return x.hideAll(dir)
	}
	return x.hide(p)
}

// hide removes what lower layers have at a path.
func (x *Extractor) hide(p string) error {
	switch x.made[p] {
	case other:
		return nil
	case implied:
		x.dirs[p] = unnamed() // what it was is hidden too
		return x.hideAll(p)
	case directory:
		return x.hideAll(p)
	}
	return x.remove(p)
}

// hideAll removes what lower layers have in a directory.
func (x *Extractor) hideAll(dir string) error {
	names, err := fs.ReadDir(x.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return x.disk(dir, err)
	}
	for _, e := range names {
		if err := x.hide(path.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
