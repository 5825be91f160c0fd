package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/builder"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/world"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// buildPlan is what a build would do.
type buildPlan struct {
	Lock   string     `json:"lock"`   // digest of the lock's resolved part
	Cells  []planCell `json:"cells"`  // environments × platforms, in the configuration's order
	Size   int64      `json:"size"`   // of all layers, each once
	Upload *int64     `json:"upload"` // bytes of layers to send, each once for a destination; null where no destination was asked
	Guess  bool       `json:"guess"`  // a size is guessed or not known, so sums are too

	Shards []planShard `json:"shards,omitempty"` // of --shards
}

// planCell is one environment on one platform: what build --cell builds.
type planCell struct {
	Cell     int         `json:"cell"`
	Env      string      `json:"env"`
	Platform string      `json:"platform"`
	Size     int64       `json:"size"`
	Upload   *int64      `json:"upload"`
	Guess    bool        `json:"guess"`
	Layers   []planLayer `json:"layers"`
}

// planLayer is a layer, bottom to top.
type planLayer struct {
	Kind   string `json:"kind"` // "base", or a layer's kind
	Name   string `json:"name"`
	Digest string `json:"digest,omitempty"` // where it is known
	Size   int64  `json:"size"`             // bytes compressed; 0 where nothing tells
	Guess  bool   `json:"guess,omitempty"`  // Size is by the sizes of packages, or not known
	State  string `json:"state"`            // see the states
	Send   bool   `json:"send"`             // a destination lacks it

	key    string // of the layer
	likely string // of the layer, see layers.Layer
}

// id tells layers apart: those of two platforms, or of environments with the
// same packages, may have the same bytes.
func (y planLayer) id() string { return cmp.Or(y.Digest, y.likely, y.key) }

// What a build would do about a layer.
const (
	layerMake  = "make"  // make it: nobody knows its bytes
	layerSame  = "same"  // make it of packages that a layer was made of before: most likely the same bytes
	layerKnown = "known" // the lock knows its digest: made or borrowed where a destination lacks it
	layerStore = "store" // its bytes are in the store
	layerBase  = "base"  // the base's: mounted, or copied from where the base lies
)

func (a *app) planCommand() *cobra.Command {
	var o buildOptions
	shards := 0
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a build would do: layers, sizes, bytes to upload",
		Long: `plan shows, for each environment and platform, the layers that a build would
have, whether they are known or in the store, their sizes, and how many bytes of
layers would be sent. It makes nothing and writes nothing, the lock neither.

Sizes are those of the lock's layer rows or of the store; else they are guessed
by the sizes of packages, marked with ~, or not known, marked with ?. A layer of
packages that were in one before, beside others, is likely to be the same. The
destination, [image] name or those of --output, is asked which layers it has,
unless --offline.

A cell is one environment on one platform. --json lists them for a CI matrix, and
build --cell N builds one of them. --shards divides them among machines, so that
each makes as little as may be, and as few layers as may be are made on several.`,
		Example: `  gophersnake plan
  gophersnake plan --json | jq -c '{include: [.cells[] | {cell, env, platform}]}'
  gophersnake build --cell 3 --locked
  gophersnake plan --json --shards 16 | jq -c '{include: [.shards[] | {shard, cells}]}'
  gophersnake push --cell 0,4-9 --locked --by-digest`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if shards < 0 {
				return fault.New(fault.Usage, "--shards", "%d is negative", shards)
			}
			done, err := a.plan(cmd.Context(), o)
			if err != nil {
				return err
			}
			if shards > 0 {
				done.Shards = done.shards(shards)
			}
			if a.json {
				return a.printJSON(done)
			}
			return done.print(a.stdout)
		},
	}
	cmd.Flags().StringArrayVarP(&o.outputs, "output", "o", nil, "ask `TRANSPORT` which layers it has (repeatable; default: [image] name)")
	cmd.Flags().BoolVar(&o.locked, "locked", false, "exit 3 if the lock is out of date")
	cmd.Flags().IntVar(&shards, "shards", 0, "divide the cells among `N` machines at most")
	cmd.Flags().StringVar(&o.version, "set-version", "", "what {{.Version}} stands for (default: git's tag or revision)")
	return cmd
}

func (a *app) plan(ctx context.Context, o buildOptions) (*buildPlan, error) {
	p, err := a.project()
	if err != nil {
		return nil, err
	}
	envs, err := p.chosen()
	if err != nil {
		return nil, err
	}
	pr := a.newProgress()
	defer pr.close()
	w, err := p.openWorld(ctx, pr)
	if err != nil {
		return nil, err
	}
	defer w.Store.Close()
	l, err := p.unwritten(ctx, w, pr, o.locked)
	if err != nil {
		return nil, err
	}
	done := &buildPlan{Lock: l.Digest(), Cells: []planCell{}}
	uploads := newUploads(p)
	for _, env := range envs {
		if err := p.expand(ctx, env, o.version); err != nil {
			return nil, err
		}
		targets, err := p.destinations(env, o)
		if err != nil {
			return nil, err
		}
		cells, err := p.cells(ctx, w, l, env, pr, o)
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			c.Cell = len(done.Cells)
			if c.Upload, err = uploads.of(ctx, &c, targets); err != nil {
				return nil, err
			}
			done.Cells = append(done.Cells, c)
		}
	}
	done.Upload = uploads.total
	done.sum()
	return done, nil
}

