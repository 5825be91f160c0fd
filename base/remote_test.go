package base

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// keychain has one credential for every registry.
type keychain struct{ user, password string }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

func TestCredentials(t *testing.T) {
	tests := []struct {
		name string
		keys authn.Keychain
		code int // of a refusal
		want string
		hint string
	}{
		{"right", keychain{"user", "secret"}, 401, "", ""},
		{"none", nil, 401, `{HOST}/base:1: the registry answered 401 Unauthorized: UNAUTHORIZED log\x1b[31m in`, "no credentials for {HOST} were found: log in, or check the image's name"},
		{"wrong", keychain{"user", "canary"}, 401, `{HOST}/base:1: the registry answered 401 Unauthorized: UNAUTHORIZED log\x1b[31m in`, "the credentials for {HOST} do not allow to pull base"},
		{"denied", keychain{"user", "canary"}, 403, `{HOST}/base:1: the registry answered 403 Forbidden: UNAUTHORIZED log\x1b[31m in`, "the credentials for {HOST} do not allow to pull base"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.tag(w.image(amd64, tarOf(debian()...)))
			right := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:secret"))
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != right {
					rw.Header().Set("WWW-Authenticate", `Basic realm="test"`)
					code := test.code
					if r.URL.Path == "/v2/" {
						code = 401
					}
					http.Error(rw, `{"errors":[{"code":"UNAUTHORIZED","message":"log\u001b[31m in"}]}`, code)
					return
				}
				w.ServeHTTP(rw, r)
			}))
			defer server.Close()
			host := strings.TrimPrefix(server.URL, "http://")
			w.labels[host] = "HOST"
			_, err := (&Source{Keychain: test.keys}).Resolve(t.Context(), host+"/base:1", amd64)
			if got := w.plain(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if err == nil {
				return
			}
			if c := fault.ClassOf(err); c != fault.Network {
				t.Errorf("class %s", c)
			}
			var hinted interface{ Hint() string }
			if want := strings.ReplaceAll(test.hint, "{HOST}", host); !asHinted(err, &hinted) || hinted.Hint() != want {
				t.Errorf("hint %v, want %s", err, want)
			}
		})
	}
}

func TestResume(t *testing.T) {
	w := newWorld(t)
	w.tag(w.image(amd64, tarOf(debian()...)))
	d := layerDigest(w)
	w.cut[d], w.breaks[d] = 100, 1
	waits := 0
	s := &Source{Wait: func(context.Context, time.Duration) error { waits++; return nil }}
	if _, err := s.Resolve(t.Context(), w.serve(), amd64); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "", "bytes=100-"}, w.ranges); diff != "" || waits != 1 {
		t.Errorf("%d waits; ranges: %s", waits, diff)
	}
}

// TestResumeFromStart meets servers that ignore or mistake the range.
func TestResumeFromStart(t *testing.T) {
	for _, test := range []struct{ name, contentRange, want string }{
		{"ignored", "", ""},
		{"another", "bytes 5-10/11", "base: the registry answered with another range than asked for"},
		{"unreadable", "lines 1-2", "base: the registry answered with another range than asked for"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const text = "hello world"
			r := &remote{source: &Source{Retries: 2, Wait: noWait}}
			body, err := r.resume(t.Context(), "base", func(off int64) (*http.Response, error) {
				resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text))}
				switch {
				case off == 0:
					resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(text[:4]), brokenReader{errors.New("reset")}))
				case test.contentRange != "":
					resp.StatusCode = http.StatusPartialContent
					resp.Header.Set("Content-Range", test.contentRange)
				}
				return resp, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(body)
			if test.want == "" && (err != nil || string(got) != text) || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("got %q, %v; want %s", got, err, test.want)
			}
		})
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestCancel(t *testing.T) {
	w := newWorld(t)
	w.tag(w.image(amd64, tarOf(debian()...)))
	w.cut[layerDigest(w)] = 100
	ctx, cancel := context.WithCancel(t.Context())
	s := &Source{Wait: func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }}
	_, err := s.Resolve(ctx, w.serve(), amd64)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// Real time, once.
	if err := (&Source{}).wait(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
	if err := (&Source{}).wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// roundTrip is a transport made from a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond answers without a network.
func respond(r *http.Request, code int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: code, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
}

func TestRefusedRequests(t *testing.T) {
	location := func(to string) roundTrip {
		return func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/v2/" {
				return respond(r, 200, nil, ""), nil
			}
			return respond(r, 307, http.Header{"Location": {to}}, ""), nil
		}
	}
	const host = "registry.example.com"
	tests := []struct {
		name, ref string
		transport roundTrip
		want      string
	}{
		{"R06 redirect to http", host + "/base:1", location("http://blobs.example.com/x?token=canary"), host + "/base:1: redirect from HTTPS to http"},
		{"redirect to metadata", host + "/base:1", location("https://169.254.169.254/x"), host + "/base:1: 169.254.169.254 is a link-local address, which is not asked"},
		{"redirect for ever", host + "/base:1", location("https://" + host + "/v2/base/manifests/1"), host + "/base:1: more than 5 redirects"},
		{"private address", "10.0.0.1/base:1", func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme == "https" {
				return nil, errors.New("no TLS here")
			}
			return respond(r, 200, nil, ""), nil
		}, "10.0.0.1/base:1: plain HTTP to 10.0.0.1 is not allowed"},
		{"metadata as registry", "169.254.169.254/base:1", location("x"), "169.254.169.254/base:1: 169.254.169.254 is a link-local address, which is not asked"},
		{"no server", host + "/base:1", func(*http.Request) (*http.Response, error) { return nil, errors.New("no such host") }, host + "/base:1: no such host"},
		{"server error", host + "/base:1", func(r *http.Request) (*http.Response, error) { return respond(r, 503, nil, "<html>canary"), nil }, host + "/base:1: the registry answered 503 Service Unavailable"},
		{"token server without a token", host + "/base:1", func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/v2/" {
				return respond(r, 401, http.Header{"Www-Authenticate": {`Bearer realm="https://` + host + `/token"`}}, ""), nil
			}
			return respond(r, 200, nil, `{"x":"canary"}`), nil
		}, host + "/base:1: no token in bearer response:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := (&Source{Transport: test.transport}).Resolve(t.Context(), test.ref, amd64)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if c := fault.ClassOf(err); c != fault.Network {
				t.Errorf("class %s", c)
			}
		})
	}
}

