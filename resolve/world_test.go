package resolve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
)

var (
	linux  = platforms.Platform{OS: "linux", Arch: "amd64"}
	darwin = platforms.Platform{OS: "darwin", Arch: "arm64"}
)

// world answers from maps and remembers what it was asked.
type world struct {
	files    map[string]string
	meta     map[string]*archive.Meta // by file name; others are made of the name
	wheels   map[string]*wheel.Meta   // likewise
	fail     map[string]error         // by what is asked
	channels map[string]string        // directories, by what users write
	base     lock.Facts               // of every base
	missing  []platforms.Platform     // that have no toolchain
	inside   map[string]string        // txtar of the files of packages, by file name
	slow     bool                     // answer in any order

	mu    sync.Mutex
	asked []string
}

func (w *world) ask(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	w.mu.Lock()
	w.asked = append(w.asked, what)
	w.mu.Unlock()
	if w.slow {
		time.Sleep(time.Duration(rand.IntN(int(3 * time.Millisecond))))
	}
	return w.fail[what]
}

// questions returns what was asked since the last call, sorted.
func (w *world) questions() []string {
	asked := slices.Sorted(slices.Values(w.asked))
	w.asked = nil
	return asked
}

func (w *world) ReadFile(name string) ([]byte, error) {
	text, ok := w.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func (w *world) Relative(_, url string) (string, error) {
	if err := w.fail["relative "+url]; err != nil {
		return "", err
	}
	return strings.TrimPrefix(url, "file:///project/"), nil
}

// Channels implements resolve.World: a channel is a directory.
func (w *world) Channels(_ context.Context, written string) ([]*repodata.Channel, error) {
	if err := w.ask("channel %s", written); err != nil {
		return nil, err
	}
	name, location, err := repodata.ParseChannel(written, "https://channel.example")
	if err != nil {
		return nil, err
	}
	dir := w.channels[written]
	return []*repodata.Channel{{Name: name, URL: location, Source: directory{w, dir}}}, nil
}

// directory is a channel.
type directory struct {
	*world
	dir string
}

func (d directory) Get(_ context.Context, ref string, _ repodata.Want) ([]byte, error) {
	if err := d.ask("repodata %s", filepath.Base(d.dir)+"/"+ref); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(d.dir, filepath.FromSlash(ref)))
}

// Related implements resolve.World.
func (w *world) Related(ctx context.Context, location string) (*repodata.Channel, error) {
	all, err := w.Channels(ctx, location)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (w *world) Cache() repodata.Cache { return nil }

func (w *world) Base(_ context.Context, image string, p platforms.Platform) (*lock.Base, error) {
	if err := w.ask("base %s %s", image, p); err != nil {
		return nil, err
	}
	return &lock.Base{Manifest: sha("manifest", image, p), Config: sha("config", image, p), Facts: w.facts()}, nil
}

func (w *world) Debian(_ context.Context, q lock.Debian, from debian.Source, p platforms.Platform) (*lock.Base, []lock.Deb, error) {
	if err := w.ask("debian %s %s %s", q.Suite, from.Archive(q.Snapshot), p); err != nil {
		return nil, nil, err
	}
	var debs []lock.Deb
	for _, name := range q.Packages {
		debs = append(debs, lock.Deb{
			Platform: p, Name: name, Version: "1", Architecture: "all", Path: "pool/" + name + ".deb",
			SHA256: strings.TrimPrefix(sha("deb", name), "sha256:"),
		})
	}
	return &lock.Base{Platform: p, Debian: q, Facts: w.facts()}, debs, nil
}

func (w *world) facts() lock.Facts {
	f := w.base
	f.Env = []string{"PATH=/bin"}
	return f
}

// Tool implements resolve.World: tools.example/needs/1.27/x needs Go 1.27.
func (w *world) Tool(_ context.Context, pkg, wish string) (lock.Tool, error) {
	if err := w.ask("tool %s@%s", pkg, wish); err != nil {
		return lock.Tool{}, err
	}
	t := lock.Tool{Package: pkg, Module: path.Dir(pkg), Version: wish, H1: "h1:" + strings.Repeat("B", 43) + "="}
	if wish == "latest" {
		t.Version = "v1.2.3"
	}
	if _, after, ok := strings.Cut(path.Dir(pkg), "/needs/"); ok {
		t.Needs = after
	}
	return t, nil
}

func sha(parts ...any) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(fmt.Append(nil, parts...)))
}

func (w *world) Package(_ context.Context, p lock.Conda) (lock.Conda, *archive.Meta, error) {
	if err := w.ask("package %s", path.Base(p.URL)); err != nil {
		return p, nil, err
	}
	if p.SHA256 == "" {
		p.SHA256 = fmt.Sprintf("%064x", len(p.URL))
	}
	p.Size = 1000
	return p, w.metaOf(p), nil
}

func (w *world) metaOf(p lock.Conda) *archive.Meta {
	if m, ok := w.meta[path.Base(p.URL)]; ok {
		return m
	}
	m := &archive.Meta{Index: archive.Index{Name: p.Name, Version: p.Version, Build: p.Build, Subdir: p.Subdir, Depends: []string{"dep"}}}
	for _, f := range txtar.Parse([]byte(w.inside[path.Base(p.URL)])).Files {
		one := archive.Path{Path: f.Name, Type: archive.HardLink, Size: int64(len(f.Data))}
		if strings.Contains(string(f.Data), placeholder) {
			one.FileMode, one.Placeholder = "text", placeholder
		}
		if strings.HasPrefix(string(f.Data), "-> ") {
			one.Type = archive.SoftLink
		}
		m.Paths = append(m.Paths, one)
	}
	return m
}

