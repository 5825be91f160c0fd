package wheels_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

// archives holds conda packages and wheels by digest.
type archives struct {
	mu    sync.Mutex
	data  map[string][]byte
	fail  error // of OpenWheel
	asked int
}

func (a *archives) get(sha256 string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	return a.data[sha256]
}

func (a *archives) Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error) {
	pkg, _, err := a.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return pkg.Meta(ctx)
}

func (a *archives) Open(_ context.Context, p *lock.Conda) (*archive.Package, io.Closer, error) {
	data := a.get(p.SHA256)
	pkg, err := archive.Open(bytes.NewReader(data), int64(len(data)), condaenv.FileName(p.URL), archive.Limits{})
	return pkg, io.NopCloser(nil), err
}

func (a *archives) OpenWheel(_ context.Context, w *lock.Wheel) (*wheel.Wheel, io.Closer, error) {
	data := a.get(w.SHA256)
	if a.fail != nil {
		return nil, nil, a.fail
	}
	opened, err := wheel.Open(bytes.NewReader(data), int64(len(data)), condaenv.FileName(w.URL), wheel.Limits{})
	return opened, io.NopCloser(nil), err
}

func (a *archives) add(data []byte) string {
	if a.data == nil {
		a.data = map[string][]byte{}
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	a.data[sum] = data
	return sum
}

func (a *archives) conda(p archivetest.Package) lock.Conda {
	name, data := p.Conda()
	return lock.Conda{
		Name: p.Name, Version: p.Version, Build: "0", Subdir: "linux-64", Depends: p.Depends, SHA256: a.add(data), Size: int64(len(data)),
		URL: "https://conda.example/c/linux-64/" + name,
	}
}

func (a *archives) wheel(w wheeltest.Wheel) lock.Wheel {
	file, data := w.Make()
	return lock.Wheel{Name: wheel.Normalize(w.Name), Version: "1.0", URL: "https://wheels.example/" + file, SHA256: a.add(data), Size: int64(len(data))}
}

// python is what wheels need.
func python() archivetest.Package {
	return archivetest.Package{Name: "python", Version: "3.12.1", Build: "0", Subdir: "linux-64", Files: []archivetest.Entry{
		{Name: "bin/python3.12", Body: "\x7fELF", Mode: 0o755},
		archivetest.Symlink("bin/python", "python3.12"),
		archivetest.File("lib/python3.12/site-packages/shared.txt", "shared"),
		archivetest.File("lib/python3.12/site-packages/README.txt", "python's"),
		{Name: "share/patched", Body: "@prefix@", Placeholder: "@prefix@"},
	}}
}

// newEnv returns an environment of python and some wheels.
func newEnv(a *archives, ws ...lock.Wheel) wheels.Env {
	p := a.conda(python())
	return wheels.Env{Archives: a, Wheels: ws, Conda: condaenv.New(condaenv.Env{
		Platform: amd64, Prefix: "/opt/conda", Base: &lock.Facts{}, Archives: a,
		Packages: []lock.Conda{p}, Groups: []lock.Group{{Packages: []string{"python"}}},
	})}
}

func mustLayer(t *testing.T, e wheels.Env) layers.Layer {
	t.Helper()
	ls, err := wheels.Layers(e)
	must(t, err)
	if len(ls) != 1 {
		t.Fatalf("%d layers", len(ls))
	}
	return ls[0]
}

// made is a layer's bytes by its parts.
type made struct {
	digest, diffID string
	fragments      []string // key and digest
	names          []string
}

func makeLayer(t *testing.T, l layers.Layer, c tree.Compression) made {
	t.Helper()
	content, err := l.Content(t.Context())
	must(t, err)
	var whole, tarball bytes.Buffer
	o := tree.Options{Compression: c, Tar: &tarball}
	must(t, tree.WriteHead(&whole, content.Dirs, o))
	var m made
	for _, f := range content.Fragments {
		var fragment bytes.Buffer
		w := tree.NewWriter(io.MultiWriter(&whole, &fragment), o)
		must(t, f.Write(t.Context(), w))
		must(t, w.Close())
		m.fragments = append(m.fragments, f.Key+" "+digest(fragment.Bytes()))
	}
	must(t, tree.WriteTail(&whole, o))
	m.digest, m.diffID = digest(whole.Bytes()), digest(tarball.Bytes())
	for r := tar.NewReader(&tarball); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		must(t, err)
		m.names = append(m.names, fmt.Sprintf("%s %o", h.Name, h.Mode))
	}
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
