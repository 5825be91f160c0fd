package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/platforms"
)

// imageDiff is how two images differ.
type imageDiff struct {
	Old       string         `json:"old"`
	New       string         `json:"new"`
	Platforms []platformDiff `json:"platforms"`
	Pulled    int64          `json:"pulled"` // bytes of blobs, by who pulls all platforms that both have

	pulled map[string]bool // blobs that are counted
}

// platformDiff is the difference on one platform. Only says which of the images
// alone has it, then nothing else is told.
type platformDiff struct {
	Platform string          `json:"platform"`
	Only     string          `json:"only,omitempty"` // "old" or "new"
	Packages []packageChange `json:"packages"`
	Layers   *blobDiff       `json:"layers,omitempty"`
	Config   int64           `json:"config"` // bytes of the config that are pulled, 0 where it is the same
	Pulled   int64           `json:"pulled"` // bytes of layers and config

	// Bytes that a client pulls which knows a layer by what lies below it alone, as
	// dockerd's own image store does: also of layers above the lowest that changed.
	PulledByDockerd int64 `json:"pulledByDockerd"`
}

// packageChange is a package that came, went or changed.
type packageChange struct {
	Kind string `json:"kind"` // "conda", "python", "deb" or "go"
	Name string `json:"name"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

func (c packageChange) String() string {
	switch {
	case c.Old == "":
		return fmt.Sprintf("+ %s %s %s", c.Kind, c.Name, c.New)
	case c.New == "":
		return fmt.Sprintf("- %s %s %s", c.Kind, c.Name, c.Old)
	}
	return fmt.Sprintf("~ %s %s %s -> %s", c.Kind, c.Name, c.Old, c.New)
}

func (a *app) diffImages(ctx context.Context, oldRef, newRef string) (*imageDiff, error) {
	oldRef, newRef = strings.TrimPrefix(oldRef, "docker://"), strings.TrimPrefix(newRef, "docker://")
	src := a.source()
	was, err := src.Platforms(ctx, oldRef)
	if err != nil {
		return nil, err
	}
	is, err := src.Platforms(ctx, newRef)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(is)
	for _, p := range was {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if all, err = a.wanted(all); err != nil {
		return nil, err
	}
	d := &imageDiff{Old: oldRef, New: newRef, pulled: map[string]bool{}}
	for _, p := range all {
		one := platformDiff{Platform: p.String(), Packages: []packageChange{}}
		switch {
		case !slices.Contains(was, p):
			one.Only = "new"
		case !slices.Contains(is, p):
			one.Only = "old"
		default:
			if err := d.compare(ctx, src, p, &one); err != nil {
				return nil, err
			}
		}
		d.Platforms = append(d.Platforms, one)
	}
	return d, nil
}

// contents are one platform's blobs, bottom to top.
type contents struct {
	layers []diffBlob
	open   map[string]v1.Layer
	config v1.Descriptor
}

func contentsOf(ctx context.Context, src *base.Source, ref string, p platforms.Platform) (*contents, error) {
	img, err := src.Open(ctx, ref, p)
	if err != nil {
		return nil, err
	}
	m, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	var made []string
	for _, h := range file.History {
		if !h.EmptyLayer {
			made = append(made, h.CreatedBy)
		}
	}
	c := &contents{open: map[string]v1.Layer{}, config: m.Config}
	for i, y := range m.Layers {
		name := ""
		if len(made) == len(m.Layers) {
			name = strings.TrimPrefix(made[i], "gophersnake: ")
		}
		digest := y.Digest.String()
		c.layers = append(c.layers, diffBlob{shorten(name, 60), digest, y.Size})
		c.open[digest] = layers[i]
	}
	return c, nil
}

// compare fills in the difference on a platform. Pulled counts every blob once
// for all platforms.
func (d *imageDiff) compare(ctx context.Context, src *base.Source, p platforms.Platform, one *platformDiff) error {
	was, err := contentsOf(ctx, src, d.Old, p)
	if err != nil {
		return err
	}
	is, err := contentsOf(ctx, src, d.New, p)
	if err != nil {
		return err
	}
	one.Layers = compareBlobs(was.layers, is.layers)
	one.Pulled = one.Layers.Pulled
	one.PulledByDockerd = above(was.layers, is.layers)
	blobs := one.Layers.Added
	if was.config.Digest != is.config.Digest {
		one.Config = is.config.Size
		one.Pulled += one.Config
		one.PulledByDockerd += one.Config
		blobs = append(slices.Clone(blobs), diffBlob{Digest: is.config.Digest.String(), Size: one.Config})
	}
	for _, b := range blobs {
		if !d.pulled[b.Digest] {
			d.pulled[b.Digest] = true
			d.Pulled += b.Size
		}
	}
	before, err := was.packages(one.Layers.Removed)
	if err != nil {
		return err
	}
	after, err := is.packages(one.Layers.Added)
	if err != nil {
		return err
	}
	switch {
	case hasDebs(before) && !hasDebs(after):
		err = is.debian(after)
	case hasDebs(after) && !hasDebs(before):
		err = was.debian(before)
	}
	if err != nil {
		return err
	}
	one.Packages = append(one.Packages, comparePackages(before, after)...)
	return nil
}

// above returns the size of the layers from the lowest that differs on.
func above(was, is []diffBlob) (size int64) {
	same := 0
	for same < len(was) && same < len(is) && was[same].Digest == is[same].Digest {
		same++
	}
	seen := map[string]bool{}
	for _, b := range is[same:] {
		if !seen[b.Digest] {
			seen[b.Digest] = true
			size += b.Size
		}
	}
	return size
}

func (d *imageDiff) print(out io.Writer) error {
	for i, p := range d.Platforms {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := p.print(out); err != nil {
			return err
		}
	}
	if len(d.Platforms) < 2 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\n%d platforms together: %s pulled again\n", len(d.Platforms), size(d.Pulled))
	return err
}

func (p *platformDiff) print(out io.Writer) error {
	if p.Only != "" {
		_, err := fmt.Fprintf(out, "%s is in the %s image only\n", p.Platform, p.Only)
		return err
	}
	fmt.Fprintln(out, p.Platform)
	for _, c := range p.Packages {
		fmt.Fprintln(out, c)
	}
	var lines [][]string
	for _, y := range p.Layers.Removed {
		lines = append(lines, []string{"  -", fmt.Sprintf("%9s", size(y.Size)), fmt.Sprintf("%.19s", y.Digest), y.Name})
	}
	for _, y := range p.Layers.Added {
		lines = append(lines, []string{"  +", fmt.Sprintf("%9s", size(y.Size)), fmt.Sprintf("%.19s", y.Digest), y.Name})
	}
	if len(lines) > 0 {
		for _, text := range table(lines) {
			fmt.Fprintln(out, strings.TrimRight(text, " "))
		}
	}
	if len(lines) == 0 && p.Config == 0 {
		_, err := fmt.Fprintln(out, "no difference")
		return err
	}
	config := ""
	if p.Config > 0 {
		config = ", " + size(p.Config) + " of it config"
	}
	_, err := fmt.Fprintf(out, "layers: %d the same, %d new, %d gone; %s pulled again%s\n", p.Layers.Kept, len(p.Layers.Added), len(p.Layers.Removed), size(p.Pulled), config)
	if err == nil && p.PulledByDockerd > p.Pulled {
		_, err = fmt.Fprintf(out, "dockerd, without containerd's image store: %s, with all layers above the lowest new one\n", size(p.PulledByDockerd))
	}
	return err
}