// placeholder is the prefix that packages of tests were built with.
const placeholder = "/build/placehold"

// Meta implements resolve.World.
func (w *world) Meta(_ context.Context, p *lock.Conda) (*archive.Meta, error) {
	if err := w.ask("meta %s", path.Base(p.URL)); err != nil {
		return nil, err
	}
	return w.metaOf(*p), nil
}

// Walk implements resolve.World.
func (w *world) Walk(_ context.Context, p *lock.Conda, visit func(archive.Member) error) error {
	if err := w.ask("walk %s", path.Base(p.URL)); err != nil {
		return err
	}
	for _, f := range txtar.Parse([]byte(w.inside[path.Base(p.URL)])).Files {
		m := archive.Member{Header: tree.Header{Path: f.Name, Mode: 0o644, Size: int64(len(f.Data))}, Content: bytes.NewReader(f.Data)}
		if strings.HasPrefix(f.Name, "bin/") {
			m.Mode = 0o755
		}
		if target, ok := strings.CutPrefix(string(f.Data), "-> "); ok {
			m.Kind, m.Target, m.Content = tree.Symlink, strings.TrimSpace(target), nil
		}
		if err := visit(m); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) Wheel(_ context.Context, x lock.Wheel) (lock.Wheel, *wheel.Meta, error) {
	if err := w.ask("wheel %s", path.Base(x.URL)); err != nil {
		return x, nil, err
	}
	x.Size = 500
	if m, ok := w.wheels[path.Base(x.URL)]; ok {
		return x, m, nil
	}
	return x, &wheel.Meta{Name: x.Name, Version: x.Version}, nil
}

func (w *world) GoVersion(_ context.Context, source, wish string, ps []platforms.Platform) (string, error) {
	if err := w.ask("go %s for %v%s", wish, ps, from(source)); err != nil {
		return "", err
	}
	if w, err := release.ParseWish(wish); err == nil {
		for _, v := range []string{"1.27.0", "1.26.8", "1.25.4", "1.25.0", "1.21.6", "1.20.14"} {
			if w.Match(v) {
				return v, nil
			}
		}
	}
	return "", fmt.Errorf("no go %s", wish)
}

// from is how questions name a source that is not module.
func from(source string) string {
	if source == lock.SourceModule {
		return ""
	}
	return " from " + source
}

// Toolchain implements resolve.World: "auto" finds an archive where there is no
// module.
func (w *world) Toolchain(_ context.Context, want lock.Toolchain) (lock.Toolchain, error) {
	p := want.Platform
	if err := w.ask("toolchain %s %s %v%s", want.Version, p, want.Image, from(want.Source)); err != nil {
		return lock.Toolchain{}, err
	}
	missing := slices.Contains(w.missing, p)
	if want.Source == lock.SourceRelease || want.Source == "auto" && missing {
		t := lock.Toolchain{Source: lock.SourceRelease, File: release.File(want.Version, p), SHA256: strings.Repeat("3", 64), Size: 8}
		if want.Image {
			t.SignedBy = strings.Repeat("A", 40)
		}
		if want.Source == "auto" {
			t.PassedOver = []string{"module: none"}
		}
		return t, nil
	}
	t := lock.Toolchain{Source: lock.SourceModule, Module: "golang.org/toolchain@v0.0.1-go" + want.Version + "." + p.OS + "-" + p.Arch}
	if missing {
		return t, nil
	}
	t.H1 = "h1:" + strings.Repeat("A", 43) + "="
	if want.Image {
		t.ZipSHA256, t.Size = strings.Repeat("2", 64), 7
	}
	return t, nil
}

// hash returns a sha256 in hex for a test's package.
func hash(digit string) string { return strings.Repeat(digit, 64) }

const channel = "https://conda.example/c/"

// explicit returns an @EXPLICIT file of "subdir/name-version-build.conda#hash".
func explicit(lines ...string) string {
	text := "@EXPLICIT\n"
	for _, line := range lines {
		text += channel + line + "\n"
	}
	return text
}

// request reads a gophersnake.toml and asks for all its environments.
func request(t *testing.T, toml string) resolve.Request {
	t.Helper()
	s, err := spec.Read("gophersnake.toml", []byte("version = 1\n"+toml))
	if err != nil {
		t.Fatal(err)
	}
	r := resolve.Request{InputHash: sha(toml)}
	for _, name := range s.Environments() {
		env, err := s.Environment(name)
		if err != nil {
			t.Fatal(err)
		}
		r.Environments = append(r.Environments, env)
	}
	return r
}

// resolved resolves as the command does: through the text of the lock.
func resolved(t *testing.T, w *world, r resolve.Request) (*lock.Lock, string) {
	t.Helper()
	l, err := resolve.Lock(t.Context(), w, r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := lock.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	l, err = lock.Unmarshal("gophersnake.lock", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return l, string(text)
}

// wantError compares the text, the class and the hint of an error.
func wantError(t *testing.T, err error, class fault.Class, text, hint string) {
	t.Helper()
	var h interface{ Hint() string }
	switch {
	case err == nil:
		t.Errorf("no error, want %s", text)
	case err.Error() != text || fault.ClassOf(err) != class:
		t.Errorf("%s error %q,\nwant %s %q", fault.ClassOf(err), err, class, text)
	case errors.As(err, &h) && h.Hint() != hint || h == nil && hint != "":
		t.Errorf("%v: hint is not %q", err, hint)
	}
}

func only(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}
