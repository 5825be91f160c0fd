// Package fetch reads bytes from the network, and from local files, and
// verifies them.
//
// # Rules
//
// Transport. https with TLS 1.2 or later; plain http only to loopback
// addresses and to hosts that the user named. "file://" URLs and plain paths
// are read as files. At most five redirects are followed, never from https to
// http, never from elsewhere to this machine; credentials go to the host that
// they were asked for and to no other.
//
// Faults. A reset connection, a body that is short or stops coming, and the
// statuses 408, 425, 429 and 5xx (except 501 and 505) are tried again, after a
// pause that doubles. What has arrived is kept: the rest is asked for with
// Range and If-Range (RFC 9110 §13.1.5, §14.2). Retry-After (RFC 9110
// §10.2.3), in seconds or as a date, is obeyed by all requests to the host, and
// is refused at once where it asks for longer than the caller wants to wait.
//
// Verification. The size is checked while reading, so that no more than one
// byte too many is ever read, then the hash of all bytes. Digests in response
// headers are never used. An HTML page, such as the login page of a proxy, is
// an error of its own.
//
// Secrets. Errors and events show URLs as Redact prints them; text that a
// server sent has its control bytes escaped and known secrets cut out.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The defaults and limits of a Client.
const (
	DefaultRetries = 6                // failures in a row
	DefaultMaxWait = 5 * time.Minute  // of all pauses of one fetch
	DefaultIdle    = time.Minute      // without any byte
	DefaultMax     = 8 << 30          // bytes, where neither size nor limit is given
	MaxRedirects   = 5                // promises.md §3.3
	maxHeaderBytes = 64 << 10         // of a response, promises.md §3.3
	firstPause     = time.Second / 2  // after the first failure
	longestPause   = 30 * time.Second // after later ones
)

// Client fetches. Its zero value works; it must not be copied after first use
// and is safe for concurrent use.
type Client struct {
	HTTP      http.RoundTripper // nil: NewTransport(nil, nil)
	UserAgent string            // "": "gophersnake"
	Retries   int               // failures in a row that are borne; 0: DefaultRetries, negative: none
	MaxWait   time.Duration     // longest sum of pauses in one fetch; 0: DefaultMaxWait
	Idle      time.Duration     // longest time without a byte; 0: DefaultIdle
	Offline   bool              // refuse to use the network

	Auth     func(host string) (Login, bool)                  // credentials of "host" or "host:port"; nil: none
	Insecure func(host string) bool                           // hosts that may be asked over plain http; nil: none
	Now      func() time.Time                                 // nil: time.Now
	Sleep    func(ctx context.Context, d time.Duration) error // nil: a timer; returns ctx's error if that ends first
	Event    func(Event)                                      // progress; called from the fetching goroutines; nil: none

	once      sync.Once
	transport http.RoundTripper

	mu    sync.Mutex
	until map[string]time.Time // by host: no request before that time
}

// Login is what a source of credentials says about a host. Source names the
// place, such as a file, in errors, also where it has none for the host.
type Login struct {
	User    string // "": Secret is a bearer token (RFC 6750), else basic (RFC 7617)
	Secret  Secret
	InPath  bool   // Secret is a conda channel's token, which goes before the path: /t/TOKEN/…
	Unknown string // kind of credentials that this package cannot send: asking the host is an error
	Source  string
}

// EventKind says what an Event is about.
type EventKind uint8

// The kinds of events.
const (
	Received EventKind = iota // Bytes more of Total; negative where a download begins anew
	Hit                       // Bytes found in the store, nothing was fetched
	Retrying                  // after Wait, because of Err
	Waiting                   // for Wait, because the server asked to
)

// Event is a piece of progress.
type Event struct {
	Kind  EventKind
	URL   string // redacted
	Bytes int64
	Total int64 // bytes; 0 where it is not known
	Wait  time.Duration
	Err   error
}

// NewTransport returns a transport that keeps the rules of this package.
// A nil proxy means none, nil roots mean the system's.
func NewTransport(proxy func(*http.Request) (*url.URL, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    15 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
	}
}

// With returns a new client of the same settings, but for Auth: its requests go
// through the transport that wrap makes of this client's, and which logs in. What
// that asks on its own keeps this client's rule on plain http.
func (c *Client) With(wrap func(next http.RoundTripper) http.RoundTripper) *Client {
	return &Client{
		HTTP: wrap(guard{c}), UserAgent: c.UserAgent, Retries: c.Retries, MaxWait: c.MaxWait, Idle: c.Idle, Offline: c.Offline,
		Insecure: c.Insecure, Now: c.Now, Sleep: c.Sleep, Event: c.Event,
	}
}

// guard keeps requests that a wrapping transport makes of its own, such as those
// for tokens, from going where the client would not.
type guard struct{ c *Client }

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.c.allowed(r.URL, Redact(r.URL.String())); err != nil {
		return nil, err
	}
	return g.c.roundTripper().RoundTrip(r)
}

func (c *Client) roundTripper() http.RoundTripper {
	c.once.Do(func() {
		if c.transport = c.HTTP; c.transport == nil {
			c.transport = NewTransport(nil, nil)
		}
	})
	return c.transport
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (c *Client) event(e Event) {
	if c.Event != nil {
		c.Event(e)
	}
}

func (c *Client) retries() int {
	switch {
	case c.Retries < 0:
		return 0
	case c.Retries == 0:
		return DefaultRetries
	}
	return c.Retries
}

func (c *Client) maxWait() time.Duration {
	if c.MaxWait == 0 {
		return DefaultMaxWait
	}
	return c.MaxWait
}

func (c *Client) idle() time.Duration {
	if c.Idle == 0 {
		return DefaultIdle
	}
	return c.Idle
}
