package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/doctor"
	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// machine gathers what doctor judges of this machine.
func (a *app) machine(ctx context.Context, p *project, l *lock.Lock) (examined, error) {
	env, err := p.oneEnv()
	if err != nil {
		return examined{}, err
	}
	e := examined{want: wantOf(l, env, platforms.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH})}
	f := &e.facts
	f.OS, f.User = runtime.GOOS, thisUser()
	f.Env = a.variables(e.want)
	for _, dir := range filepath.SplitList(f.Env["PATH"]) {
		f.Path = append(f.Path, filepath.ToSlash(dir))
	}
	a.findGo(ctx, f)
	if f.GoMod, err = p.goMod(f.Env["GOWORK"]); err != nil {
		return examined{}, err
	}
	f.Startup = a.startup()
	a.findConda(f)
	a.findDirs(f)
	f.Exists = map[string]bool{}
	for _, dir := range []string{f.Env["SDKROOT"], f.Env["CONDA_BUILD_SYSROOT"]} {
		f.Exists[dir] = dir != "" && exists(dir)
	}
	if cc := strings.Fields(f.GoEnv["CC"]); len(cc) > 0 {
		f.Exists[cc[0]] = len(lookAll(f.Path, cc[0])) > 0
	}
	bin := f.GoEnv["GOBIN"]
	if first := filepath.SplitList(f.GoEnv["GOPATH"]); bin == "" && len(first) > 0 {
		bin = filepath.ToSlash(filepath.Join(first[0], "bin"))
	}
	names, _ := os.ReadDir(bin) // absent: nothing was installed
	f.Exists[bin] = len(names) > 0
	f.Libc = machineLibc()
	return e, nil
}

// oneEnv returns the environment of --env, else the top level, else the first.
func (p *project) oneEnv() (*spec.Environment, error) {
	if p.spec == nil {
		return nil, nil
	}
	envs, err := p.chosen()
	if err != nil || len(envs) == 0 {
		return nil, err
	}
	if i := slices.IndexFunc(envs, func(e *spec.Environment) bool { return e.Name == "" }); i >= 0 {
		return envs[i], nil
	}
	return envs[0], nil
}

