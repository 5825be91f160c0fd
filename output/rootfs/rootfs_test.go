package rootfs_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/output/rootfs"
)

// header is a member whose content is its name.
type header = tar.Header

func file(name, content string) member {
	return member{header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, content}
}

func dir(name string, mode int64) member {
	return member{header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, ""}
}

func link(kind byte, name, target string) member {
	return member{header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777}, ""}
}

func symlink(name, target string) member { return link(tar.TypeSymlink, name, target) }
func hard(name, target string) member    { return link(tar.TypeLink, name, target) }

// member is one of a layer.
type member struct {
	header  header
	content string
}

// pack returns the tar of a layer.
func pack(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		m.header.Size = int64(len(m.content))
		if m.header.ModTime.IsZero() {
			m.header.ModTime = time.Unix(1e9, 0)
		}
		must(t, w.WriteHeader(&m.header))
		_, err := w.Write([]byte(m.content))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unpack unpacks layers into a new directory.
func unpack(t testing.TB, o rootfs.Options, layers ...[]byte) (dir string, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(dir, 0o700))
	o.Show = "out"
	x, err := rootfs.New(dir, o)
	must(t, err)
	for i, l := range layers {
		if err := x.Layer(t.Context(), fmt.Sprint("layer ", i+1), bytes.NewReader(l)); err != nil {
			x.Abort()
			return dir, err
		}
	}
	return dir, x.Close()
}

// list describes a directory: "path mode content" or "path -> target".
func list(t testing.TB, dir string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		name, _ := filepath.Rel(dir, p)
		line := name + " " + info.Mode().String()
		switch {
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(p)
			must(t, err)
			line = name + " -> " + target
		case d.Type().IsRegular():
			content, err := os.ReadFile(p)
			must(t, err)
			line += " " + string(content)
		}
		if sec := info.ModTime().Unix(); sec != 1e9 {
			line += fmt.Sprint(" ", sec)
		}
		all = append(all, line)
		return nil
	}))
	return all
}

