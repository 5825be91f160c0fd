package install_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/install"
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

var linux = platforms.Platform{OS: "linux", Arch: "amd64"}

// archives holds packages by sha256.
type archives struct {
	data  map[string][]byte
	mu    sync.Mutex
	opens int
}

func (a *archives) Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error) {
	pkg, _, err := a.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return pkg.Meta(ctx)
}

func (a *archives) Open(_ context.Context, p *lock.Conda) (*archive.Package, io.Closer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opens++
	data, ok := a.data[p.SHA256]
	if !ok {
		return nil, nil, errors.New("no such package")
	}
	pkg, err := archive.Open(bytes.NewReader(data), int64(len(data)), filepath.Base(p.URL), archive.Limits{})
	return pkg, io.NopCloser(nil), err
}

// add packs a package and returns its row of the lock.
func (a *archives) add(t *testing.T, text string) lock.Conda {
	t.Helper()
	p, err := channeltest.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	name, data := p.Archive()
	sum := sha256.Sum256(data)
	row := lock.Conda{
		Name: p.Name, Version: "1.0", Build: "0", Subdir: "noarch", Noarch: p.Noarch, URL: "https://channel.example/c/noarch/" + name,
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data)), Platforms: []platforms.Platform{linux},
	}
	if a.data == nil {
		a.data = map[string][]byte{}
	}
	a.data[row.SHA256] = data
	return row
}

const app = `name: app
noarch: generic
-- bin/app mode=775 text --
#!@PREFIX@/bin/sh
-- lib/libapp.so binary --
x@PREFIX@/lib␀y
-- lib/link -> libapp.so --
-- share/empty --
`

// environment returns one of a package, two toolchains and a tool.
func environment(t *testing.T) (*install.Environment, *archives) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &archives{}
	row := a.add(t, app)
	return &install.Environment{
		Platform: linux, CondaPrefix: "/opt/conda", Store: s, Archives: a, GoPath: "/home/me/path",
		Lock: lock.Selection{
			Conda:  []lock.Conda{row},
			Groups: []lock.Group{{Packages: []string{"app"}}},
			Go: []lock.Toolchain{
				{Platform: linux, Version: "1.25.0", Source: lock.SourceModule, H1: "h1:a", Image: true},
				{Platform: linux, Version: "1.26.8", Source: lock.SourceModule, H1: "h1:b", Image: true, Host: true, Default: true},
			},
			Tools: []lock.Tool{{Package: "tools.example/cmd/a", Module: "tools.example", Version: "v1.0.0", Go: "1.26.8"}, {Package: "tools.example/cmd/b", Module: "tools.example", Version: "v1.0.0", Go: "1.26.8"}},
			Activation: &lock.Activation{
				Env: []string{
					"PATH=/opt/conda/bin:/go/bin:/opt/go/1.26.8/bin:$PATH:/opt/conda/last", "CONDA_PREFIX=/opt/conda", "CFLAGS=-I/opt/conda/include",
					"GOPATH=/go", "GOMODCACHE=/var/cache/go", "GOTOOLCHAIN=local+path", "ROOT=/opt/go/1.25.0",
				},
				Unset:   []string{"BASE"},
				Dynamic: []lock.Dynamic{{Script: "etc/conda/activate.d/1.sh"}, {Script: "etc/conda/activate.d/2.sh"}},
			},
		},
		GoRoot: func(_ context.Context, t *lock.Toolchain) (string, error) { return "/store/go" + t.Version, nil },
		CompileTools: func(_ context.Context, tools []lock.Tool, _ platforms.Platform) (files []string, err error) {
			for _, tool := range tools {
				file := filepath.Join(t.TempDir(), "program")
				if err := os.WriteFile(file, []byte(tool.Name()), 0o600); err != nil {
					return nil, err
				}
				files = append(files, file)
			}
			return files, nil
		},
	}, a
}