// variables returns those variables that doctor judges, as far as they are set.
func (a *app) variables(w doctor.Want) map[string]string {
	names := append(slices.Clone(goVariables()),
		"PATH", "SDKROOT", "CONDA_BUILD_SYSROOT", "MACOSX_DEPLOYMENT_TARGET", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL",
		"PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
	for name := range w.GoEnv {
		names = append(names, name)
	}
	env := map[string]string{}
	for _, name := range names {
		if value, ok := a.lookupenv(name); ok {
			env[name] = value
		}
	}
	return env
}

// goMod returns what the go.work or go.mod that governs the project asks for.
func (p *project) goMod(gowork string) (doctor.GoMod, error) {
	name := p.goFile("go.work")
	if name == "" || gowork == "off" {
		name = p.goFile("go.mod")
	}
	if name == "" {
		return doctor.GoMod{}, nil
	}
	data, err := (&world.World{Dir: p.dir}).ReadFile(name)
	if err != nil {
		return doctor.GoMod{}, err
	}
	asked, err := release.ReadMod(name, data)
	if err != nil {
		return doctor.GoMod{}, err
	}
	return doctor.GoMod{File: place(name, max(asked.GoLine, 1)), Go: asked.Go, Toolchain: asked.Toolchain}, nil
}

// startup reads the start-up files of the shells that gophersnake knows: the
// user's and the system's.
func (a *app) startup() []doctor.Startup {
	home := a.getenv("HOME")
	zsh := a.getenv("ZDOTDIR")
	if zsh == "" {
		zsh = home
	}
	var files []string
	for _, name := range doctor.HomeFiles() {
		dir := home
		if strings.HasPrefix(name, ".z") {
			dir = zsh
		}
		files = append(files, filepath.Join(dir, filepath.FromSlash(name)))
	}
	for _, pattern := range append(doctor.SystemFiles(), filepath.Join(home, ".config/fish/conf.d/*.fish")) {
		found, _ := filepath.Glob(pattern) // patterns are well-formed
		files = append(files, found...)
	}
	slices.Sort(files)
	var all []doctor.Startup
	for _, file := range slices.Compact(files) {
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 || !filepath.IsAbs(file) {
			continue
		}
		if text, err := os.ReadFile(file); err == nil {
			name := filepath.ToSlash(file)
			if rest, ok := strings.CutPrefix(name, filepath.ToSlash(home)+"/"); ok && home != "" {
				name = "~/" + rest
			}
			all = append(all, doctor.Startup{Path: name, Text: string(text)})
		}
	}
	return all
}

// findConda looks for conda environments and installations on PATH.
func (a *app) findConda(f *doctor.Facts) {
	f.PrefixMeta = exists(filepath.Join(f.Env["CONDA_PREFIX"], "conda-meta"))
	for _, dir := range f.Path {
		if prefix := condaPrefix(dir); prefix != "" && !slices.Contains(f.Prefixes, prefix) {
			f.Prefixes = append(f.Prefixes, prefix)
		}
		for _, name := range []string{"conda", "mamba"} {
			for _, file := range lookAll([]string{dir}, name) {
				if real, err := filepath.EvalSymlinks(file); err == nil {
					file = real
				}
				root := filepath.ToSlash(filepath.Dir(filepath.Dir(file)))
				if !slices.Contains(f.Condas, root) {
					f.Condas = append(f.Condas, root)
				}
			}
		}
	}
	libraries := f.Env["LD_LIBRARY_PATH"]
	if f.OS == "darwin" {
		libraries = f.Env["DYLD_LIBRARY_PATH"]
	}
	for _, dir := range filepath.SplitList(libraries) {
		names, _ := os.ReadDir(dir) // absent: no library in it
		if slices.ContainsFunc(names, func(e os.DirEntry) bool { return doctor.IsLibrary(e.Name()) }) {
			f.Libraries = append(f.Libraries, filepath.ToSlash(dir))
		}
	}
}

// condaPrefix returns the conda environment that a directory of PATH is the
// programs of, "" for none.
func condaPrefix(dir string) string {
	if name := filepath.Base(dir); dir == "" || name != "bin" && name != "Scripts" {
		return ""
	}
	if prefix := filepath.Dir(filepath.FromSlash(dir)); exists(filepath.Join(prefix, "conda-meta")) {
		return filepath.ToSlash(prefix)
	}
	return ""
}

// findDirs stats what go and gophersnake write to.
func (a *app) findDirs(f *doctor.Facts) {
	add := func(name, dir string) {
		if dir != "" && dir != "off" && filepath.IsAbs(dir) {
			f.Dirs = append(f.Dirs, statDir(name, dir))
		}
	}
	first := append(filepath.SplitList(f.GoEnv["GOPATH"]), "")[0]
	add("GOPATH", first)
	add("GOMODCACHE", f.GoEnv["GOMODCACHE"])
	add("GOCACHE", f.GoEnv["GOCACHE"])
	if dir, err := a.cache(); err == nil {
		add("--cache-dir", dir)
	}
}

// statDir returns the attributes of a directory, or of the nearest one above
// it that exists.
func statDir(name, dir string) doctor.Dir {
	d := doctor.Dir{Name: name, Path: filepath.ToSlash(dir)}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil {
			d.At = filepath.ToSlash(at)
			d.Mode, d.UID, d.GID = ownerOf(info)
			d.Denied = !info.IsDir() || !mayWrite(at)
			return d
		}
		if filepath.Dir(at) == at {
			return d
		}
	}
}

// machineLibc returns the C library that programs of this machine find.
func machineLibc() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	for _, pattern := range []string{
		"/lib/*-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6", "/lib/ld-musl-*.so.1",
	} {
		files, _ := filepath.Glob(pattern) // patterns are well-formed
		for _, name := range files {
			if libc := libcOf(name); libc != "" {
				return libc
			}
		}
	}
	return ""
}

func libcOf(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	libc, err := base.Libc(name, f)
	if err != nil {
		return ""
	}
	return libc
}
