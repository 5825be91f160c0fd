package output_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// keychain has one credential for every registry, or none.
type keychain struct{ cfg *authn.AuthConfig }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	if k.cfg == nil {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(*k.cfg), nil
}

func (keychain) Sources() []string {
	return []string{"~/.docker/config.json", "docker-credential-test"}
}

var user = keychain{&authn.AuthConfig{Username: "u", Password: "p4ssw0rd"}}

// tokens is a registry's token server. A token is good for a number of requests.
type tokens struct {
	mu     sync.Mutex
	uses   int // per token
	issued int
	left   int
	scopes []string
}

// protect makes a registry want tokens.
func (k *tokens) protect(reg *outputtest.Registry) {
	reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		if r.URL.Path == "/token" {
			if _, password, _ := r.BasicAuth(); password != user.cfg.Password {
				outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "incorrect username or password")
				return true
			}
			k.scopes = r.URL.Query()["scope"]
			k.issued++
			k.left = k.uses
			fmt.Fprintf(w, `{"token":"s3cret-%d"}`, k.issued)
			return true
		}
		if k.left > 0 && r.Header.Get("Authorization") == fmt.Sprintf("Bearer s3cret-%d", k.issued) {
			k.left--
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, reg.URL))
		outputtest.Fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return true
	}
}

// TestTokenExpires: R03. Tokens die all the time, also in the middle of an
// upload, and nobody notices.
func TestTokenExpires(t *testing.T) {
	for _, uses := range []int{4, 5, 6, 7, 1000} {
		reg := outputtest.NewRegistry(t)
		k := &tokens{uses: uses}
		k.protect(reg)
		img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, outputtest.NewLayer(t, "large", noise(1200<<10)))}
		write(t, dest(reg), img, output.Options{Keychain: user, Jobs: 1})
		if (uses == 1000) != (k.issued == 1) {
			t.Errorf("%d uses: %d tokens", uses, k.issued)
		}
		if len(k.scopes) != 1 || k.scopes[0] != "repository:team/data:pull,push" {
			t.Errorf("scopes %q", k.scopes)
		}
		reg.Fault = nil
		pulled(t, reg, "v1")
	}
}

func TestCredentials(t *testing.T) {
	bearer := func(reg *outputtest.Registry) { (&tokens{uses: 1000}).protect(reg) }
	pullOnly := func(reg *outputtest.Registry) {
		reg.Fault = times(always, "POST", "", status(401, "UNAUTHORIZED", "authentication required"))
	}
	basic := func(reg *outputtest.Registry) {
		reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			if _, p, _ := r.BasicAuth(); p == user.cfg.Password {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	}
	const looked = "looked in ~/.docker/config.json, docker-credential-test; log in with docker login HOST or podman login HOST"
	for _, tc := range []struct {
		name    string
		protect func(*outputtest.Registry)
		creds   keychain
		want    string // "" for success
		hint    string
	}{
		{"bearer", bearer, user, "", ""},
		{"basic", basic, user, "", ""},
		{
			"bearer without", bearer,
			keychain{},
			`HOST/team/data: no credentials for HOST were found and it wants some (401 UNAUTHORIZED: "incorrect username or password")`, looked,
		},
		{
			"bearer with wrong", bearer,
			keychain{&authn.AuthConfig{Username: "u", Password: "wrong"}},
			`HOST/team/data: the credentials for HOST are refused (401 UNAUTHORIZED: "incorrect username or password")`,
			"log in again with docker login HOST or podman login HOST",
		},
		{
			"basic without", basic,
			keychain{},
			`HOST/team/data: blob DIGEST: no credentials for HOST were found and it wants some (401 Unauthorized)`, looked,
		},
		{
			"only pulling is free", pullOnly,
			keychain{},
			`HOST/team/data: blob DIGEST: no credentials for HOST were found and it wants some (401 UNAUTHORIZED: "authentication required")`, looked,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			tc.protect(reg)
			img, _ := sample(t, "v1")
			_, err := output.Write(t.Context(), parse(t, dest(reg)), img, output.Options{Keychain: tc.creds, Clock: newClock(), Jobs: 1})
			if tc.want == "" {
				must(t, err)
				return
			}
			r := strings.NewReplacer("HOST", reg.Host(), "DIGEST", firstBlob(t, img, nil))
			if err == nil || err.Error() != r.Replace(tc.want) || classOf(err) != "network" {
				t.Errorf("got %v (%s)\nwant %s", err, classOf(err), r.Replace(tc.want))
			}
			if got := hintOf(err); got != r.Replace(tc.hint) {
				t.Errorf("hint %q\nwant %q", got, r.Replace(tc.hint))
			}
		})
	}
}

