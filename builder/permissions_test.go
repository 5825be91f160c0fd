package builder_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/internal/debiantest"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// entries returns what an image's layers make of each path: mode, owner and
// type, the upper layers over the lower ones.
func entries(t *testing.T, img v1.Image) map[string]*tar.Header {
	t.Helper()
	all := map[string]*tar.Header{}
	ls, err := img.Layers()
	must(t, err)
	for _, l := range ls {
		for r := tar.NewReader(bytes.NewReader(readAll(t, l.Uncompressed))); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			all[strings.TrimSuffix(h.Name, "/")] = h
		}
	}
	return all
}

// everything is an image with every kind of layer, of packages that ask for more
// than they get.
func (p *project) everything(permissions builder.Permissions) builder.Image {
	p.t.Helper()
	file := filepath.Join(p.dir, "vet")
	must(p.t, os.WriteFile(file, []byte("vet"), 0o600))
	must(p.t, os.Chmod(file, 0o6777))
	app := filepath.Join(p.dir, "app", "main.py")
	must(p.t, os.Chmod(app, 0o6777))
	img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
		name, data := archivetest.Package{Name: "hostile", Files: []archivetest.Entry{
			{Name: "bin/su", Body: "s", Mode: 0o6755}, {Name: "etc/all", Body: "a", Mode: 0o777}, {Name: "etc/secret", Body: "x", Mode: 0o600},
		}}.Conda()
		sum := hex(data)[len("sha256:"):]
		p.data[sum] = data
		s.Conda = append(s.Conda, lock.Conda{Name: "hostile", Version: "1.0", Build: "0", Subdir: "linux-64", URL: "channel/linux-64/" + name, SHA256: sum})
		s.Groups = append(s.Groups, lock.Group{Packages: []string{"hostile"}})
		p.addWheel(s)
		p.more(s, "1.25.0")
		s.Tools = []lock.Tool{{Package: "tools.example/vet", Module: "tools.example/vet", Version: "v1.0.0", H1: "h1:x", Go: "1.26.8"}}
		s.Base = &lock.Base{Debian: lock.Debian{Suite: "bookworm"}}
		s.Debs = []lock.Deb{{Name: "base-passwd", SHA256: strings.Repeat("1", 64)}, {Name: "app", SHA256: strings.Repeat("2", 64)}}
		in.Wheels, in.Debs, in.Permissions, in.User = p, hostileDebs{p.t}, permissions, "dev"
		in.CompileTools = func(context.Context, []lock.Tool, platforms.Platform) ([]string, error) { return []string{file}, nil }
	})
	must(p.t, err)
	return img
}

type hostileDebs struct{ t *testing.T }

func (h hostileDebs) deb(d *lock.Deb) []byte {
	text := map[string]string{
		"base-passwd": "Package: base-passwd\n-- usr/share/base-passwd/passwd.master --\nroot:*:0:0:root:/root:/bin/sh\n-- usr/share/base-passwd/group.master --\nroot:*:0:\n",
		"app":         "Package: app\nVersion: 2\n-- bin/su mode=4755 --\nsu\n-- etc/all mode=666 --\na\n-- var/all/ mode=777 --\n-- tmp/ mode=1777 --\n",
	}[d.Name]
	p, err := debiantest.Parse([]byte(text))
	must(h.t, err)
	return p.Deb
}

func (h hostileDebs) DebMeta(_ context.Context, d *lock.Deb) (*debian.Meta, error) {
	return debian.ReadMeta(bytes.NewReader(h.deb(d)), "package "+d.Name, d.SHA256)
}

func (h hostileDebs) OpenDeb(_ context.Context, d *lock.Deb) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(h.deb(d))), nil
}

// TestModes checks of every kind of layer: no file with setuid or setgid, none
// that everybody may write, and no such directory without the sticky bit.
func TestModes(t *testing.T) {
	for _, permissions := range []builder.Permissions{"", builder.ReadOnly, builder.Group, builder.RootGroup} {
		p := newProject(t)
		p.config.WorkDir = "/workspace"
		img := p.everything(permissions)
		kinds := map[string]bool{}
		for _, l := range img.Layers {
			kinds[l.Kind] = true
		}
		want := []string{"accounts", "cli", "conda", "debian", "env", "files", "go", "tools", "wheels"}
		if permissions == builder.Group || permissions == builder.RootGroup {
			want = append(want, "permissions")
		}
		for _, kind := range want {
			if !kinds[kind] {
				t.Errorf("%q: there is no layer of kind %s among %v", permissions, kind, kinds)
			}
		}
		idx, err := buildImage(t, img)
		must(t, err)
		seen := 0
		for name, h := range entries(t, firstImage(t, idx)) {
			switch regular := h.Typeflag == tar.TypeReg; {
			case regular && h.Mode&0o7000 != 0, regular && h.Mode&0o002 != 0,
				h.Typeflag == tar.TypeDir && h.Mode&0o1002 == 0o002, h.Typeflag == tar.TypeDir && h.Mode&0o4000 != 0:
				t.Errorf("%q: mode of %s is %o", permissions, name, h.Mode)
			}
			if slices.Contains([]string{"opt/conda/bin/su", "opt/conda/etc/all", "usr/bin/su", "etc/all", "var/all", "usr/local/bin/vet", "app/main.py"}, name) {
				seen++
			}
		}
		if seen != 7 {
			t.Errorf("%q: the image has %d of the 7 that ask for too much", permissions, seen)
		}
	}
}

