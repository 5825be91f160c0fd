package main

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/spec"
)

// target is an output, and how the user wrote it.
type target struct {
	output.Transport
	text   string
	env    string   // whose image it is
	places []string // that it replaces
}

// targets parses the outputs of each environment before anything is built.
func (p *project) targets(envs []*spec.Environment, o buildOptions) ([][]target, error) {
	all := make([][]target, len(envs))
	for i, env := range envs {
		for _, text := range o.outputs {
			if text == pushOutput {
				if env.Image.Name == "" {
					return nil, fault.New(fault.Usage, p.file, "push needs [image] name").WithHint("or build -o docker://REF")
				}
				text += env.Image.Name
			}
			t, err := output.Parse(text)
			if err != nil {
				return nil, err
			}
			if env.Layers.Compression == "zstd" && (t.Scheme == output.DockerArchive || t.Scheme == output.DockerDaemon) {
				return nil, fault.New(fault.Usage, "--output", "%q: Docker's image store reads no zstd layers", text).
					WithHint("set [layers] compression = \"gzip\"")
			}
			t.Path = p.at(t.Path)
			if err := clash(all, env, t, text); err != nil {
				return nil, err
			}
			all[i] = append(all[i], target{Transport: t, text: text, env: title(env), places: places(env, t)})
		}
	}
	return all, nil
}

// places returns the names that an environment's image gets by a transport.
func places(env *spec.Environment, t output.Transport) []string {
	place := t.Scheme + ":" + t.Path
	switch {
	case t.Scheme == output.OCIArchive || t.Scheme == output.DockerArchive || t.Scheme == output.RootFS:
		return []string{place} // a file or a directory holds one image
	case t.Scheme == output.Docker || t.Scheme == output.DockerDaemon:
		place += strings.TrimSuffix(t.Ref, ":"+t.Tag)
	}
	if t.Tag != "" {
		return []string{place + ":" + t.Tag}
	}
	if t.Scheme == output.OCI {
		return []string{place + ":" + strings.Join(env.Image.Tags[:min(1, len(env.Image.Tags))], "")}
	}
	var all []string
	for _, tag := range env.Image.Tags {
		all = append(all, place+":"+tag)
	}
	return all
}

// clash refuses an output that would replace another environment's, and one to
// a registry that has no tag (design.md §3: one tag for two images is an
// error).
func clash(earlier [][]target, env *spec.Environment, t output.Transport, text string) error {
	own := places(env, t)
	if len(own) == 0 {
		return fault.New(fault.Usage, "--output", "%q has no tag, and %s has no [image] tags", text, title(env)).
			WithHint("set [image] tags, or write %s:TAG", text)
	}
	for _, o := range slices.Concat(earlier...) {
		for _, place := range own {
			if o.env != title(env) && slices.Contains(o.places, place) {
				return fault.New(fault.Usage, "--output", "%q would hold %s in place of %s", text, title(env), o.env).
					WithHint("choose one of them with --env; oci:DIR, docker://REF and docker-daemon:REF without a tag use [image] tags")
			}
		}
	}
	return nil
}
