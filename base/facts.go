package base

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
)

// facts returns what the layers above need to know. Env and User come from the
// config. A text that could not be kept is an error: accounts that are added to
// an unknown passwd file would replace it.
func (f *filesystem) facts(where string) (lock.Facts, error) {
	release, err1 := f.text(where, "etc/os-release", "usr/lib/os-release") // os-release(5): the first that exists
	passwd, err2 := f.text(where, "etc/passwd")
	group, err3 := f.text(where, "etc/group")
	if err := cmp.Or(err1, err2, err3); err != nil {
		return lock.Facts{}, err
	}
	facts := lock.Facts{
		Libc:      f.libc(),
		OSRelease: release,
		Passwd:    passwd,
		Group:     group,
		Sh:        f.hasFile("bin/sh"),
		Bash:      f.hasFile("bin/bash"),
		UsrBinEnv: f.hasFile("usr/bin/env"),
		Compiler:  slices.ContainsFunc(compilers(), f.hasFile),
	}
	f.collect(f.root, "", &facts)
	slices.SortFunc(facts.Links, func(a, b lock.Link) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(facts.Dirs, func(a, b lock.Dir) int { return cmp.Compare(a.Path, b.Path) })
	return facts, nil
}

// compilers are where the C compilers lie that the go command may use.
func compilers() []string {
	return []string{"usr/bin/gcc", "usr/bin/cc", "usr/bin/clang", "usr/local/bin/gcc", "usr/local/bin/cc", "usr/local/bin/clang"}
}

// collect gathers links to directories and directories with their own mode or
// owner. What is in /proc, /sys and /dev is hidden when a container runs, and
// names that are not UTF-8 can be no layer's destination.
func (f *filesystem) collect(n *node, p string, facts *lock.Facts) {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child, at := n.children[name], path.Join(p, name)
		if !utf8.ValidString(at) {
			continue
		}
		switch child.kind {
		case isLink:
			if to, real := f.resolve(at); to != nil && to.kind == isDir {
				facts.Links = append(facts.Links, lock.Link{Path: at, Target: real})
			}
		case isDir:
			if child.mode != 0o755 || child.uid != 0 || child.gid != 0 {
				facts.Dirs = append(facts.Dirs, lock.Dir{Path: at, Mode: child.mode, UID: child.uid, GID: child.gid})
			}
			if at != "proc" && at != "sys" && at != "dev" {
				f.collect(child, at, facts)
			}
		}
	}
}

func (f *filesystem) hasFile(p string) bool {
	n, _ := f.resolve(p)
	return n != nil && n.kind == isFile
}

// text returns the text of the first of the files that exists, or "".
func (f *filesystem) text(where string, paths ...string) (string, error) {
	for _, p := range paths {
		n, real := f.resolve(p)
		switch {
		case n == nil || n.kind != isFile:
			continue
		case n.content == nil:
			return "", fault.New(fault.Usage, where, "%q leads to %q, where such a file is not expected", p, real).
				WithHint("use a base whose /%s is a file", p)
		case n.content.tooLong:
			return "", fault.New(fault.Verification, where, "%q is longer than the limit of %d bytes", real, f.limits.Text)
		case !utf8.ValidString(n.content.text):
			return "", fault.New(fault.Verification, where, "%q is not UTF-8 text", real)
		}
		return n.content.text, nil
	}
	return "", nil
}

// machine is ELF's e_machine and the names that the C libraries give the
// architecture.
type machine struct {
	elf   uint16
	tuple string // of Debian's multiarch directories
	musl  string // in musl's file names
}

func machineOf(arch string) machine {
	switch arch {
	case "amd64":
		return machine{62, "x86_64-linux-gnu", "x86_64"}
	case "arm64":
		return machine{183, "aarch64-linux-gnu", "aarch64"}
	}
	return machine{}
}

// libc returns the C library that programs of the platform find, glibc where
// both are. Its version is left out where the library does not tell it.
func (f *filesystem) libc() string {
	m := machineOf(f.platform.Arch)
	glibc := []string{
		"lib/" + m.tuple + "/libc.so.6", "usr/lib/" + m.tuple + "/libc.so.6",
		"lib64/libc.so.6", "usr/lib64/libc.so.6", "lib/libc.so.6", "usr/lib/libc.so.6",
	}
	musl := []string{"lib/ld-musl-" + m.musl + ".so.1", "usr/lib/ld-musl-" + m.musl + ".so.1"}
	if v := f.libcAt(glibc, m, "glibc"); v != "" {
		return v
	}
	return f.libcAt(musl, m, "musl")
}

// libcAt returns the library at the first of the paths that holds one for the
// machine.
func (f *filesystem) libcAt(paths []string, m machine, family string) string {
	for _, p := range paths {
		n, _ := f.resolve(p)
		if n == nil || n.kind != isFile || n.content == nil {
			continue
		}
		if c := n.content; c.machine == m.elf || c.machine == 0 && c.libc != "" {
			return cmp.Or(c.libc, family)
		}
	}
	return ""
}
