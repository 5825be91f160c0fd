package lock

import (
	"slices"
	"strings"
)

// Resolve returns where a path below the root ends up when the base has some
// of its directories as symbolic links: "bin/x" is "usr/bin/x" on a base with
// merged /usr. A layer must write it there, since a directory entry over a
// symlink hides what is below it (design.md §7).
func (f *Facts) Resolve(path string) string {
	for range len(f.Links) + 1 {
		i := slices.IndexFunc(f.Links, func(l Link) bool {
			return path == l.Path || strings.HasPrefix(path, l.Path+"/")
		})
		if i < 0 {
			return path
		}
		path = strings.TrimPrefix(f.Links[i].Target+path[len(f.Links[i].Path):], "/")
	}
	return path
}

// Attr returns mode and owner of a directory: the base's own where it has one
// that differs from 0755 root:root, so that listing the directory again in a
// layer changes nothing.
func (f *Facts) Attr(dir string) Dir {
	if i := slices.IndexFunc(f.Dirs, func(d Dir) bool { return d.Path == dir }); i >= 0 {
		return f.Dirs[i]
	}
	return Dir{Path: dir, Mode: 0o755}
}
