package output

import (
	"math"
	"net/http"
	"net/url"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"0":                              0,
		"120":                            2 * time.Minute,
		" 5 ":                            5 * time.Second,
		"99999999999999999999":           maxRetryAfter,
		"Sun, 01 Nov 2026 12:01:00 GMT":  time.Minute,
		"Sun, 01 Nov 2026 11:00:00 GMT":  0,
		"Sunday, 01-Nov-26 12:00:30 GMT": 30 * time.Second,
		"Fri, 31 Dec 9999 23:59:59 GMT":  maxRetryAfter,
	} {
		if got, ok := parseRetryAfter(in, now); !ok || got != want {
			t.Errorf("%q: got %s, %v; want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-1", "soon", "1.5", "5s"} {
		if got, ok := parseRetryAfter(in, now); ok {
			t.Errorf("%q: got %s", in, got)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "Sun, 01 Nov 2026 12:01:00 GMT", "99999999999999999999", "-1", ""} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parseRetryAfter(s, now); d < 0 || d > maxRetryAfter || (!ok && d != 0) {
			t.Errorf("%q: %s, %v", s, d, ok)
		}
	})
}

func TestBackoff(t *testing.T) {
	for _, jitter := range []float64{0, 0.5, math.Nextafter(1, 0)} {
		r := &retrier{jitter: func() float64 { return jitter }}
		for n, top := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 8000, 8000} {
			top *= time.Millisecond
			if d := r.backoff(n, nil); d < top/2 || d > top {
				t.Errorf("backoff(%d) with jitter %v is %s", n, jitter, d)
			}
		}
		if d := r.backoff(1, &statusError{status: http.StatusUnauthorized}); d != 0 {
			t.Errorf("backoff after 401 is %s", d)
		}
	}
}

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                           "plain",
		"https://u:p@h.example.com/a?b=c": "https://h.example.com/a",
		`Get "https://h.example.com/a?sig=x": refused`: `Get "https://h.example.com/a": refused`,
		"see https://%zz/?s=1 ok":                      "see (URL) ok",
		"\x1b[31mred\n\u202e":                          `\x1b[31mred\n\u202e`,
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWithDigest(t *testing.T) {
	h := v1.Hash{Algorithm: "sha256", Hex: "00"}
	for in, want := range map[string]string{
		"https://h/up/1":         "https://h/up/1?digest=sha256%3A00",
		"https://h/up/1?":        "https://h/up/1?digest=sha256%3A00",
		"https://h/up/1?s=a%2Fb": "https://h/up/1?s=a%2Fb&digest=sha256%3A00",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := withDigest(u, h).String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.255.0.3": true, "::1": true, "::ffff:127.0.0.1": true,
		"localhost.example.com": false, "x.localhost": false, "10.0.0.1": false, "0.0.0.0": false, "": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("isLoopback(%q) is %v", host, got)
		}
	}
	for host, want := range map[string]string{
		"h.example.com": "h.example.com", "h.example.com:5000": "h.example.com", "[::1]:5000": "::1", "[::1]": "::1", "::1": "::1",
	} {
		if got := hostname(host); got != want {
			t.Errorf("hostname(%q) is %q", host, got)
		}
	}
}
