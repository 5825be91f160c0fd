package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

const authFile = `{
	"a.example": {"BearerToken": "bearer-canary"},
	"*.b.example": {"BasicHttp": {"username": "me", "password": "pass-canary"}},
	"deep.b.example": {"CondaToken": "token-canary"},
	"Port.example:8443": {"BasicHTTP": {"username": "u", "password": ""}},
	"s3.example": {"S3Credentials": {"access_key_id": "x"}}
}`

func TestRattlerAuth(t *testing.T) {
	auth, err := RattlerAuth([]byte(authFile), "auth.json")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"a.example": "bearer-canary", "A.example:443": "bearer-canary", "x.a.example": "none",
		"b.example": "me pass-canary", "x.y.b.example:80": "me pass-canary", "ab.example": "none",
		"deep.b.example": "token-canary in path", "port.example:8443": "u ", "port.example": "none",
		"s3.example": "unknown S3Credentials",
	} {
		l, ok := auth(host)
		got := strings.TrimPrefix(l.User+" "+l.Secret.Reveal(), " ")
		switch {
		case !ok:
			got = "none"
		case l.InPath:
			got += " in path"
		case l.Unknown != "":
			got = "unknown " + l.Unknown
		case l.User != "":
			got = l.User + " " + l.Secret.Reveal()
		}
		if got != want || l.Source != "auth.json" {
			t.Errorf("%s: %q from %q, want %q", host, got, l.Source, want)
		}
		if text := fmt.Sprintf("%v %+v %#v", l, l, l); strings.Contains(text, "canary") {
			t.Errorf("printed: %s", text)
		}
	}
	for text, want := range map[string]string{
		`["canary"]`:                                   "auth.json: not a JSON object of credentials by host",
		`{"h": "canary"}`:                              "auth.json: not a JSON object of credentials by host",
		`{"h": {}}`:                                    `auth.json: "h": not one kind of credentials`,
		`{"h": {"BearerToken": {"canary": 1}}}`:        `auth.json: "h": BearerToken is not a text`,
		`{"h": {"CondaToken": ""}}`:                    `auth.json: "h": CondaToken is not a text`,
		`{"h": {"BasicHTTP": {"password": "canary"}}}`: `auth.json: "h": BasicHTTP is not a username and a password`,
	} {
		if _, err := RattlerAuth([]byte(text), "auth.json"); err == nil || err.Error() != want || fault.ClassOf(err) != fault.Usage {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestCondaToken checks where a channel's token goes, and that it goes nowhere
// else.
func TestCondaToken(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.String()+fmt.Sprint(r.Header), "canary") {
			t.Errorf("the token went to another host: %s", r.URL)
		}
		_, _ = w.Write([]byte("moved"))
	}))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/t/tk-canary%2F1/c/a%20b":
			_, _ = w.Write([]byte("here"))
		case "/t/tk-canary%2F1/c/far":
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
		case "/t/own-canary/c":
			_, _ = w.Write([]byte("own"))
		default:
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("no " + r.URL.Path))
		}
		if a := r.Header.Get("Authorization"); a != "" {
			t.Errorf("Authorization %q", a)
		}
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	c := &Client{Retries: -1, Auth: func(string) (Login, bool) {
		return Login{Secret: NewSecret("tk-canary/1"), InPath: true, Source: "file"}, true
	}}
	for path, want := range map[string]string{"/c/a%20b": "here", "/c/far": "moved", "/t/own-canary/c": "own"} {
		if got, err := c.Get(t.Context(), s.URL+path, 100); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	_, err := c.Get(t.Context(), s.URL+"/gone", 100)
	if want := s.URL + `/gone: 403 Forbidden: "no /t/***/gone"`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	var e *fault.Error
	if !errors.As(err, &e) || e.Hint() != "the credentials for "+host+" from file were sent" {
		t.Errorf("hint %q", e.Hint())
	}
	c.Auth = func(string) (Login, bool) { return Login{Unknown: "S3Credentials", Source: "file"}, true }
	_, err = c.Get(t.Context(), s.URL+"/x", 100)
	if want := s.URL + `/x: the credentials for ` + host + ` are of the kind "S3Credentials", which is not known`; err == nil || err.Error() != want || fault.ClassOf(err) != fault.Usage {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestMaxAge(t *testing.T) {
	for _, tt := range []struct {
		control []string
		age     string
		want    time.Duration
	}{
		{nil, "", 0},
		{[]string{"public, Max-Age=1200"}, "", 20 * time.Minute},
		{[]string{"public", `max-age="60"`}, "10", 50 * time.Second},
		{[]string{"max-age=60"}, "70", 0},
		{[]string{"max-age=60, no-cache"}, "", 0},
		{[]string{"no-store,max-age=60"}, "", 0},
		{[]string{"max-age=99999999"}, "", longestAge},
		{[]string{"max-age=-1"}, "", 0},
		{[]string{"max-age=1e9"}, "x", 0},
		{[]string{"s-maxage=5"}, "", 0},
	} {
		h := http.Header{"Cache-Control": tt.control}
		h.Set("Age", tt.age)
		if got := maxAge(h); got != tt.want {
			t.Errorf("%q, age %q: %s, want %s", tt.control, tt.age, got, tt.want)
		}
	}
}

// TestWith checks that what a wrapping transport asks on its own keeps the rule
// on plain http, and that the client's credentials stay behind.
func TestWith(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Accept") != "a/b" {
			t.Errorf("header %v", r.Header)
		}
		w.Header().Set("Cache-Control", "max-age=7")
		_, _ = w.Write([]byte("text"))
	})
	c := &Client{Retries: -1, Auth: func(string) (Login, bool) { return Login{Secret: NewSecret("x")}, true }}
	var inner http.RoundTripper
	d := c.With(func(next http.RoundTripper) http.RoundTripper {
		inner = next
		return next
	})
	var b Buffer
	got, err := d.Fetch(t.Context(), s.URL, Want{Accept: "a/b"}, &b)
	if err != nil || string(b.Bytes()) != "text" || got.MaxAge != 7*time.Second {
		t.Errorf("%q, %+v, %v", b.Bytes(), got, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://token.example/?secret", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := inner.RoundTrip(req)
	if err == nil || err.Error() != "http://token.example/: plain http is refused" {
		t.Errorf("%v, %v", resp, err)
	}
	for host, want := range map[string]bool{"127.0.0.1:5000": true, "localhost": true, "10.0.0.1": false, "h.example": false} {
		if c.Plain(host) != want {
			t.Errorf("%s: plain is %v", host, !want)
		}
	}
}

func FuzzRattlerAuth(f *testing.F) {
	f.Add([]byte(authFile), "deep.b.example")
	f.Add([]byte(`{"*.": {"X": null}}`), "[::1]:5")
	f.Fuzz(func(t *testing.T, text []byte, host string) {
		auth, err := RattlerAuth(text, "f")
		if err != nil {
			return
		}
		if l, ok := auth(host); ok && l.Unknown == "" && l.User == "" && l.Secret.Reveal() == "" {
			t.Errorf("empty credentials for %q", host)
		}
	})
}
