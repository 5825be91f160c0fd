package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

// exportCommand groups what writes files for a project's repository.
func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write files for the project's repository",
		Long: `export writes files that other tools read, from the configuration: for editors, for
pre-commit, for GitHub. What others wrote into such a file stays. The lock in
other tools' formats is written by "gophersnake lock --export".`,
		Args: commandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.exportDevcontainerCommand(), a.exportPreCommitCommand(), a.exportGitHubCommand(), a.exportHooksCommand())
	return cmd
}

// fileOptions are the flags of all exports.
type fileOptions struct {
	to    string
	check bool
}

// flags adds them. The long name of -o is not that of build's, since
// GOPHERSNAKE_OUTPUT may name an image.
func (o *fileOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.to, "export-to", "o", "", "write this `FILE`; - is standard output")
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; exit 3 if the file would change")
}

// exportFile writes what change makes of a file, as a whole, and prints its
// name. Change gets the file's name for errors, and no data where there is none.
func (a *app) exportFile(cmd *cobra.Command, o fileOptions, file string, change func(name string, data []byte) ([]byte, error)) error {
	show := o.to == "-"
	if o.to != "" && !show {
		file = a.at(o.to)
	}
	old, err := readSmall(file)
	if err != nil {
		return err
	}
	text, err := change(file, old)
	switch {
	case err != nil:
		return err
	case show:
		_, err := a.stdout.Write(text)
		return err
	case bytes.Equal(text, old) && old != nil:
	case o.check:
		return fault.New(fault.Stale, file, "is not what the configuration makes").WithHint("run %s", cmd.CommandPath())
	default:
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fault.New(fault.Disk, file, "%w", bare(err))
		}
		if err := writeFile(file, text); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(a.stdout, file)
	return err
}

// maxExport is the most bytes of a file that an export changes.
const maxExport = 8 << 20

// readSmall returns a regular file's content, nil where there is none.
func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fault.New(fault.Disk, file, "%w", bare(err))
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.Usage, file, "is not a regular file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fault.New(fault.Disk, file, "%w", bare(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxExport+1))
	switch {
	case err != nil:
		return nil, fault.New(fault.Disk, file, "%w", bare(err))
	case len(data) > maxExport:
		return nil, fault.New(fault.Usage, file, "is more than %d bytes", maxExport)
	case data == nil:
		return []byte{}, nil
	}
	return data, nil
}

// only returns the one environment that a file is about.
func (p *project) only(what string) (*spec.Environment, error) {
	chosen, err := p.chosen()
	if err != nil {
		return nil, err
	}
	if len(chosen) != 1 {
		var names []string
		for _, env := range chosen {
			names = append(names, title(env))
		}
		return nil, fault.New(fault.Usage, what, "a file is about one environment, and there are %s", strings.Join(names, ", ")).
			WithHint("choose one with --env")
	}
	return chosen[0], nil
}

// released returns the version of this program, "" of a build that no module
// version names.
func released() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" && !strings.ContainsAny(info.Main.Version, "-+") {
		return info.Main.Version
	}
	return ""
}
