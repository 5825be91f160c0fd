package world

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gophersnake/gophersnake/golang/compile"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/tree"
)

// bucketProgram holds compiled programs and their archives: what they are made of → blob.
const bucketProgram = "program"

// Compile returns the file of a compiled program. It is compiled by the locked
// toolchain of this machine, once for each platform whatever the number of
// images that hold it.
func (w *World) Compile(ctx context.Context, hosts []lock.Toolchain, b *cli.Binary, p platforms.Platform) (string, error) {
	key := layers.Key("program", tree.Gzip, struct {
		Binary   cli.Binary
		Platform platforms.Platform
	}{programInputs(b), p})
	unlock, err := w.Store.Lock(ctx, key)
	if err != nil {
		return "", err
	}
	defer unlock()
	if file, err := w.program(ctx, key); err != nil || file != "" {
		return file, err
	}
	return w.compile(ctx, hosts, b, p, key)
}

// programInputs is what a program's bytes depend on: not where it goes.
func programInputs(b *cli.Binary) cli.Binary {
	return cli.Binary{
		Package: b.Package, Dir: b.Dir, Ldflags: b.Ldflags, Tags: b.Tags, ToolExec: b.ToolExec, ToolHash: b.ToolHash,
		Overlay: b.Overlay, Replaced: b.Replaced, Source: b.Source, GoVersion: b.GoVersion,
	}
}

func (w *World) compile(ctx context.Context, hosts []lock.Toolchain, b *cli.Binary, p platforms.Platform, key string) (string, error) {
	root, err := w.hostGo(ctx, hosts)
	if err != nil {
		return "", err
	}
	tmp, remove, err := w.Store.TempDir()
	if err != nil {
		return "", err
	}
	defer remove()
	w.note("compiling " + b.Name + " for " + p.String())
	out := filepath.Join(tmp, "program")
	r := compile.Request{
		GoRoot: root, Dir: filepath.Join(w.Dir, filepath.FromSlash(b.Dir)), Package: b.Package, Platform: p,
		Ldflags: b.Ldflags, Tags: b.Tags, Overlay: b.Overlay, Out: out, Temp: tmp,
		Cache: w.buildCache(b), ModCache: b.Local.ModCache, GoPath: filepath.Join(w.Scratch, "path"), Proxy: w.Proxy(),
	}
	if b.ToolExec != "" {
		r.ToolExec = append([]string{b.Local.ToolExec}, strings.Fields(b.ToolExec)[1:]...)
		w.note("running the compiler by " + b.ToolExec)
	}
	if err := w.verifyModules(ctx, r); err != nil {
		return "", err
	}
	if err := compile.Build(ctx, r); err != nil {
		return "", err
	}
	return w.keep(ctx, out, key)
}

// buildCache returns the go command's build cache for a program. A toolexec has
// one of its own: the go command would take for its work what was compiled
// without it.
func (w *World) buildCache(b *cli.Binary) string {
	dir := cmp.Or(b.Local.Cache, filepath.Join(w.Scratch, "build"))
	if b.ToolExec == "" {
		return dir
	}
	sum := sha256.Sum256([]byte(b.ToolExec + "\x00" + b.ToolHash))
	return filepath.Join(dir, "toolexec-"+hex.EncodeToString(sum[:8]))
}

// verifyModules checks once in a run that the module cache still holds what
// go.sum says (design.md §10).
func (w *World) verifyModules(ctx context.Context, r compile.Request) error {
	w.verify.Lock()
	defer w.verify.Unlock()
	key := r.Dir + "\x00" + r.ModCache
	if w.verified[key] {
		return nil
	}
	if err := compile.Verify(ctx, r); err != nil {
		return err
	}
	if w.verified == nil {
		w.verified = map[string]bool{}
	}
	w.verified[key] = true
	return nil
}

// keep puts a program into the store.
func (w *World) keep(ctx context.Context, file, key string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fault.New(fault.Disk, file, "%w", bare(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fault.New(fault.Disk, file, "%w", bare(err))
	}
	digest, _, err := w.Store.Put(ctx, f, "", info.Size())
	if err != nil {
		return "", err
	}
	return w.kept(ctx, key, digest)
}

// kept notes what a key's file is in the store, and returns it.
func (w *World) kept(ctx context.Context, key, digest string) (file string, err error) {
	if err := w.Store.NoteRecord(ctx, bucketProgram, key, digest); err != nil {
		return "", err
	}
	blob, err := w.Store.Get(ctx, digest)
	if err != nil {
		return "", err
	}
	defer blob.Close()
	return blob.Path(), nil
}

// hostGo returns the toolchain for this machine.
func (w *World) hostGo(ctx context.Context, hosts []lock.Toolchain) (string, error) {
	here := platforms.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	for i := range hosts {
		if hosts[i].Platform == here && hosts[i].Host {
			return w.goRoot(ctx, &hosts[i], w.Store.CheckedDir)
		}
	}
	return "", fault.New(fault.Usage, "go", "the lock has no Go toolchain for this machine (%s)", here).
		WithHint("programs are compiled on linux and darwin, amd64 and arm64")
}
