package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxRedirects is how many redirects one request follows (promises.md §3.3).
const maxRedirects = 5

// client speaks the distribution API (OCI distribution-spec 1.1) to one
// repository.
type client struct {
	repo    name.Repository
	scheme  string
	http    *http.Client
	auth    *auth
	retry   *retrier
	sources []string // where credentials were looked for
}

// newClient asks the registry how it wants to be spoken to and logs in.
func newClient(ctx context.Context, repo name.Repository, scopes []string, o Options) (*client, error) {
	trip := &tripper{
		base:      o.Transport,
		insecure:  o.Insecure,
		userAgent: o.UserAgent,
		stall:     o.Stall,
		gate:      &gate{clock: o.Clock, maxWait: o.MaxWait, progress: o.Progress, until: map[string]time.Time{}},
	}
	c := &client{
		repo:  repo,
		retry: &retrier{clock: o.Clock, jitter: o.Jitter, maxWait: o.MaxWait, progress: o.Progress},
	}
	if s, ok := o.Keychain.(interface{ Sources() []string }); ok {
		c.sources = s.Sources()
	}
	creds, err := authn.Resolve(ctx, o.Keychain, repo)
	if err != nil {
		return nil, newError(classNetwork, repo.String(), "credentials cannot be read: %s", escape(err.Error()))
	}
	c.auth = &auth{registry: repo.Registry, keychain: creds, trip: trip, scopes: scopes}
	err = c.retry.do(ctx, repo.RegistryStr(), func(int) error {
		ping, err := transport.Ping(ctx, repo.Registry, trip)
		if err != nil {
			return tokenError(err)
		}
		c.auth.challenge = ping
		_, age := c.auth.current()
		return c.login(ctx, age)
	})
	if err != nil {
		return nil, c.explain(err, "")
	}
	c.scheme = "https"
	if c.auth.challenge.Insecure {
		c.scheme = "http"
	}
	c.http = &http.Client{
		Transport: &authTripper{
			auth: c.auth, scheme: c.scheme, next: trip,
			host: canonicalHost(c.scheme, repo.RegistryStr()),
		},
		CheckRedirect: checkRedirect(trip),
	}
	return c, nil
}

// login renews the credentials that are as old as age.
func (c *client) login(ctx context.Context, age int) error {
	if err := c.auth.renew(ctx, age); err != nil {
		return tokenError(err)
	}
	return nil
}

// checkRedirect refuses long chains and the way from https to plain http.
func checkRedirect(trip *tripper) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return newError(classNetwork, cleanURL(via[0].URL), "redirected more than %d times", maxRedirects)
		}
		if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return newError(classNetwork, cleanURL(via[0].URL), "redirect from https to plain http is refused: %s", cleanURL(req.URL))
		}
		req.Header.Del("Referer") // may hold a signed query
		return nil
	}
}

// url returns the URL of a part of the repository: "blobs/sha256:…".
func (c *client) url(part string) *url.URL {
	return &url.URL{Scheme: c.scheme, Host: c.repo.RegistryStr(), Path: "/v2/" + c.repo.RepositoryStr() + "/" + part}
}

// request is one request, see do.
type request struct {
	method  string
	url     *url.URL
	body    io.ReadCloser
	size    int64 // of body
	header  map[string]string
	want    []int // statuses that are no error
	noRenew bool  // a 401 does not mean that the token is old
}

// do sends a request once. A 401 renews the credentials and is then returned as
// an error that retry.do repeats: a body that is used up cannot be sent again
// here.
func (c *client) do(ctx context.Context, r request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s %s: not a request", r.method, cleanURL(r.url))
	}
	if r.body != nil {
		req.Body, req.ContentLength = r.body, r.size
		if r.size == 0 {
			req.Body = http.NoBody
		}
	}
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	_, age := c.auth.current()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unwrapURL(err)
	}
	for _, status := range r.want {
		if resp.StatusCode == status {
			return resp, nil
		}
	}
	failed := newStatusError(resp, c.retry.clock.Now())
	if failed.status == http.StatusUnauthorized && !r.noRenew {
		if err := c.login(ctx, age); err != nil {
			return nil, err
		}
	}
	return nil, failed
}

