package rootfs

import (
	"io/fs"
	"path"
	"strings"
)

// maxLinks is how many links a path may lead through, as Linux has it.
const maxLinks = 40

// checkLink follows a symbolic link as who uses the root will, and refuses one
// that leads out or in a circle. From an absolute link on, ".." in the root is
// the root, as in a chroot.
func (x *Extractor) checkLink(p string) error {
	w := &linkWalk{x: x}
	if dir := path.Dir(p); dir != "." {
		w.at = strings.Split(dir, "/")
	}
	problem, err := w.follow(p)
	if err != nil || problem == "" {
		return err
	}
	x.layer = x.show // the layer is not known any more
	return x.unsafe(p, "the symbolic link leads %s", problem)
}

// linkWalk stands in a directory of the root.
type linkWalk struct {
	x        *Extractor
	at       []string
	links    int
	absolute bool // a link on the way was
}

// follow goes on to the target of the link at p, in whose directory w stands.
func (w *linkWalk) follow(p string) (problem string, err error) {
	if w.links++; w.links > maxLinks {
		return "in a circle", nil
	}
	target, err := w.x.root.Readlink(p)
	if err != nil {
		return "", w.x.disk(p, err)
	}
	if strings.HasPrefix(target, "/") {
		w.at, w.absolute = nil, true
	}
	for e := range strings.SplitSeq(target, "/") {
		if problem, err := w.step(e); problem != "" || err != nil {
			return problem, err
		}
	}
	return "", nil
}

// step goes to one element of a target.
func (w *linkWalk) step(e string) (problem string, err error) {
	switch {
	case e == "" || e == ".":
		return "", nil
	case e == ".." && len(w.at) > 0:
		w.at = w.at[:len(w.at)-1]
		return "", nil
	case e == ".." && w.absolute:
		return "", nil
	case e == "..":
		return "out of the root", nil
	}
	p := path.Join(path.Join(w.at...), e)
	info, err := w.x.root.Lstat(p)
	if err == nil && info.Mode().Type() == fs.ModeSymlink {
		return w.follow(p)
	}
	w.at = append(w.at[:len(w.at):len(w.at)], e) // what is not there may come to be
	return "", nil
}
