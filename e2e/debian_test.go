//go:build e2e

package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// mirror returns the Debian archive of this machine's apt.
func mirror(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "/etc/apt/sources.list") {
		text, _ := os.ReadFile(file)
		if m := regexp.MustCompile(`(?m)^(?:URIs:|deb(?: \[.*\])?) *(https?://\S+/debian)/?(?: |$)`).FindSubmatch(text); m != nil {
			return string(m[1])
		}
	}
	t.Fatal("apt has no source of Debian packages")
	return ""
}

// plain allows http to the mirror's host.
func plain(mirror string) string {
	scheme, host, _ := strings.Cut(mirror, "://")
	host, _, _ = strings.Cut(host, "/")
	if scheme != "http" {
		return ""
	}
	return "\n[registry.\"" + host + "\"]\nplain-http = true\n"
}

// debianProject returns a project on a base of Debian packages alone.
func debianProject(t *testing.T, platforms, suite string, packages []string) string {
	t.Helper()
	dir, mirror := t.TempDir(), mirror(t)
	text := fmt.Sprintf("version = 1\n[image]\nplatforms = [%s]\n[base]\ndebian = { suite = %q, packages = [\"%s\"], mirror = %q }\n%s",
		platforms, suite, strings.Join(packages, `", "`), mirror, plain(mirror))
	if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestDebootstrap compares roots of the same packages, ours and debootstrap's,
// file by file. Every difference must have a row in docs/debian.md, and every
// row a difference.
func TestDebootstrap(t *testing.T) {
	t.Parallel()
	rows := differences(t)
	t.Run("suites", func(t *testing.T) {
		for _, suite := range []string{"bookworm", "trixie"} {
			t.Run(suite, func(t *testing.T) {
				t.Parallel() // debootstrap uses one core, and waits for the disk
				bootstrapped(t, rows, suite)
			})
		}
	})
	for _, r := range rows {
		if !r.used.Load() {
			t.Errorf("docs/debian.md: no file differs as the row of %v says: %s", r.patterns, r.kind)
		}
	}
}

// bootstrapped compares the roots of a suite, and asks ours what it thinks of
// itself.
func bootstrapped(t *testing.T, rows []*difference, suite string) {
	theirs := filepath.Join(tmpfs(t, 1024), "root") // dpkg waits for the disk after every file
	run(t, "debootstrap", "--variant=minbase", "--include=ca-certificates,git", suite, theirs, mirror(t))
	packages := strings.Fields(run(t, "chroot", theirs, "dpkg-query", "-W", "-f", "${Package}\n"))
	dir := debianProject(t, `"linux/amd64"`, suite, packages)
	s := runStore(t)
	s.gs(t, dir, "lock")
	s.gs(t, dir, "build", "--locked", "-o", "rootfs:root")
	ours := filepath.Join(dir, "root")
	compare(t, rows, listing(t, ours), listing(t, theirs))
	checkSystem(t, ours)
	checkTLS(t, ours, theirs)
	run(t, "chroot", ours, "apt-get", "check")
	if got := run(t, "chroot", ours, "getent", "passwd", "nobody", "nonroot"); got != "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/bin/bash\n" {
		t.Errorf("getent says %q", got)
	}
}

// difference is a row of the table in docs/debian.md.
type difference struct {
	patterns []*regexp.Regexp
	kind     string         // "missing", "more", "type", "mode", "owner", "link" or "content"
	lines    *regexp.Regexp // of content: the lines that may differ; nil: all
	used     atomic.Bool
}

// differences reads the table: `path` `path` | kind | reason. In a path "*" is
// any name, "**" any path.
func differences(t *testing.T) (rows []*difference) {
	t.Helper()
	_, text, _ := strings.Cut(readFile(t, filepath.Join(repo, "docs", "debian.md")), "## Beside debootstrap")
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		if strings.TrimSpace(cells[3]) == "" {
			t.Errorf("docs/debian.md: no reason: %s", line)
		}
		r := &difference{kind: strings.TrimSpace(cells[2])}
		if lines, ok := strings.CutPrefix(r.kind, "lines "); ok {
			r.kind, r.lines = "content", regexp.MustCompile(strings.Trim(lines, "/"))
		}
		for i, p := range strings.Split(cells[1], "`") {
			if i%2 == 1 {
				p = strings.NewReplacer(`\*\*`, ".*", `\*`, "[^/]*").Replace(regexp.QuoteMeta(p))
				r.patterns = append(r.patterns, regexp.MustCompile("^"+p+"$"))
			}
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatal("docs/debian.md has no table of differences")
	}
	return rows
}

// file is what two roots are compared by.
type file struct {
	name    string // on this machine
	kind    fs.FileMode
	mode    uint32
	owner   string
	link    string
	content [32]byte
}

// listing reads a root. What a container's runtime mounts is left out.
func listing(t *testing.T, root string) map[string]file {
	t.Helper()
	all := map[string]file{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		f := file{name: name, kind: info.Mode().Type(), mode: st.Mode & 0o7777, owner: fmt.Sprintf("%d:%d", st.Uid, st.Gid)}
		switch {
		case f.kind == fs.ModeSymlink:
			f.link, err = os.Readlink(name)
		case f.kind == 0:
			var data []byte
			data, err = os.ReadFile(name)
			f.content = sha256.Sum256(data)
		}
		all[strings.TrimPrefix(name, root+"/")] = f
		if p := path.Base(name); d.IsDir() && (p == "proc" || p == "sys" || p == "dev") && path.Dir(name) == root {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// compare reports the differences that no row explains.
func compare(t *testing.T, rows []*difference, ours, theirs map[string]file) {
	paths := maps.Clone(ours)
	maps.Copy(paths, theirs)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		for _, kind := range unlike(ours, theirs, p) {
			explained := false
			for _, r := range rows {
				if r.kind == kind && slices.ContainsFunc(r.patterns, func(e *regexp.Regexp) bool { return e.MatchString(p) }) && r.allows(t, ours[p], theirs[p]) {
					explained = true
					r.used.Store(true)
				}
			}
			if !explained {
				t.Errorf("%s: %s, and docs/debian.md does not say why: %+v, debootstrap's %+v", p, kind, ours[p], theirs[p])
			}
		}
	}
}

// allows reports whether two contents differ by a row's lines alone.
func (r *difference) allows(t *testing.T, a, b file) bool {
	if r.lines == nil {
		return true
	}
	rest := func(f file) (kept []string) {
		for line := range strings.Lines(readFile(t, f.name)) {
			if line = strings.TrimRight(line, " \n"); !r.lines.MatchString(line) {
				kept = append(kept, line)
			}
		}
		return kept
	}
	return slices.Equal(rest(a), rest(b))
}

// unlike names what is not the same at a path.
func unlike(ours, theirs map[string]file, p string) (kinds []string) {
	a, here := ours[p]
	b, there := theirs[p]
	switch {
	case !here:
		return []string{"missing"}
	case !there:
		return []string{"more"}
	case a.kind != b.kind:
		return []string{"type"}
	}
	for kind, same := range map[string]bool{
		"mode": a.mode == b.mode, "owner": a.owner == b.owner, "link": a.link == b.link, "content": a.content == b.content,
	} {
		if !same {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}
