package builder_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

// OpenWheel implements wheels.Archives.
func (p *project) OpenWheel(_ context.Context, w *lock.Wheel) (*wheel.Wheel, io.Closer, error) {
	if p.fail != nil {
		return nil, nil, p.fail
	}
	data := p.data[w.SHA256]
	opened, err := wheel.Open(bytes.NewReader(data), int64(len(data)), filepath.Base(w.URL), wheel.Limits{})
	return opened, io.NopCloser(nil), err
}

// addWheel adds a Python, and a wheel for it, to a selection.
func (p *project) addWheel(s *lock.Selection) {
	name, data := archivetest.Package{Name: "python", Version: "3.11.9", Files: []archivetest.Entry{archivetest.File("bin/python3.11", "\x7fELF")}}.Conda()
	sum := hex(data)[len("sha256:"):]
	p.data[sum] = data
	s.Conda = append(s.Conda, lock.Conda{Name: "python", Version: "3.11.9", Build: "0", Subdir: "linux-64", URL: "channel/linux-64/" + name, SHA256: sum})
	s.Groups = append(s.Groups, lock.Group{Packages: []string{"python"}})
	file, data := wheeltest.Wheel{Name: "pkg", Files: []wheeltest.File{wheeltest.Text("pkg.py", "x = 1\n")}}.Make()
	sum = hex(data)[len("sha256:"):]
	p.data[sum] = data
	s.Wheels = []lock.Wheel{{Name: "pkg", Version: "1.0", URL: "https://wheels.example/" + file, SHA256: sum, Requested: true}}
}

// TestWheels puts wheels above their environment, and opens none where the
// lock knows the layers.
func TestWheels(t *testing.T) {
	p := newProject(t)
	change := func(s *lock.Selection, in *builder.Inputs) { p.addWheel(s); in.Wheels = p }
	img, err := p.image(amd64, nil, change)
	must(t, err)
	if got, want := kinds(img), "go 1.26.8; conda ca-certificates tzdata; conda tool; conda python; env conda environment; wheels pkg; files files; cli hello; bundle hello; accounts accounts"; got != want {
		t.Errorf("layers are %q, want %q", got, want)
	}
	b := builder.Builder{Store: openStore(t, t.TempDir())}
	first, err := b.Build(t.Context(), []builder.Image{img})
	must(t, err)
	check(t, first.Index)
	const info = "opt/conda/lib/python3.11/site-packages/pkg-1.0.dist-info/"
	if got := names(t, firstImage(t, first.Index))[5]; !slices.Contains(got, info+"RECORD 644") || !slices.Contains(got, info+"REQUESTED 644") {
		t.Errorf("files %q", got)
	}
	p.fail = errors.New("opened")
	locked := builder.Builder{Store: openStore(t, t.TempDir()), Row: rowsOf(first)}
	again, err := locked.Build(t.Context(), []builder.Image{img})
	must(t, err)
	if digest(t, again.Index) != digest(t, first.Index) {
		t.Error("another index from the lock's rows")
	}
}

func TestWheelsWithoutPython(t *testing.T) {
	p := newProject(t)
	_, err := p.image(amd64, nil, func(s *lock.Selection, in *builder.Inputs) { s.Wheels = []lock.Wheel{{Name: "pkg"}}; in.Wheels = p })
	wantError(t, err, fault.Usage, `gophersnake.lock: wheel "pkg" needs a Python, and the conda environment for linux/amd64 has none`, "add python to the dependencies of [conda]")
}
