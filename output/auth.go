package output

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// auth keeps the Authorization header of one registry. It renews the header
// itself, and not through go-containerregistry's transport, because that sends
// a request again whose body is already used up.
type auth struct {
	registry  name.Registry
	keychain  authn.Authenticator
	trip      http.RoundTripper
	scopes    []string
	challenge *transport.Challenge

	mu     sync.Mutex
	header string // "" for none
	age    int    // counts renewals
	found  bool   // credentials exist
}

// current returns the header and its age.
func (a *auth) current() (string, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.header, a.age
}

// renew gets a new header, unless another request has done so since age.
func (a *auth) renew(ctx context.Context, age int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.age != age {
		return nil
	}
	header, err := a.login(ctx)
	if err != nil {
		return err
	}
	a.header, a.age = header, a.age+1
	return nil
}

// login answers the challenge.
func (a *auth) login(ctx context.Context) (string, error) {
	cfg, err := authn.Authorization(ctx, a.keychain)
	if err != nil {
		return "", newError(classNetwork, a.registry.String(), "credentials cannot be read: %s", escape(err.Error()))
	}
	a.found = *cfg != authn.AuthConfig{}
	switch {
	case cfg.RegistryToken != "":
		return "Bearer " + cfg.RegistryToken, nil
	case strings.EqualFold(a.challenge.Scheme, "bearer"):
		token, err := transport.Exchange(ctx, a.registry, a.keychain, a.trip, a.scopes, a.challenge)
		if err != nil {
			return "", err
		}
		if token.Token == "" { // some servers know OAuth's name only
			token.Token = token.AccessToken
		}
		return "Bearer " + token.Token, nil
	case a.challenge.Scheme == "" && a.age == 0:
		return "", nil // nobody asked yet
	case cfg.Username != "" || cfg.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.Username+":"+cfg.Password)), nil
	case cfg.Auth != "":
		return "Basic " + cfg.Auth, nil
	}
	return "", nil
}

// authTripper adds the header to requests for the registry and to no other:
// redirects and upload locations may lead elsewhere.
type authTripper struct {
	auth   *auth
	scheme string
	host   string // canonical
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *authTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.Header.Del("Authorization")
	if req.URL.Scheme == t.scheme && canonicalHost(t.scheme, req.URL.Host) == t.host {
		if header, _ := t.auth.current(); header != "" {
			out.Header.Set("Authorization", header)
		}
	}
	return t.next.RoundTrip(out)
}

// hasCredentials says whether the keychain had any.
func (a *auth) hasCredentials() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.found
}
