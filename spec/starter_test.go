package spec

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// project makes a file system of names and contents.
func project(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func TestDetect(t *testing.T) {
	const explicit = "# platform: linux-64\n@EXPLICIT\nhttps://c.example.com/x-1-0.conda\n"
	none := map[string]string{}
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  Found
	}{
		"nothing": {project("README.md", ""), Found{Explicit: none}},
		"go": {
			project("go.mod", "module example.com/Tools/v2\n\ngo 1.26.0\n", "cmd/b/main.go", "package main\n", "cmd/a/x.go", "// A.\npackage main\n",
				"cmd/lib/x.go", "package lib\n", "cmd/t/x_test.go", "package main\n", "main.go", "package main // root\n"),
			Found{Module: "example.com/Tools/v2", GoVersion: "1.26.0", GoFile: "go.mod", Programs: []string{".", "./cmd/a", "./cmd/b"}, Explicit: none},
		},
		".go-version": {project("go.mod", "module x\ngo 1.26\n", ".go-version", "go1.25.3\n"), Found{Module: "x", GoFile: ".go-version", GoVersion: "1.25.3", Explicit: none}},
		".tool-versions": {
			project("go.mod", "module x\ngo 1.26\n", "go.work", "go 1.25\n", ".tool-versions", "nodejs 20\ngolang 1.24.2 1.23.1\n", ".go-version", "latest"),
			Found{Module: "x", GoFile: ".tool-versions", GoVersion: "1.24.2", Explicit: none},
		},
		"go.work": {
			project("go.mod", "module x\ngo 1.26\n", "go.work", "go 1.25.4\n", ".tool-versions", "nodejs 20\n"),
			Found{Module: "x", GoFile: "go.work", GoVersion: "1.25.4", Explicit: none},
		},
		"other tools": {project(".tool-versions", "golang system\nmongo 1.2.3\n", "go.work", "go latest\n"), Found{Explicit: none}},
		"bad files":   {project("go.mod", "<<<<", ".go-version", "latest", "linux-64.txt", "no lock"), Found{Explicit: none}},
		"conda": {
			project("environment.yaml", "", "pixi.toml", "", "conda-lock.yml", "", ".devcontainer/devcontainer.json", "{}"),
			Found{Environment: "environment.yaml", PixiToml: "pixi.toml", CondaLock: "conda-lock.yml", Devcontainer: ".devcontainer/devcontainer.json", Explicit: none},
		},
		"explicit": {
			project("env.txt", explicit, "conda-linux-aarch64.lock", "@EXPLICIT\n", "conda-osx-64.lock", "@EXPLICIT\n", "requirements.txt", "x"),
			Found{Explicit: map[string]string{"linux-64": "env.txt", "linux-aarch64": "conda-linux-aarch64.lock"}},
		},
		"directories": {fstest.MapFS{"environment.yml/x": {}, "go.mod/x": {}}, Found{Explicit: none}},
	} {
		if diff := cmp.Diff(tt.want, Detect(tt.files)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStarter(t *testing.T) {
	for name, found := range map[string]Found{
		"nothing":      {},
		"go":           {Module: "example.com/Tools/v2", GoVersion: "1.26.0", GoFile: "go.mod", Programs: []string{".", "./cmd/a"}},
		"one name":     {Module: "example.com/a", GoVersion: "1.26", GoFile: "go.mod", Programs: []string{".", "./cmd/a"}},
		"odd module":   {Module: "example.com/~x", GoVersion: "1.26", GoFile: "go.mod", Programs: []string{"."}},
		"version":      {GoFile: ".tool-versions", GoVersion: "1.26"},
		"environment":  {Environment: "environment.yml"},
		"lock":         {Environment: "environment.yml", CondaLock: "pixi.lock", PixiToml: "pixi.toml"},
		"pixi alone":   {PixiToml: "pixi.toml"},
		"explicit":     {Explicit: map[string]string{"linux-64": `a "b".txt`, "linux-aarch64": "b.txt"}},
		"devcontainer": {Devcontainer: ".devcontainer.json", Environment: "environment.yml", Module: "x"},
	} {
		text := Starter(found)
		s, err := Read("gophersnake.toml", text)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		e := environment(t, s, "")
		if e.Base.Scratch() || e.Image.Name == "" {
			t.Errorf("%s: %+v", name, e)
		}
		if strings.Contains(string(text), "\n\n\n") {
			t.Errorf("%s: two empty lines\n%s", name, text)
		}
	}
}

func TestStarterRefers(t *testing.T) {
	found := Detect(project("go.mod", "module example.com/Tools/v2\ngo 1.26\n", "main.go", "package main\n", "pixi.lock", "",
		".devcontainer.json", "{}"))
	e := environment(t, mustRead(t, string(Starter(found))), "")
	if e.Image.Name != "registry.example.com/team/tools" || e.CLI[0].Name != "tools" || e.Conda.Lock != "pixi.lock" ||
		e.Go.Versions[0] != "go.mod" || e.Accounts[0].Name != "dev" || len(e.Devcontainer.Extensions) != 2 {
		t.Errorf("%+v", e)
	}
}
