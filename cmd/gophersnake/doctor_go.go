package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/doctor"
)

// goVariables are those that the go command reads ("go help environment"), as
// far as they can be wrong on a machine.
func goVariables() []string {
	return []string{
		"GOROOT", "GOPATH", "GOBIN", "GOENV", "GOFLAGS", "GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
		"GOTOOLCHAIN", "GOCACHE", "GOMODCACHE", "GOTMPDIR", "GOWORK", "GO111MODULE", "GOEXPERIMENT", "GODEBUG", "GOTELEMETRYDIR",
		"GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "CC", "CXX", "AR", "PKG_CONFIG",
		"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS",
	}
}

// namedGo is a command that is one version of Go: go1.26.8.
var namedGo = regexp.MustCompile(`^go(1\.[0-9]+(?:\.[0-9]+|(?:rc|beta)[0-9]+)?)(?:\.exe)?$`)

// findGo looks for go on PATH, and asks the first for its settings.
func (a *app) findGo(ctx context.Context, f *doctor.Facts) {
	home := filepath.ToSlash(a.getenv("HOME"))
	for _, file := range lookAll(f.Path, "go") {
		g := goAt(file)
		if slices.ContainsFunc(f.Gos, func(have doctor.Go) bool { return have.Real == g.Real }) {
			continue // the same one again
		}
		g.Origin = doctor.Origin(g.Path, g.Real, home, condaPrefix(filepath.Dir(file)))
		f.Gos = append(f.Gos, g)
	}
	for _, dir := range f.Path {
		names, _ := os.ReadDir(dir) // absent: nothing in it
		for _, e := range names {
			if m := namedGo.FindStringSubmatch(e.Name()); m != nil {
				f.Named = append(f.Named, m[1])
			}
		}
	}
	f.GoFile, f.GoFileAt = a.goFileOf(f.Env)
	if len(f.Gos) == 0 {
		return
	}
	if root := f.Gos[0].Root; root != "" {
		f.GoOwn, _ = readVars(filepath.Join(root, "go.env"))
	}
	f.GoEnv, f.GoError = a.askGo(ctx, f, "")
	if f.GoEnv == nil && f.GoFile["GOROOT"] != "" { // which spoils every answer
		f.GoEnv, f.GoError = a.askGo(ctx, f, "off")
	}
}

// goAt tells by the place of a go command which one it is.
func goAt(file string) doctor.Go {
	g := doctor.Go{Path: filepath.ToSlash(file), Real: filepath.ToSlash(file)}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return g
	}
	g.Real = filepath.ToSlash(real)
	root := filepath.Dir(filepath.Dir(real))
	text, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if first, _, _ := strings.Cut(string(text), "\n"); err == nil && strings.HasPrefix(first, "go") {
		g.Root, g.Version = filepath.ToSlash(root), strings.TrimPrefix(strings.TrimSpace(first), "go")
	}
	return g
}

// lookAll returns every file of a name in directories that can be executed, in
// their order. A path is taken as it is.
func lookAll(dirs []string, name string) (all []string) {
	if runtime.GOOS == "windows" && filepath.Ext(name) == "" {
		name += ".exe"
	}
	if strings.ContainsAny(name, `/\`) {
		dirs = []string{""}
	}
	for _, dir := range dirs {
		file := filepath.Join(filepath.FromSlash(dir), name)
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0) {
			all = append(all, file)
		}
	}
	return all
}

// goFileOf reads what "go env -w" wrote (cmd/go, "GOENV").
func (a *app) goFileOf(env map[string]string) (map[string]string, string) {
	file := env["GOENV"]
	if file == "" {
		dir := a.getenv("XDG_CONFIG_HOME")
		switch {
		case runtime.GOOS == "windows":
			dir = a.getenv("AppData")
		case runtime.GOOS == "darwin":
			dir = filepath.Join(a.getenv("HOME"), "Library", "Application Support")
		case dir == "" && a.getenv("HOME") != "":
			dir = filepath.Join(a.getenv("HOME"), ".config")
		}
		file = filepath.Join(dir, "go", "env")
	}
	if file == "off" || !filepath.IsAbs(file) {
		return nil, ""
	}
	return readVars(file)
}

// readVars reads a file of lines KEY=value, as go reads them.
func readVars(file string) (map[string]string, string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, ""
	}
	vars := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if ok && !strings.HasPrefix(key, "#") {
			vars[strings.TrimSpace(key)] = value
		}
	}
	return vars, filepath.ToSlash(file)
}

// askTime is the longest that "go env" may take: it reads a few files.
const askTime = 20 * time.Second

// askGo runs "go env" of the first go, outside of any module, so that it is
// that go which answers and nothing is downloaded. GOROOT is judged by itself.
func (a *app) askGo(ctx context.Context, f *doctor.Facts, goenv string) (map[string]string, string) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.FromSlash(f.Gos[0].Path), "env", "-json")
	cmd.Dir = filepath.VolumeName(f.Gos[0].Path) + string(filepath.Separator)
	cmd.WaitDelay = time.Second
	cmd.Env = []string{}
	for _, name := range append(goVariables(), "PATH", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR", "USERPROFILE", "AppData", "LocalAppData", "SystemRoot") {
		value, ok := a.lookupenv(name)
		if ok && name != "GOROOT" && name != "GOTOOLCHAIN" && (name != "GOENV" || goenv == "") {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, "GOTOOLCHAIN=local", "GOTELEMETRY=off")
	if goenv != "" {
		cmd.Env = append(cmd.Env, "GOENV="+goenv)
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Sprintf("go env: %v %q", err, first)
	}
	var vars map[string]string
	if err := json.Unmarshal(out.Bytes(), &vars); err != nil {
		return nil, fmt.Sprintf("go env: not JSON: %v", err)
	}
	return vars, ""
}

// place names a line of a file.
func place(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }
