package debian

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/gophersnake/gophersnake/tree"
)

// file describes a member of a made package: "dir/", "link -> target",
// "new => old" for a hard link, or a path with content.
type file struct {
	path    string
	mode    int64
	content string
	group   string
}

// control is the control area's files by name.
type control map[string]string

// build makes a .deb and reads it.
func build(t *testing.T, stanza string, area control, files ...file) (*Meta, []byte) {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, f := range files {
		h := tar.Header{Name: "./" + f.path, Mode: f.mode, Typeflag: tar.TypeReg, Size: int64(len(f.content)), Gname: f.group, Uname: "root"}
		if name, target, ok := strings.Cut(f.path, " -> "); ok {
			h.Name, h.Linkname, h.Typeflag, h.Size = "./"+name, target, tar.TypeSymlink, 0
		} else if name, target, ok := strings.Cut(f.path, " => "); ok {
			h.Name, h.Linkname, h.Typeflag, h.Size = "./"+name, "./"+target, tar.TypeLink, 0
		} else if strings.HasSuffix(f.path, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(w, f.content)
		}
	}
	w.Close()
	headers := []tar.Header{{Name: "control", Uname: stanza}}
	for _, name := range sortedKeys(area) {
		headers = append(headers, tar.Header{Name: name, Uname: area[name]})
	}
	deb := deb("debian-binary", "2.0\n", "control.tar", string(tarOf(t, headers...)), "data.tar.gz", string(pack(t, ".gz", data.Bytes())))
	sum := sha256.Sum256(deb)
	m, err := ReadMeta(bytes.NewReader(deb), "x.deb", hex.EncodeToString(sum[:]))
	if err != nil {
		t.Fatal(err)
	}
	return m, deb
}

// system is a small Debian.
func system(t *testing.T) (metas []*Meta, debs map[string][]byte) {
	debs = map[string][]byte{}
	add := func(name, fields string, area control, files ...file) {
		m, deb := build(t, "Package: "+name+"\nVersion: 1\nArchitecture: amd64\n"+fields+"Description: short\n long\n", area, files...)
		metas = append(metas, m)
		debs[name] = deb
	}
	add("zshell", "", control{"conffiles": "/etc/z.conf\n", "md5sums": "x  etc/z.conf\n", "triggers": "interest-noawait /usr/share/z\ninterest rebuild\n"},
		file{path: "bin/", mode: 0o755}, file{path: "bin/z", mode: 0o4755, content: "zz"}, file{path: "bin/zz => bin/z"},
		file{path: "etc/z.conf", mode: 0o644, content: "conf"}, file{path: "usr/share/debianutils/shells.d/z", mode: 0o644, content: "/bin/z\n"})
	add("base-files", "", control{"postinst": "  install_local_dir /usr/local/share/man\n  install_local_dir $X\n  ensure_file_owner_mode /var/log/wtmp root:utmp 664\n"},
		file{path: "bin/", mode: 0o755}, file{path: "lib/", mode: 0o755}, file{path: "tmp/", mode: 0o1777}, file{path: "var/run/", mode: 0o755},
		file{path: "var/local/", mode: 0o2775, group: "staff"}, file{path: "usr/share/base-files/profile", mode: 0o644, content: "PATH\n"},
		file{path: "usr/lib/os-release", mode: 0o644, content: "ID=debian\n"})
	add("base-passwd", "", nil,
		file{path: "usr/share/base-passwd/passwd.master", mode: 0o644, content: "root:*:0:0:root:/root:/bin/z\n"},
		file{path: "usr/share/base-passwd/group.master", mode: 0o644, content: "root:*:0:\nshadow:*:42:\nstaff:*:50:\nmail:*:8:\nutmp:*:43:\n"})
	add("passwd", "", nil, file{path: "sbin/", mode: 0o755}, file{path: "sbin/chage", mode: 0o2755, content: "c", group: "shadow"})
	add("debianutils", "", nil, file{path: "usr/share/debianutils/shells", mode: 0o644, content: "# shells\n/bin/sh\n"})
	add("aawk", "", control{"postinst": "#!/bin/sh\nset -e\nif [ \"$1\" = configure ]; then\n\tupdate-alternatives --install /usr/bin/awk awk /usr/bin/aawk 5 \\\n\t--slave /usr/bin/nawk nawk /usr/bin/aawk --slave /usr/share/man/awk.1 awk.1 /usr/share/man/aawk.1\nfi\nupdate-alternatives --install $X y z 1\n"},
		file{path: "usr/bin/aawk", mode: 0o755, content: "a"})
	add("bawk", "", control{"postinst": "update-alternatives --install /usr/bin/awk awk /usr/bin/bawk 10 || true\n"}, file{path: "usr/bin/bawk", mode: 0o755, content: "b"})
	add("loader", "", nil, file{path: "lib64/", mode: 0o755}, file{path: "lib64/ld.so -> /lib/x/ld.so"})
	return metas, debs
}

