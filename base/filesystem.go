package base

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// nodeKind is what a name of the file system is.
type nodeKind uint8

const (
	isFile nodeKind = iota
	isDir
	isLink
	isOther // device or FIFO
)

// node is a file of the base. Two names of one hard-linked file share it.
type node struct {
	kind     nodeKind
	mode     int64
	uid, gid int
	layer    int              // the layer that wrote it last
	target   string           // of a link, verbatim
	children map[string]*node // of a directory
	content  *content         // of the few files that are looked into
}

// content is what is kept of a file that is looked into.
type content struct {
	text    string // of passwd, group and os-release files
	tooLong bool   // the text is longer than Limits.Text
	libc    string // "glibc 2.36", "musl 1.2.4"
	machine uint16 // ELF's e_machine
}

// filesystem is the tree that layers leave when they are applied bottom to
// top. It holds names and owners only, never a file's bytes.
type filesystem struct {
	limits   Limits
	platform platforms.Platform
	root     *node
	layer    int   // the layer being applied, counted from 1
	members  int   // entries read and directories made for them
	kept     int64 // bytes of texts
	look     Look  // nil: nothing but facts
}

func newFilesystem(limits Limits, p platforms.Platform) *filesystem {
	return &filesystem{limits: limits, platform: p, root: newDir(0)}
}

func newDir(layer int) *node {
	return &node{kind: isDir, mode: 0o755, layer: layer, children: map[string]*node{}}
}

// maxLinks is how many symbolic links one path may lead through, as in Linux
// (path_resolution(7)).
const maxLinks = 40

// walk is a path on its way through links.
type walk struct {
	fs    *filesystem
	make  bool     // create directories that are missing
	links int      // followed so far
	nodes []*node  // directories entered, the root first
	names []string // of nodes[1:]
}

func (f *filesystem) walk(makeDirs bool) *walk {
	return &walk{fs: f, make: makeDirs, nodes: []*node{f.root}}
}

// resolve follows a path through all links and returns the node and its real
// path, or nil where there is nothing.
func (f *filesystem) resolve(p string) (*node, string) {
	return f.walk(false).to(p)
}

// dir returns the directory at a path and its real path, through links,
// creating what is missing as container engines do. It is nil where a file is
// in the way or links go in circles.
func (f *filesystem) dir(p string) (*node, string) {
	n, real := f.walk(true).to(p)
	if n == nil || n.kind != isDir {
		return nil, ""
	}
	return n, real
}

// to goes along a path from where the walk stands. Each link counts against
// maxLinks, so recursion ends.
func (w *walk) to(p string) (*node, string) {
	if strings.HasPrefix(p, "/") {
		w.nodes, w.names = w.nodes[:1], w.names[:0]
	}
	elements := strings.Split(p, "/")
	for i, e := range elements {
		here := w.nodes[len(w.nodes)-1]
		switch e {
		case "", ".":
			continue
		case "..":
			if len(w.names) > 0 {
				w.nodes, w.names = w.nodes[:len(w.nodes)-1], w.names[:len(w.names)-1]
			}
			continue
		}
		next := here.children[e]
		switch {
		case next == nil && !w.make:
			return nil, ""
		case next == nil:
			next = newDir(w.fs.layer)
			w.fs.members++
			here.children[e] = next
		case next.kind == isLink:
			if w.links++; w.links > maxLinks {
				return nil, ""
			}
			return w.to(next.target + "/" + strings.Join(elements[i+1:], "/"))
		case next.kind != isDir:
			if strings.Join(elements[i+1:], "") != "" {
				return nil, ""
			}
			return next, strings.Join(append(w.names, e), "/")
		}
		w.nodes, w.names = append(w.nodes, next), append(w.names, e)
	}
	real := strings.Join(w.names, "/")
	if real == "" {
		real = "."
	}
	return w.nodes[len(w.nodes)-1], real
}

// put places a node at a path whose parents are taken through links. A
// directory over a directory keeps what is in it; everything else replaces.
func (f *filesystem) put(where, p string, n *node) error {
	dir, name := path.Split(p)
	parent, _ := f.dir(dir)
	if parent == nil {
		return fault.New(fault.Verification, where, "%q: a parent is not a directory", p)
	}
	if old := parent.children[name]; old != nil && old.kind == isDir && n.kind == isDir {
		old.mode, old.uid, old.gid, old.layer = n.mode, n.uid, n.gid, n.layer
		return nil
	}
	parent.children[name] = n
	return nil
}

// hide applies a whiteout: it removes what lower layers have at a path, and
// keeps what this layer wrote, whichever of the two the tar has first.
func (f *filesystem) hide(dir, name string) {
	parent, _ := f.resolve(dir)
	if parent == nil || parent.kind != isDir {
		return
	}
	if n := parent.children[name]; n != nil && !f.keep(n) {
		delete(parent.children, name)
	}
}

// empty applies an opaque whiteout: it removes all that lower layers have in a
// directory.
func (f *filesystem) empty(dir string) {
	if n, _ := f.resolve(dir); n != nil && n.kind == isDir {
		f.clear(n)
	}
}

// clear removes what lower layers have below a directory.
func (f *filesystem) clear(n *node) {
	for name, child := range n.children {
		if !f.keep(child) {
			delete(n.children, name)
		}
	}
}

// keep clears a node and reports whether this layer wrote it or anything in
// it.
func (f *filesystem) keep(n *node) bool {
	if n.kind != isDir {
		return n.layer == f.layer
	}
	f.clear(n)
	return n.layer == f.layer || len(n.children) > 0
}
