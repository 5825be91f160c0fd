package compile_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/golang/compile"
)

// wrap is a program that tells of the compiler's calls, and what it sees of the
// environment.
const wrap = "#!/bin/sh\nlog=$1; shift\necho \"$1 HOME=$HOME SECRET=$SECRET $(command -v go)\" >> \"$log\"\nexec \"$@\"\n"

// TestToolExec checks that a configured program runs the compiler, in a directory
// whose name needs quotes, and that what changes nothing gives the same bytes.
func TestToolExec(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("compiles the runtime, by a shell")
	}
	dir := filepath.Join(t.TempDir(), "my 'own' tools")
	write(t, dir, hello())
	write(t, dir, map[string]string{"wrap.sh": wrap})
	if err := os.Chmod(filepath.Join(dir, "wrap.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SECRET", "x")
	plain := request(t, dir)
	if err := compile.Build(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	by := request(t, dir)
	by.Cache, by.ToolExec = t.TempDir(), []string{filepath.Join(dir, "wrap.sh"), log}
	if err := compile.Build(t.Context(), by); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(text), "/compile HOME= SECRET= "+filepath.Join(by.GoRoot, "bin", "go")+"\n") {
		t.Errorf("%v: the log says\n%.2000s", err, text)
	}
	want, err1 := os.ReadFile(plain.Out)
	got, err2 := os.ReadFile(by.Out)
	if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
		t.Errorf("another program: %v, %v", err1, err2)
	}
}

