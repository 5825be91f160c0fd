package compile_test

import (
	"bytes"
	"context"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/golang/compile"
	"github.com/gophersnake/gophersnake/platforms"
)

func classOf(err error) string {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return c.Class()
	}
	return ""
}

// goEnv returns a variable of the go command that runs the tests.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Skipf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// write makes files below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// hello is a program without imports, which builds in no time.
func hello() map[string]string {
	return map[string]string{
		"go.mod":            "module example.com/hello\n\ngo 1.21\n",
		"cmd/hello/main.go": "package main\n\nvar version = \"none\"\n\nfunc main() { println(\"hello\", version, lib()) }\n",
		"cmd/hello/lib.go":  "package main\n\nfunc lib() string { return \"lib\" }\n",
		"lib/lib.go":        "package lib\n",
	}
}

func request(t *testing.T, dir string) compile.Request {
	return compile.Request{
		GoRoot: goEnv(t, "GOROOT"), Dir: dir, Package: "./cmd/hello",
		Platform: platforms.Platform{OS: "linux", Arch: "amd64"},
		Out:      filepath.Join(t.TempDir(), "hello"),
		Cache:    goEnv(t, "GOCACHE"), GoPath: t.TempDir(),
	}
}

// TestBuildPlatforms builds a program for six platforms in two directories:
// equal bytes, of the right format.
func TestBuildPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the runtime for six platforms")
	}
	a, b := t.TempDir(), filepath.Join(t.TempDir(), "deeper", "second")
	write(t, a, hello())
	write(t, b, hello())
	for _, p := range platforms.All() {
		var bins [2][]byte
		for i, dir := range []string{a, b} {
			r := request(t, dir)
			r.Platform, r.Ldflags = p, "-s -w -X main.version=1.2"
			if err := compile.Build(t.Context(), r); err != nil {
				t.Fatalf("%v: %v", p, err)
			}
			data, err := os.ReadFile(r.Out)
			if err != nil {
				t.Fatal(err)
			}
			bins[i] = data
		}
		if !bytes.Equal(bins[0], bins[1]) {
			t.Errorf("%v: the bytes depend on the directory", p)
		}
		if bytes.Contains(bins[0], []byte(a)) {
			t.Errorf("%v: the directory's name is in the program", p)
		}
		checkFormat(t, p, bins[0])
	}
}

func checkFormat(t *testing.T, p platforms.Platform, bin []byte) {
	t.Helper()
	r := bytes.NewReader(bin)
	var got, want any
	switch p.OS {
	case "linux":
		f, err := elf.NewFile(r)
		if err != nil {
			t.Errorf("%v: %v", p, err)
			return
		}
		got, want = f.Machine, map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[p.Arch]
		if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 {
			t.Errorf("%v: not static: %v, %v", p, libs, err)
		}
	case "darwin":
		f, err := macho.NewFile(r)
		if err != nil {
			t.Errorf("%v: %v", p, err)
			return
		}
		got, want = f.Cpu, map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[p.Arch]
	case "windows":
		f, err := pe.NewFile(r)
		if err != nil {
			t.Errorf("%v: %v", p, err)
			return
		}
		got, want = f.Machine, map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64}[p.Arch]
	}
	if got != want {
		t.Errorf("%v: machine %v, want %v", p, got, want)
	}
}

// TestBuildHermetic says that variables of the caller do not count.
func TestBuildHermetic(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	plain := request(t, dir)
	if err := compile.Build(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(plain.Out)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"GOFLAGS": "-ldflags=-X=main.version=bad", "GOAMD64": "v3", "CGO_ENABLED": "1", "GOTOOLCHAIN": "go1.1", "GOOS": "plan9",
		"GO111MODULE": "off", "GOEXPERIMENT": "nonsense", "GODEBUG": "x=y", "HOME": "/nonexistent", "TZ": "Asia/Tokyo", "GOROOT": "/nonexistent",
	} {
		t.Setenv(name, value)
	}
	again := plain
	again.Out = filepath.Join(t.TempDir(), "hello")
	if err := compile.Build(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(again.Out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the environment changed the program: %v", err)
	}
}

// fakeSum is a go.sum line with a hash that nothing has.
const fakeSum = "example.com/dep v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" +
	"example.com/dep v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

// depProxy makes a module proxy in a directory with one module.
func depProxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"example.com/dep/@v/list":        "v1.0.0\n",
		"example.com/dep/@v/v1.0.0.info": `{"Version":"v1.0.0"}`,
		"example.com/dep/@v/v1.0.0.mod":  "module example.com/dep\n",
	})
	return "file://" + filepath.ToSlash(dir)
}

