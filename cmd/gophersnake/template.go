package main

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/spec"
)

// values collects what an environment's templates stand for. git is asked only
// where one of them needs it: it may have to look at every file.
func (p *project) values(ctx context.Context, env *spec.Environment, version string) spec.Values {
	v := spec.Values{Version: version, CondaPrefix: env.Conda.Prefix, Env: map[string]string{}}
	for _, name := range p.spec.EnvNames() {
		if value := p.getenv(name); value != "" {
			v.Env[name] = value
		}
	}
	needs := map[string]bool{}
	for _, text := range templates(env) {
		for _, m := range gitTemplate.FindAllStringSubmatch(text, -1) {
			needs[m[1]] = true
		}
	}
	if needs["Commit"] || needs["Version"] && version == "" {
		commit, err := git(ctx, p.dir, "rev-parse", "HEAD")
		if err == nil {
			v.Commit = commit
		}
		if version == "" && needs["Version"] {
			v.Version = gitVersion(ctx, p.dir, v.Commit)
		}
	}
	return v
}

var gitTemplate = regexp.MustCompile(`\{\{\s*\.(Version|Commit)\s*\}\}`)

// templates returns the settings of an environment that may hold templates.
func templates(env *spec.Environment) []string {
	all := slices.Concat(env.Image.Tags, slices.Collect(maps.Values(env.Image.Labels)), slices.Collect(maps.Values(env.Image.Annotations)))
	for _, c := range env.CLI {
		all = append(all, c.Ldflags)
	}
	return all
}

// expand fills in the templates of the image's settings.
func (p *project) expand(ctx context.Context, env *spec.Environment, version string) error {
	v := p.values(ctx, env, version)
	for i, text := range env.Image.Tags {
		tag, err := p.fill("image.tags", text, v)
		if err != nil {
			return err
		}
		tag = strings.ReplaceAll(tag, "+", "-") // a tag has no +
		if spec.CheckTag(tag) != nil {
			return fault.New(fault.Usage, p.file, "image.tags: %q gives %q, which is not a tag", text, tag)
		}
		env.Image.Tags[i] = tag
	}
	for i := range env.CLI {
		flags, err := p.fill("cli.ldflags", env.CLI[i].Ldflags, v)
		if err != nil {
			return err
		}
		env.CLI[i].Ldflags = flags
	}
	if err := p.fillAll("image.labels", env.Image.Labels, v); err != nil {
		return err
	}
	return p.fillAll("image.annotations", env.Image.Annotations, v)
}

// fillAll fills in the templates of a table of settings.
func (p *project) fillAll(key string, m map[string]string, v spec.Values) error {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		value, err := p.fill(key+"."+k, m[k], v)
		if err != nil {
			return err
		}
		m[k] = value
	}
	return nil
}

// fill fills in the templates of one setting.
func (p *project) fill(key, text string, v spec.Values) (string, error) {
	value, err := spec.Expand(text, v)
	if err != nil {
		return "", fault.New(fault.Usage, p.file, "%s: %w", key, err)
	}
	return value, nil
}
