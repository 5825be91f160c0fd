package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/near"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

func (a *app) lockCommand() *cobra.Command {
	var o resolveOptions
	var update, check bool
	var from string
	var out exportOptions
	cmd := &cobra.Command{
		Use:   "lock [--update [NAME…]]",
		Short: "Resolve the configuration and write gophersnake.lock",
		Long: `lock resolves everything the configuration asks for, for all environments and
platforms, and writes it by digest to gophersnake.lock. What the old lock says
stays wherever it still fits: while nobody changes what is asked for, no channel
is asked. Layer rows of old builds stay too.

The machine that locks is never looked at: virtual packages such as __glibc are
those of the base, over them CONDA_OVERRIDE_GLIBC, _LINUX, _CUDA and _ARCHSPEC,
over them [conda] virtual-packages.

Standard output is the lock's digest. A table on standard error says which Go there
is for which platform, where it comes from, whether it lies in images or compiles,
and what speaks for it; with --json that is part of standard output.`,
		Example: `  gophersnake lock
  gophersnake lock --update            # everything anew
  gophersnake lock --update go base    # or a package's name
  gophersnake lock --check             # exit 3 if the result would differ
  gophersnake lock --from pixi.lock    # or conda-lock.yml, or an @EXPLICIT file` + exportExample,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) > 0 && !update {
				return fault.New(fault.Usage, "", "lock takes names with --update only, got %q", names[0])
			}
			if out != (exportOptions{}) {
				return a.export(cmd, out)
			}
			if update {
				o.names = names
				o.update = func(name string) bool { return len(names) == 0 || slices.Contains(names, name) }
			}
			if from != "" && update {
				return fault.New(fault.Usage, "", "lock takes either --from or --update")
			}
			return a.lock(cmd.Context(), o, from, check)
		},
	}
	cmd.Flags().BoolVar(&update, "update", false, "ask anew for NAMES: base, go, or packages (none: all)")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit 3 if the lock would change")
	cmd.Flags().BoolVar(&o.replan, "replan", false, "plan layers anew")
	cmd.Flags().StringVar(&from, "from", "", "take the conda packages from another tool's lock `FILE` instead of solving")
	out.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.failOnShadow, "fail-on-shadow", false, "exit 8 if a chosen package is in several channels")
	return cmd
}

func (a *app) lock(ctx context.Context, o resolveOptions, from string, check bool) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	if o.from, err = p.from(from); err != nil {
		return err
	}
	o.anew = check
	pr := a.newProgress()
	defer pr.close()
	w, err := p.openWorld(ctx, pr)
	if err != nil {
		return err
	}
	defer w.Store.Close()
	if o.hash, err = p.inputHash(); err != nil {
		return err
	}
	if o.old, err = p.oldLock(); err != nil {
		return err
	}
	if err := known(o.names, o.old); err != nil {
		return err
	}
	l, err := p.resolve(ctx, w, pr, o)
	if err != nil {
		return err
	}
	changes := lock.Diff(o.old, l)
	if check {
		if o.old == nil || string(o.old.Resolved()) != string(l.Resolved()) {
			pr.changes(changes)
			return stale(p.lockFile(), o.old)
		}
		return nil
	}
	if l, err = p.writeLock(l); err != nil {
		return err
	}
	pr.changes(changes)
	pr.toolchains(l)
	return a.lockResult(l)
}

// known refuses to update what the lock has not: nothing would change, and
// nobody would be told.
func known(names []string, old *lock.Lock) error {
	if old == nil {
		return nil
	}
	all := []string{"base", "go"}
	for _, c := range old.Conda {
		all = append(all, c.Name)
	}
	for _, w := range old.Wheel {
		all = append(all, w.Name)
	}
	for _, t := range old.Tool {
		all = append(all, t.Name(), t.Package)
	}
	for _, name := range names {
		if slices.Contains(all, name) {
			continue
		}
		err := fault.New(fault.Usage, "lock --update", "the lock has no %q", name)
		if meant := near.Word(name, all); meant != "" {
			return err.WithHint("did you mean %q?", meant)
		}
		return err.WithHint("a package that was added is locked by a plain lock; Debian packages are updated by \"base\"")
	}
	return nil
}

