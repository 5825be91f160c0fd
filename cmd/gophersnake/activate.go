package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gophersnake/gophersnake/install"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/shell"
	"github.com/gophersnake/gophersnake/spec"
)

func (a *app) activateCommand() *cobra.Command {
	var name string
	var bare, locked bool
	cmd := &cobra.Command{
		Use:   "activate",
		Short: "Print what a shell evaluates to use the locked environment on this machine",
		Long: `activate installs the locked environment for this machine (conda packages, wheels,
Go toolchains and tools) into the store, once, and prints the commands by which a
shell begins to use it:

  bash, zsh, sh  eval "$(gophersnake activate --shell bash)"
  fish           gophersnake activate --shell fish | source
  pwsh           gophersnake activate --shell pwsh | Out-String | Invoke-Expression
  cmd            gophersnake activate --shell cmd > "%TEMP%\gs.bat" && call "%TEMP%\gs.bat"

"gophersnake deactivate" gives everything back as it was: what was not set, what
was set to nothing, and the prompt. One environment may be activated in another.
GOPHERSNAKE_DIFF holds what was before.

The lock must be in step with the configuration (exit 3 if not): activate never
resolves. What is installed already needs no network.`,
		Example: `  eval "$(gophersnake activate)"                 # the shell of $SHELL
  eval "$(gophersnake activate --shell zsh --env k8s)"
  gophersnake activate -C ~/project --shell fish | source`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			of, err := a.shell(name)
			if err != nil {
				return err
			}
			return a.activate(cmd.Context(), of, bare)
		},
	}
	cmd.Flags().StringVar(&name, "shell", "", "bash, zsh, fish, sh, pwsh or cmd (default: that of $SHELL)")
	cmd.Flags().BoolVar(&bare, "no-prompt", false, "leave the prompt as it is")
	lockedFlag(cmd, &locked)
	return cmd
}

// lockedFlag adds --locked to commands that never write the lock, since scripts
// pass it to all.
func lockedFlag(cmd *cobra.Command, locked *bool) {
	cmd.Flags().BoolVar(locked, "locked", false, "never write the lock; exit 3 if it is out of date: always so here")
}

// shell returns the shell that a flag names, or that of $SHELL.
func (a *app) shell(name string) (shell.Shell, error) {
	from := name
	if from == "" {
		from = a.getenv("SHELL")
	}
	if from == "" {
		return "", fault.New(fault.Usage, "--shell", "SHELL is not set, so it is not known which shell this is").WithHint("name it: --shell bash")
	}
	of, err := shell.Parse(from)
	if err != nil {
		return "", fault.New(fault.Usage, "--shell", "%w", err)
	}
	return of, nil
}

func (a *app) activate(ctx context.Context, of shell.Shell, bare bool) error {
	pr := a.newProgress()
	defer pr.close()
	here, err := a.here(ctx, pr)
	if err != nil {
		return err
	}
	if bare {
		here.wanted.Prompt = ""
	}
	if len(here.wanted.Source) > 0 && !of.Sources() {
		pr.warn(fmt.Sprintf("%s does not run scripts for sh, so these of packages are left out: %s", of, names(here.wanted.Source)))
	}
	steps, err := shell.Activate(a.environ(), here.wanted)
	if err != nil {
		return fault.New(fault.Usage, "", "%w", err).WithHint("unset %s to forget what is active", shell.DiffVar)
	}
	return a.printScript(of, steps, "activate", pr)
}

// printScript prints steps for a shell. On a terminal nothing evaluates them, so
// that it is said what does.
func (a *app) printScript(of shell.Shell, steps []shell.Step, command string, pr *progress) error {
	text, err := of.Script(steps)
	if err != nil {
		return fault.New(fault.Usage, "", "%w", err)
	}
	if f, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		pr.note("these lines are for the shell: " + of.Eval("gophersnake "+command+" --shell "+string(of)))
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
}

