package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/shell"
)

func (a *app) runCommand() *cobra.Command {
	var locked bool
	cmd := &cobra.Command{
		Use:   "run [--] COMMAND [ARGUMENT…]",
		Short: "Run a program of the locked environment on this machine",
		Long: `run installs the locked environment for this machine into the store, once, and
becomes the program, with the variables that activate would set: no shell and no
process stands between, so that its process number, signals and exit code are the
program's own. The program is searched for on the environment's PATH.

Flags of run and global flags stand before the command.

Like a shell, run exits 127 where the program is not found and 126 where it cannot
be run. The lock must be in step with the configuration (exit 3 if not).`,
		Example: `  gophersnake run -- python -c 'import sys; print(sys.prefix)'
  gophersnake run --env k8s go test ./...
  gophersnake --offline run -- bash`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault.New(fault.Usage, "", "run needs a command").WithHint("such as gophersnake run -- python")
			}
			return a.run(cmd.Context(), args)
		},
	}
	cmd.Flags().SetInterspersed(false)
	lockedFlag(cmd, &locked)
	return cmd
}

func (a *app) run(ctx context.Context, args []string) error {
	pr := a.newProgress()
	defer pr.close()
	here, err := a.here(ctx, pr)
	if err != nil {
		return err
	}
	if len(here.wanted.Source) > 0 {
		pr.warn(fmt.Sprintf("scripts of packages need a shell, so run leaves them out: %s; use activate", names(here.wanted.Source)))
	}
	env := a.environ()
	steps, err := shell.Activate(env, here.wanted)
	if err != nil {
		return fault.New(fault.Usage, "", "%w", err).WithHint("unset %s to forget what is active", shell.DiffVar)
	}
	env = env.Apply(steps)
	path, _ := env.Get("PATH")
	program, err := lookPath(args[0], filepath.SplitList(path))
	if err != nil {
		return err
	}
	pr.close()
	if err := become(ctx, program, args, env.Vars); err != nil {
		return notRun{126, fmt.Errorf("%s: %w", args[0], bare(err))}
	}
	return nil
}

// notRun is a program that was not started, with the exit code that shells have
// for that (IEEE Std 1003.1, Shell Command Language, 2.8.2).
type notRun struct {
	code int
	err  error
}

func (e notRun) Error() string { return e.err.Error() }
func (e notRun) Unwrap() error { return e.err }

// lookPath finds a program in directories, as a shell does: not in the working
// directory, unless its name says so.
func lookPath(name string, dirs []string) (string, error) {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		return name, runnable(name, name)
	}
	var refused error
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue
		}
		for _, suffix := range programSuffixes() {
			file := filepath.Join(dir, name+suffix)
			err := runnable(name, file)
			if err == nil {
				return file, nil
			}
			if refused == nil && errors.Is(err, fs.ErrPermission) {
				refused = err
			}
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", notRun{127, fault.New(fault.Failed, "", "%s: there is no such program on the environment's PATH", name).
		WithHint("gophersnake run -- env shows what the environment has; a shell's own commands need one: run -- sh -c …")}
}

// runnable reports what keeps a file from being run.
func runnable(name, file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return notRun{127, fmt.Errorf("%s: %w", name, fs.ErrNotExist)}
	case err != nil:
		return notRun{126, fmt.Errorf("%s: %w", name, bare(err))}
	case info.IsDir():
		return notRun{126, fmt.Errorf("%s: is a directory", name)}
	case !executable(info):
		return notRun{126, fmt.Errorf("%s: %w", name, fs.ErrPermission)}
	}
	return nil
}
