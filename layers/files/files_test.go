package files_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
)

func layer(t *testing.T, base *lock.Facts, fs ...files.File) layers.Layer {
	t.Helper()
	l, err := files.Layer("files", "files", base, tree.Gzip, fs)
	must(t, err)
	return l
}

func dir(path string, mode int64, id int) files.File {
	return files.File{Header: tree.Header{Path: path, Kind: tree.Dir, Mode: mode, UID: id, GID: id}}
}

func link(path, target string) files.File {
	return files.File{Header: tree.Header{Path: path, Kind: tree.Symlink, Mode: 0o777, Target: target}}
}

func text(path, content string) files.File { return files.Text(path, 0o644, []byte(content)) }

func TestLayer(t *testing.T) {
	debian := &lock.Facts{
		Links: []lock.Link{{Path: "bin", Target: "usr/bin"}, {Path: "home", Target: "data/home"}},
		Dirs:  []lock.Dir{{Path: "tmp", Mode: 0o1777}, {Path: "root", Mode: 0o700}, {Path: "srv", Mode: 0o755, UID: 3, GID: 4}},
	}
	for _, tc := range []struct {
		name  string
		files []files.File
		want  []string
	}{
		{"nothing", nil, []string{}},
		{"directories alone", []files.File{dir("a/b", 0o700, 9)}, []string{"a/ 755", "a/b/ 700 9:9"}},
		{"sorted bytewise", []files.File{text("d/b", "1"), text("d-x", "2"), text("d/a", "3"), link("d.l", "d")}, []string{
			"d/ 755", "d-x 644 1", "d.l -> d", "d/a 644 1", "d/b 644 1",
		}},
		{"links of the base", []files.File{text("bin/x", "1"), dir("home/dev", 0o700, 5), text("/bin/y", "2")}, []string{
			"data/ 755", "data/home/ 755", "data/home/dev/ 700 5:5", "usr/ 755", "usr/bin/ 755", "usr/bin/x 644 1", "usr/bin/y 644 1",
		}},
		{"directories of the base keep mode and owner", []files.File{text("tmp/x", "1"), dir("root", 0, 7), dir("srv", 0, 7), dir("new", 0, 7)}, []string{
			"new/ 755 7:7", "root/ 700", "srv/ 755 3:4", "tmp/ 1777", "tmp/x 644 1",
		}},
		{"unless a mode is asked for", []files.File{dir("tmp", 0o755, 7)}, []string{"tmp/ 755 7:7"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, entries(t, layer(t, debian, tc.files...))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLayerErrors(t *testing.T) {
	base := &lock.Facts{Links: []lock.Link{{Path: "bin", Target: "usr/bin"}}}
	for _, tc := range []struct {
		files []files.File
		want  string
	}{
		{[]files.File{text("a", "1"), text("a", "1")}, "/a: two files have this path"},
		{[]files.File{text("bin/a", "1"), link("usr/bin/a", "b")}, "/usr/bin/a: two files have this path"},
		{[]files.File{text("a", "1"), text("a/b", "1")}, "/a: is a directory and another file"},
		{[]files.File{link("a", "b"), text("a/b/c", "1")}, "/a: is a directory and another file"},
		{[]files.File{text("a", "1"), dir("a", 0, 0)}, "/a: is a directory and another file"},
		{[]files.File{text("a/.wh.b", "1")}, `/a/.wh.b: path "a/.wh.b" is an overlay whiteout`},
		{[]files.File{text("a\nb", "1")}, "/a\nb: path \"a\\nb\" has a control character"},
		{[]files.File{text("", "1")}, `/.: path "." has an element "."`},
	} {
		_, err := files.Layer("files", "files", base, tree.Gzip, tc.files)
		wantError(t, err, fault.Usage, tc.want, "")
	}
}

// TestKey checks that the key changes if and only if the bytes do.
func TestKey(t *testing.T) {
	none := &lock.Facts{}
	merged := &lock.Facts{Links: []lock.Link{{Path: "bin", Target: "usr/bin"}}}
	sticky := &lock.Facts{Dirs: []lock.Dir{{Path: "tmp", Mode: 0o1777}}}
	owned := text("bin/x", "1")
	owned.Header.UID = 1
	seen := map[string]string{}
	for _, tc := range []struct {
		name  string
		base  *lock.Facts
		files []files.File
		same  string // the name of an earlier case with the same bytes
	}{
		{"a file", none, []files.File{text("bin/x", "1")}, ""},
		{"content", none, []files.File{text("bin/x", "2")}, ""},
		{"mode", none, []files.File{files.Text("bin/x", 0o600, []byte("1"))}, ""},
		{"owner", none, []files.File{owned}, ""},
		{"path", none, []files.File{text("bin/y", "1")}, ""},
		{"a link", none, []files.File{link("bin/x", "1")}, ""},
		{"another link", none, []files.File{link("bin/x", "2")}, ""},
		{"merged /usr", merged, []files.File{text("bin/x", "1")}, ""},
		{"without the link", none, []files.File{text("usr/bin/x", "1")}, "merged /usr"},
		{"another directory of the base", sticky, []files.File{text("bin/x", "1")}, "a file"},
		{"a file in /tmp", none, []files.File{text("tmp/x", "1")}, ""},
		{"a file in a sticky /tmp", sticky, []files.File{text("tmp/x", "1")}, ""},
		{"two files", none, []files.File{text("a", "1"), text("b", "2")}, ""},
		{"in another order", none, []files.File{text("b", "2"), text("a", "1")}, "two files"},
		{"a directory", none, []files.File{text("bin/x", "1"), dir("bin", 0, 0)}, "a file"},
		{"a directory's owner", none, []files.File{text("bin/x", "1"), dir("bin", 0, 7)}, ""},
		{"a directory's mode", none, []files.File{text("bin/x", "1"), dir("bin", 0o700, 0)}, ""},
	} {
		l := layer(t, tc.base, tc.files...)
		tarball, err := pack(t.Context(), l)
		must(t, err)
		sum := digest(tarball)
		want := tc.name
		if tc.same != "" {
			want = tc.same
		}
		for what, name := range map[string]string{"key " + l.Key: want, "bytes " + sum: want} {
			if was, ok := seen[what]; ok && was != name || !ok && tc.same != "" {
				t.Errorf("%s: %s, which is the one of %q", tc.name, what, was)
			}
			seen[what] = name
		}
	}
	for _, c := range []struct {
		kind string
		c    tree.Compression
	}{{"accounts", tree.Gzip}, {"files", tree.Zstd}} {
		l, err := files.Layer(c.kind, "x", none, c.c, []files.File{text("bin/x", "1")})
		must(t, err)
		if was, ok := seen["key "+l.Key]; ok {
			t.Errorf("%v: the key is the one of %q", c, was)
		}
	}
}

// TestChanged changes a file between the hash and the layer.
func TestChanged(t *testing.T) {
	for _, tc := range []struct{ name, after, want string }{
		{"same size", "after!", "/f: content changed while the layer was made (sha256 " + digest([]byte("after!")) + ", was " + digest([]byte("before")) + ")"},
		{"shorter", "aft", "/f: content changed while the layer was made: content ends after 3 of 6 bytes"},
		{"longer", "and after", "/f: content changed while the layer was made: content is longer than its 6 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at := write(t, "f=before")
			fs, err := files.Source{Dir: at, Src: "f", Dest: "/f"}.Files()
			must(t, err)
			must(t, os.WriteFile(filepath.Join(at, "f"), []byte(tc.after), 0o644))
			_, err = pack(t.Context(), layer(t, &lock.Facts{}, fs...))
			wantError(t, err, fault.Failed, tc.want, "")
		})
	}
	at := write(t, "f=before")
	fs, err := files.Source{Dir: at, Src: "f", Dest: "/f"}.Files()
	must(t, err)
	must(t, os.Remove(filepath.Join(at, "f")))
	if _, err = pack(t.Context(), layer(t, &lock.Facts{}, fs...)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pack(ctx, layer(t, &lock.Facts{}, text("a", "1"))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestGolden pins the bytes of layer format 1.
func TestGolden(t *testing.T) {
	fs := []files.File{
		text("app/main.py", "print(1)\n"), files.Text("app/run", 0o755, bytes.Repeat([]byte("run\n"), 9999)), link("app/current", "main.py"),
		dir("app", 0, 1000), dir("app/empty", 0, 1000), text("etc/ünïcödé", ""),
	}
	for c, want := range map[tree.Compression][3]string{
		tree.Gzip: {
			"sha256:878dee8592c398127adf5f61b9be852291a44fcf875457eb24db5232424226da",
			"3fa7dfa30ce934468d1bc87458305c4206186b2b4c2c3f041f81a52aca877311",
			"502bee7abd4c967977ae1450231570ddbfc93e8be22479efa4ff40f35b62cd9c",
		},
		tree.Zstd: {
			"sha256:3577cf1bfad2d709a6a69dc96236cf55c6e5c545b1313706661bac41593d9303",
			"6562ba7dcc9709dcdba143a8be86890674b579f881c6888775c465879a2fbbec",
			"502bee7abd4c967977ae1450231570ddbfc93e8be22479efa4ff40f35b62cd9c",
		},
	} {
		l, err := files.Layer("files", "files", &lock.Facts{}, c, fs)
		must(t, err)
		content, err := l.Content(t.Context())
		must(t, err)
		var fragment, tarball bytes.Buffer
		w := tree.NewWriter(io.Writer(&fragment), tree.Options{Compression: c, Tar: &tarball})
		must(t, errors.Join(content.Fragments[0].Write(t.Context(), w), w.Close()))
		got := [3]string{l.Key, digest(fragment.Bytes()), digest(tarball.Bytes())}
		if got != want || content.Fragments[0].Key != l.Key {
			t.Errorf("%v: key, fragment and tar are\n%q, want\n%q", c, got, want)
		}
	}
}
