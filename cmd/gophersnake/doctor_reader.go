package main

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/doctor"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// enginePath is what container engines give an image without a PATH.
const enginePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// imageReader turns a view into facts.
type imageReader struct {
	*base.View
	config   v1.Config
	platform platforms.Platform
	facts    *doctor.Facts
}

func (r *imageReader) read(history []v1.History) error {
	f := r.facts
	f.OS, f.Env, f.Exists = r.platform.OS, map[string]string{}, map[string]bool{}
	for _, kv := range r.config.Env {
		key, value, _ := strings.Cut(kv, "=")
		f.Env[key] = value
	}
	f.Path = strings.Split(cmp.Or(f.Env["PATH"], enginePath), ":")
	command := append(slices.Clone(r.config.Entrypoint), r.config.Cmd...)
	f.Image = &doctor.Image{User: r.config.User, Passwd: r.Base.Passwd, Shell: r.Base.Sh, Labels: r.config.Labels}
	if len(command) > 0 {
		f.Image.Command = command[0]
		f.Image.Found = len(r.lookAll(command[0])) > 0
	}
	f.Libc = r.Base.Libc
	if f.Libc == "" {
		f.Libc = "none"
	}
	home := r.user()
	r.gos(home)
	r.startup(home)
	r.conda()
	r.dirs(home)
	m, err := r.Image.Manifest()
	if err != nil {
		return fault.New(fault.Verification, r.Base.Image, "manifest: %w", err)
	}
	r.layers(m, history)
	return nil
}

// user finds out whom the image runs as, and returns the home.
func (r *imageReader) user() (home string) {
	name, group, _ := strings.Cut(r.config.User, ":")
	u := doctor.User{}
	uid, err := strconv.Atoi(name)
	numbered := err == nil
	u.ID = uid
	account := "root"
	if !numbered && name != "" {
		account = name
	}
	for line := range strings.Lines(r.Base.Passwd) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 6 || numbered && f[2] != name || !numbered && f[0] != account {
			continue
		}
		account, home = f[0], f[5]
		u.ID, _ = strconv.Atoi(f[2])
		gid, _ := strconv.Atoi(f[3])
		u.Groups = append(u.Groups, gid)
		break
	}
	if gid, err := strconv.Atoi(group); err == nil {
		u.Groups = []int{gid}
	}
	for line := range strings.Lines(r.Base.Group) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) == 4 && group == "" && slices.Contains(strings.Split(f[3], ","), account) {
			gid, _ := strconv.Atoi(f[2])
			u.Groups = append(u.Groups, gid)
		}
	}
	r.facts.User = u
	return home
}

// lookAll returns every program of a name on the image's PATH.
func (r *imageReader) lookAll(name string) (all []string) {
	dirs := r.facts.Path
	if strings.Contains(name, "/") {
		dirs = []string{r.config.WorkingDir}
	}
	for _, dir := range dirs {
		file := name
		if !path.IsAbs(name) {
			file = path.Join("/", dir, name)
		}
		if e, ok := r.at(file); ok && e.Regular && e.Mode&0o111 != 0 {
			all = append(all, file)
		}
	}
	return all
}

func (r *imageReader) at(p string) (base.Entry, bool) { return r.Lookup(strings.TrimPrefix(p, "/")) }

func (r *imageReader) gos(home string) {
	for _, file := range r.lookAll("go") {
		e, _ := r.at(file)
		g := doctor.Go{Path: file, Real: "/" + e.Path}
		root := path.Dir(path.Dir(g.Real))
		version, ok := r.at(root + "/VERSION")
		if first, _, _ := strings.Cut(version.Text, "\n"); ok && strings.HasPrefix(first, "go") {
			g.Root, g.Version = root, strings.TrimPrefix(strings.TrimSpace(first), "go")
		}
		if slices.ContainsFunc(r.facts.Gos, func(have doctor.Go) bool { return have.Real == g.Real }) {
			continue
		}
		g.Origin = doctor.Origin(g.Path, g.Real, home, r.prefix(path.Dir(file)))
		r.facts.Gos = append(r.facts.Gos, g)
	}
	for _, dir := range r.facts.Path {
		for _, name := range r.Names(strings.TrimPrefix(dir, "/")) {
			if m := namedGo.FindStringSubmatch(name); m != nil {
				r.facts.Named = append(r.facts.Named, m[1])
			}
		}
	}
	if len(r.facts.Gos) > 0 && r.facts.Gos[0].Root != "" {
		r.facts.Image.GoRootDir = r.dir("GOROOT", r.facts.Gos[0].Root)
	}
}

// prefix returns the conda environment that a directory holds the programs of.
func (r *imageReader) prefix(dir string) string {
	if path.Base(dir) != "bin" {
		return ""
	}
	if e, ok := r.at(path.Dir(dir) + "/conda-meta"); ok && e.Dir {
		return path.Dir(dir)
	}
	return ""
}

