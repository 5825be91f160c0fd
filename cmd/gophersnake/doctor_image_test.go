package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/lock"
)

// specimen is an image that doctor looks at: sound until a test spoils it.
type specimen struct {
	config v1.Config
	base   []archivetest.Entry
	own    []archivetest.Entry // our layer
	lock   *lock.Lock
	toml   string
	other  bool // the lock knows other layers
}

// elfOf is the beginning of a C library for a processor.
func elfOf(text string) string {
	head := append([]byte("\x7fELF\x02\x01"), make([]byte, 58)...)
	binary.LittleEndian.PutUint16(head[18:], 62)
	return string(head) + text
}

// debianProfile is how /etc/profile of Debian begins.
const debianProfile = `if [ "$(id -u)" -eq 0 ]; then
  PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
else
  PATH="/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
fi
export PATH
`

const imagePATH = "/opt/conda/bin:/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func newSpecimen() *specimen {
	file, dir, link := archivetest.File, archivetest.Dir, archivetest.Symlink
	program := func(name string) archivetest.Entry { return archivetest.Entry{Name: name, Body: "#!", Mode: 0o755} }
	s := &specimen{
		toml: "version = 1\n[image]\nname = \"localhost:1/app\"\ntags = [\"1\"]\nplatforms = [\"linux/amd64\"]\n",
		config: v1.Config{
			User: "1000", Cmd: []string{"bash"},
			Env:    []string{"PATH=" + imagePATH, "CONDA_PREFIX=/opt/conda", "GOPATH=/go", "GOTOOLCHAIN=local"},
			Labels: map[string]string{"devcontainer.metadata": `[{"remoteUser": "dev"}]`},
		},
		base: []archivetest.Entry{
			dir("usr/"), dir("usr/bin/"), link("bin", "usr/bin"), link("lib", "usr/lib"), program("usr/bin/bash"), link("usr/bin/sh", "bash"),
			{Name: "usr/bin/su", Body: "su", Mode: 0o4755},
			{Name: "tmp/", Type: tar.TypeDir, Mode: 0o1777},
			{Name: "usr/lib/x86_64-linux-gnu/libc.so.6", Body: elfOf("GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n"), Mode: 0o755},
			file("etc/profile", debianProfile), file("etc/os-release", "ID=debian\n"),
		},
		own: []archivetest.Entry{
			file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000::/home/dev:/bin/bash\n"),
			file("etc/group", "root:x:0:\ndev:x:1000:\ngolang:x:901:dev\n"),
			file("etc/profile.d/gophersnake.sh", "export PATH=\"/opt/conda/bin:/go/bin:/usr/local/go/bin:$PATH\"\n"),
			file("usr/local/go/VERSION", "go1.26.8\n"), program("usr/local/go/bin/go"), program("opt/conda/bin/python"),
			file("opt/conda/conda-meta/numpy-2.1.0-py312_0.json", `{"name": "numpy", "version": "2.1.0", "build": "py312_0", "depends": ["tzdata", "__glibc >=2.17"]}`),
			{Name: "go/", Type: tar.TypeDir, Mode: 0o2775, GID: 901},
			{Name: "home/dev/", Type: tar.TypeDir, Mode: 0o700, UID: 1000, GID: 1000},
		},
		lock: lockOf("1.26.8"),
	}
	s.lock.Conda = []lock.Conda{needing("__glibc >=2.17")}
	s.lock.Plan = []lock.Group{{Envs: []string{"default"}, Packages: []string{"numpy"}}}
	for i := range s.lock.Activation {
		s.lock.Activation[i].Env = []string{"PATH=/opt/conda/bin:/go/bin:/usr/local/go/bin:$PATH", "CONDA_PREFIX=/opt/conda", "GOPATH=/go", "GOTOOLCHAIN=local"}
	}
	return s
}

// set changes a variable of ENV, or takes it away.
func (s *specimen) set(key, value string) {
	var env []string
	for _, kv := range s.config.Env {
		if !strings.HasPrefix(kv, key+"=") {
			env = append(env, kv)
		}
	}
	if value != "" {
		env = append(env, key+"="+value)
	}
	s.config.Env = env
}

// replace gives a file of our layer another mode and content, or adds it.
func (s *specimen) replace(e archivetest.Entry) {
	for i := range s.own {
		if s.own[i].Name == e.Name {
			s.own[i] = e
			return
		}
	}
	s.own = append(s.own, e)
}

