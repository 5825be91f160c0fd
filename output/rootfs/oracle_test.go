package rootfs_test

import (
	"archive/tar"
	"path"
	"slices"
	"strings"
)

// node is a file of the oracle: a tree in memory that knows the rules of the
// image specification in another way than the package does. Each layer becomes
// a tree of its own, which covers the one below when the layer ends.
type node struct {
	kind     byte // as a tar's
	content  *string
	target   string
	mode     int64
	named    bool // a directory with a member of its own
	children map[string]*node
}

func newNode(kind byte, mode int64) *node {
	return &node{kind: kind, mode: mode, children: map[string]*node{}}
}

// at follows elements; nil is nothing, or nothing because a file is in the way.
func (n *node) at(p string) *node {
	if p == "." {
		return n
	}
	for e := range strings.SplitSeq(p, "/") {
		if n = n.children[e]; n == nil {
			return nil
		}
	}
	return n
}

// oracle is what the layers so far make.
type oracle struct {
	lower, upper *node
}

func (o *oracle) begin() { o.upper = newNode(tar.TypeDir, 0o755) }

// see returns what is at a path now: the upper tree's, else the lower's unless
// something of the upper is in the way.
func (o *oracle) see(p string) *node {
	if n := o.upper.at(p); n != nil {
		return n
	}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if n := o.upper.at(dir); n != nil && n.kind != tar.TypeDir {
			return nil
		}
	}
	return o.lower.at(p)
}

// free makes parents; false if one is no directory.
func (o *oracle) free(p string) bool {
	n := o.upper
	elements := strings.Split(p, "/")
	for i := range elements[:len(elements)-1] {
		dir := strings.Join(elements[:i+1], "/")
		if there := o.see(dir); there != nil && there.kind != tar.TypeDir {
			return false
		}
		next := n.children[elements[i]]
		if next == nil {
			next = newNode(tar.TypeDir, 0o755)
			n.children[elements[i]] = next
		}
		n = next
	}
	return true
}

// straight reports whether all parents are directories, and whether a link is
// among them.
func (o *oracle) straight(p string) (there, link bool) {
	elements := strings.Split(p, "/")
	for i := range elements[:len(elements)-1] {
		n := o.see(strings.Join(elements[:i+1], "/"))
		switch {
		case n == nil:
			return false, false
		case n.kind == tar.TypeSymlink:
			return false, true
		case n.kind != tar.TypeDir:
			return false, false
		}
	}
	return true, false
}

func named(name string) (string, bool) {
	if name == "" || path.IsAbs(name) || slices.Contains(strings.Split(name, "/"), "..") {
		return "", false
	}
	return path.Clean(name), true
}

// member applies one member and reports whether it is safe.
func (o *oracle) member(m member) bool {
	p, ok := named(m.header.Name)
	if !ok {
		return false
	}
	if base := path.Base(p); strings.HasPrefix(base, ".wh.") {
		return o.whiteout(path.Dir(p), base)
	}
	own := o.upper.at(p)
	n := newNode(m.header.Typeflag, m.header.Mode)
	switch m.header.Typeflag {
	case tar.TypeDir:
		if own != nil && (own.kind != tar.TypeDir || own.named && own.mode != m.header.Mode) {
			return false
		}
		if own == nil && !o.free(p) {
			return false
		}
		if own != nil {
			n = own
		}
		n.mode, n.named = m.header.Mode, true
	case tar.TypeReg:
		n.content = &m.content
	case tar.TypeSymlink:
		n.target = m.header.Linkname
	case tar.TypeLink:
		target, ok := named(m.header.Linkname)
		if !ok || target == p || strings.HasPrefix(target, p+"/") || target == "." {
			return false
		}
		there, _ := o.straight(target)
		to := o.see(target)
		if !there || to == nil || to.kind == tar.TypeDir {
			return false
		}
		n = to
	default:
		return false
	}
	if m.header.Typeflag != tar.TypeDir && (p == "." || own != nil || !o.free(p)) {
		return false
	}
	if p == "." {
		return true
	}
	o.upper.at(path.Dir(p)).children[path.Base(p)] = n
	return true
}

// whiteout removes from the lower tree alone.
func (o *oracle) whiteout(dir, base string) bool {
	hidden := strings.TrimPrefix(base, ".wh.")
	if hidden == "" || hidden == "." || hidden == ".." {
		return false
	}
	if strings.HasPrefix(hidden, ".wh.") && base != ".wh..wh..opq" {
		return true
	}
	if _, link := o.straight(dir + "/x"); link && dir != "." {
		return false
	}
	below := o.lower.at(dir)
	switch {
	case below == nil:
	case base == ".wh..wh..opq":
		clear(below.children)
	default:
		delete(below.children, hidden)
	}
	return true
}

// end lays the upper tree over the lower one.
func (o *oracle) end() { o.lower = cover(o.upper, o.lower) }

func cover(upper, lower *node) *node {
	if upper.kind != tar.TypeDir || lower == nil || lower.kind != tar.TypeDir {
		return upper
	}
	if !upper.named {
		upper.mode = lower.mode
	}
	for name, below := range lower.children {
		if above := upper.children[name]; above != nil {
			upper.children[name] = cover(above, below)
		} else {
			upper.children[name] = below
		}
	}
	return upper
}

// linksStay reports whether every symbolic link stays in the root.
func (o *oracle) linksStay() bool {
	ok := true
	var each func(n *node, p []string)
	each = func(n *node, p []string) {
		for name, child := range n.children {
			if child.kind == tar.TypeSymlink && !o.leads(p, child.target, new(int), new(bool)) {
				ok = false
			}
			each(child, append(p[:len(p):len(p)], name))
		}
	}
	each(o.lower, nil)
	return ok
}

// leads follows a target from a directory on by replacing its first element
// again and again.
func (o *oracle) leads(at []string, target string, links *int, absolute *bool) bool {
	todo := strings.Split(target, "/")
	if *links++; strings.HasPrefix(target, "/") {
		at, *absolute = nil, true
	}
	for len(todo) > 0 {
		e := todo[0]
		todo = todo[1:]
		switch e {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 && !*absolute {
				return false
			}
			at = at[:max(0, len(at)-1)]
			continue
		}
		next := append(at[:len(at):len(at)], e)
		n := o.lower.at(strings.Join(next, "/"))
		if n == nil || n.kind != tar.TypeSymlink {
			at = next
			continue
		}
		if *links++; *links > 40 {
			return false
		}
		if strings.HasPrefix(n.target, "/") {
			at, *absolute = nil, true
		}
		todo = append(strings.Split(n.target, "/"), todo...)
	}
	return true
}
