package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gophersnake/gophersnake/doctor"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [REF]",
		Short: "Find out why Go or conda do not work here or in an image",
		Long: `doctor looks at this machine, or at an image in a registry (REF or docker://REF),
a layout (oci:DIR[:TAG]) or an archive (oci-archive:FILE[:TAG]), and says where Go,
conda, shells and permissions disagree with each other and with gophersnake.lock.
Each finding is one line with its remedy. On this machine the go that PATH finds
is asked for its settings; of an image nothing is run.

It exits 8 if it found anything. With --json it prints an array of
{id, severity, subject, problem, remedy}.`,
		Example: `  gophersnake doctor
  gophersnake doctor registry.example.com/team/tools:1.4 --platform linux/arm64
  gophersnake doctor oci:image --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fault.New(fault.Usage, "", "doctor takes one image at most, got %d", len(args)).WithHint("such as oci:DIR, or HOST/NAME:TAG")
			}
			return a.doctor(cmd.Context(), args)
		},
	}
}

// examined is what doctor looked at, and what it should be.
type examined struct {
	name  string // of an image's platform; "" for the machine
	facts doctor.Facts
	want  doctor.Want
}

func (a *app) doctor(ctx context.Context, args []string) error {
	p, l, err := a.beside()
	if err != nil {
		return err
	}
	var all []examined
	if len(args) == 0 {
		one, err := a.machine(ctx, p, l)
		if err != nil {
			return err
		}
		all = []examined{one}
	} else if all, err = a.imageFacts(ctx, args[0], p, l); err != nil {
		return err
	}
	findings := []doctor.Finding{}
	var sound []string
	for _, e := range all {
		found := doctor.Check(e.facts, e.want)
		for i := range found {
			if e.name != "" {
				found[i].Subject = e.name + " " + found[i].Subject
			}
		}
		if len(found) == 0 {
			sound = append(sound, "ok: "+prefixed(e.name)+doctor.Sound(e.facts, e.want))
		}
		findings = append(findings, found...)
	}
	if a.json {
		err = a.printJSON(findings)
	} else {
		err = printFindings(a.stdout, findings, sound, a.colour())
	}
	if err == nil && len(findings) > 0 {
		err = fault.New(fault.Policy, "", "doctor found %s", plural(len(findings), "problem"))
	}
	return err
}

func prefixed(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}

// beside returns the project of the working directory and its lock; nil where
// there is none. The project without a configuration has a directory only.
func (a *app) beside() (*project, *lock.Lock, error) {
	if !exists(a.at(a.file)) {
		return &project{app: a, dir: a.at(".")}, nil, nil
	}
	p, err := a.project()
	if err != nil {
		return nil, nil, err
	}
	if _, err := p.hosts(); err != nil { // whom plain HTTP may be spoken to
		return nil, nil, err
	}
	l, err := p.readLock()
	return p, l, err
}

// wantOf returns what an environment should be on a platform. Where the image
// is not for it, its first platform tells the versions.
func wantOf(l *lock.Lock, env *spec.Environment, on platforms.Platform) doctor.Want {
	if l == nil || env == nil {
		return doctor.Want{}
	}
	w := doctor.Want{GoEnv: env.Go.Env, ImageEnv: env.Image.Env}
	if !slices.Contains(env.Image.Platforms, on) {
		on, w.Foreign = env.Image.Platforms[0], true
	}
	s := l.For(env.Name, on)
	w.Lock = &s
	return w
}

// colour reports whether standard output shows colours (no-color.org).
func (a *app) colour() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.getenv("TERM") != "dumb" && a.getenv("NO_COLOR") == ""
}

// printFindings prints one line for each finding, and one for each thing that
// has none.
func printFindings(out io.Writer, findings []doctor.Finding, sound []string, colour bool) error {
	lines := make([][]string, len(findings))
	for i, f := range findings {
		lines[i] = []string{string(f.Severity), f.ID, f.Subject + ": " + f.Problem + " → " + f.Remedy}
	}
	if len(lines) > 0 {
		for i, text := range table(lines) {
			if colour {
				text = paint(findings[i].Severity, text)
			}
			if _, err := fmt.Fprintln(out, text); err != nil {
				return err
			}
		}
	}
	for _, text := range sound {
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return nil
}

// paint colours the severity, which a line begins with: errors red, warnings
// yellow.
func paint(s doctor.Severity, line string) string {
	code := "31"
	if s == doctor.Warning {
		code = "33"
	}
	return "\x1b[" + code + "m" + string(s) + "\x1b[0m" + line[len(s):]
}
