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
	rows := differences(t)
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			theirs := filepath.Join(t.TempDir(), "root")
			run(t, "debootstrap", "--variant=minbase", "--include=ca-certificates,git", suite, theirs, mirror(t))
			packages := strings.Fields(run(t, "chroot", theirs, "dpkg-query", "-W", "-f", "${Package}\n"))
			dir := debianProject(t, `"linux/amd64"`, suite, packages)
			s := newStore(t)
			s.gs(t, dir, "lock")
			s.gs(t, dir, "build", "--locked", "-o", "oci:image")
			ours := unpackFrom(t, "oci:"+filepath.Join(dir, "image"), "amd64")
			compare(t, rows, listing(t, ours), listing(t, theirs))
			checkSystem(t, ours)
			run(t, "chroot", ours, "apt-get", "check")
			if got := run(t, "chroot", ours, "getent", "passwd", "nobody", "nonroot"); got != "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/bin/bash\n" {
				t.Errorf("getent says %q", got)
			}
		})
	}
	for _, r := range rows {
		if !r.used {
			t.Errorf("docs/debian.md: no file differs as the row of %v says: %s", r.patterns, r.kind)
		}
	}
}

// difference is a row of the table in docs/debian.md.
type difference struct {
	patterns []*regexp.Regexp
	kind     string         // "missing", "more", "type", "mode", "owner", "link" or "content"
	lines    *regexp.Regexp // of content: the lines that may differ; nil: all
	used     bool
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
					r.used, explained = true, true
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

// TestDataToolsOnDebian makes the example as it is, from the machine's mirror.
func TestDataToolsOnDebian(t *testing.T) {
	dir := copyDir(t, filepath.Join(repo, "examples", "data-tools"))
	config := filepath.Join(dir, "gophersnake.toml")
	m := mirror(t)
	edit(t, config, `"git"] }`, `"git", "libc-bin"], mirror = "`+m+`" }`) // for getent, and the locale C.UTF-8
	edit(t, config, "localhost:5000/data-tools", registry+"/on-debian")
	text := readFile(t, config) + "\n[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n" + plain(m)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newStore(t)
	s.gs(t, dir, "lock")
	s.gs(t, dir, "lock", "--offline") // nobody is asked twice
	pushed := digest(t, s.gs(t, dir, "push", "--locked"))
	ref := registry + "/on-debian"
	checkIndex(t, ref, pushed)
	t.Run("amd64", func(t *testing.T) {
		root := unpack(t, ref+":1.0", "amd64")
		checkTree(t, root)
		runNative(t, root)
		checkSystem(t, root)
	})
	t.Run("arm64", func(t *testing.T) {
		root := unpack(t, ref+":1.0", "arm64")
		checkTree(t, root)
		runEmulated(t, root)
		checkEmulated(t, root)
	})
}

// TestAptOnDebian shows that apt and dpkg take a base for their own.
func TestAptOnDebian(t *testing.T) {
	dir := debianProject(t, `"linux/arm64"`, "trixie", []string{"apt", "bash", "ca-certificates", "coreutils"})
	s := newStore(t)
	s.gs(t, dir, "lock")
	s.gs(t, dir, "build", "--locked", "-o", "oci:image")
	root := unpackFrom(t, "oci:"+filepath.Join(dir, "image"), "arm64")
	checkEmulated(t, root)
	emulated(t, root, "/usr/bin/apt-get", "check")
}

// checkSystem asks a root's own programs what they think of it.
func checkSystem(t *testing.T, root string) {
	t.Helper()
	if out := run(t, "chroot", root, "dpkg", "--audit"); out != "" {
		t.Errorf("dpkg --audit: %s", out)
	}
	if out := run(t, "chroot", root, "dpkg", "-l", "bash", "libc6"); strings.Count(out, "\nii  ") != 2 {
		t.Errorf("dpkg -l: %s", out)
	}
	if out := run(t, "chroot", root, "/bin/date", "+%Z"); out != "UTC\n" {
		t.Errorf("the time zone is %q", out)
	}
	const snake = "\U0001F40D"
	if out := run(t, "chroot", root, "env", "LC_ALL=C.UTF-8", "bash", "-c", "x="+snake+"; echo ${#x}"); out != "1\n" {
		t.Errorf("a character of C.UTF-8 has the length %q", out)
	}
	checkCertificates(t, root)
}

// checkCertificates shows that OpenSSL finds every root of the bundle by its
// hash, and that a client with the root's certificates believes a server whose
// certificate one of them signed, and no other.
func checkCertificates(t *testing.T, root string) {
	t.Helper()
	certs := filepath.Join(root, "etc/ssl/certs")
	links, err := filepath.Glob(filepath.Join(certs, "*.pem"))
	if err != nil || len(links) < 100 {
		t.Fatalf("%d certificates: %v", len(links), err)
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil {
			t.Fatal(err)
		}
		crt := filepath.Join(root, target)
		hash := strings.TrimSpace(run(t, "openssl", "x509", "-noout", "-subject_hash", "-in", crt))
		found := false
		for i := range 4 {
			name, _ := os.Readlink(filepath.Join(certs, fmt.Sprintf("%s.%d", hash, i)))
			found = found || name == filepath.Base(link)
		}
		if !found {
			t.Errorf("no link by the hash %s leads to %s", hash, filepath.Base(link))
		}
	}
	bundle := readFile(t, filepath.Join(certs, "ca-certificates.crt"))
	if n := strings.Count(bundle, "BEGIN CERTIFICATE"); n != len(links) {
		t.Errorf("the bundle has %d certificates, not %d", n, len(links))
	}
}

// emulated runs a program of an arm64 root that has an emulator.
func emulated(t *testing.T, root string, args ...string) string {
	t.Helper()
	return run(t, "chroot", append([]string{root, "/qemu"}, args...)...)
}

// checkEmulated asks the programs of an arm64 root one by one.
func checkEmulated(t *testing.T, root string) {
	t.Helper()
	putEmulator(t, root)
	if out := emulated(t, root, "/usr/bin/dpkg", "--audit"); out != "" {
		t.Errorf("dpkg --audit: %s", out)
	}
	if out := emulated(t, root, "/usr/bin/dpkg-query", "-W", "-f", "${Architecture} ${Status}", "libc6"); out != "arm64 install ok installed" {
		t.Errorf("dpkg-query: %s", out)
	}
	if out := emulated(t, root, "/bin/date", "+%Z"); out != "UTC\n" {
		t.Errorf("the time zone is %q", out)
	}
}

// TestGlibcPreset runs a conda environment on the smallest base.
func TestGlibcPreset(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			dir := debianProject(t, `"linux/amd64", "linux/arm64"`, suite, nil)
			config := filepath.Join(dir, "gophersnake.toml")
			edit(t, config, `packages = [""]`, `preset = "glibc"`)
			text := readFile(t, config) + "[registry.\"channel.example\"]\nmirrors = [\"" + channel.URL + "\"]\n" +
				"[conda]\nchannels = [\"https://channel.example/cpython\"]\ndependencies = [\"python\"]\n"
			if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			s := newStore(t)
			s.gs(t, dir, "lock")
			built := digest(t, s.gs(t, dir, "build", "--locked", "-o", "oci:image"))
			if again := digest(t, coldStore(t).gs(t, dir, "build", "--locked", "-o", "oci:again")); again != built {
				t.Errorf("%s, and %s from an empty store", built, again)
			}
			if libc := map[string]string{"bookworm": `libc = "glibc 2.36"`, "trixie": `libc = "glibc 2.41"`}[suite]; !strings.Contains(readFile(t, filepath.Join(dir, "gophersnake.lock")), libc) {
				t.Errorf("the lock lacks %s", libc)
			}
			const program = `import ctypes, os, ssl
ctypes.CDLL("/usr/lib/%s-linux-gnu/libstdc++.so.6")
context = ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt")
print(len(context.get_ca_certs()) > 100, os.path.exists("/bin/sh"))`
			for _, arch := range []string{"amd64", "arm64"} {
				root := unpackFrom(t, "oci:"+filepath.Join(dir, "image"), arch)
				mountSystem(t, root)
				args := []string{root, "/opt/conda/bin/python3.11", "-c", fmt.Sprintf(program, "x86_64")}
				if arch == "arm64" {
					putEmulator(t, root)
					args = []string{root, "/qemu", "/opt/conda/bin/python3.11", "-c", fmt.Sprintf(program, "aarch64")}
				}
				if out := run(t, "chroot", args...); out != "True False\n" {
					t.Errorf("%s: python says %q", arch, out)
				}
			}
		})
	}
}
