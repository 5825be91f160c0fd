package main

import (
	"context"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/devcontainer"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

func (a *app) exportDevcontainerCommand() *cobra.Command {
	var o fileOptions
	var tag string
	var pin bool
	cmd := &cobra.Command{
		Use:   "devcontainer",
		Short: "Write the image into .devcontainer/devcontainer.json",
		Long: `devcontainer makes .devcontainer/devcontainer.json start the image: it sets the
property "image" and keeps all others, their order and comments. User, extensions,
settings and commands come with the image, in the label that [devcontainer] makes.

The image is [image] name with its first tag, with --tag, or with --pin the digest
that the lock makes. Where there is a .devcontainer.json, that is written.`,
		Example: `  gophersnake export devcontainer
  gophersnake export devcontainer --pin       # NAME@sha256:…
  gophersnake export devcontainer --check     # exit 3 if it would change`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pin && tag != "" {
				return fault.New(fault.Usage, "", "%s takes either --tag or --pin", cmd.CommandPath())
			}
			return a.exportDevcontainer(cmd, o, tag, pin)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&tag, "tag", "", "the image's `TAG` (default: the first of [image] tags)")
	cmd.Flags().BoolVar(&pin, "pin", false, "write the digest of the image that the lock makes")
	return cmd
}

func (a *app) exportDevcontainer(cmd *cobra.Command, o fileOptions, tag string, pin bool) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	env, err := p.only(cmd.CommandPath())
	if err != nil {
		return err
	}
	if env.Image.Name == "" {
		return fault.New(fault.Usage, p.file, "%s needs [image] name", cmd.CommandPath())
	}
	if err := p.expand(cmd.Context(), env, ""); err != nil {
		return err
	}
	pr := a.newProgress()
	defer pr.close()
	if env.Devcontainer == nil {
		pr.warn("there is no [devcontainer] table, so the image tells no user, extensions or settings")
	}
	f := devcontainer.File{Name: path.Base(env.Image.Name)}
	if pin {
		f.Image, err = p.pinned(cmd.Context(), env, pr)
	} else {
		f.Image, err = tagged(env, tag)
	}
	if err != nil {
		return err
	}
	file := filepath.Join(p.dir, ".devcontainer", "devcontainer.json")
	if other := filepath.Join(p.dir, ".devcontainer.json"); !exists(file) && exists(other) {
		file = other
	}
	return a.exportFile(cmd, o, file, func(name string, data []byte) ([]byte, error) {
		if data == nil {
			return f.New()
		}
		return f.Update(name, data)
	})
}

// tagged returns the image's name with one of its tags.
func tagged(env *spec.Environment, tag string) (string, error) {
	tags := env.Image.Tags
	switch {
	case tag == "" && len(tags) == 0:
		return "", fault.New(fault.Usage, "", "the image of %s has no tag", title(env)).WithHint("set [image] tags, or write its digest with --pin")
	case tag == "":
		tag = tags[0]
	case !slices.Contains(tags, tag):
		return "", fault.New(fault.Usage, "--tag", "%q is not a tag of %s: %q", tag, title(env), tags)
	}
	return env.Image.Name + ":" + tag, nil
}

// pinned returns the image's name with the digest that its lock makes. With a
// complete lock no layer is made for it.
func (p *project) pinned(ctx context.Context, env *spec.Environment, pr *progress) (string, error) {
	w, err := p.openWorld(ctx, pr)
	if err != nil {
		return "", err
	}
	defer w.Store.Close()
	l, err := p.locked(ctx, w, pr, true)
	if err != nil {
		return "", err
	}
	built, err := p.image(ctx, w, l, env, pr, buildOptions{locked: true})
	if err != nil {
		return "", err
	}
	digest, err := built.Index.Digest()
	return env.Image.Name + "@" + digest.String(), err
}

// devcontainerEntry returns what the configuration says of development
// containers, nil where it says nothing.
func devcontainerEntry(d *spec.Devcontainer) *devcontainer.Entry {
	if d == nil {
		return nil
	}
	e := &devcontainer.Entry{
		Init: d.Init, SecurityOpt: d.SecurityOpt, Mounts: d.Mounts, ContainerEnv: d.ContainerEnv,
		RemoteUser: string(d.RemoteUser), UpdateRemoteUserUID: d.UpdateRemoteUserUID, RemoteEnv: d.RemoteEnv,
		OnCreateCommand: command(d.OnCreateCommand), UpdateContentCommand: command(d.UpdateContentCommand),
		PostCreateCommand: command(d.PostCreateCommand), PostStartCommand: command(d.PostStartCommand), PostAttachCommand: command(d.PostAttachCommand),
	}
	for _, c := range d.CapAdd {
		e.CapAdd = append(e.CapAdd, spec.Capability(c))
	}
	e.Customizations.VSCode.Extensions = d.Extensions
	if len(d.Settings) > 0 {
		e.Customizations.VSCode.Settings = map[string]any{}
		for name, value := range d.Settings {
			e.Customizations.VSCode.Settings[name] = value
		}
	}
	return e
}

// command returns a command, nil for an empty list.
func command(c spec.Command) any {
	if list, ok := c.([]any); ok && len(list) == 0 {
		return nil
	}
	return c
}