// write writes the image as a layout, and its layers into the lock.
func (s *specimen) write(t *testing.T, dir string) {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}, Config: s.config})
	if err != nil {
		t.Fatal(err)
	}
	for i, entries := range [][]archivetest.Entry{s.base, s.own} {
		packed, err := gzipped(archivetest.Tar(entries...))
		if err != nil {
			t.Fatal(err)
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed)), nil }, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		by := []string{"debian", "gophersnake: everything"}[i]
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: by}, MediaType: types.OCILayer}); err != nil {
			t.Fatal(err)
		}
		digest, _ := l.Digest()
		diffID, _ := l.DiffID()
		key := strings.Repeat("0123456789abcdef"[i:i+1], 64)
		row := lock.Layer{Key: "sha256:" + key, Digest: digest.String(), DiffID: diffID.String(), Size: int64(len(packed))}
		if s.other && i == 1 {
			row.Digest = "sha256:" + key
		}
		if s.lock != nil {
			s.lock.Layer = append(s.lock.Layer, row)
		}
	}
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	idx := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	if err := p.AppendIndex(idx); err != nil {
		t.Fatal(err)
	}
}

// brokenImages are images with one thing wrong each; see broken.
var brokenImages = []struct {
	name  string
	spoil func(s *specimen)
}{
	{"go-version", func(s *specimen) { s.replace(archivetest.File("usr/local/go/VERSION", "go1.25.1\n")) }},
	{"go-missing", func(s *specimen) {
		s.set("PATH", strings.Replace(imagePATH, ":/usr/local/go/bin", "", 1))
	}},
	{"go-shadowed by a system package", func(s *specimen) {
		s.base = append(s.base, archivetest.File("usr/lib/go-1.19/VERSION", "go1.19.8\n"), archivetest.Entry{Name: "usr/lib/go-1.19/bin/go", Mode: 0o755}, archivetest.Symlink("usr/bin/go", "../lib/go-1.19/bin/go"))
		s.set("PATH", "/opt/conda/bin:/go/bin:/usr/bin:/usr/local/go/bin:/bin")
	}},
	{"goroot-env", func(s *specimen) { s.set("GOROOT", "/usr/local/go") }},
	{"gotoolchain", func(s *specimen) { s.set("GOTOOLCHAIN", "go1.20.1") }},
	{"image-env", func(s *specimen) { s.set("GOPATH", "/go/elsewhere") }},
	{"image-env that is not set", func(s *specimen) { s.set("GOTOOLCHAIN", "") }},
	{"image-path in another order", func(s *specimen) { s.set("PATH", "/go/bin:/usr/local/go/bin:/opt/conda/bin:/usr/bin:/bin") }},
	{"image-path without GOPATH", func(s *specimen) { s.set("PATH", strings.Replace(imagePATH, ":/go/bin", "", 1)) }},
	{"image-profile", func(s *specimen) { s.replace(archivetest.File("etc/profile.d/gophersnake.sh", "umask 022\n")) }},
	{"image-user by name", func(s *specimen) { s.config.User = "dev" }},
	{"image-user unknown", func(s *specimen) { s.config.User = "4711:901" }},
	{"image-command", func(s *specimen) { s.config.Entrypoint = []string{"/usr/local/bin/entry.sh"} }},
	{"image-env that should not be", func(s *specimen) {
		for i := range s.lock.Activation {
			s.lock.Activation[i].Unset = []string{"LD_PRELOAD"}
		}
		s.set("LD_PRELOAD", "/lib/x.so")
	}},
	{"image-entry", func(s *specimen) {
		for i := range s.lock.Activation {
			s.lock.Activation[i].Inputs = "sha256:" + strings.Repeat("d", 64)
			s.lock.Activation[i].Dynamic = []lock.Dynamic{{Script: "etc/conda/activate.d/gcc.sh", Package: "numpy", Reason: "runs a program"}}
		}
	}},
	{"image-setuid", func(s *specimen) { s.replace(archivetest.Entry{Name: "opt/conda/bin/ping", Mode: 0o4755}) }},
	{"image-open", func(s *specimen) {
		s.replace(archivetest.Entry{Name: "opt/conda/etc/", Type: tar.TypeDir, Mode: 0o777})
	}},
	{"image-goroot", func(s *specimen) {
		s.replace(archivetest.Entry{Name: "usr/local/go/", Type: tar.TypeDir, Mode: 0o2775, GID: 901})
	}},
	{"image-label that is no JSON", func(s *specimen) { s.config.Labels["devcontainer.metadata"] = `[{"remoteUser": "dev"` }},
	{"image-label of an unknown user", func(s *specimen) { s.config.Labels["devcontainer.metadata"] = `{"remoteUser": "vscode"}` }},
	{"image-lock", func(s *specimen) { s.other = true }},
	{"dir-denied", func(s *specimen) { s.replace(archivetest.File("etc/group", "root:x:0:\ndev:x:1000:\ngolang:x:901:\n")) }},
	{"dir-denied of a home", func(s *specimen) { s.replace(archivetest.Entry{Name: "home/dev/", Type: tar.TypeDir, Mode: 0o755}) }},
	{"startup-path", func(s *specimen) { s.replace(archivetest.File("home/dev/.bashrc", "PATH=/usr/bin:/bin\n")) }},
	{"conda-prefix", func(s *specimen) { s.set("CONDA_PREFIX", "/opt/other") }},
	{"conda-stale", func(s *specimen) { s.set("PATH", strings.TrimPrefix(imagePATH, "/opt/conda/bin:")) }},
	{"pythonhome", func(s *specimen) { s.set("PYTHONHOME", "/usr") }},
	{"library-path", func(s *specimen) { s.set("LD_LIBRARY_PATH", "/usr/lib/x86_64-linux-gnu") }},
	{"libc", func(s *specimen) { s.lock.Conda = []lock.Conda{needing("__glibc >=2.38")} }},
	{"libc without a lock", func(s *specimen) {
		s.lock = nil
		s.replace(archivetest.File("opt/conda/conda-meta/numpy-2.1.0-py312_0.json", `{"name": "numpy", "version": "2.1.0", "build": "py312_0", "depends": ["__glibc >=2.38"]}`))
	}},
	{"libc of musl", func(s *specimen) {
		for i := range s.base {
			if strings.HasSuffix(s.base[i].Name, "libc.so.6") {
				s.base[i] = archivetest.Entry{Name: "usr/lib/ld-musl-x86_64.so.1", Body: elfOf("musl libc (x86_64)\nVersion \x001.2.4\x00"), Mode: 0o755}
			}
		}
	}},
}

