package lock

import (
	"path"
	"slices"
	"strings"
)

// maxLinks is how many links of a base are followed for one path. Targets are
// fully resolved in a lock that we wrote; in one that was edited they may go
// in circles.
const maxLinks = 255

// Resolve returns where a path of an image really lies: every part of it that
// is a symbolic link to a directory in the base, the last one included, is
// replaced by the link's target. "bin/x" is "usr/bin/x" on a base with merged
// /usr. A layer must write it there, since a directory entry over a symlink
// hides what is below it (design.md §7). Paths are relative to the root, which
// is ".".
func (f *Facts) Resolve(p string) string {
	todo := strings.Split(path.Clean("/" + p)[1:], "/")
	at := "."
	for links := 0; len(todo) > 0; {
		at, todo = path.Join(at, todo[0]), todo[1:]
		i := slices.IndexFunc(f.Links, func(l Link) bool { return l.Path == at })
		if i < 0 || links == maxLinks {
			continue
		}
		links++
		target := path.Clean("/" + f.Links[i].Target)[1:]
		at, todo = ".", append(strings.Split(target, "/"), todo...)
	}
	return at
}

// Attr returns mode and owner of a directory that Resolve gave: the base's own
// where it has one that differs from 0755 root:root, so that listing the
// directory again in a layer changes nothing.
func (f *Facts) Attr(dir string) Dir {
	if i := slices.IndexFunc(f.Dirs, func(d Dir) bool { return d.Path == dir }); i >= 0 {
		return f.Dirs[i]
	}
	return Dir{Path: dir, Mode: 0o755}
}
