package tool_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/tool"
)

// world is a module proxy whose files are made from text: the zips of modules
// by "path@version", everything else by its path.
type world struct {
	files map[string]string
	zips  map[string]map[string]string
}

// add adds a version of a module.
func (w *world) add(path, version string, files map[string]string) {
	if w.files == nil {
		w.files, w.zips = map[string]string{}, map[string]map[string]string{}
	}
	w.files[path+"/@v/list"] += version + "\n"
	w.files[path+"/@v/"+version+".info"] = `{"Version":"` + version + `"}`
	w.files[path+"/@v/"+version+".mod"] = files["go.mod"]
	w.zips[path+"@"+version] = files
}

func (w *world) Get(_ context.Context, path string) (io.ReadCloser, error) {
	text, ok := w.files[path]
	if !ok {
		return nil, &fs.PathError{Op: "get", Path: path, Err: fs.ErrNotExist}
	}
	if text == "broken" {
		return nil, errors.New("no route to host")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func (w *world) Zip(_ context.Context, module, version string) (tool.Zip, string, error) {
	files, ok := w.zips[module+"@"+version]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	data := zipOf(module+"@"+version+"/", files)
	h1, _, err := release.HashZip(bytes.NewReader(data), int64(len(data)))
	return memory{bytes.NewReader(data)}, h1, err
}

func zipOf(prefix string, files map[string]string) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := z.Create(prefix + name)
		if err == nil {
			_, err = io.WriteString(f, files[name])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

const command = "package main\n\nfunc main() {}\n"

func module(path, more string, files map[string]string) map[string]string {
	all := map[string]string{"go.mod": "module " + path + "\n\ngo 1.25.0\n" + more, "lib/lib.go": "package lib\n"}
	for name, text := range files {
		all[name] = text
	}
	return all
}

// tools is a proxy with several modules.
func tools() *world {
	w := &world{}
	for _, v := range []string{"v0.9.0", "v0.10.0", "v0.10.1-rc.1", "v1.0.0", "v1.0.1", "v0.8.0"} {
		w.add("tools.example/m", v, module("tools.example/m", "retract v1.0.1\n", map[string]string{
			"main.go": command, "cmd/vet/main.go": command, "cmd/vet/gen.go": "//go:build ignore\n\npackage gen\n",
			"cmd/cgo/main.go": "package main\n\nimport \"C\"\n\nfunc main() {}\n", "cmd/mixed/a.go": command, "cmd/mixed/b.go": "package other\n",
			"testdata/x.go": command, "empty/README": "",
		}))
	}
	w.add("tools.example/m/sub", "v0.1.0", module("tools.example/m/sub", "", map[string]string{"main.go": command, "go.sum": ""}))
	w.add("tools.example/pre", "v2.0.0+incompatible", map[string]string{"main.go": command})
	w.add("tools.example/rc", "v1.0.0-rc.2", module("tools.example/rc", "", map[string]string{"main.go": command}))
	w.add("tools.example/rc", "v1.0.0-rc.10", module("tools.example/rc", "", map[string]string{"main.go": command}))
	const require = "require tools.example/dep v1.0.0\n"
	w.add("tools.example/sumless", "v1.0.0", module("tools.example/sumless", require, map[string]string{"main.go": command}))
	w.add("tools.example/replaced", "v1.0.0", module("tools.example/replaced", "replace tools.example/dep => ../dep\n", map[string]string{"main.go": command}))
	w.add("tools.example/dep2", "v1.0.0", module("tools.example/dep2", require+"\nrequire tools.example/far v0.0.1 // indirect\n", map[string]string{
		"main.go": command, "go.sum": "tools.example/dep v1.0.0 h1:x=\n",
	}))
	pseudo := "v0.0.0-20261101000000-0123456789ab"
	w.add("tools.example/head", pseudo, module("tools.example/head", "", map[string]string{"main.go": command}))
	w.files["tools.example/head/@v/list"] = ""
	w.files["tools.example/head/@latest"] = `{"Version":"` + pseudo + `"}`
	w.files["tools.example/odd/@latest"] = `{"Version":"../x"}`
	w.files["tools.example/down/@v/list"] = "broken"
	w.add("tools.example/unread", "v1.0.0", nil)
	delete(w.zips, "tools.example/unread@v1.0.0")
	return w
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ pkg, wish, want string }{
		{"tools.example/m/cmd/vet", "v0.9.0", "tools.example/m v0.9.0 1.25.0"},
		{"tools.example/m/cmd/vet", "v1.0.1", "tools.example/m v1.0.1 1.25.0"}, // retracted, and asked for by name
		{"tools.example/m/cmd/vet", "latest", "tools.example/m v1.0.0 1.25.0"},
		{"tools.example/m/cmd/vet", "v0", "tools.example/m v0.10.0 1.25.0"},
		{"tools.example/m/cmd/vet", "v0.10", "tools.example/m v0.10.0 1.25.0"},
		{"tools.example/m", "v1", "tools.example/m v1.0.0 1.25.0"},
		{"tools.example/m/sub", "latest", "tools.example/m/sub v0.1.0 1.25.0"},
		{"tools.example/rc", "latest", "tools.example/rc v1.0.0-rc.10 1.25.0"},
		{"tools.example/pre", "v2.0.0+incompatible", "tools.example/pre v2.0.0+incompatible "},
		{"tools.example/head", "latest", "tools.example/head v0.0.0-20261101000000-0123456789ab 1.25.0"},
	} {
		got, err := tool.Find(t.Context(), tools(), tc.pkg, tc.wish)
		if text := got.Module + " " + got.Version + " " + got.Needs; err != nil || text != tc.want || got.Package != tc.pkg || got.H1 == "" {
			t.Errorf("%s@%s is %+v, %v; want %s", tc.pkg, tc.wish, got, err, tc.want)
		}
	}
}

func TestFindErrors(t *testing.T) {
	const commands = " | its commands are tools.example/m, tools.example/m/cmd/cgo, tools.example/m/cmd/vet"
	for _, tc := range []struct{ pkg, wish, want string }{
		{"../m", "latest", "usage ../m: is not an import path | "},
		{"tools.example/m/vendor/other.example/cmd/y", "v1", "usage tools.example/m/vendor/other.example/cmd/y: is a vendored copy, whose hash nobody has | name it by its own path, other.example/cmd/y"},
		{"nowhere.example/x/cmd/y", "latest", "usage nowhere.example/x/cmd/y: no module in the module proxy has this package | write its import path as go install takes it"},
		{"nowhere.example/x/cmd/y", "v1.0.0", "usage nowhere.example/x/cmd/y: no module in the module proxy has this package | write its import path as go install takes it"},
		{"tools.example/m/cmd/vet", "v0.9.9", "usage tools.example/m@v0.9.9: the module proxy has no such version | the nearest version is v0.9.0"},
		{"tools.example/m/cmd/vet", "v0.1.0", "usage tools.example/m@v0.1.0: the module proxy has no such version | the nearest version is v0.8.0"},
		{"tools.example/m/cmd/vet", "v3", "usage tools.example/m@v3: the module proxy has no such version | the nearest version is v1.0.1"},
		{"tools.example/m/sub/nope", "latest", "usage tools.example/m/sub/nope@v0.1.0: module tools.example/m/sub has no such package | its commands are tools.example/m/sub"},
		{"tools.example/m/cmd/nope", "v1", "usage tools.example/m/cmd/nope@v1.0.0: module tools.example/m has no such package" + commands},
		{"tools.example/m/empty", "v1", "usage tools.example/m/empty@v1.0.0: module tools.example/m has no such package" + commands},
		{"tools.example/m/lib", "v1", "usage tools.example/m/lib@v1.0.0: is not a command" + commands},
		{"tools.example/m/cmd/cgo", "v1", "usage tools.example/m/cmd/cgo@v1.0.0: needs cgo | tools are compiled for all platforms without a C compiler; take it from a conda package or the base"},
		{"tools.example/m/cmd/mixed", "v1", "usage tools.example/m/cmd/mixed@v1.0.0: found packages main (a.go) and other (b.go) in cmd/mixed | "},
		{"tools.example/sumless", "latest", "usage tools.example/sumless@v1.0.0: has no go.sum, so nothing says what its dependencies must be | choose a version that has one"},
		{"tools.example/replaced", "latest", "usage tools.example/replaced@v1.0.0: its go.mod has replace or exclude directives | go install refuses it too; choose another version"},
		{"tools.example/odd", "latest", `network tools.example/odd: the module proxy's latest version "../x" is none | `},
		{"tools.example/unread", "latest", "network tools.example/unread@v1.0.0: the module proxy or the checksum database lacks it: file does not exist | is the module private? tools come from public modules"},
		{"tools.example/down", "latest", "no route to host"},
	} {
		_, err := tool.Find(t.Context(), tools(), tc.pkg, tc.wish)
		got := "no error"
		var e *release.Error
		switch {
		case errors.As(err, &e):
			got = e.Class() + " " + err.Error() + " | " + e.Hint()
		case err != nil:
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s@%s\ngot  %s\nwant %s", tc.pkg, tc.wish, got, tc.want)
		}
	}
}

func TestFulfils(t *testing.T) {
	for _, tc := range []struct {
		version, wish string
		want          bool
	}{
		{"v1.2.3", "v1.2.3", true},
		{"v1.2.3", "latest", true},
		{"v1.2.3", "v1", true},
		{"v1.2.3", "v1.2", true},
		{"v1.20.3", "v1.2", false},
		{"v1.2.3-rc.1", "v1.2", false},
		{"v1.2.4", "v1.2.3", false},
		{"v1.2.3-rc.1", "v1.2.3-rc.1", true},
	} {
		if got := tool.Fulfils(tc.version, tc.wish); got != tc.want {
			t.Errorf("%s fulfils %s: %v", tc.version, tc.wish, got)
		}
	}
}

func TestProject(t *testing.T) {
	w := tools()
	z, h1, err := w.Zip(t.Context(), "tools.example/dep2", "v1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tool.Read(z, z.Size(), "tools.example/dep2", "v1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	mod, sum, err := m.Project()
	if err != nil || m.H1() != h1 {
		t.Fatalf("h1 %s, want %s, %v", m.H1(), h1, err)
	}
	const wantMod = `module gophersnake.invalid/tools

go 1.25.0

require (
	tools.example/dep2 v1.0.0
	tools.example/dep v1.0.0
	tools.example/far v0.0.1 // indirect
)
`
	wantSum := "tools.example/dep v1.0.0 h1:x=\ntools.example/dep2 v1.0.0 " + h1 + "\ntools.example/dep2 v1.0.0/go.mod h1:"
	if diff := cmp.Diff(wantMod, string(mod)); diff != "" {
		t.Errorf("go.mod (-want +got):\n%s", diff)
	}
	if got := string(sum); !strings.HasPrefix(got, wantSum) || strings.Count(got, "\n") != 3 {
		t.Errorf("go.sum:\n%s\nwant\n%s…", got, wantSum)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("module tools.example/m\n\ngo 1.25.0\n", "tools.example/dep v1.0.0 h1:x=\n", command)
	f.Add("module \"\nreplace (", "", "package")
	f.Fuzz(func(t *testing.T, mod, sum, source string) {
		data := zipOf("m.example/m@v1.0.0/", map[string]string{"go.mod": mod, "go.sum": sum, "main.go": source})
		m, err := tool.Read(bytes.NewReader(data), int64(len(data)), "m.example/m", "v1.0.0")
		if err != nil {
			return
		}
		_, got, err := m.Project()
		if err == nil && !strings.Contains(string(got), "m.example/m v1.0.0 "+m.H1()+"\n") {
			t.Errorf("go.sum lacks the module:\n%s", got)
		}
	})
}
