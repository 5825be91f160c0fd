package world

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/mod/module"

	"github.com/gophersnake/gophersnake/golang/compile"
	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/tool"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// bucketModule holds zips of modules: path, version and h1 → blob.
const bucketModule = "module"

// Tool finds a Go tool. Its hash is the checksum database's.
func (w *World) Tool(ctx context.Context, pkg, wish string) (lock.Tool, error) {
	servers, err := w.goProxies()
	if err != nil {
		return lock.Tool{}, err
	}
	t, err := tool.Find(ctx, modules{servers, w}, pkg, wish)
	return lock.Tool{Package: t.Package, Module: t.Module, Version: t.Version, H1: t.H1, Needs: t.Needs}, err
}

// modules is a tool.Source.
type modules struct {
	proxies
	world *World
}

// Zip implements tool.Source.
func (m modules) Zip(ctx context.Context, path, version string) (tool.Zip, string, error) {
	h1, err := m.world.sums(m.proxies).H1(ctx, path, version)
	if err != nil {
		return nil, "", err
	}
	b, err := m.world.moduleZip(ctx, path, version, h1)
	return b, h1, err
}

// moduleZip returns the zip of a module whose hash is known, fetched once.
func (w *World) moduleZip(ctx context.Context, path, version, h1 string) (*store.Blob, error) {
	key := path + "@" + version + " " + h1
	var digest string
	ok, err := w.Store.LoadRecord(ctx, bucketModule, key, &digest)
	if err != nil {
		return nil, err
	}
	if ok {
		if b, err := w.Store.Get(ctx, digest); err == nil {
			return b, nil
		}
	}
	if digest, err = w.fetchModule(ctx, path, version); err != nil {
		return nil, err
	}
	b, err := w.Store.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	if err = release.CheckZip(b, b.Size(), path+"@"+version, h1, ""); err == nil {
		err = w.Store.NoteRecord(ctx, bucketModule, key, digest)
	}
	if err != nil {
		_ = b.Close() // the first error counts
		return nil, err
	}
	return b, nil
}

// fetchModule fetches a module's zip from the first proxy that has it.
func (w *World) fetchModule(ctx context.Context, path, version string) (digest string, err error) {
	servers, err := w.goProxies()
	if err != nil {
		return "", err
	}
	escaped, err := module.EscapePath(path)
	if err != nil {
		return "", fault.New(fault.Usage, path, "%w", err)
	}
	v, err := module.EscapeVersion(version)
	if err != nil {
		return "", fault.New(fault.Usage, path+"@"+version, "%w", err)
	}
	for _, s := range servers {
		digest, _, err = w.Fetch.Into(ctx, w.Store, s.base+"/"+escaped+"/@v/"+v+".zip", fetch.Want{Max: maxToolchain})
		if !s.more(ctx, err) {
			break
		}
	}
	return digest, err
}

// CompileTools returns the files of tools of one module, compiled by one Go for
// a platform. What the store lacks is compiled together.
func (w *World) CompileTools(ctx context.Context, hosts []lock.Toolchain, tools []lock.Tool, p platforms.Platform) ([]string, error) {
	unlock, err := w.Store.Lock(ctx, "tools "+tools[0].Module+"@"+tools[0].Version+" "+p.String())
	if err != nil {
		return nil, err
	}
	defer unlock()
	var missing []lock.Tool
	files := make([]string, len(tools))
	for i, t := range tools {
		if files[i], err = w.program(ctx, toolKey(hosts, t, p)); err != nil {
			return nil, err
		}
		if files[i] == "" {
			missing = append(missing, t)
		}
	}
	if missing == nil {
		return files, nil
	}
	made, err := w.compileTools(ctx, hosts, missing, p)
	for i, t := range tools {
		if files[i] == "" {
			files[i] = made[t.Package]
		}
	}
	return files, err
}

// toolKey is of all that a tool's bytes depend on: not of who asks for it.
func toolKey(hosts []lock.Toolchain, t lock.Tool, p platforms.Platform) string {
	t.Envs = nil
	h1 := ""
	for _, g := range hosts {
		if g.Version == t.Go && g.Platform == p {
			h1 = g.Hash()
		}
	}
	return layers.Key("program", tree.Gzip, struct {
		Tool     lock.Tool
		GoH1     string
		Platform platforms.Platform
	}{t, h1, p})
}

// program returns the file of a program that the store has, or "".
func (w *World) program(ctx context.Context, key string) (string, error) {
	var digest string
	ok, err := w.Store.LoadRecord(ctx, bucketProgram, key, &digest)
	if err != nil || !ok {
		return "", err
	}
	blob, err := w.Store.Get(ctx, digest)
	if err != nil {
		return "", nil //nolint:nilerr // it is compiled again
	}
	defer blob.Close()
	return blob.Path(), nil
}

// compileTools compiles tools of one module and returns their files in the store
// by package.
func (w *World) compileTools(ctx context.Context, hosts []lock.Toolchain, tools []lock.Tool, p platforms.Platform) (map[string]string, error) {
	root, err := w.hostGo(ctx, hosts)
	if err != nil {
		return nil, err
	}
	tmp, remove, err := w.Store.TempDir()
	if err != nil {
		return nil, err
	}
	defer remove()
	dir := filepath.Join(tmp, "project") // the go command ignores a go.mod in its temporary directory
	if err := w.project(ctx, tools[0], dir); err != nil {
		return nil, err
	}
	r := compile.Request{
		GoRoot: root, Dir: dir, Package: tools[0].Module, Platform: p, Out: filepath.Join(tmp, "bin"), Temp: tmp,
		Cache: filepath.Join(w.Scratch, "build"), GoPath: filepath.Join(w.Scratch, "path"), Proxy: w.Proxy(),
	}
	var packages []string
	for _, t := range tools {
		w.note("compiling " + t.Name() + " " + t.Version + " for " + p.String())
		packages = append(packages, t.Package)
	}
	if err := compile.Verify(ctx, r); err != nil {
		return nil, err
	}
	if err := compile.Commands(ctx, r, packages); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, t := range tools {
		if files[t.Package], err = w.keep(ctx, filepath.Join(r.Out, t.Name()), toolKey(hosts, t, p)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// project makes the directory of the module that a tool is compiled in.
func (w *World) project(ctx context.Context, t lock.Tool, dir string) error {
	zip, err := w.moduleZip(ctx, t.Module, t.Version, t.H1)
	if err != nil {
		return err
	}
	defer zip.Close()
	m, err := tool.Read(zip, zip.Size(), t.Module, t.Version)
	if err != nil {
		return err
	}
	goMod, goSum, err := m.Project()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fault.New(fault.Disk, dir, "%w", bare(err))
	}
	for name, data := range map[string][]byte{"go.mod": goMod, "go.sum": goSum} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fault.New(fault.Disk, dir, "%w", bare(err))
		}
	}
	return nil
}
