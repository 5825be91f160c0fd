package builder_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// project has one of everything that an image can hold.
type project struct {
	t    *testing.T
	dir  string // of the user's files and the programs
	lock lock.Lock
	data map[string][]byte // packages by sha256
	zips map[string][]byte // toolchains by module
	fail error             // of whatever is opened

	accounts    []files.Account
	user        string
	compression tree.Compression
	config      builder.Config
}

func newProject(t *testing.T) *project {
	p := &project{t: t, dir: t.TempDir(), data: map[string][]byte{}, zips: map[string][]byte{}}
	must(t, os.MkdirAll(filepath.Join(p.dir, "app"), 0o755))
	must(t, os.WriteFile(filepath.Join(p.dir, "app", "main.py"), []byte("print(1)\n"), 0o600))
	must(t, os.Symlink("main.py", filepath.Join(p.dir, "app", "link")))
	p.accounts = []files.Account{{Name: "dev", UID: 1000, Groups: []string{"conda", "golang"}}}
	p.quickstart()
	both := []platforms.Platform{amd64, arm64}
	name, data := archivetest.Package{Name: "tool", Noarch: "generic", Files: []archivetest.Entry{
		{Name: "bin/tool", Body: "#!/build/pre/bin/sh\n", Placeholder: "/build/pre", Mode: 0o755, ModTime: 1700000000},
	}}.Conda()
	sum := hex(data)[len("sha256:"):]
	p.data[sum] = data
	p.lock.Conda = append(p.lock.Conda, lock.Conda{
		Envs: []string{"default"}, Platforms: both, Name: "tool", Version: "1.0", Build: "0", Subdir: "noarch", Noarch: "generic",
		URL: "channel/noarch/" + name, SHA256: sum, Size: int64(len(data)),
	})
	p.lock.Plan = []lock.Group{{Envs: []string{"default"}, Packages: []string{"ca-certificates", "tzdata"}}, {Envs: []string{"default"}, Packages: []string{"tool"}}}
	p.lock.Go, p.lock.Solve = nil, nil
	for _, pl := range both {
		p.lock.Solve = append(p.lock.Solve, lock.Solve{Envs: []string{"default"}, Platform: pl, Specs: []string{"tool"}})
		module := "golang.org/toolchain@v0.0.1-go1.26.8." + pl.OS + "-" + pl.Arch
		p.zips[module] = toolchain(t, module)
		p.lock.Go = append(p.lock.Go, lock.Toolchain{
			Envs: []string{"default"}, Platform: pl, Version: "1.26.8", Source: "module", Module: module, H1: "h1:" + pl.Arch,
			ZipSHA256: hex(p.zips[module])[len("sha256:"):], Size: int64(len(p.zips[module])), Image: true, Host: true,
		})
	}
	p.lock.Activation = []lock.Activation{{Envs: []string{"default"}, Platform: amd64, Env: []string{"PATH=/opt/conda/bin:$PATH", "GOPATH=/go"}}}
	return p
}

// quickstart takes over the packages of the quickstart's channel.
func (p *project) quickstart() {
	const dir = "../examples/quickstart"
	text, err := os.ReadFile(dir + "/gophersnake.lock")
	must(p.t, err)
	l, err := lock.Unmarshal("gophersnake.lock", text)
	must(p.t, err)
	p.lock.Conda = l.Conda
	for _, c := range l.Conda {
		p.data[c.SHA256], err = os.ReadFile(dir + "/" + c.URL)
		must(p.t, err)
	}
}

// toolchain makes a module zip whose deflate streams are stored blocks, so that
// no compressor has a part in the goldens.
func toolchain(t *testing.T, module string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range []struct{ name, content string }{
		{"VERSION", "go1.26.8\n"}, {"bin/go", "\x7fELF " + module}, {"pkg/tool/vet", "vet"}, {"src/_go.mod", "module std\n"}, {"src/empty.go", ""},
	} {
		raw := []byte{1} // the last block, stored (RFC 1951 §3.2.4)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(len(f.content)))
		raw = binary.LittleEndian.AppendUint16(raw, ^uint16(len(f.content)))
		raw = append(raw, f.content...)
		out, err := w.CreateRaw(&zip.FileHeader{
			Name: module + "/" + f.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(f.content)),
			CompressedSize64: uint64(len(raw)), UncompressedSize64: uint64(len(f.content)),
		})
		must(t, err)
		_, err = out.Write(raw)
		must(t, err)
	}
	must(t, w.Close())
	return buf.Bytes()
}

// Meta implements condaenv.Archives.
func (p *project) Meta(ctx context.Context, c *lock.Conda) (*archive.Meta, error) {
	a, _, err := p.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return a.Meta(ctx)
}

// Open implements condaenv.Archives.
func (p *project) Open(_ context.Context, c *lock.Conda) (*archive.Package, io.Closer, error) {
	if p.fail != nil {
		return nil, nil, p.fail
	}
	data := p.data[c.SHA256]
	a, err := archive.Open(bytes.NewReader(data), int64(len(data)), filepath.Base(c.URL), archive.Limits{})
	return a, io.NopCloser(nil), err
}

type memZip struct{ *bytes.Reader }

func (memZip) Close() error { return nil }

func (p *project) inputs() builder.Inputs {
	return builder.Inputs{
		Archives: p,
		ToolchainZip: func(_ context.Context, t *lock.Toolchain) (builder.Zip, error) {
			data, ok := p.zips[t.Module]
			if p.fail != nil || !ok {
				return nil, errors.Join(p.fail, errors.New("no zip of "+t.Module))
			}
			return memZip{bytes.NewReader(data)}, nil
		},
		Compile: func(_ context.Context, b *cli.Binary, pl platforms.Platform) (string, error) {
			if p.fail != nil {
				return "", p.fail
			}
			file := filepath.Join(p.dir, b.Name+pl.OS+pl.Arch)
			return file, os.WriteFile(file, []byte("program "+b.Name+" for "+pl.String()), 0o600)
		},
		Archive: func(_ context.Context, b *cli.Binary, pl platforms.Platform, program string) (string, error) {
			text, err := os.ReadFile(program)
			if err != nil {
				return "", err
			}
			var archive bytes.Buffer
			if err := cli.Archive(&archive, pl, b.Name, bytes.NewReader(text), int64(len(text))); err != nil {
				return "", err
			}
			return program + ".archive", os.WriteFile(program+".archive", archive.Bytes(), 0o600)
		},
		CondaPrefix: "/opt/conda",
		Programs:    []cli.Binary{{Name: "hello", Package: "./cmd/hello", Dir: ".", Platforms: platforms.All(), Bundle: "/usr/share/hello", Source: "sha256:00"}},
		Files:       []files.Source{{Dir: p.dir, Src: "app", Dest: "/app"}}, Owners: []string{"dev"},
		Accounts: p.accounts, User: p.user, Compression: p.compression,
	}
}

// image composes the image of a platform.
func (p *project) image(pl platforms.Platform, base v1.Image, change func(*lock.Selection, *builder.Inputs)) (builder.Image, error) {
	s, in := p.lock.For("", pl), p.inputs()
	if change != nil {
		change(&s, &in)
	}
	return builder.Compose(s, pl, base, in, p.config)
}