// unwritten returns the lock in step with the configuration, and leaves the
// file as it is.
func (p *project) unwritten(ctx context.Context, w *world.World, pr *progress, strict bool) (*lock.Lock, error) {
	hash, err := p.inputHash()
	if err != nil {
		return nil, err
	}
	l, err := p.readLock()
	if err != nil || l != nil && l.InputHash == hash {
		return l, err
	}
	if strict {
		return nil, stale(p.lockFile(), l)
	}
	return p.resolve(ctx, w, pr, resolveOptions{old: l, hash: hash})
}

// destinations are where a build of an environment would go: --output, or the
// registry of [image] name if there is one.
func (p *project) destinations(env *spec.Environment, o buildOptions) ([]target, error) {
	if len(o.outputs) == 0 && env.Image.Name != "" {
		o.outputs = []string{pushOutput}
	}
	all, err := p.targets([]*spec.Environment{env}, o)
	if err != nil || p.offline {
		return nil, err
	}
	return all[0], nil
}

// cells composes the images of an environment and looks up their layers.
func (p *project) cells(ctx context.Context, w *world.World, l *lock.Lock, env *spec.Environment, pr *progress, o buildOptions) ([]planCell, error) {
	ps, err := p.platformsOf(env)
	if err != nil {
		return nil, err
	}
	conf, err := p.config(env)
	if err != nil {
		return nil, err
	}
	in, err := p.inputs(ctx, w, env, l, pr, o)
	if err != nil {
		return nil, err
	}
	b := &builder.Builder{Store: w.Store, Compression: in.Compression, Row: l.Row}
	var cells []planCell
	for _, pl := range ps {
		s := l.For(env.Name, pl)
		if err := allowed(env, s.Conda); err != nil {
			return nil, err
		}
		img, err := builder.Compose(s, pl, nil, in, conf)
		if err != nil {
			return nil, err
		}
		c := planCell{Env: title(env), Platform: pl.String(), Layers: baseLayers(s.Base)}
		for _, y := range img.Layers {
			k, err := b.Look(ctx, y)
			if err != nil {
				return nil, err
			}
			one := planLayer{Kind: y.Kind, Name: y.Name, Digest: k.Row.Digest, Size: k.Row.Size, State: layerKnown, key: y.Key, likely: y.Likely}
			switch {
			case k.Likely.Digest != "":
				one.State, one.Digest, one.Size = layerSame, k.Likely.Digest, k.Likely.Size
			case k.Row.Digest == "":
				one.State, one.Size, one.Guess = layerMake, y.Guess, true
			case k.Stored:
				one.State = layerStore
			}
			c.Layers = append(c.Layers, one)
		}
		cells = append(cells, c)
	}
	return cells, nil
}

// baseLayers are the layers of a base that is an image.
func baseLayers(b *lock.Base) (all []planLayer) {
	if b == nil || b.Suite != "" {
		return nil
	}
	for _, y := range b.Layers {
		all = append(all, planLayer{Kind: "base", Name: b.Image, Digest: y.Digest, Size: y.Size, State: layerBase})
	}
	return all
}

// sum adds up the sizes.
func (d *buildPlan) sum() {
	seen := map[string]bool{}
	for i := range d.Cells {
		c := &d.Cells[i]
		for _, y := range c.Layers {
			c.Size += y.Size
			c.Guess = c.Guess || y.Guess
			if !seen[y.id()] {
				seen[y.id()] = true
				d.Size += y.Size
			}
		}
		d.Guess = d.Guess || c.Guess
	}
}

func (d *buildPlan) print(out io.Writer) error {
	for _, c := range d.Cells {
		fmt.Fprintf(out, "%d %s %s: %s, %s%s\n", c.Cell, c.Env, c.Platform, plural(len(c.Layers), "layer"), about(c.Size, c.Guess), toUpload(c.Upload, c.Guess))
		var lines [][]string
		for _, y := range c.Layers {
			state := "  " + y.State
			if y.Send {
				state += ", send"
			}
			lines = append(lines, []string{state, amount(y), strings.TrimSpace(y.Kind + " " + shorten(y.Name, 60))})
		}
		for _, text := range table(append([][]string{{"  ", "         ", ""}}, lines...))[1:] {
			fmt.Fprintln(out, text)
		}
	}
	for _, s := range d.Shards {
		fmt.Fprintf(out, "shard %d: %s, cells %s\n", s.Shard, about(s.Size, d.Guess), s.Cells)
	}
	_, err := fmt.Fprintf(out, "%s: %s%s\n", plural(len(d.Cells), "image"), about(d.Size, d.Guess), toUpload(d.Upload, d.Guess))
	return err
}

// amount prints the size of a layer, aligned to the right.
func amount(y planLayer) string {
	text := size(y.Size)
	switch {
	case y.Guess && y.Size == 0:
		text = "?"
	case y.Guess:
		text = "~" + text
	}
	return fmt.Sprintf("%9s", text)
}

func about(n int64, guess bool) string {
	if guess {
		return "about " + size(n)
	}
	return size(n)
}

func toUpload(n *int64, guess bool) string {
	switch {
	case n == nil:
		return ""
	case *n == 0:
		return ", nothing to upload"
	}
	return ", " + about(*n, guess) + " to upload"
}
