package main

import (
	"context"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output"
)

// uploads asks destinations what they lack, and adds up what would be sent to
// each: a layer that several cells have is sent once.
type uploads struct {
	p     *project
	total *int64                     // nil: nobody was asked
	sent  map[string]map[string]bool // by destination: layers that are counted
	lacks map[string]map[string]bool // by destination: digests it was asked for
}

func newUploads(p *project) *uploads {
	return &uploads{p: p, sent: map[string]map[string]bool{}, lacks: map[string]map[string]bool{}}
}

// of returns the bytes of a cell's layers that its destinations lack, together;
// nil where there is none to ask.
func (u *uploads) of(ctx context.Context, c *planCell, targets []target) (*int64, error) {
	if len(targets) == 0 {
		return nil, nil
	}
	if u.total == nil {
		u.total = new(int64)
	}
	var bytes int64
	for _, t := range targets {
		to := t.Scheme + ":" + t.Path
		if t.Scheme == output.Docker {
			to = repositoryOf(t)
		}
		if u.sent[to] == nil {
			u.sent[to], u.lacks[to] = map[string]bool{}, map[string]bool{}
		}
		missing, err := u.missing(ctx, c, t, u.lacks[to])
		if err != nil {
			return nil, err
		}
		for _, y := range missing {
			bytes += y.Size
			for i := range c.Layers {
				c.Layers[i].Send = c.Layers[i].Send || c.Layers[i].id() == y.id()
			}
			if !u.sent[to][y.id()] {
				u.sent[to][y.id()] = true
				*u.total += y.Size
			}
		}
	}
	return &bytes, nil
}

// missing returns the layers that a destination lacks, which is asked for each
// once: lacks has its answers. A layer of the base that lies in the same registry
// is mounted.
func (u *uploads) missing(ctx context.Context, c *planCell, t target, lacks map[string]bool) ([]planLayer, error) {
	var lacking []planLayer
	var ask []v1.Descriptor
	seen := map[string]bool{}
	for _, y := range c.Layers {
		h, err := v1.NewHash(y.Digest)
		switch {
		case y.Digest == "":
			lacking = append(lacking, y)
			continue
		case err != nil:
			return nil, err
		case y.State == layerBase && t.Scheme == output.Docker && sameRegistry(y.Name, repositoryOf(t)):
			continue
		}
		if _, asked := lacks[y.Digest]; !asked {
			ask = append(ask, v1.Descriptor{Digest: h, Size: y.Size})
			lacks[y.Digest] = false
		}
	}
	if len(ask) > 0 {
		missing, err := output.Missing(ctx, t.Transport, ask, output.Options{
			Keychain: u.p.keychain(), Transport: u.p.transport, Insecure: u.p.plainHTTP, Jobs: max(4, u.p.jobs), MaxWait: u.p.maxWait, UserAgent: "gophersnake",
		})
		if err != nil {
			return nil, err
		}
		for _, d := range missing {
			lacks[d.Digest.String()] = true
		}
	}
	for _, y := range c.Layers {
		if lacks[y.Digest] && !seen[y.Digest] {
			seen[y.Digest] = true
			lacking = append(lacking, y)
		}
	}
	return lacking, nil
}

// repositoryOf returns a registry's destination without its tag.
func repositoryOf(t target) string {
	if r, err := name.ParseReference(t.Ref); err == nil {
		return r.Context().Name()
	}
	return t.Ref
}

func sameRegistry(image, repository string) bool {
	a, err := name.ParseReference(image)
	if err != nil || strings.HasPrefix(image, "oci:") || strings.HasPrefix(image, "oci-archive:") {
		return false
	}
	b, err := name.NewRepository(repository)
	return err == nil && a.Context().RegistryStr() == b.RegistryStr()
}