func TestLayers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layers [][]member
		want   []string
	}{
		{"modes and times", [][]member{{dir("./", 0o711), dir("a/", 0o1777), file("./a/f", "x"), dir("ro", 0o555), file("ro/f", "y"), symlink("l", "/etc/none")}}, []string{
			". drwx--x--x", "a dtrwxrwxrwx", "a/f -rw-r--r-- x", "l -> /etc/none", "ro dr-xr-xr-x", "ro/f -rw-r--r-- y",
		}},
		{"unnamed parents", [][]member{{file("a/b/f", "x")}}, []string{". drwxr-xr-x 0", "a drwxr-xr-x 0", "a/b drwxr-xr-x 0", "a/b/f -rw-r--r-- x"}},
		{"replaced", [][]member{
			{file("f", "1"), symlink("s", "f"), dir("d", 0o700), file("d/x", "1"), hard("h", "f")},
			{file("f", "2"), file("s", "3"), file("d", "4")},
			{dir("s", 0o755), file("s/in", "5")},
		}, []string{". drwxr-xr-x 0", "d -rw-r--r-- 4", "f -rw-r--r-- 2", "h -rw-r--r-- 1", "s drwxr-xr-x", "s/in -rw-r--r-- 5"}},
		{"directories stay", [][]member{{dir("d", 0o700), file("d/x", "1")}, {dir("d", 0o750), file("d/y", "2")}, {file("d/z", "3")}}, []string{
			". drwxr-xr-x 0", "d drwxr-x---", "d/x -rw-r--r-- 1", "d/y -rw-r--r-- 2", "d/z -rw-r--r-- 3",
		}},
		{"whiteouts", [][]member{
			{file("f", "1"), dir("d", 0o755), file("d/x", "1"), dir("e", 0o700), file("e/x", "1"), file("keep", "1"), symlink("s", "keep")},
			{file(".wh.f", ""), file(".wh.d", ""), file("e/y", "2"), file(".wh.e", ""), file(".wh.none", ""), file("none/.wh.x", ""), file(".wh..wh.aufs", ""), file(".wh.s", ""), file("s/x", "2")},
		}, []string{". drwxr-xr-x 0", "e drwxr-xr-x 0", "e/y -rw-r--r-- 2", "keep -rw-r--r-- 1", "s drwxr-xr-x 0", "s/x -rw-r--r-- 2"}},
		{"opaque", [][]member{
			{dir("d/sub", 0o755), file("d/x", "1"), file("d/sub/x", "1")},
			{file("d/y", "2"), file("d/.wh..wh..opq", ""), file("d/sub/y", "2"), file("d/x", "2")},
		}, []string{". drwxr-xr-x 0", "d drwxr-xr-x 0", "d/sub drwxr-xr-x 0", "d/sub/y -rw-r--r-- 2", "d/x -rw-r--r-- 2", "d/y -rw-r--r-- 2"}},
		{"the same directory twice", [][]member{{dir("d", 0o755), dir("d", 0o755)}}, []string{". drwxr-xr-x 0", "d drwxr-xr-x"}},
		{"links within", [][]member{{dir("a", 0o755), symlink("a/up", "../b"), symlink("b", "a/../c"), file("c", "x"), symlink("abs", "/../../c"), symlink("chain", "abs/.."), hard("hs", "b")}}, []string{
			". drwxr-xr-x 0", "a drwxr-xr-x", "a/up -> ../b", "abs -> /../../c", "b -> a/../c", "c -rw-r--r-- x", "chain -> abs/..", "hs -> a/../c",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var layers [][]byte
			for _, l := range tt.layers {
				layers = append(layers, pack(t, l...))
			}
			got, err := unpack(t, rootfs.Options{}, layers...)
			must(t, err)
			if diff := cmp.Diff(tt.want, list(t, got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestUnsafe is X01 to X19 of promises.md, as far as they are about files.
func TestUnsafe(t *testing.T) {
	lower := pack(t, file("victim", "safe"), symlink("out", "/etc"), symlink("in", "d"), dir("d", 0o755), file("d/f", "x"))
	for _, tt := range []struct {
		id    string
		layer []member
		want  string
	}{
		{"X01", []member{file("a/../../x", "")}, `layer 2: "a/../../x": the name leads out of the root`},
		{"X01 within", []member{file("a/../x", "")}, `layer 2: "a/../x": the name leads out of the root`},
		{"X02", []member{file("/etc/x", "")}, `layer 2: "/etc/x": the name is absolute`},
		{"X03", []member{symlink("s", "/tmp"), file("s/x", "")}, `layer 2: "s/x": its parent "s" is a symbolic link`},
		{"X03 below", []member{file("out/x", "")}, `layer 2: "out/x": its parent "out" is a symbolic link`},
		{"X03 within", []member{file("in/deep/x", "")}, `layer 2: "in/deep/x": its parent "in" is a symbolic link`},
		{"X03 whiteout", []member{file("out/.wh.passwd", "")}, `layer 2: "out/.wh.passwd": "out" is a symbolic link`},
		{"X04", []member{symlink("d/s", "../../x")}, `out: "d/s": the symbolic link leads out of the root`},
		{"X05", []member{symlink("a", "b"), symlink("b", "a")}, `out: "a": the symbolic link leads in a circle`},
		{"X06", []member{symlink("d/e/f/s", "../../.."), symlink("z", "d/e/f/s/..")}, `out: "z": the symbolic link leads out of the root`},
		{"X07", []member{hard("h", "/etc/passwd")}, `layer 2: "h": hard link to "/etc/passwd": the name is absolute`},
		{"X08", []member{hard("h", "../../etc/passwd")}, `layer 2: "h": hard link to "../../etc/passwd": the name leads out of the root`},
		{"X08 through a link", []member{hard("h", "out/passwd")}, `layer 2: "h": "out" is a symbolic link`},
		{"X09", []member{hard("h", "victim"), file("h", "evil")}, `layer 2: "h": the layer has it twice`},
		{"X10", []member{hard("h", "later"), file("later", "")}, `layer 2: "h": hard link to "later", which is not there`},
		{"X10 no directory", []member{hard("h", "no/where")}, `layer 2: "h": hard link to "no/where", which is not there`},
		{"X11 char", []member{link(tar.TypeChar, "null", "")}, `layer 2: "null": it is a character device`},
		{"X11 block", []member{link(tar.TypeBlock, "sda", "")}, `layer 2: "sda": it is a block device`},
		{"X12", []member{link(tar.TypeFifo, "fifo", "")}, `layer 2: "fifo": it is a fifo`},
		{"X12 socket", []member{link('s', "sock", "")}, `layer 2: "sock": it is a member of unknown type "s"`},
		{"X14", []member{file("f", "1"), file("./f", "2")}, `layer 2: "./f": the layer has it twice`},
		{"X14 directory", []member{dir("n", 0o755), dir("n", 0o700)}, `layer 2: "n": the layer has it twice`},
		{"X15", []member{file("f", "1"), dir("f", 0o755)}, `layer 2: "f": the layer has a file and a directory of that name`},
		{"X15 parent", []member{file("f", "1"), file("f/g", "")}, `layer 2: "f/g": its parent "f" is not a directory`},
		{"X15 implied", []member{file("f/g", ""), file("f", "")}, `layer 2: "f": the layer has a file and a directory of that name`},
		{"X18 path", []member{symlink(strings.Repeat("long/", 820), "x")}, `layer 2: "long/long/long/long/long/long/": the name is longer than 4096 bytes`},
		{"X18 depth", []member{file(strings.Repeat("d/", 128)+"f", "")}, `layer 2: "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/": the name is deeper than 128 directories`},
		{"X19 control", []member{file("a\x1b[31m", "")}, `layer 2: "a\x1b[31m": the name has control characters`},
		{"X19 UTF-8", []member{file("a\xff", "")}, `layer 2: "a\xff": the name is not UTF-8`},
		{"root link", []member{symlink(".", "/etc")}, `layer 2: ".": the root is not a directory`},
		{"whiteout", []member{file("d/.wh...", "")}, `layer 2: "d/.wh...": a whiteout of nothing`},
		{"whiteout of the root", []member{file(".wh..", "")}, `layer 2: ".wh..": a whiteout of nothing`},
		{"hard link to itself", []member{hard("victim", "victim")}, `layer 2: "victim": hard link to itself`},
		{"hard link to a child", []member{hard("d", "d/f")}, `layer 2: "d": hard link to itself`},
		{"hard link to a directory", []member{hard("h", "d")}, `layer 2: "h": hard link to "d", which is a directory`},
	} {
		t.Run(tt.id, func(t *testing.T) {
			dir, err := unpack(t, rootfs.Options{}, lower, pack(t, tt.layer...))
			if err == nil || strings.ReplaceAll(err.Error(), `…`, "") != tt.want {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			var classed *rootfs.Error
			if !errors.As(err, &classed) || classed.Class() != "verification" {
				t.Errorf("%T %v", err, err)
			}
			if content, err := os.ReadFile(filepath.Join(dir, "victim")); err == nil && string(content) != "safe" {
				t.Errorf("the victim holds %q", content)
			}
			if around, _ := os.ReadDir(filepath.Dir(dir)); len(around) != 1 {
				t.Errorf("beside the root: %v", around)
			}
		})
	}
}

// TestNotTar is what is no archive.
func TestNotTar(t *testing.T) {
	whole := pack(t, file("f", strings.Repeat("content", 200)))
	// The writer makes no sparse files: a name of its own stands for GNU's.
	pax := pack(t, member{header{Typeflag: tar.TypeReg, Name: "s", PAXRecords: map[string]string{"GNUxsparse.x": "1"}}, ""})
	pax = bytes.Replace(pax, []byte("GNUxsparse.x"), []byte("GNU.sparse.x"), 1)
	for name, tt := range map[string]struct {
		layer []byte
		want  string
	}{
		"sparse":    {pax, `layer 1: "s": it is a sparse file`},
		"garbage":   {bytes.Repeat([]byte("x"), 1024), "layer 1: not a tar archive: archive/tar: invalid tar header"},
		"truncated": {whole[:700], "layer 1: not a tar archive: unexpected EOF"},
	} {
		if _, err := unpack(t, rootfs.Options{}, tt.layer); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

// TestOwners is root's: owners and the bits that depend on them.
func TestOwners(t *testing.T) {
	su := member{header{Typeflag: tar.TypeReg, Name: "su", Mode: 0o4755, Uid: 5, Gid: 6}, "x"}
	shared := member{header{Typeflag: tar.TypeDir, Name: "shared", Mode: 0o2775, Uid: 7, Gid: 901}, ""}
	plain, err := unpack(t, rootfs.Options{}, pack(t, su, shared))
	must(t, err)
	want := []string{". drwxr-xr-x 0", "shared drwxrwxr-x", "su -rwxr-xr-x x"}
	if diff := cmp.Diff(want, list(t, plain)); diff != "" {
		t.Errorf("without owners: -want +got\n%s", diff)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away")
	}
	owned, err := unpack(t, rootfs.Options{Owners: true}, pack(t, su, shared, symlink("l", "su")))
	must(t, err)
	want = []string{". drwxr-xr-x 0", "l -> su", "shared dgrwxrwxr-x", "su urwxr-xr-x x"}
	if diff := cmp.Diff(want, list(t, owned)); diff != "" {
		t.Errorf("with owners: -want +got\n%s", diff)
	}
	for name, want := range map[string]string{"su": "5:6", "shared": "7:901", "l": "0:0", ".": "0:0"} {
		if got := ownerOf(t, filepath.Join(owned, name)); got != want {
			t.Errorf("%s belongs to %s, want %s", name, got, want)
		}
	}
}

// TestDisk is a directory that cannot be written.
func TestDisk(t *testing.T) {
	dir := t.TempDir()
	x, err := rootfs.New(dir, rootfs.Options{Show: "out"})
	must(t, err)
	must(t, os.RemoveAll(dir))
	err = x.Layer(t.Context(), "layer 1", bytes.NewReader(pack(t, file("f", "x"))))
	if want := "out/f: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	x.Abort()
	_, err = rootfs.New(dir, rootfs.Options{Show: "out"})
	if want := "out/.: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
