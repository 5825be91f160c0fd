package compile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/compile"
)

func source(t *testing.T, dir, pkg string, ignore ...string) compile.Sum {
	t.Helper()
	sum, err := compile.Source(t.Context(), dir, pkg, nil, ignore...)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestSourceShell runs the command that the documentation gives.
func TestSourceShell(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	write(t, dir, map[string]string{".git/HEAD": "ref", "lib/.git": "gitdir: ../x", ".gitignore": "x", "a b/ü.txt": "data"})
	const script = `find . -name .git -prune -o -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum`
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no such shell tools: %v", err)
	}
	want := "sha256:" + strings.Fields(string(out))[0]
	if got := source(t, dir, "./cmd/hello").Hash; got != want {
		t.Errorf("hash %s, the shell says %s", got, want)
	}
}

func TestSourceFields(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	write(t, dir, map[string]string{"go.mod": "module example.com/hello\n\ngo 1.26.0\n\ntoolchain go1.26.8\n"})
	got := source(t, dir, "./cmd/hello")
	got.Hash = ""
	want := compile.Sum{Module: "example.com/hello", Go: "1.26.0", Toolchain: "go1.26.8", Roots: []string{"."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSourceChanges says what changes a hash and what does not.
func TestSourceChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(t *testing.T, top string)
		same   bool
	}{
		"nothing":         {func(*testing.T, string) {}, true},
		"a file":          {put("app/lib/lib.go", "package lib // new\n"), false},
		"a new file":      {put("app/lib/data.txt", ""), false},
		"go.sum":          {put("app/go.sum", "x"), false},
		"replacement":     {put("dep/dep.go", "package dep // new\n"), false},
		"workspace":       {put("tool/tool.go", "package tool // new\n"), false},
		"go.work":         {put("go.work", work+"// new\n"), false},
		"go.work.sum":     {put("go.work.sum", "x"), false},
		"beside":          {put("other/other.go", "package other\n"), true},
		".git":            {put("app/.git/HEAD", "x"), true},
		"ignored":         {put("app/dist/x", "x"), true},
		"mode":            {func(t *testing.T, top string) { chmod(t, top+"/app/lib/lib.go", 0o755) }, true},
		"link to a file":  {link("../../dep/dep.go", "app/lib/link.go"), false},
		"link to nothing": {link("nowhere", "app/lib/link"), false},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := workspace(t), workspace(t)
			tc.change(t, after)
			a, b := source(t, before+"/app", "./cmd/hello", "dist"), source(t, after+"/app", "./cmd/hello", "dist")
			if (a.Hash == b.Hash) != tc.same {
				t.Errorf("same: %v, want %v", a.Hash == b.Hash, tc.same)
			}
			if diff := cmp.Diff([]string{".", "../dep", "../tool"}, b.Roots); diff != "" {
				t.Errorf("roots (-want +got):\n%s", diff)
			}
		})
	}
}

const work = "go 1.21\n\nuse (\n\t./app\n\t./tool\n)\n"

// workspace makes a module in a workspace, which replaces another.
func workspace(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	for name, content := range hello() {
		write(t, top, map[string]string{"app/" + name: content})
	}
	write(t, top, map[string]string{
		"go.work":      work,
		"app/go.mod":   "module example.com/hello\n\ngo 1.21\n\nreplace example.com/dep => ../dep\n",
		"dep/go.mod":   "module example.com/dep\n",
		"dep/dep.go":   "package dep\n",
		"tool/go.mod":  "module example.com/tool\n\nreplace example.com/dep => ../dep\n",
		"tool/tool.go": "package tool\n",
	})
	return top
}

func put(name, content string) func(*testing.T, string) {
	return func(t *testing.T, top string) { write(t, top, map[string]string{name: content}) }
}

func link(target, name string) func(*testing.T, string) {
	return func(t *testing.T, top string) {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Skip(err)
		}
	}
}

func chmod(t *testing.T, file string, mode os.FileMode) {
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// TestSourceLinkedPackage says that a package behind a link counts, wherever
// it lies, and that a circle of links ends.
func TestSourceLinkedPackage(t *testing.T) {
	top := t.TempDir()
	write(t, top, map[string]string{"far/far.go": "package far\n", "m/go.mod": "module m\n", "m/m.go": "package main\n"})
	link("../far", "m/far")(t, top)
	link("../m", "far/back")(t, top)
	before := source(t, top+"/m", ".")
	if diff := cmp.Diff([]string{".", "../far"}, before.Roots); diff != "" {
		t.Errorf("roots (-want +got):\n%s", diff)
	}
	write(t, top, map[string]string{"far/far.go": "package far // new\n"})
	if after := source(t, top+"/m", "."); after.Hash == before.Hash {
		t.Error("the linked package does not count")
	}
}

func TestSourceErrors(t *testing.T) {
	for _, tc := range []struct {
		name, pkg, want string
		files           map[string]string
	}{
		{"no module", "./cmd", "./cmd: lies in no Go module", map[string]string{"cmd/main.go": "package main\n"}},
		{"no directory", "./cmd", "./cmd: no such directory", map[string]string{"go.mod": "module m\n"}},
		{"pattern", "./...", `package "./..." is not one package`, nil},
		{"absolute", "/x", `package "/x" is not one package`, nil},
		{"empty", "", `package "" is not one package`, nil},
		{"no module line", ".", "x/go.mod: has no module line", map[string]string{"go.mod": "go 1.21\n"}},
		{"bad go.mod", ".", "x/go.mod:1: unknown directive: modul", map[string]string{"go.mod": "modul m\n"}},
		{"bad go.work", ".", "go.work:1: unknown directive: goo", map[string]string{"go.mod": "module m\n", "go.work": "goo 1\n"}},
		{
			"replacement is gone", ".", "../gone: no such module directory",
			map[string]string{"go.mod": "module m\n\nreplace example.com/d => ../gone\n"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "x")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, dir, tc.files)
			_, err := compile.Source(t.Context(), dir, tc.pkg, nil)
			if err == nil || err.Error() != tc.want || classOf(err) != "usage" {
				t.Errorf("class %q, error %v\nwant %s", classOf(err), err, tc.want)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("# pkg\nx.go:1:1: undefined: y\n")
	f.Add("go: downloading example.com/m v1.0.0\nSECURITY ERROR\n\x1b[31m")
	f.Fuzz(func(t *testing.T, text string) {
		err := compile.Classify(text)
		if strings.ContainsAny(err.Error(), "\x1b\r\x00") || len(err.Error()) > 64<<10+200 {
			t.Errorf("error %q", err.Error())
		}
	})
}