// TestPermissions checks who may write what, and that images of readonly and
// group share the layers of packages.
func TestPermissions(t *testing.T) {
	keys := map[builder.Permissions][]string{}
	for permissions, want := range map[builder.Permissions]string{
		builder.ReadOnly: "opt/conda 755 0:0; opt/conda/bin 755 0:0; opt/conda/bin/su 755 0:0; opt/conda/etc/secret 600 0:0; opt/conda/conda-meta/history 644 0:0; " +
			"opt/conda/lib/python3.11/site-packages/pkg-1.0.dist-info 755 0:0; opt/conda/lib/python3.11/site-packages/pkg.py 644 0:0; " +
			"go 2775 0:901; go/bin 2775 0:901; home/dev 700 1000:1000; workspace none; opt/go/1.26.8/bin 755 0:0; opt/go/1.26.8/bin/go 755 0:0; app/main.py 755 1000:1000",
		builder.Group: "opt/conda 2775 0:900; opt/conda/bin 2775 0:900; opt/conda/bin/su 755 0:0; opt/conda/etc/secret 600 0:0; opt/conda/conda-meta/history 664 0:900; " +
			"opt/conda/lib/python3.11/site-packages/pkg-1.0.dist-info 2775 0:900; opt/conda/lib/python3.11/site-packages/pkg.py 644 0:0; " +
			"go 2775 0:901; go/bin 2775 0:901; home/dev 700 1000:1000; workspace none; opt/go/1.26.8/bin 755 0:0; opt/go/1.26.8/bin/go 755 0:0; app/main.py 755 1000:1000",
		builder.RootGroup: "opt/conda 775 0:0; opt/conda/bin 775 0:0; opt/conda/bin/su 775 0:0; opt/conda/etc/secret 660 0:0; opt/conda/conda-meta/history 664 0:0; " +
			"opt/conda/lib/python3.11/site-packages/pkg-1.0.dist-info 775 0:0; opt/conda/lib/python3.11/site-packages/pkg.py 664 0:0; " +
			"go 775 0:0; go/bin 775 0:0; home/dev 770 1000:0; workspace 775 1000:0; opt/go/1.26.8/bin 755 0:0; opt/go/1.26.8/bin/go 755 0:0; app/main.py 755 1000:0",
	} {
		p := newProject(t)
		p.config.WorkDir = "/workspace"
		img := p.everything(permissions)
		idx, err := buildImage(t, img)
		must(t, err)
		all := entries(t, firstImage(t, idx))
		var got []string
		for _, w := range strings.Split(want, "; ") {
			name, _, _ := strings.Cut(w, " ")
			text := name + " none"
			if h := all[name]; h != nil {
				text = fmt.Sprintf("%s %o %d:%d", name, h.Mode, h.Uid, h.Gid)
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(strings.Split(want, "; "), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", permissions, diff)
		}
		if got, want := slices.Contains(img.Config.Env, "HOME=/home/dev"), permissions == builder.RootGroup; got != want {
			t.Errorf("%s: variables %q", permissions, img.Config.Env)
		}
		for _, l := range img.Layers {
			if slices.Contains([]string{"conda", "wheels", "go", "tools"}, l.Kind) {
				keys[permissions] = append(keys[permissions], l.Key)
			}
		}
	}
	if diff := cmp.Diff(keys[builder.ReadOnly], keys[builder.Group]); diff != "" {
		t.Errorf("readonly and group do not share layers:\n%s", diff)
	}
}

// TestMembers checks that the image's account is in the groups that may write,
// and that accounts of images for any user belong to group 0.
func TestMembers(t *testing.T) {
	for permissions, want := range map[builder.Permissions]string{
		builder.ReadOnly:  "root:x:0:\nnonroot:x:65532:\ndev:x:1000:\n",
		builder.Group:     "root:x:0:\nnonroot:x:65532:\nconda:x:900:nonroot\ngolang:x:901:nonroot\ndev:x:1000:\n",
		builder.RootGroup: "root:x:0:\n",
	} {
		p := newProject(t)
		img, err := p.image(amd64, nil, func(_ *lock.Selection, in *builder.Inputs) {
			in.Permissions, in.Accounts = permissions, []files.Account{files.Nonroot(), {Name: "dev", UID: 1000}}
		})
		must(t, err)
		idx, err := buildImage(t, img)
		must(t, err)
		text := fileText(t, firstImage(t, idx), "etc/group")
		if text != want {
			t.Errorf("%s: groups\n%s", permissions, text)
		}
		if passwd := fileText(t, firstImage(t, idx), "etc/passwd"); strings.Contains(passwd, "dev:x:1000:0:") != (permissions == builder.RootGroup) {
			t.Errorf("%s: accounts\n%s", permissions, passwd)
		}
	}
}

// TestBaseHome checks that an account of the base keeps its own home.
func TestBaseHome(t *testing.T) {
	for passwd, want := range map[string]bool{"": true, "dev:x:1000:1000::/srv/dev:/bin/sh\n": false} {
		p := newProject(t)
		p.user = "1000"
		img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
			s.Base, in.Permissions = &lock.Base{Facts: lock.Facts{Passwd: passwd}}, builder.RootGroup
		})
		must(t, err)
		if got := slices.Contains(img.Config.Env, "HOME=/home/dev"); got != want {
			t.Errorf("with the base's %q: variables %q", passwd, img.Config.Env)
		}
	}
}