func TestBuildErrors(t *testing.T) {
	needsDep := map[string]string{
		"go.mod":            "module example.com/hello\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n",
		"cmd/hello/main.go": "package main\n\nimport _ \"example.com/dep\"\n\nfunc main() {}\n",
	}
	for _, tc := range []struct {
		name, class, text string
		files             map[string]string
		change            func(*compile.Request)
	}{
		{
			name: "compile error", class: "failed", text: "undefined: nothing",
			files: map[string]string{"cmd/hello/lib.go": "package main\n\n// SECURITY ERROR\nfunc lib() string { return nothing }\n"},
		},
		{name: "missing go.sum entry", class: "stale", text: "missing go.sum entry", files: needsDep},
		{
			name: "go.mod lacks a module", class: "stale", text: "cannot find module providing package",
			files: map[string]string{"cmd/hello/lib.go": "package main\n\nimport _ \"example.com/other\"\n\nfunc lib() string { return \"\" }\n"},
		},
		{
			name: "wrong hash", class: "verification", text: "SECURITY ERROR",
			files: map[string]string{"go.mod": needsDep["go.mod"], "cmd/hello/main.go": needsDep["cmd/hello/main.go"], "go.sum": fakeSum},
		},
		{
			name: "go line too new", class: "usage", text: "go.mod requires go >= 1.999",
			files: map[string]string{"go.mod": "module example.com/hello\n\ngo 1.999\n"},
		},
		{
			name: "not a command", class: "usage", text: "./lib: is not a command",
			change: func(r *compile.Request) { r.Package = "./lib" },
		},
		{
			name: "no such directory", class: "usage", text: "directory not found",
			change: func(r *compile.Request) { r.Package = "./cmd/none" },
		},
		{
			name: "pattern", class: "usage", text: `package "./..." is a pattern`,
			change: func(r *compile.Request) { r.Package = "./..." },
		},
		{
			name: "flag", class: "usage", text: `package "-x" is not a package`,
			change: func(r *compile.Request) { r.Package = "-x" },
		},
		{
			name: "no toolchain", class: "disk", text: "no such file",
			change: func(r *compile.Request) { r.GoRoot = r.Dir },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, hello())
			write(t, dir, tc.files)
			r := request(t, dir)
			r.Proxy = depProxy(t)
			if tc.change != nil {
				tc.change(&r)
			}
			err := compile.Build(t.Context(), r)
			if classOf(err) != tc.class || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("class %q, want %q with %q: %v", classOf(err), tc.class, tc.text, err)
			}
			if _, err := os.Stat(r.Out); err == nil && tc.name != "not a command" {
				t.Error("a file was made")
			}
		})
	}
}

func TestBuildNetwork(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	write(t, dir, map[string]string{
		"go.mod":            "module example.com/hello\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n",
		"go.sum":            fakeSum,
		"cmd/hello/main.go": "package main\n\nimport _ \"example.com/dep\"\n\nfunc main() {}\n",
	})
	for proxy, text := range map[string]string{
		"": "GOPROXY=off", "https://user:geheim@localhost:1": "dial tcp",
	} {
		r := request(t, dir)
		r.Proxy = proxy
		err := compile.Build(t.Context(), r)
		if classOf(err) != "network" || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("class %q: %v", classOf(err), err)
		}
	}
}

func TestBuildCanceled(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := compile.Build(ctx, request(t, dir)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestVerify takes a module from a proxy and changes it in the module cache.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, hello())
	r := request(t, dir)
	if err := compile.Verify(t.Context(), r); err != nil {
		t.Errorf("a module without requirements: %v", err)
	}
	write(t, r.GoPath, map[string]string{
		"pkg/mod/cache/download/example.com/dep/@v/v1.0.0.mod":     "module example.com/dep\n",
		"pkg/mod/cache/download/example.com/dep/@v/v1.0.0.info":    `{"Version":"v1.0.0"}`,
		"pkg/mod/cache/download/example.com/dep/@v/v1.0.0.ziphash": "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pkg/mod/example.com/dep@v1.0.0/dep.go":                    "package dep // changed\n",
	})
	write(t, dir, map[string]string{
		"go.mod": "module example.com/hello\n\ngo 1.21\n\nrequire example.com/dep v1.0.0\n",
		"go.sum": "example.com/dep v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	})
	err := compile.Verify(t.Context(), r)
	if classOf(err) != "verification" || !strings.Contains(err.Error(), "dir has been modified") {
		t.Errorf("class %q: %v", classOf(err), err)
	}
}
