package compile_test

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophersnake/gophersnake/golang/compile"
	"github.com/gophersnake/gophersnake/platforms"
)

// toolProxy makes a module proxy in a directory with modules of one file each,
// and returns it with the go.sum of all.
func toolProxy(t *testing.T, modules map[string]map[string]string) (proxy, goSum string) {
	t.Helper()
	dir := t.TempDir()
	for name, files := range modules {
		path, version, _ := strings.Cut(name, "@")
		base := path + "/@v/" + version
		write(t, dir, map[string]string{base + ".info": `{"Version":"` + version + `"}`, base + ".mod": files["go.mod"]})
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for file, text := range files {
			w, err := z.Create(name + "/" + file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, filepath.FromSlash(base+".zip"))
		if err := os.WriteFile(file, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		h1, err := dirhash.HashZip(file, dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		modH1, err := dirhash.HashDir(writeMod(t, files["go.mod"]), "", dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		goSum += path + " " + version + " " + h1 + "\n" + path + " " + version + "/go.mod " + modH1 + "\n"
	}
	return "file://" + filepath.ToSlash(dir), goSum
}

// writeMod makes a directory with a go.mod alone, whose hash is that of go.sum.
func writeMod(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{"go.mod": text})
	return dir
}

// tools makes a project for two commands, one of which has a dependency.
func tools(t *testing.T, vet string) (r compile.Request, packages []string) {
	t.Helper()
	proxy, sum := toolProxy(t, map[string]map[string]string{
		"tools.example/m@v1.2.0": {
			"go.mod":          "module tools.example/m\n\ngo 1.21\n\nrequire tools.example/dep v0.1.0\n",
			"cmd/vet/main.go": vet, "cmd/hi/main.go": "package main\n\nfunc main() { println(\"hi\") }\n",
		},
		"tools.example/dep@v0.1.0": {"go.mod": "module tools.example/dep\n\ngo 1.21\n", "dep.go": "package dep\n\nconst Name = \"dep\"\n"},
	})
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod": "module gophersnake.invalid/tools\n\ngo 1.21\n\nrequire (\n\ttools.example/dep v0.1.0\n\ttools.example/m v1.2.0\n)\n",
		"go.sum": sum,
	})
	r = request(t, dir)
	r.Out, r.Proxy = t.TempDir(), proxy
	t.Cleanup(func() { // the module cache is read-only
		_ = filepath.WalkDir(r.GoPath, func(p string, _ os.DirEntry, err error) error { return os.Chmod(p, 0o755) })
	})
	return r, []string{"tools.example/m/cmd/hi", "tools.example/m/cmd/vet"}
}

const vet = "package main\n\nimport \"tools.example/dep\"\n\nfunc main() { println(dep.Name) }\n"

// TestCommands builds two commands at once, whatever the user's environment
// says of checksums, twice with equal bytes.
func TestCommands(t *testing.T) {
	for name, value := range map[string]string{
		"GOFLAGS": "-mod=mod -insecure", "GONOSUMDB": "*", "GONOSUMCHECK": "1", "GOPRIVATE": "*", "GOINSECURE": "*", "GOPROXY": "off", "CGO_ENABLED": "1",
	} {
		t.Setenv(name, value)
	}
	var bins [2][]byte
	for i := range bins {
		r, packages := tools(t, vet)
		if err := compile.Verify(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := compile.Commands(t.Context(), r, packages); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"hi", "vet"} {
			info, err := buildinfo.ReadFile(filepath.Join(r.Out, name))
			if err != nil || info.Main.Path != "tools.example/m" || info.Main.Version != "v1.2.0" || info.Main.Sum == "" {
				t.Errorf("%s says that it is %+v, %v", name, info, err)
			}
		}
		var err error
		if bins[i], err = os.ReadFile(filepath.Join(r.Out, "vet")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(bins[0], bins[1]) {
		t.Error("the bytes depend on the directory")
	}
	checkFormat(t, platforms.Platform{OS: "linux", Arch: "amd64"}, bins[0])
}

func TestCommandsErrors(t *testing.T) {
	for _, tc := range []struct {
		name, class, text, hint string
		change                  func(dir string, r *compile.Request, packages []string)
		vet                     string
	}{
		{
			name: "go.sum lacks a module", class: "usage", text: "missing go.sum entry",
			hint: "the tool's own go.mod or go.sum is incomplete: choose another version",
			change: func(dir string, _ *compile.Request, _ []string) {
				write(t, dir, map[string]string{"go.sum": ""})
			},
		},
		{
			name: "other bytes", class: "verification", text: "SECURITY ERROR",
			hint: "do not use this module; compare go.sum with its history",
			change: func(dir string, _ *compile.Request, _ []string) {
				sum, _ := os.ReadFile(filepath.Join(dir, "go.sum"))
				write(t, dir, map[string]string{"go.sum": strings.ReplaceAll(string(sum), "tools.example/dep v0.1.0 h1:", "tools.example/dep v0.1.0 h1:AAAA")})
			},
		},
		{
			name: "does not compile", class: "failed", text: "undefined: nothing", vet: "package main\n\nfunc main() { nothing() }\n",
			hint: "the tool does not compile with this Go: choose another version of one of them",
		},
		{
			name: "cgo", class: "usage", text: "build constraints exclude all Go files", vet: "package main\n\nimport \"C\"\n\nfunc main() {}\n",
			hint: "the tool has no code for this platform, or needs cgo: tools are compiled without a C compiler",
		},
		{
			name: "pattern", class: "usage", text: `package "tools.example/..." is a pattern`, hint: "name one package",
			change: func(_ string, _ *compile.Request, packages []string) { packages[0] = "tools.example/..." },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.vet == "" {
				tc.vet = vet
			}
			r, packages := tools(t, tc.vet)
			if tc.change != nil {
				tc.change(r.Dir, &r, packages)
			}
			err := compile.Commands(t.Context(), r, packages)
			h, _ := err.(interface{ Hint() string })
			if classOf(err) != tc.class || !strings.Contains(err.Error(), tc.text) || h.Hint() != tc.hint {
				t.Errorf("class %q, want %q with %q: %v", classOf(err), tc.class, tc.text, err)
			}
		})
	}
}