// examine writes an image and runs doctor on it.
func (s *specimen) examine(t *testing.T) (b *bed, args []string) {
	t.Helper()
	b = newBed(t)
	dir := b.mkdir("image", 0o755)
	s.write(t, dir)
	b.lock, b.toml, b.verbatim = s.lock, s.toml, true
	return b, []string{"oci:" + dir}
}

func TestDoctorSoundImage(t *testing.T) {
	t.Parallel()
	s := newSpecimen()
	b, args := s.examine(t)
	findings, text, code := b.doctor(args...)
	if len(findings) > 0 || code != 0 {
		t.Fatalf("exit %d: %s", code, text)
	}
	out, _, _ := b.run(append([]string{"-C", b.at("project"), "doctor"}, args...))
	want := "ok: linux/amd64: go 1.26.8 is /usr/local/go/bin/go (go.dev or gophersnake); conda is /opt/conda; libc is glibc 2.36; " +
		"ENV, PATH, GOROOT, USER, login shells, permissions, conda, libc, labels and command agree with the lock\n"
	if out != want {
		t.Errorf("got  %swant %s", out, want)
	}
	_, said, code := b.run(append([]string{"-C", b.at("project"), "doctor", "--platform", "linux/arm64"}, args...))
	if want := "gophersnake: --platform: linux/arm64 is not a platform of the image\nhint: the image has linux/amd64\n"; said != want || code != 2 {
		t.Errorf("exit %d: %s", code, said)
	}
}

// TestDoctorForeignImage: an image that the lock is not of is judged by itself.
func TestDoctorForeignImage(t *testing.T) {
	t.Parallel()
	s := newSpecimen()
	s.replace(archivetest.File("usr/local/go/VERSION", "go1.20.1\n"))
	own := s.lock
	s.lock = nil
	b, args := s.examine(t)
	own.Layer = []lock.Layer{{Key: "sha256:" + strings.Repeat("1", 64), Digest: "sha256:" + strings.Repeat("2", 64), DiffID: "sha256:" + strings.Repeat("3", 64), Size: 1}}
	b.lock = own
	if findings, text, code := b.doctor(args...); len(findings) > 0 || code != 0 {
		t.Errorf("exit %d: %s", code, text)
	}
	if findings, _, _ := b.doctor(append(args, "--env", "default")...); len(findings) == 0 {
		t.Error("--env does not compare it with the lock")
	}
}

func TestDoctorBrokenImages(t *testing.T) {
	t.Parallel()
	lines := map[string]string{}
	for _, test := range brokenImages {
		t.Run(test.name, func(t *testing.T) {
			s := newSpecimen()
			test.spoil(s)
			b, args := s.examine(t)
			findings, text, code := b.doctor(args...)
			lines[test.name] = text
			id, _, _ := strings.Cut(test.name, " ")
			if len(findings) != 1 || findings[0].ID != id || code != 8 {
				t.Errorf("want one finding %s and exit 8, got exit %d and\n%s", id, code, text)
			}
		})
	}
	golden(t, "image", lines)
}
