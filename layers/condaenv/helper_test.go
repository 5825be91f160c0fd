package condaenv_test

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
	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
)

// archives holds packages by name.
type archives struct {
	mu     sync.Mutex
	data   map[string][]byte
	fail   error // of Meta and Open
	broken error // of Open alone
	asked  []string
}

func (a *archives) Meta(ctx context.Context, p *lock.Conda) (*archive.Meta, error) {
	pkg, err := a.open("meta", p)
	if err != nil {
		return nil, err
	}
	return pkg.Meta(ctx)
}

func (a *archives) Open(_ context.Context, p *lock.Conda) (*archive.Package, io.Closer, error) {
	if a.broken != nil {
		return nil, nil, a.broken
	}
	pkg, err := a.open("open", p)
	return pkg, io.NopCloser(nil), err
}

func (a *archives) open(what string, p *lock.Conda) (*archive.Package, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what+" "+p.Name)
	if a.fail != nil {
		return nil, a.fail
	}
	data := a.data[p.SHA256]
	return archive.Open(bytes.NewReader(data), int64(len(data)), condaenv.FileName(p.URL), archive.Limits{})
}

// add packs a package and returns it as a lock has it.
func (a *archives) add(p archivetest.Package) lock.Conda {
	name, data := p.Conda()
	return a.addFile(name, data, lock.Conda{
		Name: p.Name, Version: or(p.Version, "1.0"), Build: or(p.Build, "0"), Subdir: or(p.Subdir, "noarch"), Noarch: p.Noarch, Depends: p.Depends,
	})
}

func (a *archives) addFile(name string, data []byte, c lock.Conda) lock.Conda {
	c.SHA256, c.Size = digest(data), int64(len(data))
	c.URL = "https://conda.example/c/" + c.Subdir + "/" + name
	if a.data == nil {
		a.data = map[string][]byte{}
	}
	a.data[c.SHA256] = data
	return c
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// python is a package that noarch packages can be linked for.
func python(subdir string) archivetest.Package {
	return archivetest.Package{Name: "python", Version: "3.12.1", Subdir: subdir, Files: []archivetest.Entry{
		{Name: "bin/python3.12", Body: "\x7fELF " + subdir, Mode: 0o755},
		archivetest.Symlink("bin/python", "python3.12"),
	}}
}

// tool is a noarch python package with an entry point.
func tool() archivetest.Package {
	return archivetest.Package{Name: "tool", Noarch: "python", Depends: []string{"python"}, EntryPoints: []string{"tool = tool.cli:main"}, Files: []archivetest.Entry{
		{Name: "site-packages/tool/cli.py", Body: "def main(): pass\n", ModTime: 1700000000},
		{Name: "python-scripts/tool-old", Body: "#!" + channeltest.Placeholder + "/bin/python\n", Placeholder: channeltest.Placeholder, Mode: 0o775},
	}}
}

// lib is a package with placeholders and links.
func lib(subdir string) archivetest.Package {
	return archivetest.Package{Name: "lib", Subdir: subdir, Files: []archivetest.Entry{
		{Name: "etc/lib.conf", Body: "prefix=" + channeltest.Placeholder + "\n", Placeholder: channeltest.Placeholder, ModTime: 1600000000},
		{Name: "lib/lib.so.1", Body: "\x7fELF\x00" + channeltest.Placeholder + "/share\x00end", Placeholder: channeltest.Placeholder, Binary: true, Mode: 0o775},
		archivetest.Symlink("lib/lib.so", "lib.so.1"),
		archivetest.HardLink("lib/copy", "etc/lib.conf"),
		{Name: "share/sticky", Body: "s", Mode: 0o7777},
	}}
}

// made is a layer's bytes by its parts.
type made struct {
	Key, Content string // the layer's key; digest of head, fragments and tail
	Fragments    []string
	FragmentKeys []string
	Tar          string
	Names        []string
}

func makeLayer(t *testing.T, l layers.Layer, c tree.Compression) made {
	t.Helper()
	content, err := l.Content(t.Context())
	must(t, err)
	var whole, tarball bytes.Buffer
	o := tree.Options{Compression: c, Tar: &tarball}
	must(t, tree.WriteHead(&whole, content.Dirs, o))
	m := made{Key: l.Key}
	for _, f := range content.Fragments {
		var fragment bytes.Buffer
		w := tree.NewWriter(io.MultiWriter(&whole, &fragment), o)
		must(t, f.Write(t.Context(), w))
		must(t, w.Close())
		m.Fragments = append(m.Fragments, digest(fragment.Bytes()))
		m.FragmentKeys = append(m.FragmentKeys, f.Key)
	}
	must(t, tree.WriteTail(&whole, o))
	m.Content, m.Tar = digest(whole.Bytes()), digest(tarball.Bytes())
	for r := tar.NewReader(&tarball); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		must(t, err)
		m.Names = append(m.Names, fmt.Sprintf("%s %o", h.Name, h.Mode))
	}
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
