package fetch

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// tlsServer serves over https; the returned client trusts it.
func tlsServer(t *testing.T, h http.HandlerFunc) (*httptest.Server, *Client) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c, _ := client()
	c.HTTP = NewTransport(nil, roots)
	return s, c
}

func TestRedirects(t *testing.T) {
	var hops []http.HandlerFunc
	for range MaxRedirects {
		hops = append(hops, redirect("/next?sig=canary#part"))
	}
	s := serve(t, append(hops, send(body))...)
	c, _ := client()
	r, err := c.Fetch(deadline(t), s.URL, Want{SHA256: sha(body)}, &Buffer{})
	if err != nil || r.URL != s.URL+"/next" {
		t.Fatalf("Fetch: %+v, %v", r, err)
	}
	if d := cmp.Diff(make([]string, 6), s.header("Referer")); d != "" {
		t.Errorf("Referer: %s", d)
	}
	s = serve(t, append(hops, redirect("/next"))...)
	_, err = c.Get(deadline(t), s.URL, 10)
	wantError(t, err, s.URL, fault.Network, "$URL: more than 5 redirects", "")
}

func TestRefusesRedirect(t *testing.T) {
	for _, tt := range []struct{ to, want string }{
		{"http://h.test/x?sig=canary", "a redirect to plain http, http://h.test/x, is not followed"},
		{"file:///etc/passwd", `a redirect to scheme "file" is not followed`},
		{"https:///x", "a redirect without a host, is not followed"},
		{"https://h.test/%zz", "a redirect leads to no URL"},
		{"", "a redirect leads to no URL"},
	} {
		s := serve(t, redirect(tt.to))
		c, _ := client()
		_, err := c.Get(deadline(t), s.URL, 10)
		want := strings.Replace(tt.want, `"file" is`, `"file", is`, 1)
		wantError(t, err, s.URL, fault.Network, "$URL: "+want, "")
	}
}

func TestRefusesDowngrade(t *testing.T) {
	insecure := serve(t)
	s, c := tlsServer(t, redirect(insecure.URL+"/x?sig=canary"))
	_, err := c.Get(deadline(t), s.URL, 10)
	wantError(t, err, s.URL, fault.Network, "$URL: a redirect from https to plain http, "+insecure.URL+"/x, is not followed", "")
}

// A server elsewhere must not make us ask this machine or a cloud's metadata
// address.
func TestRefusesLocalRedirect(t *testing.T) {
	for _, to := range []string{"https://127.0.0.1/x", "https://localhost:1/x", "https://169.254.169.254/x", "https://[::1]/x", "https://[fe80::1]/x", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/x"} {
		c := &Client{HTTP: roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			redirect(to)(w, r)
			resp := w.Result()
			resp.Request = r
			return resp, nil
		})}
		_, err := c.Get(deadline(t), "https://h.test/", 10)
		wantError(t, err, "https://h.test/", fault.Network, "$URL: a redirect to a local address, "+to+", is not followed", "")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUntrustedCertificate(t *testing.T) {
	s, _ := tlsServer(t, send(body))
	c, k := client()
	_, err := c.Get(deadline(t), s.URL, 10)
	wantError(t, err, s.URL, fault.Network, "$URL: tls: failed to verify certificate: x509: certificate signed by unknown authority",
		"set ca for $HOST if its certificate is signed by an authority of your own")
	if len(k.slept) > 0 {
		t.Error("tried again")
	}
}

func TestHTTPOverTLS(t *testing.T) {
	s, c := tlsServer(t, send(body))
	if p, err := c.Get(deadline(t), s.URL, 1<<20); err != nil || string(p) != body {
		t.Errorf("Get: %d bytes, %v", len(p), err)
	}
}

func TestNoServer(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	c, k := client()
	c.Retries = 1
	_, err := c.Get(deadline(t), s.URL, 10)
	host := strings.TrimPrefix(s.URL, "http://")
	wantError(t, err, s.URL, fault.Network, fmt.Sprintf("$URL: gave up after 2 attempts: dial tcp %s: connect: connection refused", host), "")
	if len(k.slept) != 1 {
		t.Errorf("slept %v", k.slept)
	}
}

// Credentials go to the host they belong to, also when it redirects to itself,
// and to no other; coming back does not bring them back.
func TestAuthStaysHome(t *testing.T) {
	var other, home *script
	home = serve(t, redirect("/b"), func(w http.ResponseWriter, r *http.Request) { redirect(other.URL)(w, r) }, send(body))
	other = serve(t, func(w http.ResponseWriter, r *http.Request) { redirect(home.URL)(w, r) })
	c, _ := client()
	c.Auth = func(host string) (Login, bool) {
		if "http://"+host != home.URL {
			t.Errorf("asked for credentials of %s", host)
		}
		return Login{Secret: NewSecret("canary"), Source: "a test"}, true
	}
	if _, err := c.Get(deadline(t), home.URL, 1<<20); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Bearer canary", "Bearer canary", ""}, home.header("Authorization")); d != "" {
		t.Errorf("home: %s", d)
	}
	if d := cmp.Diff([]string{""}, other.header("Authorization")); d != "" {
		t.Errorf("other: %s", d)
	}
}

func TestAuthHints(t *testing.T) {
	var other *script
	away := func(w http.ResponseWriter, r *http.Request) { redirect(other.URL)(w, r) }
	for _, tt := range []struct {
		name, user string
		ok         bool
		step       http.HandlerFunc
		text, hint string
	}{
		{"none there", "", false, status(401), "$URL: 401 Unauthorized", "there are no credentials for $HOST in ~/.netrc"},
		{"refused", "", true, status(403), "$URL: 403 Forbidden", "the credentials for $HOST from ~/.netrc were sent"},
		{"hidden", "", true, status(404), "$URL: 404 Not Found", "the credentials for $HOST from ~/.netrc were sent"},
		{"in the URL", "me:canary@", false, status(401), "$URL: 401 Unauthorized", "the credentials for $HOST from the URL were sent"},
		{"elsewhere", "", true, away, "$URL: 401 Unauthorized", "credentials for $HOST are not sent to OTHER, where it redirects to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if other = serve(t); tt.name == "elsewhere" {
				other = serve(t, status(401))
			}
			s := serve(t, tt.step)
			c, _ := client()
			c.Auth = func(string) (Login, bool) {
				return Login{User: "me", Secret: NewSecret("canary"), Source: "~/.netrc"}, tt.ok
			}
			_, err := c.Get(deadline(t), strings.Replace(s.URL, "://", "://"+tt.user, 1), 10)
			hint := strings.ReplaceAll(tt.hint, "OTHER", strings.TrimPrefix(other.URL, "http://"))
			wantError(t, err, s.URL, fault.Network, tt.text, hint)
		})
	}
}

// Promise P11: a server that repeats what it was sent does not make us print
// it.
func TestEchoedSecrets(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(400)
		fmt.Fprintf(w, "no %s for %s with canary-3", r.URL, r.Header.Get("Authorization"))
	})
	c, _ := client()
	url := strings.Replace(s.URL, "://", "://me:canary-1@", 1) + "/t/canary-2/channel?sig=canary-3"
	_, err := c.Get(deadline(t), url, 10)
	wantError(t, err, s.URL, fault.Network,
		`$URL/t/***/channel: 400 Bad Request: "no /t/***/channel?sig=*** for Basic *** with ***"`, "")
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "canary") {
			t.Errorf("a secret in %s", text)
		}
	}
}