func TestInstall(t *testing.T) {
	t.Parallel()
	e, a := environment(t)
	in, err := e.Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, root := range []string{in.Prefix, in.Bin} {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(p, root)
			info, err := d.Info()
			if err != nil {
				return err
			}
			switch {
			case d.Type() == fs.ModeSymlink:
				to, _ := os.Readlink(p)
				got = append(got, name+" -> "+to)
			default:
				got = append(got, fmt.Sprintf("%s %v", name, info.Mode()))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		" dr-xr-xr-x", "/bin dr-xr-xr-x", "/bin/app -r-xr-xr-x", "/conda-meta dr-xr-xr-x", "/conda-meta/app-1.0-0.json -r--r--r--", "/conda-meta/history -r--r--r--",
		"/etc dr-xr-xr-x", "/etc/conda dr-xr-xr-x",
	}
	for _, dir := range []string{"activate.d", "deactivate.d"} {
		want = append(want, "/etc/conda/"+dir+" dr-xr-xr-x")
		for _, suffix := range []string{"bat", "fish", "ps1", "sh"} {
			want = append(want, "/etc/conda/"+dir+"/zz-gophersnake-go."+suffix+" -r--r--r--")
		}
	}
	want = append(want, "/lib dr-xr-xr-x", "/lib/libapp.so -r--r--r--", "/lib/link -> libapp.so", "/share dr-xr-xr-x", "/share/empty -r--r--r--",
		" dr-xr-xr-x", "/a -r-xr-xr-x", "/b -r-xr-xr-x", "/go1.25.0 -> /store/go1.25.0/bin/go", "/go1.26.8 -> /store/go1.26.8/bin/go")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"bin/app": "#!" + in.Prefix + "/bin/sh\n", "lib/libapp.so": "x" + in.Prefix + "/lib\x00"} {
		text, err := os.ReadFile(filepath.Join(in.Prefix, name))
		if err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("%s is %q, %v; want %q", name, text, err, want)
		}
	}
	opens := a.opens
	again, err := e.Install(t.Context())
	if err != nil || again.Prefix != in.Prefix || again.Bin != in.Bin || a.opens != opens {
		t.Errorf("again: %+v, %v, %d packages opened", again, err, a.opens-opens)
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	e, _ := environment(t)
	in, err := e.Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, dropped := in.Vars()
	if diff := cmp.Diff([]string{"GOMODCACHE=/var/cache/go"}, dropped); diff != "" {
		t.Error(diff)
	}
	w := in.Wanted()
	var vars []string
	for _, v := range w.Vars {
		vars = append(vars, v.Name+"="+v.Value)
	}
	p := in.Prefix
	for what, lists := range map[string][2][]string{
		"before": {w.Before, {p + "/bin", "/home/me/path/bin", "/store/go1.26.8/bin", in.Bin}},
		"after":  {w.After, {p + "/last"}},
		"vars": {vars, {
			"CONDA_PREFIX=" + p, "CFLAGS=-I" + p + "/include", "GOPATH=/home/me/path", "GOTOOLCHAIN=local+path", "ROOT=/store/go1.25.0", "GOBIN=/home/me/path/bin",
		}},
		"unset":  {w.Unset, {"BASE", "GOROOT"}},
		"source": {w.Source, {p + "/etc/conda/activate.d/1.sh", p + "/etc/conda/activate.d/2.sh"}},
		"back":   {w.Back, {p + "/etc/conda/deactivate.d/2.sh", p + "/etc/conda/deactivate.d/1.sh"}},
	} {
		if diff := cmp.Diff(lists[1], lists[0]); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	e.Lock.Activation.Env = append(e.Lock.Activation.Env, "X=1")
	other, err := e.Install(t.Context())
	if err != nil || other.Wanted().ID == w.ID || other.Prefix != in.Prefix {
		t.Errorf("%v: another environment has the same ID, or not the same packages", err)
	}
	e.Lock.Activation.Env = append(e.Lock.Activation.Env, "GOFLAGS=-v")
	if other, err = e.Install(t.Context()); err != nil || other.Prefix == in.Prefix {
		t.Errorf("%v: hooks of another Go are not in another prefix", err)
	}
}

// TestBroken has packages that are not there, or do not hold what they say:
// nothing is left, and the next try is whole.
func TestBroken(t *testing.T) {
	t.Parallel()
	e, a := environment(t)
	data := a.data
	a.data = nil
	if _, err := e.Install(t.Context()); err == nil || err.Error() != "no such package" {
		t.Errorf("got %v", err)
	}
	a.data = data
	e.CompileTools = func(context.Context, []lock.Tool, platforms.Platform) ([]string, error) {
		return nil, errors.New("does not compile")
	}
	e.Lock.Tools[0].Version = "v2.0.0"
	if _, err := e.Install(t.Context()); err == nil || err.Error() != "does not compile" {
		t.Errorf("got %v", err)
	}
	e.Lock.Tools = nil
	in, err := e.Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(in.Prefix, "lib", "link")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e.DropPyc = true // another environment
	if _, err := e.Install(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestNothing has environments without conda, Go or anything.
func TestNothing(t *testing.T) {
	t.Parallel()
	e, _ := environment(t)
	e.Lock = lock.Selection{}
	in, err := e.Install(t.Context())
	if err != nil || in.Prefix != "" || in.Bin != "" || len(in.Go) != 0 {
		t.Errorf("got %+v, %v", in, err)
	}
	if hooks, err := in.Hooks(); hooks != nil || err != nil {
		t.Errorf("got %v, %v", hooks, err)
	}
	if w := in.Wanted(); w.Vars != nil || w.Unset != nil || w.Before != nil {
		t.Errorf("got %+v", w)
	}
}
