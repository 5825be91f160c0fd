package files_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers/files"
)

func TestSource(t *testing.T) {
	dir := write(t, "app/main.py=print(1)", "app/a-b=x", "app/a/b=y", "app/a.c=", "app/sub/up@../main.py", "app/dangling@nothing",
		"app/empty/", "app/sub/__pycache__/x.pyc=", "app/.git/config=g", "one.txt=1", "app/.hidden=h", "app/self@.")
	for _, tc := range []struct {
		name string
		src  files.Source
		want []string
	}{
		{"a file", files.Source{Src: "one.txt", Dest: "/etc/two.txt"}, []string{"etc/two.txt 644 1"}},
		{"a file into a directory", files.Source{Src: "./one.txt", Dest: "/etc/"}, []string{"etc/one.txt 644 1"}},
		{"a file into the root", files.Source{Src: "one.txt", Dest: "/"}, []string{"one.txt 644 1"}},
		{"a mode and an owner", files.Source{Src: "one.txt", Dest: "/x", Mode: 0o4750, UID: 7, GID: 8}, []string{"x 4750 1 7:8"}},
		{"a directory", files.Source{Src: "app/", Dest: "/srv/app/", UID: 7, GID: 7}, []string{
			"srv/app/ 0 7:7", "srv/app/.git/ 0 7:7", "srv/app/.git/config 644 1 7:7", "srv/app/.hidden 644 1 7:7", "srv/app/a/ 0 7:7", "srv/app/a/b 644 1 7:7",
			"srv/app/a-b 644 1 7:7", "srv/app/a.c 644 0 7:7", "srv/app/dangling -> nothing 7:7", "srv/app/empty/ 0 7:7", "srv/app/main.py 644 8 7:7",
			"srv/app/self -> . 7:7", "srv/app/sub/ 0 7:7", "srv/app/sub/__pycache__/ 0 7:7", "srv/app/sub/__pycache__/x.pyc 644 0 7:7", "srv/app/sub/up -> ../main.py 7:7",
		}},
		{"patterns", files.Source{Src: "app", Dest: "/", Ignore: []string{"**/__pycache__", ".git", "a*", "!a.c", "self", "/empty/", "!!x", "# a comment"}}, []string{
			".hidden 644 1", "a.c 644 0", "dangling -> nothing", "main.py 644 8", "sub/ 0", "sub/up -> ../main.py",
		}},
		{"a file of a directory that is left out", files.Source{Src: "app", Dest: "/d", Ignore: []string{"*", "!a/b"}}, []string{"d/ 0", "d/a/b 644 1"}},
		{"the project", files.Source{Src: ".", Dest: "/p", Ignore: []string{"app"}}, []string{"p/ 0", "p/one.txt 644 1"}},
		{
			"what a build writes",
			files.Source{
				Src: "app", Dest: "/d", Ignore: []string{"*", "!a", "!sub", "!main.py", "!one.txt"},
				Except: []string{filepath.Join(dir, "app", "sub"), filepath.Join(dir, "app", "a", "b"), filepath.Join(dir, "app"), filepath.Join(dir, "main.py"), "app/main.py"},
			},
			[]string{"d/ 0", "d/a/ 0", "d/main.py 644 8"},
		},
		{"all is left out", files.Source{Src: "app", Dest: "/", Ignore: []string{"**"}}, []string{}},
		{"below a directory", files.Source{Src: "app/sub/../a", Dest: "/a"}, []string{"a/ 0", "a/b 644 1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.src.Dir = dir
			fs, err := tc.src.Files()
			must(t, err)
			if diff := cmp.Diff(tc.want, list(fs)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestSourceContent checks that hash, size and content belong together.
func TestSourceContent(t *testing.T) {
	dir := write(t, "f=hello\n")
	fs, err := files.Source{Dir: dir, Src: "f", Dest: "/f"}.Files()
	must(t, err)
	r, err := fs[0].Open()
	must(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	must(t, err)
	if string(data) != "hello\n" || fs[0].SHA256 != digest(data) || fs[0].Header.Size != int64(len(data)) {
		t.Errorf("%q with sha256 %s, %+v", data, fs[0].SHA256, fs[0].Header)
	}
}

// TestSourceModes checks that modes follow from the owner's right to execute
// alone, so that the umask of whoever checked the files out plays no part.
func TestSourceModes(t *testing.T) {
	for perm, want := range map[os.FileMode]int64{
		0o600: 0o644, 0o640: 0o644, 0o666: 0o644, 0o444: 0o644, 0o655: 0o644, 0o611: 0o644,
		0o700: 0o755, 0o750: 0o755, 0o777: 0o755, 0o500: 0o755,
	} {
		dir := write(t, "f=x", "d/")
		must(t, os.Chmod(filepath.Join(dir, "f"), perm))
		must(t, os.Chmod(filepath.Join(dir, "d"), perm|0o700))
		fs, err := files.Source{Dir: dir, Src: ".", Dest: "/x"}.Files()
		must(t, err)
		if got := fs[slices.IndexFunc(fs, func(f files.File) bool { return f.Header.Path == "x/f" })].Header.Mode; got != want {
			t.Errorf("a file of mode %o becomes %o, want %o", perm, got, want)
		}
		if got := list(fs)[1]; got != "x/d/ 0" {
			t.Errorf("a directory of mode %o becomes %q", perm|0o700, got)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	outside := write(t, "secret=s")
	dir := write(t, "ok/f=x", "abs/l@/etc/passwd", "up/l@../ok", "up2/d/l@../../ok/f", "sibling/l@../sibling-2/f", "sibling-2/f=x",
		"link@ok", "out@"+outside, "bad/l@\xff", "abs-in/l@/abs-in/f", "top/l@../..")
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	must(t, err)
	defer listener.Close()
	must(t, os.Mkdir(filepath.Join(dir, "sock"), 0o755))
	must(t, os.Rename(filepath.Join(dir, "s"), filepath.Join(dir, "sock", "s")))
	const (
		relative = "paths are relative to gophersnake.toml"
		leaves   = "copy the file itself, or list the link in ignore"
	)
	for _, tc := range []struct {
		src    string
		ignore []string
		text   string
		hint   string
	}{
		{"missing", nil, "missing: source of [[files]]: no such file or directory", relative},
		{"ok/f/x", nil, "ok/f/x: source of [[files]]: not a directory", relative},
		{"../x", nil, "../x: source of [[files]]: path escapes from parent", relative},
		{"/etc/passwd", nil, "/etc/passwd: source of [[files]]: path escapes from parent", relative},
		{"out/secret", nil, "out/secret: source of [[files]]: path escapes from parent", relative},
		{"ok", []string{"[x"}, "ok: ignore: syntax error in pattern", ""},
		{"ok", []string{"!"}, `ok: ignore: illegal exclusion pattern: "!"`, ""},
		{"ok", []string{strings.Repeat("x", 1<<17)}, "ok: ignore: bufio.Scanner: token too long", ""},
		{"abs", nil, `abs/l: symbolic link to "/etc/passwd" leaves "abs"`, leaves},
		{"abs-in", nil, `abs-in/l: symbolic link to "/abs-in/f" leaves "abs-in"`, leaves},
		{"up", nil, `up/l: symbolic link to "../ok" leaves "up"`, leaves},
		{"up2", nil, `up2/d/l: symbolic link to "../../ok/f" leaves "up2"`, leaves},
		{"sibling", nil, `sibling/l: symbolic link to "../sibling-2/f" leaves "sibling"`, leaves},
		{"link", nil, `link: symbolic link to "ok" leaves "link"`, leaves},
		{"out", nil, `out: symbolic link to "` + outside + `" leaves "out"`, leaves},
		{"up/l", nil, `up/l: symbolic link to "../ok" leaves "up/l"`, leaves},
		{".", []string{"*", "!top"}, `top/l: symbolic link to "../.." leaves "."`, leaves},
		{"bad", nil, `bad/l: symbolic link to "\xff", which is not UTF-8`, ""},
		{"sock", nil, "sock/s: is neither a file, a directory nor a symbolic link", ""},
		{"sock/s", nil, "sock/s: is neither a file, a directory nor a symbolic link", ""},
	} {
		t.Run(strings.ReplaceAll(tc.src, "/", "_"), func(t *testing.T) {
			fs, err := files.Source{Dir: dir, Src: tc.src, Dest: "/x", Ignore: tc.ignore}.Files()
			wantError(t, err, fault.Usage, tc.text, tc.hint)
			if fs != nil {
				t.Errorf("files %v with the error", fs)
			}
		})
	}
	for _, ok := range []files.Source{
		{Dir: dir, Src: "sock", Dest: "/x", Ignore: []string{"s"}},
		{Dir: dir, Src: "abs", Dest: "/x", Ignore: []string{"l"}},
	} {
		if _, err := ok.Files(); err != nil {
			t.Errorf("what is ignored is refused: %v", err)
		}
	}
	_, err = files.Source{Dir: filepath.Join(dir, "gone"), Src: "ok"}.Files()
	wantError(t, err, fault.Usage, "ok: no such file or directory", "")
}

// TestSourceUnreadable reads files that the kernel does not let anybody read.
func TestSourceUnreadable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	_, err := files.Source{Dir: "/proc/self", Src: "mem", Dest: "/x"}.Files()
	wantError(t, err, fault.Usage, "mem: input/output error", "")
	_, err = files.Source{Dir: "/proc/self", Src: ".", Dest: "/x", Ignore: []string{"*", "!mem"}}.Files()
	wantError(t, err, fault.Usage, ".: input/output error", "")
	_, err = files.Source{Dir: "/proc/self", Src: "root", Dest: "/x"}.Files()
	wantError(t, err, fault.Usage, `root: symbolic link to "/" leaves "root"`, "copy the file itself, or list the link in ignore")
}