func (r *imageReader) startup(home string) {
	files := []string{"/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshenv", "/etc/zshrc"}
	for _, dir := range []string{"/etc/profile.d", "/etc/zsh", "/etc/fish"} {
		for _, name := range r.Names(strings.TrimPrefix(dir, "/")) {
			files = append(files, path.Join(dir, name))
		}
	}
	for _, name := range doctor.HomeFiles() {
		files = append(files, path.Join("/", home, name))
	}
	for _, file := range files {
		if e, ok := r.at(file); ok && e.Text != "" {
			r.facts.Startup = append(r.facts.Startup, doctor.Startup{Path: file, Text: e.Text})
		}
	}
}

func (r *imageReader) conda() {
	f := r.facts
	if prefix := f.Env["CONDA_PREFIX"]; prefix != "" {
		e, ok := r.at(prefix + "/conda-meta")
		f.PrefixMeta = ok && e.Dir
	}
	roots := map[string]bool{}
	for _, dir := range f.Path {
		if p := r.prefix(dir); p != "" && !slices.Contains(f.Prefixes, p) {
			f.Prefixes = append(f.Prefixes, p)
			r.needs(p)
		}
	}
	for _, name := range []string{"conda", "mamba"} {
		for _, file := range r.lookAll(name) {
			e, _ := r.at(file)
			roots["/"+path.Dir(path.Dir(e.Path))] = true
		}
	}
	f.Condas = slices.Sorted(maps.Keys(roots))
	for dir := range strings.SplitSeq(f.Env["LD_LIBRARY_PATH"], ":") {
		if dir != "" && slices.ContainsFunc(r.Names(strings.TrimPrefix(dir, "/")), doctor.IsLibrary) {
			f.Libraries = append(f.Libraries, dir)
		}
	}
}

// needs adds what the packages of an environment ask of the C library.
func (r *imageReader) needs(prefix string) {
	dir := strings.TrimPrefix(prefix, "/") + "/conda-meta"
	for _, name := range r.Names(dir) {
		e, _ := r.Lookup(dir + "/" + name)
		pkg, specs, ok := strings.Cut(e.Text, "\n")
		for spec := range strings.SplitSeq(specs, "\n") {
			if ok && spec != "" {
				r.facts.Needs = append(r.facts.Needs, doctor.Need{Package: pkg, Spec: spec})
			}
		}
	}
}

func (r *imageReader) dirs(home string) {
	if len(r.facts.Gos) > 0 && r.facts.Env["GOPATH"] != "" {
		r.facts.Dirs = append(r.facts.Dirs, r.dir("GOPATH", r.facts.Env["GOPATH"]))
	}
	if home != "" && home != "/" && home != "/nonexistent" {
		r.facts.Dirs = append(r.facts.Dirs, r.dir("HOME", home))
	}
}

// dir returns the attributes of a directory, or of the nearest one above it.
func (r *imageReader) dir(name, p string) doctor.Dir {
	d := doctor.Dir{Name: name, Path: p}
	for at := path.Clean("/" + p); ; at = path.Dir(at) {
		e, ok := r.at(at)
		if at == "/" && !ok {
			e, ok = base.Entry{Dir: true, Mode: 0o755}, true
		}
		if ok {
			d.At, d.Mode, d.UID, d.GID, d.Denied = at, e.Mode, e.UID, e.GID, !e.Dir
			return d
		}
	}
}

// layers lists the layers, and the files above the base that give rights. Where
// no record tells how many layers are the base's, those of our own are told by
// their history.
func (r *imageReader) layers(m *v1.Manifest, history []v1.History) {
	img := r.facts.Image
	var made []string
	for _, h := range history {
		if !h.EmptyLayer {
			made = append(made, h.CreatedBy)
		}
	}
	below, err := strconv.Atoi(m.Annotations["io.gophersnake.base.layers"])
	own := make([]bool, len(m.Layers)+1) // by the layer's number, from 1
	for i, y := range m.Layers {
		name := ""
		if len(made) == len(m.Layers) {
			name = made[i]
		}
		rest, ours := strings.CutPrefix(name, "gophersnake: ")
		own[i+1] = err == nil && i >= below || err != nil && ours
		img.Layers = append(img.Layers, doctor.Layer{Digest: y.Digest.String(), Name: rest})
	}
	r.Walk(func(e base.Entry) {
		if e.Layer >= len(own) || !own[e.Layer] {
			return
		}
		file := doctor.File{Path: "/" + e.Path, Mode: e.Mode}
		if e.Regular && e.Mode&0o6000 != 0 {
			img.Special = append(img.Special, file)
		}
		if e.Mode&0o002 != 0 && (e.Regular || e.Mode&0o1000 == 0) {
			img.Open = append(img.Open, file)
		}
	})
}
