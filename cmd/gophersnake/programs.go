package main

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gophersnake/gophersnake/golang/compile"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/spec"
)

// programs returns the environment's programs with the hash of their sources.
func (p *project) programs(ctx context.Context, w *world.World, env *spec.Environment, o buildOptions) ([]cli.Binary, error) {
	var all []cli.Binary
	for _, c := range env.CLI {
		sum, err := p.source(ctx, w, c.Package, o)
		if err != nil {
			return nil, err
		}
		b := cli.Binary{
			Name: c.Name, Package: c.Package, Dir: ".", Path: c.Path, Platforms: c.Platforms,
			Ldflags: c.Ldflags, Bundle: c.Bundle, Source: sum.Hash, Overlay: c.Overlay,
			Local: cli.Local{Cache: p.directory(c.Gocache), ModCache: p.directory(c.Gomodcache)},
		}
		if c.Overlay != "" {
			if b.Replaced, err = compile.Overlay(p.dir, c.Overlay); err != nil {
				return nil, err
			}
		}
		if b.ToolExec = strings.Join(strings.Fields(c.Toolexec), " "); b.ToolExec != "" {
			if err := p.toolexec(&b); err != nil {
				return nil, err
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// source hashes a program's sources. Files that are as they were the last time
// are not read.
func (p *project) source(ctx context.Context, w *world.World, pkg string, o buildOptions) (compile.Sum, error) {
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return compile.Sum{}, fault.New(fault.Disk, p.dir, "%w", err)
	}
	key := dir + "\x00" + pkg
	memo := compile.Memo{}
	if _, err := w.Store.LoadRecord(ctx, bucketSource, key, &memo); err != nil {
		return compile.Sum{}, err
	}
	before := maps.Clone(memo.Files)
	memo.Now = p.now()
	sum, err := compile.Source(ctx, p.dir, pkg, &memo, p.generated(o)...)
	if err == nil && !maps.Equal(before, memo.Files) {
		err = w.Store.NoteRecord(ctx, bucketSource, key, memo)
	}
	return sum, err
}

// bucketSource holds the hashes of source files, by project and package.
const bucketSource = "source"

// toolexec finds and hashes the program that runs the compiler: a file of the
// project where its name has a slash, else one on PATH.
func (p *project) toolexec(b *cli.Binary) error {
	name := strings.Fields(b.ToolExec)[0]
	file := p.directory(name)
	if !strings.Contains(name, "/") {
		var err error
		if file, err = exec.LookPath(name); err != nil {
			return fault.New(fault.Usage, "cli.toolexec", "%q is not on PATH", name).WithHint("write ./%s for a program of the project", name)
		}
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return fault.New(fault.Disk, "cli.toolexec", "%w", err)
	}
	b.Local.ToolExec = file
	b.ToolHash, err = compile.Program(file, "cli.toolexec "+name)
	return err
}

// directory returns where a path that is relative to gophersnake.toml lies on
// this machine; "" stays.
func (p *project) directory(name string) string {
	if name == "" {
		return ""
	}
	return filepath.Join(p.dir, filepath.FromSlash(name))
}

// goCaches returns the absolute paths of the caches that programs have in the
// project: they are no sources.
func (p *project) goCaches() (dirs []string) {
	for _, env := range p.envs {
		for _, c := range env.CLI {
			for _, name := range []string{c.Gocache, c.Gomodcache} {
				if abs, err := filepath.Abs(p.directory(name)); name != "" && err == nil {
					dirs = append(dirs, abs)
				}
			}
		}
	}
	return dirs
}

// tellFlags says that flags which the user gives to the go command have no part
// in what is compiled here: it must be the same for everybody.
func (p *project) tellFlags(envs []*spec.Environment, pr *progress) {
	if p.getenv("GOFLAGS") == "" {
		return
	}
	for _, env := range envs {
		if len(env.CLI) > 0 || len(env.Go.Tools) > 0 {
			pr.note("GOFLAGS is ignored: programs and tools are compiled alike on every machine; [[cli]] has ldflags, toolexec and overlay")
			return
		}
	}
}
