package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// pushMerged pushes the indexes of what other machines pushed: of all
// environments or of none.
func (a *app) pushMerged(ctx context.Context, p *project, w *world.World, envs []*spec.Environment, targets [][]target, pr *progress, o buildOptions) error {
	parts, err := p.parts(envs, o.push.refs)
	if err != nil {
		return err
	}
	all := make([]v1.ImageIndex, len(envs))
	err = each(len(envs), func(i int) (err error) {
		all[i], err = p.merged(ctx, w, envs[i], parts[title(envs[i])], len(envs) > 1)
		return err
	})
	if err != nil {
		return err
	}
	results := make([][]result, len(envs))
	err = each(len(envs), func(i int) (err error) {
		results[i], err = p.write(ctx, envs[i], all[i], targets[i], pr, o)
		return err
	})
	if err != nil {
		return err
	}
	pr.close()
	return a.results(slices.Concat(results...), o.metadata)
}

// mergesAtATime is how many environments are joined side by side: each is some
// round trips, one after another.
const mergesAtATime = 8

// each does something n times, begins nothing after an error, and returns the
// first by number. It takes no context, since what is opened is read later.
func each(n int, do func(i int) error) error {
	var g errgroup.Group
	var failed atomic.Bool
	g.SetLimit(mergesAtATime)
	errs := make([]error, n)
	for i := range n {
		g.Go(func() error {
			if failed.Load() {
				return nil
			}
			if errs[i] = do(i); errs[i] != nil {
				failed.Store(true)
			}
			return nil
		})
	}
	_ = g.Wait() // errs has them
	return cmp.Or(errs...)
}

// parts returns the references to join, by environment: those of the command
// line belong to the only one, those in files say whose they are.
func (p *project) parts(envs []*spec.Environment, args []string) (map[string][]string, error) {
	parts := map[string][]string{}
	for _, arg := range args {
		if arg != "-" && !strings.HasSuffix(arg, ".json") {
			if len(envs) > 1 {
				return nil, fault.New(fault.Usage, "--merge", "joins one image, there are %d environments", len(envs)).
					WithHint("choose one of them with --env, or name the files that push --by-digest --metadata-file wrote")
			}
			parts[title(envs[0])] = append(parts[title(envs[0])], arg)
			continue
		}
		results, err := p.pushed(arg)
		if err != nil {
			return nil, err
		}
		for _, r := range results {
			if !slices.ContainsFunc(p.envs, func(env *spec.Environment) bool { return title(env) == r.Env }) {
				return nil, fault.New(fault.Usage, arg, "%q is no environment of %s", r.Env, p.file)
			}
			parts[r.Env] = append(parts[r.Env], r.Output+"@"+r.Digest)
		}
	}
	return parts, nil
}

// pushed reads a file of results, of one command or of several one after
// another; "-" is standard input.
func (p *project) pushed(name string) (all []result, err error) {
	from := p.stdin
	if name != "-" {
		f, err := os.Open(p.at(name))
		if err != nil {
			return nil, fault.New(fault.Usage, name, "%w", bare(err))
		}
		defer f.Close()
		from = f
	}
	const limit = 64 << 20
	d := json.NewDecoder(io.LimitReader(from, limit))
	for {
		var some []result
		err := d.Decode(&some)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fault.New(fault.Usage, name, "is not what push --json prints: %w", err)
		}
		for _, r := range some {
			_, bad := output.Parse(r.Output)
			if bad == nil || r.Output == "store" || !digestForm.MatchString(r.Digest) {
				return nil, fault.New(fault.Usage, name, "%q with digest %q is not in a registry", r.Output, r.Digest).WithHint("push it with --by-digest")
			}
		}
		all = append(all, some...)
	}
}

// merged returns the index of the images that other machines pushed.
func (p *project) merged(ctx context.Context, w *world.World, env *spec.Environment, refs []string, several bool) (v1.ImageIndex, error) {
	conf, err := p.config(env)
	if err != nil {
		return nil, err
	}
	from := map[platforms.Platform]string{}
	images := map[platforms.Platform]v1.Image{}
	for _, ref := range refs {
		if err := p.mergeOne(ctx, w, env, ref, images, from); err != nil {
			return nil, err
		}
	}
	var list []v1.Image
	for _, pl := range env.Image.Platforms {
		switch {
		case images[pl] == nil && several:
			return nil, fault.New(fault.Usage, "--merge", "no image of %s for %s", title(env), pl).
				WithHint("push it with --env %s --platform %s --by-digest, and add the file of that", title(env), pl)
		case images[pl] == nil:
			return nil, fault.New(fault.Usage, "--merge", "no image for %s", pl).
				WithHint("push it with --platform %s --by-digest, and add what that prints", pl)
		}
		list = append(list, images[pl])
	}
	return builder.Join(list, env.Image.Platforms, conf.Annotations)
}

// mergeOne adds the images of one reference.
func (p *project) mergeOne(ctx context.Context, w *world.World, env *spec.Environment, ref string, images map[platforms.Platform]v1.Image, from map[platforms.Platform]string) error {
	has, err := w.Bases.Platforms(ctx, ref)
	if err != nil {
		return err
	}
	for _, pl := range has {
		if !slices.Contains(env.Image.Platforms, pl) {
			return fault.New(fault.Usage, "--merge", "%s has %s, which is not a platform of the image", ref, pl).
				WithHint("the image has %s", list(env.Image.Platforms))
		}
		img, err := w.Bases.Open(ctx, ref, pl)
		if err != nil {
			return err
		}
		if images[pl] != nil && !sameImage(images[pl], img) {
			return fault.New(fault.Usage, "--merge", "%s and %s have different images for %s", from[pl], ref, pl).
				WithHint("name one of them")
		}
		images[pl], from[pl] = img, ref
	}
	return nil
}

func sameImage(a, b v1.Image) bool {
	x, err1 := a.Digest()
	y, err2 := b.Digest()
	return err1 == nil && err2 == nil && x == y
}
