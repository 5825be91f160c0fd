package world

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
)

// registry returns the client for a repository, which logs in as the registry
// asks for it.
func (w *World) registry(f ociFile) (*fetch.Client, error) {
	repo, err := name.NewRepository(f.host+"/"+f.repo, name.StrictValidation)
	if err != nil {
		return nil, fault.New(fault.Usage, f.where, "%q is not the name of a repository", f.host+"/"+f.repo)
	}
	n := w.learned()
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.registries[repo.Name()]
	if c == nil {
		c = w.Fetch.With(func(next http.RoundTripper) http.RoundTripper {
			return &login{repo: repo, user: f.user, keychain: w.Keychain, plain: w.Fetch.Plain(f.host), next: next}
		})
		n.registries[repo.Name()] = c
	}
	return c, nil
}

// login is a transport that finds out how a registry wants to be spoken to when
// it is first asked. It is the one that other hosts, where redirects lead, see
// nothing of.
type login struct {
	repo     name.Repository
	user     *url.Userinfo // nil: ask the keychain
	keychain authn.Keychain
	plain    bool // speak plain http
	next     http.RoundTripper

	mu    sync.Mutex
	ready http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (l *login) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != l.repo.RegistryStr() {
		return l.next.RoundTrip(r)
	}
	t, err := l.transport(r.Context())
	if err == nil {
		var resp *http.Response
		if resp, err = t.RoundTrip(r); err == nil {
			return resp, nil
		}
	}
	return nil, l.explain(err)
}

func (l *login) transport(ctx context.Context) (http.RoundTripper, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready != nil {
		return l.ready, nil
	}
	auth := authn.Anonymous
	if l.user != nil {
		password, _ := l.user.Password()
		auth = &authn.Basic{Username: l.user.Username(), Password: password}
	} else if l.keychain != nil {
		var err error
		if auth, err = authn.Resolve(ctx, l.keychain, l.repo); err != nil {
			return nil, fault.New(fault.Network, l.repo.RegistryStr(), "credentials: %w", err)
		}
	}
	registry := l.repo.Registry
	if l.plain {
		var err error
		if registry, err = name.NewRegistry(l.repo.RegistryStr(), name.Insecure); err != nil {
			return nil, err
		}
	}
	t, err := transport.NewWithContext(ctx, registry, auth, l.next, []string{l.repo.Scope(transport.PullScope)})
	if err == nil {
		l.ready = t
	}
	return t, err
}

// explain makes a refusal of the registry, or of its token server, final.
func (l *login) explain(err error) error {
	var status *transport.Error
	if !errors.As(err, &status) || status.StatusCode >= http.StatusInternalServerError || status.StatusCode == http.StatusTooManyRequests {
		return err
	}
	return fault.New(fault.Network, l.repo.Name(), "the registry answered %d %s when asked for a token", status.StatusCode, http.StatusText(status.StatusCode)).
		WithHint("credentials come from the Docker configuration: log in to %s, or check the channel's name", l.repo.RegistryStr())
}
