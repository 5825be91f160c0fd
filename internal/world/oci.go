package world

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
)

// Conda channels in OCI registries, as conda's tools have them (no CEP settles
// it yet). Of a channel oci://HOST/CHANNEL,
//
//   - CHANNEL/SUBDIR/repodata.json:latest is the repodata, in one layer or more
//     of the media types below;
//   - CHANNEL/SUBDIR/NAME:VERSION-BUILD is a package, in a layer of its own. A
//     "_" at the start of a NAME is written "zzz_", and in a tag "+" is written
//     "__p__", "!" is "__e__" and "=" is "__eq__".
const (
	ociScheme   = "oci"
	mediaJSON   = "application/vnd.conda.repodata.v1+json" // and +zst, +bz2, +gzip
	mediaBz2    = "application/vnd.conda.package.v1"       // .tar.bz2
	mediaConda  = "application/vnd.conda.package.v2"       // .conda
	manifests   = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
	maxManifest = 4 << 20 // bytes
	bucketGzip  = "oci-gzip-1"
)

// ociFile is a file of a channel in a registry.
type ociFile struct {
	host, repo, tag string
	user            *url.Userinfo // of the configured URL
	where           string        // for errors
	media           []string      // of its layer, the best first
}

// ociFileOf takes a URL apart.
func ociFileOf(p place) (ociFile, error) {
	u, err := url.Parse(p.request)
	if err != nil || u.Host == "" {
		return ociFile{}, fault.New(fault.Usage, p.public, "not a URL")
	}
	dir, file := path.Split(strings.TrimPrefix(u.Path, "/"))
	f := ociFile{host: u.Host, user: u.User, where: p.public}
	if packing, ok := strings.CutPrefix(file, "repodata.json"); ok {
		f.repo, f.tag = dir+"repodata.json", "latest"
		switch packing {
		case "":
			f.media = []string{mediaJSON, mediaJSON + "+gzip"}
		case ".zst", ".bz2":
			f.media = []string{mediaJSON + "+" + packing[1:]}
		}
		return f, nil
	}
	stem, isConda := strings.CutSuffix(file, ".conda")
	f.media = []string{mediaConda}
	if !isConda {
		stem = strings.TrimSuffix(file, ".tar.bz2")
		f.media = []string{mediaBz2}
	}
	parts := strings.Split(stem, "-")
	if stem == file || len(parts) < 3 {
		return f, notThere(p.public) // a registry has no other files
	}
	name := strings.Join(parts[:len(parts)-2], "-")
	if strings.HasPrefix(name, "_") {
		name = "zzz" + name
	}
	f.repo = dir + name
	f.tag = strings.NewReplacer("+", "__p__", "!", "__e__", "=", "__eq__").Replace(strings.Join(parts[len(parts)-2:], "-"))
	return f, nil
}

// ociLayer is a layer of an image manifest (OCI image specification 1.1).
type ociLayer struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// ociDocument returns the digest of a document of a channel in a registry.
func (w *World) ociDocument(ctx context.Context, p place, a ask) (string, error) {
	f, err := ociFileOf(p)
	if err != nil {
		return "", err
	}
	layer, err := w.ociLayer(ctx, f, a.want)
	if err != nil {
		return "", err
	}
	gzipped := strings.HasSuffix(layer.MediaType, "+gzip")
	if !a.bytes && !gzipped {
		return layer.Digest, nil
	}
	digest, _, err := w.ociBlob(ctx, f, fetch.Want{SHA256: layer.Digest[len("sha256:"):], Size: layer.Size, Max: a.want.Max})
	if err != nil || !gzipped {
		return digest, err
	}
	return w.gunzip(ctx, digest, a.want.Max, p.public)
}

// ociLayer finds the layer that holds a file. That a manifest, or a layer of
// the wanted type, is not there is fs.ErrNotExist.
func (w *World) ociLayer(ctx context.Context, f ociFile, want repodata.Want) (ociLayer, error) {
	var none ociLayer
	c, err := w.registry(f)
	if err != nil {
		return none, err
	}
	u := f.url(c, "manifests", f.tag)
	want.Max = maxManifest
	digest, err := w.current(ctx, place{ociScheme + strings.TrimPrefix(strings.TrimPrefix(u, "https"), "http"), u}, ask{want: want, bytes: true, accept: manifests, client: c})
	if err != nil {
		return none, err
	}
	text, err := w.read(ctx, digest, maxManifest)
	if err != nil {
		return none, err
	}
	var m struct {
		Layers []ociLayer `json:"layers"`
	}
	if json.Unmarshal(text, &m) != nil || m.Layers == nil {
		return none, fault.New(fault.Verification, f.where, "the registry has no image manifest at %s:%s", f.repo, f.tag)
	}
	for _, media := range f.media {
		for _, l := range m.Layers {
			if l.MediaType != media {
				continue
			}
			if _, err := hexOf(l.Digest); err != nil || l.Size <= 0 {
				return none, fault.New(fault.Verification, f.where, "layer %q of %d bytes is not valid", l.Digest, l.Size)
			}
			return l, nil
		}
	}
	return none, notThere(f.where)
}

// hexOf returns what follows "sha256:" in a digest.
func hexOf(digest string) (string, error) {
	sum, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return "", errors.New("not a sha256")
	}
	return sum, nil
}

// ociPackage fetches a package from a registry into the store. One whose sha256
// is known is a blob that needs no manifest.
func (w *World) ociPackage(ctx context.Context, p place, want fetch.Want) (string, int64, error) {
	f, err := ociFileOf(p)
	if err != nil {
		return "", 0, err
	}
	if want.SHA256 == "" {
		layer, err := w.ociLayer(ctx, f, repodata.Want{})
		if err != nil {
			return "", 0, err
		}
		want.SHA256 = layer.Digest[len("sha256:"):]
	}
	return w.ociBlob(ctx, f, want)
}

func (w *World) ociBlob(ctx context.Context, f ociFile, want fetch.Want) (string, int64, error) {
	c, err := w.registry(f)
	if err != nil {
		return "", 0, err
	}
	return c.Into(ctx, w.Store, f.url(c, "blobs", "sha256:"+strings.ToLower(want.SHA256)), want)
}

// url returns where a registry has a manifest or blob (OCI distribution
// specification 1.1, "Pull"): over plain http where that is allowed.
func (f ociFile) url(c *fetch.Client, kind, id string) string {
	scheme := "https"
	if c.Plain(f.host) {
		scheme = "http"
	}
	return fmt.Sprintf("%s://%s/v2/%s/%s/%s", scheme, f.host, f.repo, kind, url.PathEscape(id))
}

// gunzip returns the digest of what a gzip blob holds, which the store has then.
func (w *World) gunzip(ctx context.Context, digest string, limit int64, where string) (string, error) {
	if limit <= 0 {
		limit = repodata.DefaultMaxSize
	}
	var plain string
	ok, err := w.Store.LoadRecord(ctx, bucketGzip, digest, &plain)
	if err != nil || ok && w.Store.Has(plain) {
		return plain, err
	}
	packed, err := w.read(ctx, digest, limit)
	if err != nil {
		return "", err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", fault.New(fault.Verification, where, "broken: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return "", fault.New(fault.Verification, where, "broken: %w", err)
	case int64(len(data)) > limit:
		return "", fault.New(fault.Verification, where, "larger than the limit of %d bytes", limit)
	}
	if plain, _, err = w.Store.Put(ctx, bytes.NewReader(data), "", int64(len(data))); err != nil {
		return "", err
	}
	return plain, w.Store.NoteRecord(ctx, bucketGzip, digest, plain)
}
