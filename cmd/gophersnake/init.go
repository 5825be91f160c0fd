package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

func (a *app) initCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a gophersnake.toml for this project",
		Long: `init looks for go.mod, go.work, .go-version, .tool-versions, environment.yml,
conda-lock.yml, pixi.lock, @EXPLICIT files and devcontainer.json and writes a
commented gophersnake.toml that uses them. It asks nothing.`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			file := a.at(a.file)
			if _, err := os.Lstat(file); err == nil && !force {
				return fault.New(fault.Usage, file, "exists already").WithHint("--force replaces it")
			}
			text := spec.Starter(spec.Detect(os.DirFS(filepath.Dir(file))))
			if err := writeFile(file, text); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.stdout, file)
			return err
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return cmd
}