// fileText returns a file of an image's last layer but one of permissions.
func fileText(t *testing.T, img v1.Image, name string) (text string) {
	t.Helper()
	ls, err := img.Layers()
	must(t, err)
	for _, l := range ls {
		for r := tar.NewReader(bytes.NewReader(readAll(t, l.Uncompressed))); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			if h.Name == name {
				data, err := io.ReadAll(r)
				must(t, err)
				text = string(data)
			}
		}
	}
	return text
}

// TestGoDirs checks that the directories of variables are there for the go
// command to write to, and those of the prefix and of the base are left alone.
func TestGoDirs(t *testing.T) {
	p := newProject(t)
	p.config.Env = []string{"GOCACHE=/cache/build"}
	img, err := p.image(amd64, nil, func(s *lock.Selection, _ *builder.Inputs) {
		s.Base = &lock.Base{Facts: lock.Facts{Env: []string{"GOTMPDIR=/base/tmp", "GOPATH=/base/go"}}}
		s.Activation = &lock.Activation{Env: []string{"GOPATH=/work:/opt/conda/share/go", "GOBIN=/work/tools", "GOMODCACHE=relative"}}
	})
	must(t, err)
	idx, err := buildImage(t, img)
	must(t, err)
	var got []string
	for name, h := range entries(t, firstImage(t, idx)) {
		if h.Mode == 0o2775 {
			got = append(got, fmt.Sprintf("%s %d:%d", name, h.Uid, h.Gid))
		}
	}
	slices.Sort(got)
	want := []string{"cache/build 0:901", "work 0:901", "work/bin 0:901", "work/pkg 0:901", "work/src 0:901", "work/tools 0:901"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestInPrefix checks where toolchains inside the environment lie.
func TestInPrefix(t *testing.T) {
	p := newProject(t)
	for several, want := range map[bool][]string{
		false: {"opt/conda/go/bin/go 755", "opt/conda/go/VERSION 644"},
		true:  {"opt/conda/go/1.26.8/bin/go 755", "opt/conda/go/1.25.0/VERSION 644", "opt/conda/bin/go1.25.0 777"},
	} {
		img, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) {
			if in.GoInPrefix = true; several {
				p.more(s, "1.25.0")
			}
			in.Permissions = builder.Group
		})
		must(t, err)
		idx, err := buildImage(t, img)
		must(t, err)
		all := entries(t, firstImage(t, idx))
		for _, w := range want {
			name, mode, _ := strings.Cut(w, " ")
			if h := all[name]; h == nil || fmt.Sprintf("%o", h.Mode) != mode {
				t.Errorf("several %v: %s is %+v", several, name, h)
			}
		}
		if h := all["opt/conda/go/bin"]; h != nil && h.Mode != 0o755 {
			t.Errorf("GOROOT's bin has mode %o", h.Mode)
		}
		if h := all["opt/conda/bin/go1.25.0"]; several && h.Linkname != "/opt/conda/go/1.25.0/bin/go" {
			t.Errorf("command leads to %s", h.Linkname)
		}
		if all["usr/local/go"] != nil || all["opt/go"] != nil {
			t.Error("a toolchain lies outside the environment")
		}
	}
}
