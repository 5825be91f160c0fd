package main

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/debian"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/layers/cli"
	"github.com/gophersnake/gophersnake/layers/files"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
	"github.com/gophersnake/gophersnake/tree"
)

// image builds the index of one environment.
func (p *project) image(ctx context.Context, w *world.World, l *lock.Lock, env *spec.Environment, pr *progress, o buildOptions) (*builder.Result, error) {
	ps, err := p.platformsOf(env)
	if err != nil {
		return nil, err
	}
	conf, err := p.config(env)
	if err != nil {
		return nil, err
	}
	in, err := p.inputs(ctx, w, env, l, pr, o)
	if err != nil {
		return nil, err
	}
	var images []builder.Image
	for _, pl := range ps {
		s := l.For(env.Name, pl)
		if err := allowed(env, s.Conda); err != nil {
			return nil, err
		}
		var below v1.Image
		if s.Base != nil && s.Base.Suite == "" {
			if below, err = w.Bases.Image(ctx, s.Base); err != nil {
				return nil, err
			}
		}
		img, err := builder.Compose(s, pl, below, in, conf)
		if err != nil {
			return nil, err
		}
		if o.rebase != "" {
			old, err := w.Bases.Open(ctx, strings.TrimPrefix(o.rebase, "docker://"), pl)
			if err != nil {
				return nil, err
			}
			if img, err = builder.Rebase(img, old, o.rebase); err != nil {
				return nil, err
			}
		}
		images = append(images, img)
	}
	b := &builder.Builder{Store: w.Store, Compression: in.Compression, Jobs: p.jobs, Row: l.Row, Event: pr.built, Lend: o.lenders.lend(pr)}
	return b.Build(ctx, images)
}

// lastSecond is the end of the year 9999, the last that RFC 3339 can write.
const lastSecond = 253402300799

// config returns what the configuration says of the image itself.
func (p *project) config(env *spec.Environment) (builder.Config, error) {
	c := builder.Config{
		WorkDir: env.Image.Workdir, Env: sortedEnv(env.Image.Env),
		Labels: env.Image.Labels, Annotations: env.Image.Annotations,
	}
	if env.Image.Entrypoint != nil {
		c.Entrypoint = &env.Image.Entrypoint
	}
	if env.Image.Cmd != nil {
		c.Cmd = &env.Image.Cmd
	}
	if text := p.getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds < 0 || seconds > lastSecond {
			return c, fault.New(fault.Usage, "SOURCE_DATE_EPOCH", "%q is not a number of seconds", text)
		}
		c.Created = time.Unix(seconds, 0)
	}
	return c, nil
}

// inputs returns what the environment has besides the lock, on all platforms.
func (p *project) inputs(ctx context.Context, w *world.World, env *spec.Environment, l *lock.Lock, pr *progress, o buildOptions) (builder.Inputs, error) {
	compression, err := tree.ParseCompression(env.Layers.Compression)
	if err != nil {
		return builder.Inputs{}, err
	}
	in := builder.Inputs{
		Archives: w, Wheels: w, CondaPrefix: env.Conda.Prefix, DropPyc: env.Conda.Pyc == "drop", Strict: p.strict,
		GoInPrefix: env.Go.InPrefix, Permissions: builder.Permissions(env.Image.Permissions),
		User: string(env.Image.User), Compression: compression, Warn: pr.warn, Devcontainer: devcontainerEntry(env.Devcontainer),
		ToolchainZip: func(ctx context.Context, t *lock.Toolchain) (builder.Zip, error) { return w.ToolchainZip(ctx, t) },
		Compile: func(ctx context.Context, b *cli.Binary, pl platforms.Platform) (string, error) {
			return w.Compile(ctx, hostsOf(l, env, b.GoVersion), b, pl)
		},
		Archive: w.Archive,
		CompileTools: func(ctx context.Context, tools []lock.Tool, pl platforms.Platform) ([]string, error) {
			return w.CompileTools(ctx, hostsOf(l, env, tools[0].Go), tools, pl)
		},
		Report: func(pl platforms.Platform, plan *link.Plan) { pr.linked(pl, plan) },
	}
	if env.Base.Debian != nil {
		in.Debs = p.debs(w, l, env)
	}
	for _, f := range env.Files {
		src := files.Source{Dir: p.dir, Src: f.Src, Dest: f.Dest, Ignore: f.Ignore, Except: p.generated(o)}
		if f.Mode != "" {
			if src.Mode, err = strconv.ParseInt(f.Mode, 8, 32); err != nil {
				return in, fault.New(fault.Usage, p.file, "mode %q of [[files]]: %w", f.Mode, err)
			}
		}
		in.Files = append(in.Files, src)
		in.Owners = append(in.Owners, string(f.Owner))
	}
	for _, a := range env.Accounts {
		in.Accounts = append(in.Accounts, files.Account{Name: a.Name, UID: a.UID, Groups: a.Groups})
	}
	in.Programs, err = p.programs(ctx, w, env, o)
	return in, err
}

// debs opens the Debian packages of an environment's base.
func (p *project) debs(w *world.World, l *lock.Lock, env *spec.Environment) world.Debs {
	snapshot := env.Base.Debian.Snapshot
	for _, pl := range env.Image.Platforms {
		if b := l.For(env.Name, pl).Base; b != nil && snapshot == "" {
			snapshot = b.Snapshot
		}
	}
	from := debian.Source{Mirror: env.Base.Debian.Mirror, Security: env.Base.Debian.SecurityMirror}
	return world.NewDebs(w, from, snapshot)
}

// allowed refuses packages with link scripts that [conda] scripts does not let
// pass, also from a lock that was made when they were skipped.
func allowed(env *spec.Environment, packages []lock.Conda) error {
	for _, c := range packages {
		may := c.LinkScripts
		if env.Conda.Scripts == "known" {
			may = c.MayAct()
		}
		if len(may) > 0 && env.Conda.Scripts != "skip" {
			return fault.New(fault.Policy, "conda", "package %s has the link script %s, which is never run", c.Name, may[0]).
				WithHint("if the package works without it, set [conda] scripts = \"skip\"")
		}
	}
	return nil
}

// generated returns the absolute paths of what gophersnake writes. It is no
// source of a program and no part of [[files]], though it may lie among them:
// else a build would change what the next one makes.
func (p *project) generated(o buildOptions) []string {
	names := []string{p.lockFile()}
	if o.metadata != "" {
		names = append(names, p.at(o.metadata))
	}
	for _, text := range o.outputs {
		if t, err := parsePath(text); err == nil && t != "" {
			names = append(names, p.at(t))
		}
	}
	if dir, err := p.cache(); err == nil {
		names = append(names, dir)
	}
	names = append(append(names, p.layouts()...), p.goCaches()...)
	for i, n := range names {
		if abs, err := filepath.Abs(n); err == nil {
			names[i] = abs
		}
	}
	return names
}

// layouts returns the OCI layouts at the top of the project: outputs of earlier
// builds.
func (p *project) layouts() []string {
	files, _ := filepath.Glob(filepath.Join(p.dir, "*", "oci-layout")) // the pattern is well-formed
	for i, f := range files {
		files[i] = filepath.Dir(f)
	}
	return files
}

// hostsOf returns the toolchains of a version that may compile an environment's
// programs.
func hostsOf(l *lock.Lock, env *spec.Environment, version string) []lock.Toolchain {
	var ts []lock.Toolchain
	for _, pl := range platforms.All() {
		for _, t := range l.For(env.Name, pl).Go {
			if t.Version == version {
				ts = append(ts, t)
			}
		}
	}
	return ts
}
