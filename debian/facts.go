package debian

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Facts are what later layers need to know of a root.
type Facts struct {
	OSRelease string
	Passwd    string
	Group     string
	Libc      string // "glibc 2.36"; "" where there is none
	Links     []Link // directories that are symbolic links, sorted by path
	Sh        bool   // /bin/sh is there
	Bash      bool   // /bin/bash
	UsrBinEnv bool   // /usr/bin/env
}

// Link is a symbolic link whose target is a directory. Both paths are relative
// to the root, the target fully resolved.
type Link struct{ Path, Target string }

// facts reads a root that is finished.
func (r *assembly) facts(root *Root) Facts {
	v := view{dirs: map[string]bool{".": true}, files: map[string]bool{}, links: map[string]string{}}
	for _, d := range root.Dirs {
		v.dirs[d.Path] = true
	}
	for _, p := range root.Packages {
		for _, f := range p.Files {
			v.add(f.Header)
		}
	}
	for _, m := range root.Made {
		v.add(m.Header)
	}
	f := Facts{Passwd: r.passwd, Group: r.group, Sh: v.isFile("bin/sh"), Bash: v.isFile("bin/bash"), UsrBinEnv: v.isFile("usr/bin/env")}
	for _, m := range r.metas {
		f.OSRelease = cmp.Or(f.OSRelease, m.Texts["usr/lib/os-release"])
		if m.Name() == "libc6" {
			_, upstream, _ := splitVersion(m.Control.Get("Version"))
			f.Libc = "glibc " + upstream
		}
	}
	for _, p := range sortedKeys(v.links) {
		if real := v.resolve(p); v.dirs[real] {
			f.Links = append(f.Links, Link{p, real})
		}
	}
	return f
}

// view is a file system's names.
type view struct {
	dirs, files map[string]bool
	links       map[string]string
}

func (v view) add(h tree.Header) {
	if h.Kind == tree.Symlink {
		v.links[h.Path] = h.Target
	} else {
		v.files[h.Path] = true
	}
}

func (v view) isFile(p string) bool { return v.files[v.resolve(p)] }

// resolve follows the links of a path. Of links that go in circles it returns
// some path that is none of a file or directory.
func (v view) resolve(p string) string {
	todo := strings.Split(p, "/")
	at := "."
	for followed := 0; len(todo) > 0; {
		at, todo = path.Join(at, todo[0]), todo[1:]
		target, link := v.links[at]
		if !link || followed == 255 {
			continue
		}
		followed++
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/", path.Dir(at), target)
		}
		at, todo = ".", slices.Concat(strings.Split(path.Clean(target)[1:], "/"), todo)
	}
	return at
}
