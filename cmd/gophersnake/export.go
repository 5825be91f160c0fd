package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/exporter"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

const exportExample = `
  gophersnake lock --export conda-lock -o conda-lock.yml
  gophersnake lock --export environment --env k8s
  gophersnake lock --export explicit --platform linux/arm64
  gophersnake lock --export explicit -o locks   # locks/conda-linux-64.lock, …`

// exportOptions says in which format the lock is written, and where to.
type exportOptions struct {
	format string
	to     string
}

// flags adds the flags of lock. The long name of -o is not that of build's,
// since GOPHERSNAKE_OUTPUT may name an image.
func (o *exportOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "export", "", "write what the lock says of one environment as another tool's `FORMAT`:\nconda-lock, explicit or environment")
	f.StringVarP(&o.to, "export-to", "o", "", "write the export to this `FILE` instead of standard output;\nfor explicit a directory, which gets a file for each platform")
}

// export writes the lock, which must be in step, in another tool's format.
func (a *app) export(cmd *cobra.Command, o exportOptions) error {
	switch o.format {
	case "conda-lock", "explicit", "environment":
	case "":
		return fault.New(fault.Usage, "--export-to", "there is nothing to write to %q without --export", o.to)
	default:
		return fault.New(fault.Usage, "--export", "%q is not one of conda-lock, explicit, environment", o.format)
	}
	for _, other := range []string{"update", "check", "replan", "from"} {
		if cmd.Flags().Changed(other) {
			return fault.New(fault.Usage, "", "lock takes either --export or --%s", other)
		}
	}
	p, err := a.project()
	if err != nil {
		return err
	}
	env, on, err := p.exported()
	if err != nil {
		return err
	}
	l, err := p.locked(cmd.Context(), nil, nil, true)
	if err != nil {
		return err
	}
	if l, err = p.moved(l, o); err != nil {
		return err
	}
	switch o.format {
	case "conda-lock":
		return a.exportTo(o.to, func(w io.Writer) error { return exporter.CondaLock(w, l, env.Name, on) })
	case "environment":
		return a.exportTo(o.to, func(w io.Writer) error { return exporter.Environment(w, l, env.Name, on) })
	}
	return a.exportExplicit(o.to, l, env.Name, on)
}

// moved returns the lock with packages' paths relative to where the export is
// written. What goes to standard output is taken to lie beside the lock.
func (p *project) moved(l *lock.Lock, o exportOptions) (*lock.Lock, error) {
	if o.to == "" {
		return l, nil
	}
	to := p.at(o.to)
	if o.format != "explicit" {
		to = filepath.Dir(to)
	}
	from, err := filepath.Abs(to)
	if err != nil {
		return nil, fault.New(fault.Disk, to, "%w", bare(err))
	}
	home, err := filepath.Abs(p.dir)
	if err != nil {
		return nil, fault.New(fault.Disk, p.dir, "%w", bare(err))
	}
	base, err := filepath.Rel(from, home)
	if err != nil {
		return nil, fault.New(fault.Usage, "--export-to", "%q is not on the drive of gophersnake.toml", o.to)
	}
	return exporter.Moved(l, filepath.ToSlash(base)), nil
}

// exported returns the one environment that is exported, and its platforms.
func (p *project) exported() (*spec.Environment, []platforms.Platform, error) {
	chosen, err := p.chosen()
	if err != nil {
		return nil, nil, err
	}
	if len(chosen) != 1 {
		var names []string
		for _, env := range chosen {
			names = append(names, title(env))
		}
		return nil, nil, fault.New(fault.Usage, "--export", "a file holds one environment, and there are %s", strings.Join(names, ", ")).
			WithHint("choose one with --env")
	}
	on, err := p.platformsOf(chosen[0])
	return chosen[0], on, err
}

// exportExplicit writes @EXPLICIT files, each of which is for one platform.
func (a *app) exportExplicit(dir string, l *lock.Lock, env string, on []platforms.Platform) error {
	if dir == "" {
		if len(on) != 1 {
			return fault.New(fault.Usage, "--export", "an explicit file is for one platform, and there are %s", list(on)).
				WithHint("choose one with --platform, or name a directory with -o")
		}
		return a.exportTo("", func(w io.Writer) error { return exporter.Explicit(w, l, env, on[0]) })
	}
	if err := os.MkdirAll(a.at(dir), 0o755); err != nil {
		return fault.New(fault.Disk, a.at(dir), "%w", bare(err))
	}
	for _, p := range on {
		file := filepath.Join(dir, "conda-"+p.Subdir()+".lock")
		if err := a.exportTo(file, func(w io.Writer) error { return exporter.Explicit(w, l, env, p) }); err != nil {
			return err
		}
	}
	return nil
}

// exportTo writes a text to standard output, or to a file as a whole, whose
// name it prints.
func (a *app) exportTo(file string, write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	if file == "" {
		_, err := a.stdout.Write(text.Bytes())
		return err
	}
	file = a.at(file)
	if err := writeFile(file, text.Bytes()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout, file)
	return err
}
