package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/install"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/shell"
)

func (a *app) exportHooksCommand() *cobra.Command {
	var prefix string
	var remove bool
	cmd := &cobra.Command{
		Use:   "conda-hooks",
		Short: "Write hooks into a conda environment that load the locked Go",
		Long: `conda-hooks installs the Go toolchains and tools of the lock into the store and
writes scripts for sh, fish, PowerShell and cmd into etc/conda/activate.d and
deactivate.d of a conda environment that is there already. From then on "conda
activate" alone, or that of mamba or micromamba, sets PATH, GOPATH, GOBIN and what
[go.env] says; a GOROOT that is set goes away and comes back; "conda deactivate"
leaves nothing behind.

Environments that gophersnake installs itself, and images with conda and Go, have
these hooks.`,
		Example: `  gophersnake export conda-hooks --prefix ~/miniforge3/envs/work
  gophersnake export conda-hooks                # the environment that is active
  gophersnake export conda-hooks --remove`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := a.condaPrefix(prefix)
			if err != nil {
				return err
			}
			return a.exportHooks(cmd.Context(), dir, remove)
		},
	}
	cmd.Flags().StringVar(&prefix, "prefix", "", "the environment's `DIR` (default: $CONDA_PREFIX)")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the hooks")
	return cmd
}

// condaPrefix returns the directory of a conda environment, which conda knows by
// conda-meta.
func (a *app) condaPrefix(flag string) (string, error) {
	dir := a.at(flag)
	if dir == "" {
		dir = a.getenv("CONDA_PREFIX")
	}
	if dir == "" {
		return "", fault.New(fault.Usage, "--prefix", "no conda environment is named, and none is active")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fault.New(fault.Usage, "--prefix", "%w", bare(err))
	}
	if !exists(filepath.Join(dir, "conda-meta")) {
		return "", fault.New(fault.Usage, "--prefix", "%q is no conda environment: it has no conda-meta", dir)
	}
	return dir, nil
}

func (a *app) exportHooks(ctx context.Context, dir string, remove bool) error {
	if remove {
		return a.removeHooks(dir)
	}
	pr := a.newProgress()
	defer pr.close()
	here, err := a.here(ctx, pr, func(e *install.Environment) { e.Lock.Conda, e.Lock.Wheels = nil, nil })
	if err != nil {
		return err
	}
	here.Prefix = dir
	hooks, err := here.Hooks()
	if err != nil {
		return fault.New(fault.Usage, "", "%w", err)
	}
	if hooks == nil {
		return fault.New(fault.Usage, a.file, "there is no Go to load").WithHint("name versions in [go]")
	}
	for _, h := range hooks {
		file := filepath.Join(dir, filepath.FromSlash(h.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fault.New(fault.Disk, file, "%w", bare(err))
		}
		if err := writeFile(file, []byte(h.Text)); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, file)
	}
	return nil
}

func (a *app) removeHooks(dir string) error {
	hooks, err := shell.Hooks(dir, nil) // for the names
	if err != nil {
		return fault.New(fault.Failed, "", "%w", err)
	}
	for _, h := range hooks {
		file := filepath.Join(dir, filepath.FromSlash(h.Path))
		err := os.Remove(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fault.New(fault.Disk, file, "%w", bare(err))
		}
		fmt.Fprintln(a.stdout, file)
	}
	return nil
}
