package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/base"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// inspection is what inspect tells of an index.
type inspection struct {
	Reference string           `json:"reference"`
	Digest    string           `json:"digest"`
	Size      int64            `json:"size"` // of all layers, each once
	Images    []inspectedImage `json:"images"`
}

type inspectedImage struct {
	Platform string           `json:"platform"`
	Digest   string           `json:"digest"`
	User     string           `json:"user,omitempty"`
	Env      []string         `json:"env"`
	Layers   []inspectedLayer `json:"layers"`
}

type inspectedLayer struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

func (a *app) inspectCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect REF",
		Short: "Show the platforms, layers and sizes of an image",
		Long:  "inspect reads an image from a registry (REF or docker://REF) or a layout (oci:DIR[:TAG])\nand shows its platforms, their layers with sizes, user and variables.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fault.New(fault.Usage, "", "inspect takes one image, got %d", len(args)).WithHint("such as oci:DIR, or HOST/NAME:TAG")
			}
			in, err := a.inspect(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(in)
			}
			return in.print(a.stdout)
		},
	}
}

func (a *app) inspect(ctx context.Context, ref string) (*inspection, error) {
	idx, err := a.openIndex(ctx, ref)
	if err != nil {
		return nil, err
	}
	digest, err := idx.Digest()
	if err != nil {
		return nil, err
	}
	in := &inspection{Reference: ref, Digest: digest.String()}
	m, err := idx.IndexManifest()
	if err != nil {
		return nil, fault.New(fault.Verification, ref, "index: %w", err)
	}
	seen := map[string]bool{}
	for _, d := range m.Manifests {
		if !d.MediaType.IsImage() {
			continue
		}
		img, err := idx.Image(d.Digest)
		if err != nil {
			return nil, fault.New(fault.Verification, ref, "manifest %s: %w", d.Digest, err)
		}
		one, err := inspectImage(img, d)
		if err != nil {
			return nil, fault.New(fault.Verification, ref, "image %s: %w", d.Digest, err)
		}
		for _, l := range one.Layers {
			if !seen[l.Digest] {
				seen[l.Digest] = true
				in.Size += l.Size
			}
		}
		in.Images = append(in.Images, *one)
	}
	return in, nil
}

// openIndex opens an image's index. A single image is wrapped in one.
func (a *app) openIndex(ctx context.Context, ref string) (v1.ImageIndex, error) {
	if rest, ok := strings.CutPrefix(ref, "oci:"); ok {
		return a.openLayout(ref, rest)
	}
	text := strings.TrimPrefix(ref, "docker://")
	if err := base.CheckReference(text); err != nil {
		return nil, err
	}
	r, err := name.ParseReference(text)
	if err == nil && a.plainHTTP(r.Context().RegistryStr()) {
		r, err = name.ParseReference(text, name.Insecure)
	}
	if err != nil {
		return nil, fault.New(fault.Usage, ref, "%w", err)
	}
	idx, err := remote.Index(r, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithUserAgent("gophersnake"))
	if err != nil {
		return nil, fault.New(fault.Network, ref, "%w", err)
	}
	return idx, nil
}

// openLayout opens the index of a tag, or the only one there is.
func (a *app) openLayout(ref, rest string) (v1.ImageIndex, error) {
	dir, tag, _ := strings.Cut(rest, ":")
	top, err := layout.ImageIndexFromPath(a.at(dir))
	if err != nil {
		return nil, fault.New(fault.Usage, ref, "not an OCI layout: index.json: %w", bare(err))
	}
	m, err := top.IndexManifest()
	if err != nil {
		return nil, fault.New(fault.Disk, ref, "index.json: %w", err)
	}
	var tags []string
	for _, d := range m.Manifests {
		have := d.Annotations["org.opencontainers.image.ref.name"]
		tags = append(tags, have)
		if d.MediaType.IsIndex() && (have == tag || tag == "" && len(m.Manifests) == 1) {
			return top.ImageIndex(d.Digest)
		}
	}
	return nil, fault.New(fault.Usage, ref, "no index with the tag %q", tag).WithHint("the layout has %q", tags)
}

func inspectImage(img v1.Image, d v1.Descriptor) (*inspectedImage, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	m, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	one := &inspectedImage{Platform: file.OS + "/" + file.Architecture, Digest: d.Digest.String(), User: file.Config.User, Env: file.Config.Env}
	var made []string
	for _, h := range file.History {
		if !h.EmptyLayer {
			made = append(made, h.CreatedBy)
		}
	}
	for i, l := range m.Layers {
		name := "base"
		if i < len(made) && len(made) == len(m.Layers) {
			name = strings.TrimPrefix(made[i], "gophersnake: ")
		}
		one.Layers = append(one.Layers, inspectedLayer{name, l.Digest.String(), l.Size})
	}
	return one, nil
}

func (in *inspection) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s\n%s\n%s, %s in all layers\n", in.Reference, in.Digest, plural(len(in.Images), "platform"), size(in.Size))
	for _, img := range in.Images {
		fmt.Fprintf(out, "\n%s %s\nuser %s\n", img.Platform, img.Digest, img.User)
		for _, kv := range img.Env {
			fmt.Fprintf(out, "env %s\n", kv)
		}
		for _, l := range img.Layers {
			fmt.Fprintf(w, "%s\t %.19s\t %s\n", size(l.Size), l.Digest, shorten(l.Name, 60))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
