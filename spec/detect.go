package spec

import (
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/gophersnake/gophersnake/platforms"
)

// Found is what a project holds that gophersnake.toml can refer to. Paths are
// relative to the project and slash-separated; "" is absent.
type Found struct {
	Module       string            // module path of go.mod
	GoFile       string            // what says which Go: .go-version, .tool-versions, go.work or go.mod, the first of them that does
	GoVersion    string            // what GoFile says: "1.26.8"
	Programs     []string          // main packages: ".", or directories below cmd as "./cmd/hello"
	Environment  string            // environment.yml or environment.yaml
	PixiToml     string            // pixi.toml, which is not read itself: its lock is
	CondaLock    string            // pixi.lock or conda-lock.yml
	Explicit     map[string]string // @EXPLICIT lock files by conda subdir
	Devcontainer string            // .devcontainer/devcontainer.json or .devcontainer.json
}

// maxDetect is how much of a file Detect looks at, in bytes.
const maxDetect = 1 << 20

// Detect looks for the files that Starter refers to, at the top of a project.
// Files that cannot be read, or are not what their name says, are passed over.
func Detect(fsys fs.FS) Found {
	f := Found{
		Environment:  first(fsys, "environment.yml", "environment.yaml"),
		PixiToml:     first(fsys, "pixi.toml"),
		CondaLock:    first(fsys, "pixi.lock", "conda-lock.yml", "conda-lock.yaml"),
		Devcontainer: first(fsys, ".devcontainer/devcontainer.json", ".devcontainer.json"),
		Explicit:     explicit(fsys),
	}
	if mod, err := modfile.ParseLax("go.mod", read(fsys, "go.mod"), nil); err == nil && mod.Module != nil {
		f.Module = mod.Module.Mod.Path
		f.Programs = programs(fsys)
	}
	f.GoFile, f.GoVersion = goFile(fsys)
	return f
}

// toolVersions is the line of .tool-versions that is about Go.
var toolVersions = regexp.MustCompile(`(?m)^\s*(?:golang|go)[ \t]+(\S+)`)

// goFile returns the first file that says which Go a project wants, and the
// version that it names first.
func goFile(fsys fs.FS) (name, version string) {
	for _, name := range []string{".go-version", ".tool-versions", "go.work", "go.mod"} {
		data := read(fsys, name)
		switch name {
		case ".go-version":
			version = strings.TrimSpace(string(data))
		case ".tool-versions":
			if m := toolVersions.FindSubmatch(data); m != nil {
				version = string(m[1])
			}
		case "go.work":
			if work, err := modfile.ParseWork(name, data, nil); err == nil && work.Go != nil {
				version = work.Go.Version
			}
		default:
			if mod, err := modfile.ParseLax(name, data, nil); err == nil && mod.Module != nil && mod.Go != nil {
				version = mod.Go.Version
			}
		}
		if version = strings.TrimPrefix(version, "go"); goVersionForm.MatchString(version) {
			return name, version
		}
	}
	return "", ""
}

// first returns the first name that is a regular file, or "".
func first(fsys fs.FS, names ...string) string {
	for _, name := range names {
		if info, err := fs.Stat(fsys, name); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// read returns the beginning of a regular file, or nil.
func read(fsys fs.FS, name string) []byte {
	if first(fsys, name) == "" {
		return nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDetect))
	if err != nil {
		return nil
	}
	return data
}

var (
	explicitForm = regexp.MustCompile(`(?m)^@EXPLICIT\s*$`)
	platformForm = regexp.MustCompile(`(?m)^#\s*platform:\s*(\S+)\s*$`)
	mainForm     = regexp.MustCompile(`(?m)^package main\b`)
)

// explicit returns the @EXPLICIT files among *.txt and *.lock of the project's
// top that say which subdir they are for, in a comment or in their name.
func explicit(fsys fs.FS) map[string]string {
	found := map[string]string{}
	entries, _ := fs.ReadDir(fsys, ".") // what was read before an error counts
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); (ext != ".txt" && ext != ".lock") || checkRelative(name, "").problem != "" {
			continue
		}
		data := read(fsys, name)
		if !explicitForm.Match(data) {
			continue
		}
		subdir := ""
		if m := platformForm.FindSubmatch(data); m != nil {
			subdir = string(m[1])
		}
		for _, p := range platforms.All() {
			known := p.Subdir()
			if p.Image() && found[known] == "" && (subdir == known || (subdir == "" && strings.Contains(name, known))) {
				found[known] = name
			}
		}
	}
	return found
}

// programs returns the main packages of the project's top and of the
// directories below cmd, sorted.
func programs(fsys fs.FS) []string {
	var found []string
	if isMain(fsys, ".") {
		found = append(found, ".")
	}
	entries, _ := fs.ReadDir(fsys, "cmd")
	for _, e := range entries {
		if dir := path.Join("cmd", e.Name()); within(fileForm, maxFile, e.Name()) && isMain(fsys, dir) {
			found = append(found, "./"+dir)
		}
	}
	slices.Sort(found)
	return found
}

func isMain(fsys fs.FS, dir string) bool {
	entries, _ := fs.ReadDir(fsys, dir)
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		name := e.Name()
		return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") &&
			mainForm.Match(read(fsys, path.Join(dir, name)))
	})
}