// oldLock is readLock for a lock that is about to be replaced: one with merge
// marks counts as none.
func (p *project) oldLock() (*lock.Lock, error) {
	if data, err := os.ReadFile(p.lockFile()); err == nil && lock.HasMergeMarks(data) {
		return nil, nil
	}
	return p.readLock()
}

// from says which environments' packages are taken from a lock file, which is
// named as on the command line.
func (p *project) from(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	chosen, err := p.chosen()
	if err != nil {
		return nil, err
	}
	home, err := filepath.Abs(p.dir)
	if err != nil {
		return nil, err
	}
	target, err := filepath.Abs(p.at(file))
	if err != nil {
		return nil, err
	}
	name, err := filepath.Rel(home, target)
	if err != nil {
		return nil, fault.New(fault.Usage, "--from", "%q is not on the drive of gophersnake.toml", file)
	}
	all := map[string]string{}
	for _, env := range chosen {
		if env.Conda.Lock != "" {
			return nil, fault.New(fault.Usage, "--from", "the packages of %s come from [conda] lock", title(env)).
				WithHint("leave --from away, or give [conda] channels and dependencies in place of lock")
		}
		all[env.Name] = filepath.ToSlash(name)
	}
	return all, nil
}

// overrides returns the versions of virtual packages that the environment gives
// (CEP 30), by their names. An empty one takes the package away.
func (a *app) overrides() map[string]string {
	all := map[string]string{}
	for _, name := range []string{"glibc", "linux", "osx", "win", "cuda", "archspec"} {
		if value, ok := a.lookupenv("CONDA_OVERRIDE_" + strings.ToUpper(name)); ok {
			all["__"+name] = value
		}
	}
	return all
}

type resolveOptions struct {
	old          *lock.Lock
	hash         string
	names        []string // to update; none: all, if update is set
	update       func(string) bool
	replan       bool
	anew         bool
	failOnShadow bool
	from         map[string]string // lock files, by environment
}

func (p *project) resolve(ctx context.Context, w *world.World, pr *progress, o resolveOptions) (*lock.Lock, error) {
	pr.note("locking")
	pip, err := p.uv()
	if err != nil {
		return nil, err
	}
	l, err := resolve.Lock(ctx, w, resolve.Request{
		Environments: p.envs, InputHash: o.hash, GoMod: p.goFile("go.mod"), GoFiles: p.goFiles(), GoPrivate: p.goPrivate(ctx), Old: o.old, Update: o.update, Replan: o.replan,
		Anew: o.anew, From: o.from, FailOnShadow: o.failOnShadow, Override: p.overrides(), Now: p.now(),
		AllowMD5: p.allowMD5, UV: pip, Note: pr.note,
	})
	if err != nil {
		return nil, err
	}
	text, err := lock.Marshal(l) // canonical: rows that differ in nothing else are joined
	if err != nil {
		return nil, err
	}
	return lock.Unmarshal(lockName, text)
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configuration, and that the lock is in step with it",
		Long: `check reads gophersnake.toml, gophersnake.lock and go.mod, and asks no server. It
exits 3 if the lock is out of date, or has no Go that go.mod asks for, so it can
stand in a pre-commit hook and in CI.`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := a.project()
			if err != nil {
				return err
			}
			hash, err := p.inputHash()
			if err != nil {
				return err
			}
			l, err := p.readLock()
			if err != nil {
				return err
			}
			if l == nil {
				return stale(p.lockFile(), l)
			}
			if err := p.checkGo(l); err != nil {
				return err
			}
			if l.InputHash != hash {
				return stale(p.lockFile(), l)
			}
			p.warnDefaults(l)
			return nil
		},
	}
}