// unwrapURL drops the URL that net/http puts before its errors: it has secrets.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// location returns where an upload goes on. A registry behind a proxy may not
// know that it is spoken to in https, so its own http is put right.
func (c *client) location(resp *http.Response) (*url.URL, error) {
	text := resp.Header.Get("Location")
	if text == "" {
		return nil, c.errorf("the answer to %s has no Location", resp.Request.Method)
	}
	u, err := resp.Request.URL.Parse(text)
	if err != nil {
		return nil, c.errorf("the answer to %s has a Location that is not a URL", resp.Request.Method)
	}
	u.User, u.Fragment = nil, ""
	if c.scheme == "https" && u.Scheme == "http" && (u.Host == c.repo.RegistryStr() || u.Hostname() == c.repo.RegistryStr()) {
		u.Scheme = "https"
		u.Host = c.repo.RegistryStr()
	}
	return u, nil
}

// withDigest adds a digest to a Location, which may have a query of its own.
func withDigest(u *url.URL, h v1.Hash) *url.URL {
	out := *u
	if out.RawQuery != "" {
		out.RawQuery += "&"
	}
	out.RawQuery += "digest=" + url.QueryEscape(h.String())
	return &out
}

// drain reads the little that is left of an answer, so that the connection can
// be used again.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxErrorBody) // only a connection is at stake
	_ = resp.Body.Close()
}

// has reports whether the repository has a blob or manifest with the right
// size. HEAD decides; where its Content-Length is missing or differs, as some
// registries do, the content is read and hashed.
func (c *client) has(ctx context.Context, u *url.URL, d v1.Descriptor) (bool, error) {
	r := request{method: http.MethodHead, url: u, want: []int{200, 404}}
	if isManifest(u) {
		r.header = map[string]string{"Accept": string(d.MediaType)}
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return false, err
	}
	drain(resp)
	if resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	if resp.ContentLength == d.Size {
		return true, nil
	}
	return c.hashes(ctx, u, d)
}

// hashes reports whether the repository has a blob or manifest with the right
// content, which is read.
func (c *client) hashes(ctx context.Context, u *url.URL, d v1.Descriptor) (bool, error) {
	r := request{method: http.MethodGet, url: u, want: []int{200, 404}}
	if isManifest(u) {
		r.header = map[string]string{"Accept": string(d.MediaType)}
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	got, n, err := v1.SHA256(io.LimitReader(resp.Body, d.Size+1))
	if err != nil {
		return false, err
	}
	return n == d.Size && got == d.Digest, nil
}

func isManifest(u *url.URL) bool { return strings.Contains(u.Path, "/manifests/") }

// putManifest stores a manifest under its digest or a tag.
func (c *client) putManifest(ctx context.Context, m manifest, ref string) error {
	resp, err := c.do(ctx, request{
		method: http.MethodPut,
		url:    c.url("manifests/" + ref),
		body:   io.NopCloser(bytes.NewReader(m.raw)),
		size:   int64(len(m.raw)),
		header: map[string]string{"Content-Type": string(m.MediaType)},
		want:   []int{200, 201, 202},
	})
	if err != nil {
		return err
	}
	drain(resp)
	return nil
}

// resolves reports whether a tag yields exactly the manifest's bytes.
func (c *client) resolves(ctx context.Context, m manifest, tag string) (bool, error) {
	resp, err := c.do(ctx, request{
		method: http.MethodGet,
		url:    c.url("manifests/" + tag),
		header: map[string]string{"Accept": string(m.MediaType)},
		want:   []int{200, 404},
	})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	got, _, err := v1.SHA256(io.LimitReader(resp.Body, maxManifest+1))
	return got == m.Digest, err
}

func (c *client) errorf(format string, args ...any) *Error {
	return newError(classNetwork, c.repo.String(), format, args...)
}