// TestRedirectDropsCredentials follows a registry that sends blobs elsewhere.
func TestRedirectDropsCredentials(t *testing.T) {
	w := newWorld(t)
	w.tag(w.image(amd64, tarOf(debian()...)))
	server := roundTrip(func(r *http.Request) (*http.Response, error) {
		authorised := r.Header.Get("Authorization") != ""
		switch {
		case r.URL.Host == "blobs.example.com" && authorised:
			t.Error("credentials were sent to another host")
		case r.URL.Host == "registry.example.com" && !authorised && r.URL.Path != "/v2/":
			t.Error("no credentials")
		case r.URL.Path == "/v2/" && !authorised:
			return respond(r, 401, http.Header{"Www-Authenticate": {`Basic realm="x"`}}, ""), nil
		case r.URL.Host == "registry.example.com" && strings.Contains(r.URL.Path, "/blobs/"):
			return respond(r, 307, http.Header{"Location": {"https://blobs.example.com" + r.URL.Path}}, ""), nil
		}
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		resp := rec.Result()
		resp.Request = r
		return resp, nil
	})
	if _, err := (&Source{Transport: server, Keychain: keychain{"u", "p"}}).Resolve(t.Context(), "registry.example.com/base:1", amd64); err != nil {
		t.Error(err)
	}
}

func TestInsecureHost(t *testing.T) {
	w := newWorld(t)
	w.tag(w.image(amd64, tarOf(debian()...)))
	server := roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "https" {
			return nil, errors.New("no TLS here")
		}
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		resp := rec.Result()
		resp.Request = r
		return resp, nil
	})
	s := &Source{Transport: server, Insecure: func(host string) bool { return host == "plain.example.com:5000" }}
	if _, err := s.Resolve(t.Context(), "plain.example.com:5000/base:1", amd64); err != nil {
		t.Error(err)
	}
	_, err := s.Resolve(t.Context(), "tls.example.com/base:1", amd64)
	if want := "tls.example.com/base:1: no TLS here"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBombs(t *testing.T) {
	zeros := gzipOf(bytes.Repeat([]byte{0}, 1<<20))
	for _, test := range []struct {
		limits Limits
		want   string
	}{
		{Limits{Unpacked: 1000}, "base: layer unpacks to more than the limit of 1000 bytes"},
		{Limits{}, "base: the layer's tar: want diffID x, got sha256:N"},
	} {
		u, err := test.limits.unpack(io.NopCloser(bytes.NewReader(zeros)), ociLayer+"+gzip", int64(len(zeros)), "x", "base")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, u)
		if err == nil || numbers(err.Error(), test.want) != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if testing.Short() {
		return
	}
	// 2 GiB of zeros in 2 MB: too much for its size, whatever the limit.
	u, err := Limits{}.unpack(io.NopCloser(&zeroGzip{left: 2 << 10, member: zeros}), ociLayer+"+gzip", 2<<20, "x", "base")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, u)
	if want := "base: layer unpacks to more than its compressed size allows of 1073741824 bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// zeroGzip repeats a gzip member.
type zeroGzip struct {
	left   int
	member []byte
	rest   []byte
}

func (z *zeroGzip) Read(p []byte) (int, error) {
	if len(z.rest) == 0 {
		if z.left == 0 {
			return 0, io.EOF
		}
		z.left, z.rest = z.left-1, z.member
	}
	n := copy(p, z.rest)
	z.rest = z.rest[n:]
	return n, nil
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ö":                 "plain ö",
		"\x1b[2J\r\n\u0085\u2028": `\x1b[2J\x0d\x0a\x85\x2028`,
		strings.Repeat("a", 300):  strings.Repeat("a", 200) + "…",
	} {
		if got := printable(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