// TestSecretsStayHome: R06 and promise P11. Credentials and cookies do not go
// to other hosts, and signed queries do not show up in events.
func TestSecretsStayHome(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, h := range []string{"Authorization", "Cookie", "Referer"} {
			if v := r.Header.Get(h); v != "" {
				t.Errorf("%s %s has %s: %s", r.Method, r.URL.Path, h, v)
			}
		}
		reg.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(other.Close)
	storage := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	(&tokens{uses: 100000}).protect(reg)
	protected := reg.Fault
	n := 0
	var mu sync.Mutex
	reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.Host, "localhost") { // the storage trusts the signature
			if r.URL.Query().Get("sig") != "s1gnature" {
				t.Errorf("%s %s lost its signature", r.Method, r.URL)
			}
			if r.Method == http.MethodPut {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == 1 {
					w.WriteHeader(http.StatusBadGateway)
					return true
				}
			}
			return false
		}
		w.Header().Set("Set-Cookie", "sid=c00kie")
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie came back")
		}
		if protected(w, r) {
			return true
		}
		if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, storage+r.URL.Path+"?sig=s1gnature", http.StatusTemporaryRedirect)
			return true
		}
		return false
	}
	reg.Header = func(r *http.Request, status int, h http.Header) int {
		if l := h.Get("Location"); l != "" && status == http.StatusAccepted && r.Method == http.MethodPost {
			h.Set("Location", storage+l+"?sig=s1gnature")
		}
		return status
	}
	img, _ := sample(t, "v1")
	var ev events
	write(t, dest(reg), img, output.Options{Keychain: user, Progress: ev.add})
	if ev.count(output.EventRetry) == 0 {
		t.Error("no retry was told")
	}
	for _, e := range ev.all {
		if text := fmt.Sprint(e); strings.Contains(text, "s1gnature") || strings.Contains(text, "s3cret") || strings.Contains(text, "p4ssw0rd") {
			t.Errorf("event %s", text)
		}
	}
	reg.Fault, reg.Header = nil, nil
	pulled(t, reg, "v1")
}

// TestDowngrade: R06. https never leads to plain http.
func TestDowngrade(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	secure := httptest.NewTLSServer(reg.Config.Handler)
	t.Cleanup(secure.Close)
	u, err := url.Parse(secure.URL)
	must(t, err)
	img, _ := sample(t, "v1")
	o := output.Options{Clock: newClock(), Transport: secure.Client().Transport, Jobs: 1}
	to := parse(t, "docker://"+u.Host+"/"+repo)

	reg.Fault = times(always, "HEAD", "", func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "http://storage.example.com"+r.URL.Path+"?sig=s1gnature", http.StatusTemporaryRedirect)
		return true
	})
	_, err = output.Write(t.Context(), to, img, o)
	blob := firstBlob(t, img, nil)
	want := fmt.Sprintf("%s/v2/%s/blobs/%s: redirect from https to plain http is refused: http://storage.example.com/v2/%s/blobs/%s", secure.URL, repo, blob, repo, blob)
	if err == nil || err.Error() != want || classOf(err) != "network" {
		t.Errorf("got %v\nwant %s", err, want)
	}

	// A Location elsewhere in plain http is refused as well, one at the registry
	// itself is put right: it sits behind a proxy and does not know better.
	for _, tc := range []struct{ host, want string }{
		{"storage.example.com", "http://storage.example.com/v2/team/data/blobs/uploads/1: plain http is not spoken to this host"},
		{u.Host, "<nil>"},
	} {
		reg.Fault = nil
		reg.Header = func(_ *http.Request, status int, h http.Header) int {
			if status == http.StatusAccepted && tc.host == u.Host {
				h.Set("Location", "http://"+tc.host+h.Get("Location"))
			} else if status == http.StatusAccepted {
				h.Set("Location", "http://"+tc.host+"/v2/team/data/blobs/uploads/1?sig=s1gnature")
			}
			return status
		}
		_, err = output.Write(t.Context(), to, img, o)
		if got := fmt.Sprint(err); got != tc.want {
			t.Errorf("%s: got %v\nwant %s", tc.host, got, tc.want)
		}
	}
}

// TestUntrustedCertificate is final at once, and says so.
func TestUntrustedCertificate(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	img, _ := sample(t, "v1")
	host := strings.TrimPrefix(secure.URL, "https://")
	_, err := output.Write(t.Context(), parse(t, "docker://"+host+"/x"), img, output.Options{Clock: newClock()})
	want := host + "/x: tls: failed to verify certificate: x509: certificate signed by unknown authority"
	if err == nil || err.Error() != want || classOf(err) != "network" {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