// read returns a layer's entries as text.
func read(t *testing.T, layer []byte) (all []string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(r)
		all = append(all, fmt.Sprintf("%s %o %d:%d %s%s", h.Name, h.Mode, h.Uid, h.Gid, h.Linkname, content))
	}
}

func layer(t *testing.T, r *Root, debs map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tree.WriteHead(&out, r.Dirs, tree.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Packages {
		w := tree.NewWriter(&out, tree.Options{})
		if err := Write(context.Background(), p, bytes.NewReader(debs[p.Name]), p.Name, w); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	w := tree.NewWriter(&out, tree.Options{})
	for _, m := range r.Made {
		if err := w.Add(m.Header, bytes.NewReader(m.Content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := tree.WriteTail(&out, tree.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAssemble(t *testing.T) {
	metas, debs := system(t)
	r, err := Assemble(metas)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"usr/bin/z", "usr/bin/zz", "usr/sbin/chage"}, r.Dropped); d != "" {
		t.Errorf("files without their setuid and setgid bits (-want +got):\n%s", d)
	}
	got := read(t, layer(t, r, debs))
	for _, want := range []string{
		"tmp/ 1777 0:0 ", "var/local/ 2775 0:50 ", "var/mail/ 2775 0:8 ", "usr/bin/ 755 0:0 ",
		"usr/bin/z 755 0:0 zz", "usr/bin/zz 755 0:0 zz", "usr/sbin/chage 755 0:42 c",
		"bin 777 0:0 usr/bin", "lib 777 0:0 usr/lib", "lib64 777 0:0 usr/lib64", "usr/lib64/ld.so 777 0:0 /lib/x/ld.so",
		"var/run 777 0:0 /run", "etc/profile 644 0:0 PATH\n",
		"etc/passwd 644 0:0 root:x:0:0:root:/root:/bin/z\n", "etc/shadow 640 0:42 root:*::0:99999:7:::\n",
		"etc/shells 644 0:0 # shells\n/bin/sh\n/usr/bin/sh\n/bin/z\n/usr/bin/z\n",
		"usr/bin/awk 777 0:0 /etc/alternatives/awk", "etc/alternatives/awk 777 0:0 /usr/bin/bawk",
		"var/lib/dpkg/alternatives/awk 644 0:0 auto\n/usr/bin/awk\nawk.1\n/usr/share/man/awk.1\nnawk\n/usr/bin/nawk\n\n/usr/bin/aawk\n5\n/usr/share/man/aawk.1\n/usr/bin/aawk\n/usr/bin/bawk\n10\n\n\n\n",
		"var/lib/dpkg/info/zshell.list 644 0:0 /.\n/bin\n/bin/z\n/bin/zz\n/etc/z.conf\n/usr/share/debianutils/shells.d/z\n",
		"var/lib/dpkg/info/aawk.postinst 755 0:0 " + metas[5].Area["postinst"],
		"var/lib/dpkg/triggers/File 644 0:0 /usr/share/z zshell/noawait\n", "var/lib/dpkg/triggers/rebuild 644 0:0 zshell\n",
		"var/lib/shells.state 644 0:0 /bin/sh\n/usr/bin/sh\n/bin/z\n/usr/bin/z\n", "var/log/wtmp 664 0:43 ",
	} {
		if !contains(got, want) {
			t.Errorf("the layer lacks %q", want)
		}
	}
	status := string(content(r, "var/lib/dpkg/status"))
	want := "Package: zshell\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nConffiles:\n /etc/z.conf e9f7f1a9d8a8a2a3\nDescription: short\n long\n\n"
	want = strings.Replace(want, "e9f7f1a9d8a8a2a3", metas[0].Conf["etc/z.conf"], 1)
	if !strings.HasSuffix(status, "\n\n"+want) {
		t.Errorf("status ends with\n%s\nwant\n%s", status[max(0, len(status)-300):], want)
	}
	for _, line := range got {
		if strings.HasPrefix(line, "etc/alternatives/nawk") || strings.HasPrefix(line, "bin/") {
			t.Errorf("the layer has %q", line)
		}
	}
	facts := Facts{
		OSRelease: "ID=debian\n", Passwd: "root:x:0:0:root:/root:/bin/z\n", Group: "root:x:0:\nshadow:x:42:\nstaff:x:50:\nmail:x:8:\nutmp:x:43:\n",
		Links: []Link{{"bin", "usr/bin"}, {"lib", "usr/lib"}, {"lib64", "usr/lib64"}, {"sbin", "usr/sbin"}, {"usr/local/man", "usr/local/share/man"}, {"var/lock", "run/lock"}, {"var/run", "run"}, {"var/spool/mail", "var/mail"}},
	}
	if d := cmp.Diff(facts, r.Facts); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func content(r *Root, path string) []byte {
	for _, m := range r.Made {
		if m.Header.Path == path {
			return m.Content
		}
	}
	return nil
}

// TestAssembleOrder shows that the order of packages changes nothing.
func TestAssembleOrder(t *testing.T) {
	metas, _ := system(t)
	want, err := Assemble(metas)
	if err != nil {
		t.Fatal(err)
	}
	for i := range metas {
		got, err := Assemble(append(metas[i:len(metas):len(metas)], metas[:i]...))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("rotated by %d (-want +got):\n%s", i, d)
		}
	}
}

func TestAssembleClash(t *testing.T) {
	one, _ := build(t, "Package: aa\nVersion: 1\n", nil, file{path: "usr/x", mode: 0o644, content: "1"})
	two, _ := build(t, "Package: bb\nVersion: 1\n", nil, file{path: "usr/x", mode: 0o644, content: "2"})
	replacing, _ := build(t, "Package: cc\nVersion: 1\nReplaces: aa (<< 2)\n", nil, file{path: "usr/x", mode: 0o644, content: "3"})
	dir, _ := build(t, "Package: dd\nVersion: 1\n", nil, file{path: "usr/x/", mode: 0o755})
	twice, _ := build(t, "Package: ee\nVersion: 1\n", nil, file{path: "bin/y", mode: 0o755}, file{path: "usr/bin/y", mode: 0o755})
	for _, tt := range []struct {
		metas []*Meta
		want  string
	}{
		{[]*Meta{one, two}, `package bb: "usr/x" is also in package "aa", and neither replaces the other`},
		{[]*Meta{one, dir}, `package dd: "usr/x" is also in package "aa", and neither replaces the other`},
		{[]*Meta{twice}, `package ee: "usr/bin/y" and its place in /usr are both there`},
	} {
		if _, err := Assemble(tt.metas); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	r, err := Assemble([]*Meta{one, replacing})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Packages[0].Files); n != 0 || len(r.Packages[1].Files) != 1 {
		t.Errorf("the file that is replaced is still there: %+v", r.Packages)
	}
}

func TestReadMetaErrors(t *testing.T) {
	for _, tt := range []struct {
		name, stanza string
		headers      []tar.Header
		want         string
	}{
		{"device", "Package: aa\nVersion: 1\n", []tar.Header{{Name: "dev/null", Typeflag: tar.TypeChar}}, `x.deb: "dev/null" is a device, a FIFO or of a type that is not known`},
		{"link to nothing", "Package: aa\nVersion: 1\n", []tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "b"}}, `x.deb: "a" is a hard link to "b", which does not stand before it`},
		{"twice", "Package: aa\nVersion: 1\n", []tar.Header{{Name: "a"}, {Name: "./a"}}, `x.deb: "a" is there twice`},
		{"nameless", "Version: 1\n", nil, "x.deb: the control file names no package and version"},
	} {
		file := deb("debian-binary", "2.0\n", "control.tar", string(tarOf(t, tar.Header{Name: "control", Uname: tt.stanza})), "data.tar", string(tarOf(t, tt.headers...)))
		if _, err := ReadMeta(bytes.NewReader(file), "x.deb", ""); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}
