package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Errors that no other attempt would mend are not tried again.
func TestFinalErrors(t *testing.T) {
	plain := serve(t)
	old := httptest.NewUnstartedServer(send(body))
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	t.Cleanup(old.Close)
	fake := func(resp *http.Response, err error) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if resp != nil {
				resp.Request = r
			}
			return resp, err
		})
	}
	for _, tt := range []struct {
		name, url string
		http      http.RoundTripper
		want      string
	}{
		{
			"plain http behind https", strings.Replace(plain.URL, "http:", "https:", 1), nil,
			"the server does not speak TLS",
		},
		{"TLS 1.1", old.URL, nil, "remote error: tls: protocol version not supported"},
		{"TLS 1.1 by a lax transport", "https://h.test", fake(&http.Response{
			StatusCode: 200, Body: http.NoBody, TLS: &tls.ConnectionState{Version: tls.VersionTLS11},
		}, nil), "the server speaks TLS 1.1 only"},
		{"no such host", "https://h.test", fake(nil, &net.DNSError{Name: "h.test", IsNotFound: true}), `no such host "h.test"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, k := client()
			c.HTTP = tt.http
			_, err := c.Get(deadline(t), tt.url, 10)
			wantError(t, err, tt.url, fault.Network, "$URL: "+tt.want, "")
			if len(k.slept) > 0 {
				t.Error("tried again")
			}
		})
	}
}

// Text of the transport may hold what a server or proxy sent.
func TestTransportTextIsEscaped(t *testing.T) {
	c, _ := client()
	c.Retries = -1
	c.HTTP = roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("malformed \x1b[2J answer for token canary")
	})
	_, err := c.Get(deadline(t), "https://me:canary@h.test", 10)
	wantError(t, err, "https://h.test", fault.Network, `$URL: malformed \x1b[2J answer for token ***`, "")
}

func TestInsecureHost(t *testing.T) {
	c, _ := client()
	c.Insecure = func(host string) bool { return host == "h.test:8080" }
	c.HTTP = roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		send("plain")(w, r)
		resp := w.Result()
		resp.Request = r
		return resp, nil
	})
	if p, err := c.Get(deadline(t), "http://h.test:8080/", 10); err != nil || string(p) != "plain" {
		t.Errorf("Get: %q, %v", p, err)
	}
	if _, err := c.Get(deadline(t), "http://h.test/", 10); fault.ClassOf(err) != fault.Usage {
		t.Errorf("Get: %v", err)
	}
}

// The zero Client sleeps by a real timer that a cancelled context ends.
func TestSleepIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(deadline(t))
	s := serve(t, status(429, "Retry-After", "250"))
	c := &Client{Event: func(Event) { cancel() }}
	if _, err := c.Get(ctx, s.URL, 10); err != context.Canceled {
		t.Errorf("Get: %v", err)
	}
	if err := c.sleep(deadline(t), time.Nanosecond); err != nil {
		t.Error(err)
	}
}