// environ returns the environment of the process.
func (a *app) environ() shell.Environ {
	return shell.Environ{Vars: a.vars(), Windows: runtime.GOOS == "windows"}
}

// local is a locked environment on this machine.
type local struct {
	*install.Installed
	wanted shell.Wanted
}

// here installs the environment that --env names, or the top level's, for this
// machine, or what is left of it.
func (a *app) here(ctx context.Context, pr *progress, less ...func(*install.Environment)) (*local, error) {
	p, err := a.project()
	if err != nil {
		return nil, err
	}
	env, on, err := p.machineEnv()
	if err != nil {
		return nil, err
	}
	l, err := p.locked(ctx, nil, nil, true)
	if err != nil {
		return nil, err
	}
	s := l.For(env.Name, on)
	if err := allowed(env, s.Conda); err != nil {
		return nil, err
	}
	w, err := p.openWorld(ctx, pr)
	if err != nil {
		return nil, err
	}
	defer w.Store.Close()
	e, err := p.environment(w, l, env, s, pr)
	if err != nil {
		return nil, err
	}
	for _, change := range less {
		change(e)
	}
	in, err := e.Install(ctx)
	if err != nil {
		return nil, err
	}
	wanted := in.Wanted()
	_, dropped := in.Vars()
	for _, kv := range dropped {
		pr.log.Debugf("%s is a directory of the image", kv)
	}
	wanted.Prompt = p.label(env)
	return &local{in, wanted}, nil
}

// machineEnv returns the one environment that is used here, and this machine's
// platform, which it must have.
func (p *project) machineEnv() (*spec.Environment, platforms.Platform, error) {
	on := platforms.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	if len(p.env) > 1 {
		return nil, on, fault.New(fault.Usage, "--env", "one environment can be used at a time, not %d", len(p.env))
	}
	chosen, err := p.chosen()
	if err != nil {
		return nil, on, err
	}
	env := chosen[0] // the top level is the first of all
	ps, err := p.platformsOf(env)
	if err != nil {
		return nil, on, err
	}
	if !slices.Contains(ps, on) {
		err := fault.New(fault.Usage, p.file, "%s is for %s, and this machine is %s", title(env), list(ps), on)
		if on.OS != "linux" {
			return nil, on, err.WithHint("images, and so locked environments, are linux's: work in a container, or in a virtual machine such as WSL")
		}
		return nil, on, err.WithHint("add it to image.platforms")
	}
	return env, on, nil
}

// environment describes what is installed.
func (p *project) environment(w *world.World, l *lock.Lock, env *spec.Environment, s lock.Selection, pr *progress) (*install.Environment, error) {
	cache, err := p.cache()
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(cache, "gopath"))
	if err != nil {
		return nil, fault.New(fault.Disk, cache, "%w", bare(err))
	}
	return &install.Environment{
		Platform: platforms.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}, Lock: s,
		CondaPrefix: env.Conda.Prefix, GoInPrefix: env.Go.InPrefix, DropPyc: env.Conda.Pyc == "drop", Strict: p.strict,
		Store: w.Store, Archives: w, Wheels: w, GoRoot: w.GoRoot, GoPath: path, Warn: pr.warn,
		CompileTools: func(ctx context.Context, tools []lock.Tool, on platforms.Platform) ([]string, error) {
			return w.CompileTools(ctx, hostsOf(l, env, tools[0].Go), tools, on)
		},
	}, nil
}

// label is what prompts show of an environment: the last word of the image's
// name, else the directory's, and the variant.
func (p *project) label(env *spec.Environment) string {
	name := filepath.Base(filepath.ToSlash(env.Image.Name))
	if env.Image.Name == "" {
		if abs, err := filepath.Abs(p.dir); err == nil {
			name = filepath.Base(abs)
		}
	}
	if env.Name != "" {
		name += ":" + env.Name
	}
	return name
}

// names joins the names of files.
func names(files []string) string {
	text := ""
	for i, f := range files {
		if i > 0 {
			text += ", "
		}
		text += filepath.Base(f)
	}
	return text
}