// TestGOFLAGS checks that no flag of the user's changes a program.
func TestGOFLAGS(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	write(t, dir, map[string]string{"cmd/hello/x.go": "//go:build x\n\npackage main\n\nfunc init() { version = \"x\" }\n"})
	plain := request(t, dir)
	if err := compile.Build(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(plain.Out)
	if err != nil {
		t.Fatal(err)
	}
	for _, flags := range []string{"-tags=x", "-ldflags=-X=main.version=bad", "-mod=mod", "-mod=vendor", "-toolexec=/nonexistent", "-trimpath=false", "-race", "-overlay=/nonexistent", "nonsense"} {
		t.Setenv("GOFLAGS", flags)
		r := request(t, dir)
		r.Out = filepath.Join(t.TempDir(), "hello")
		if err := compile.Build(t.Context(), r); err != nil {
			t.Errorf("GOFLAGS=%s: %v", flags, err)
			continue
		}
		if got, err := os.ReadFile(r.Out); err != nil || !bytes.Equal(got, want) {
			t.Errorf("GOFLAGS=%s makes another program: %v", flags, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "go.sum")); err == nil {
		t.Error("GOFLAGS made a go.sum")
	}
}

// overlaid is a project with an overlay that changes one file, adds one and
// takes one away.
func overlaid() map[string]string {
	files := hello()
	maps.Copy(files, map[string]string{
		"overlay.json":         `{"Replace": {"cmd/hello/lib.go": "other/lib.go", "cmd/hello/more.go": "other/more.go", "cmd/hello/broken.go": ""}}`,
		"other/lib.go":         "package main\n\nfunc lib() string { return more }\n",
		"other/more.go":        "package main\n\nconst more = \"from the overlay\"\n",
		"cmd/hello/broken.go":  "package main\n\nnonsense\n",
		"elsewhere/go.mod":     "module elsewhere\n",
		"elsewhere/other.json": `{"Replace": {}}`,
	})
	return files
}

func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, overlaid())
	r := request(t, dir)
	if err := compile.Build(t.Context(), r); err == nil {
		t.Error("without the overlay it compiles")
	}
	r.Overlay = "overlay.json"
	if err := compile.Build(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(r.Out); err != nil || !bytes.Contains(data, []byte("from the overlay")) {
		t.Errorf("the overlay has no effect: %v", err)
	}
	first, err := compile.Overlay(dir, "overlay.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"other/more.go": "package main\n\nconst more = \"changed\"\n", "overlay.json": `{"Replace": {"cmd/hello/lib.go": "other/lib.go"}}`} {
		write(t, dir, overlaid())
		if same, err := compile.Overlay(dir, "overlay.json"); err != nil || same != first {
			t.Errorf("the same files have hash %s, before %s: %v", same, first, err)
		}
		write(t, dir, map[string]string{name: content})
		if changed, err := compile.Overlay(dir, "overlay.json"); err != nil || changed == first || !strings.HasPrefix(changed, "sha256:") {
			t.Errorf("with another %s the hash is %s: %v", name, changed, err)
		}
	}
}

func TestBadOverlay(t *testing.T) {
	for _, tt := range []struct{ text, want, hint string }{
		{"", "overlay o.json: unexpected end of JSON input", ""},
		{`{"Replace": {"a.go": 1}}`, "overlay o.json: json: cannot unmarshal number into Go struct field .Replace of type string", ""},
		{`{"Replace": {"a.go": "none.go"}}`, `overlay o.json: "none.go": no such file or directory`, ""},
		{`{"Replace": {"/src/a.go": "b.go"}}`, `overlay o.json: path "/src/a.go" is absolute`, "write it relative to the directory of gophersnake.toml"},
		{`{"Replace": {"a.go": "/src/b.go"}}`, `overlay o.json: path "/src/b.go" is absolute`, "write it relative to the directory of gophersnake.toml"},
		{`{"Replace": {"go.mod": "o.json"}}`, `overlay o.json: "go.mod" cannot be replaced: it says which modules are used`, ""},
		{`{"Replace": {"sub/../go.sum": ""}}`, `overlay o.json: "sub/../go.sum" cannot be replaced: it says which modules are used`, ""},
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"o.json": tt.text})
		_, err := compile.Overlay(dir, "o.json")
		wantError(t, err, tt.want, tt.hint)
	}
	_, err := compile.Overlay(t.TempDir(), "o.json")
	wantError(t, err, "overlay o.json: no such file or directory", "")
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"wrap": "#!/bin/sh\n"})
	file := filepath.Join(dir, "wrap")
	_, err := compile.Program(file, "cli.toolexec tools/wrap")
	wantError(t, err, "cli.toolexec tools/wrap: is not a program", "it must be a file that can be executed")
	_, err = compile.Program(dir, "wrap")
	wantError(t, err, "wrap: is not a program", "it must be a file that can be executed")
	_, err = compile.Program(file+"x", "wrap")
	wantError(t, err, "wrap: no such file or directory", "")
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	const want = "sha256:a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf" // sha256sum
	if got, err := compile.Program(file, "wrap"); got != want || err != nil {
		t.Errorf("hash %s, %v", got, err)
	}
}

func wantError(t *testing.T, err error, text, hint string) {
	t.Helper()
	if err == nil || err.Error() != text || classOf(err) != "usage" {
		t.Errorf("error %v of class %q, want %s", err, classOf(err), text)
		return
	}
	if e := err.(*compile.Error); e.Hint() != hint {
		t.Errorf("hint %q, want %q", e.Hint(), hint)
	}
}

// TestVendor checks that a vendor directory is not used: go.sum says nothing of
// what is in it.
func TestVendor(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	write(t, dir, map[string]string{
		"vendor/modules.txt": "# example.com/dep v1.0.0\n## explicit\nexample.com/dep\n", "vendor/example.com/dep/dep.go": "package dep\n",
	})
	if err := compile.Build(t.Context(), request(t, dir)); err != nil {
		t.Errorf("a vendor directory that is out of step: %v", err)
	}
	write(t, dir, map[string]string{"cmd/hello/lib.go": "package main\n\nimport _ \"example.com/dep\"\n\nfunc lib() string { return \"\" }\n"})
	err := compile.Build(t.Context(), request(t, dir))
	if classOf(err) != "stale" || !strings.Contains(err.Error(), "no required module provides package example.com/dep") && !strings.Contains(err.Error(), "cannot find module providing package example.com/dep") {
		t.Errorf("a package of the vendor directory alone: class %q, %v", classOf(err), err)
	}
}
