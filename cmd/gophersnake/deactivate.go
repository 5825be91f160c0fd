package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/shell"
)

func (a *app) deactivateCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "deactivate",
		Short: "Print what a shell evaluates to give back what activate changed",
		Long: `deactivate prints the commands by which a shell leaves the environment that was
activated last: every variable is what it was, with the same bytes, set to nothing
or not set at all. Directories that were added to PATH are taken out; what was
added since stays.

  bash, zsh, sh  eval "$(gophersnake deactivate --shell bash)"
  fish           gophersnake deactivate --shell fish | source
  pwsh           gophersnake deactivate --shell pwsh | Out-String | Invoke-Expression
  cmd            gophersnake deactivate --shell cmd > "%TEMP%\gs.bat" && call "%TEMP%\gs.bat"

It reads GOPHERSNAKE_DIFF and nothing else: neither configuration nor lock.`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			of, err := a.shell(name)
			if err != nil {
				return err
			}
			steps, err := shell.Deactivate(a.environ())
			switch {
			case errors.Is(err, shell.ErrInactive):
				return fault.New(fault.Usage, "", "%w: %s is not set", err, shell.DiffVar).WithHint("gophersnake activate begins to use one")
			case err != nil:
				return fault.New(fault.Usage, "", "%w", err).WithHint("unset %s to forget what is active", shell.DiffVar)
			}
			pr := a.newProgress()
			defer pr.close()
			return a.printScript(of, steps, "deactivate", pr)
		},
	}
	cmd.Flags().StringVar(&name, "shell", "", "bash, zsh, fish, sh, pwsh or cmd (default: that of $SHELL)")
	return cmd
}
