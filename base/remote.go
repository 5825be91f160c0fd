package base

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// remote is an image in a registry (OCI distribution specification 1.1,
// "Pull"). Its connection is made at the first request, so that an image whose
// documents are all in the cache needs no network.
type remote struct {
	ref    reference
	source *Source

	mu        sync.Mutex
	client    *http.Client
	scheme    string
	anonymous bool
}

func (r *remote) repository() (name.Repository, bool) { return r.ref.image.Context(), true }
func (r *remote) short() fault.Class                  { return fault.Network }

func (r *remote) where(digest string) string {
	return withoutTag(r.ref.text) + "@" + digest
}

// url returns the address of a manifest or blob of the repository.
func (r *remote) url(kind, id string) string {
	repo := r.ref.image.Context()
	return fmt.Sprintf("%s://%s/v2/%s/%s/%s", r.scheme, repo.RegistryStr(), repo.RepositoryStr(), kind, id)
}

// connect finds out how the registry wants to be spoken to.
func (r *remote) connect(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return nil
	}
	repo := r.ref.image.Context()
	auth := authn.Anonymous
	if r.source.Keychain != nil {
		var err error
		if auth, err = authn.Resolve(ctx, r.source.Keychain, repo); err != nil {
			return fault.New(fault.Network, repo.RegistryStr(), "credentials: %v", err)
		}
	}
	r.anonymous = auth == authn.Anonymous
	g := &guard{source: r.source, next: r.source.transport()}
	tr, err := transport.NewWithContext(ctx, repo.Registry, auth, g, []string{repo.Scope(transport.PullScope)})
	if err != nil {
		return r.explain(ctx, r.ref.text, err)
	}
	r.scheme = repo.Scheme()
	r.client = &http.Client{Transport: tr, CheckRedirect: checkRedirect}
	return nil
}

func (r *remote) top(ctx context.Context) (document, error) {
	limit := r.source.Limits.withDefaults().Manifest
	doc, err := r.get(ctx, "manifests", r.ref.image.Identifier(), r.ref.text, limit, "manifest")
	if err != nil {
		return document{}, err
	}
	if want, ok := r.ref.image.(name.Digest); ok && want.DigestStr() != doc.digest {
		return document{}, fault.New(fault.Verification, r.ref.text, "want %s, got %s", want.DigestStr(), doc.digest)
	}
	return doc, nil
}

func (r *remote) document(ctx context.Context, d descriptor, limit int64, what string) (document, error) {
	kind := "manifests"
	if what == configName {
		kind = "blobs"
	}
	if d.size != anySize {
		limit = min(limit, d.size)
	}
	doc, err := r.get(ctx, kind, d.Digest, r.where(d.Digest), limit, what)
	if err != nil || kind == "blobs" {
		return doc, err
	}
	if doc.contentType != "" && d.MediaType != "" && doc.contentType != d.MediaType {
		return document{}, fault.New(fault.Verification, doc.where, "manifest was sent as %q, its descriptor says %q", doc.contentType, d.MediaType)
	}
	return doc, nil
}

// get reads a whole document of at most limit bytes.
func (r *remote) get(ctx context.Context, kind, id, where string, limit int64, what string) (document, error) {
	if err := r.connect(ctx); err != nil {
		return document{}, err
	}
	var mediaType types.MediaType
	body, err := r.resume(ctx, where, func(off int64) (*http.Response, error) {
		resp, err := r.request(ctx, r.url(kind, id), where, off)
		if err == nil && kind == "manifests" {
			mediaType = contentType(resp.Header)
		}
		return resp, err
	})
	if err != nil {
		return document{}, err
	}
	defer body.Close()
	raw, err := readLimited(body, limit, where, what)
	if err != nil {
		return document{}, err
	}
	return newDocument(raw, mediaType, where), nil
}

func (r *remote) blob(ctx context.Context, digest string, size int64) (io.ReadCloser, error) {
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	where := r.where(digest)
	body, err := r.resume(ctx, where, func(off int64) (*http.Response, error) {
		return r.request(ctx, r.url("blobs", digest), where, off)
	})
	if err != nil {
		return nil, err
	}
	body.size = size
	return body, nil
}

// request sends one GET, from an offset on.
func (r *remote) request(ctx context.Context, url, where string, off int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fault.New(fault.Network, where, "%v", err)
	}
	if strings.Contains(url, "/manifests/") {
		req.Header.Set("Accept", acceptable())
	}
	if off > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", off))
	}
	// The transport must not unpack anything: what is hashed is what was sent.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, r.explain(ctx, where, err)
	}
	if resp.StatusCode == http.StatusOK || off > 0 && resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, r.explain(ctx, where, transport.CheckError(resp, http.StatusOK))
}
