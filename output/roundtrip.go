package output

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// errStalled ends a request whose connection was silent for Options.Stall.
var errStalled = errors.New("the connection stalled")

// tripper is the lowest layer of all requests, those for tokens and redirects
// too: it refuses plain http, obeys Retry-After, and ends stalled requests.
type tripper struct {
	base      http.RoundTripper
	insecure  func(string) bool
	userAgent string
	stall     time.Duration
	gate      *gate
}

// RoundTrip implements http.RoundTripper.
func (t *tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	if req.URL.Scheme != "https" && !t.plainAllowed(req.URL.Hostname(), host) {
		closeBody(req)
		return nil, newError(classNetwork, cleanURL(req.URL), "plain http is not spoken to this host").
			hint("if the network to it is safe, allow it with --insecure-registry %s", host)
	}
	if err := t.gate.wait(req.Context(), host); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{limit: t.stall}
	w.timer = time.AfterFunc(t.stall, func() { cancel(errStalled) })
	out := req.Clone(ctx)
	out.Header.Set("User-Agent", t.userAgent)
	if req.Body != nil && req.Body != http.NoBody {
		out.Body = &watchedBody{ReadCloser: req.Body, watch: w}
	}
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && req.Context().Err() == nil {
			err = cause
		}
		w.timer.Stop()
		cancel(nil)
		return nil, err
	}
	w.timer.Reset(t.stall)
	t.gate.note(host, resp)
	resp.Body = &watchedReply{ReadCloser: resp.Body, ctx: ctx, watch: w, cancel: cancel}
	return resp, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// plainAllowed says whether a host may be spoken to in plain http.
func (t *tripper) plainAllowed(hostname, host string) bool {
	return isLoopback(hostname) || t.insecure(host)
}

// isLoopback says whether a host name or address is this machine.
func isLoopback(hostname string) bool {
	if hostname == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(hostname)
	return err == nil && ip.Unmap().IsLoopback()
}

// watch ends a request when nothing happens for limit.
type watch struct {
	timer *time.Timer
	limit time.Duration
}

// watchedBody is a request body: the time that its source takes does not count.
type watchedBody struct {
	io.ReadCloser
	watch *watch
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.watch.timer.Stop()
	defer b.watch.timer.Reset(b.watch.limit)
	return b.ReadCloser.Read(p)
}

// watchedReply is a response body.
type watchedReply struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // that of the one request
	watch  *watch
	cancel context.CancelCauseFunc
}

func (b *watchedReply) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && errors.Is(context.Cause(b.ctx), errStalled) {
		err = errStalled
	}
	b.watch.timer.Reset(b.watch.limit)
	return n, err
}

func (b *watchedReply) Close() error {
	b.watch.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// gate holds back the requests to hosts that asked for a pause.
type gate struct {
	clock    Clock
	maxWait  time.Duration
	progress func(Event)

	mu    sync.Mutex
	until map[string]time.Time // by host
}

// note records a Retry-After.
func (g *gate) note(host string, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	now := g.clock.Now()
	d, ok := parseRetryAfter(resp.Header.Get("Retry-After"), now)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := now.Add(d); at.After(g.until[host]) {
		g.until[host] = at
	}
}

// wait returns when the host may be asked again. A pause longer than maxWait is
// an error at once.
func (g *gate) wait(ctx context.Context, host string) error {
	for {
		g.mu.Lock()
		until := g.until[host]
		g.mu.Unlock()
		d := until.Sub(g.clock.Now())
		if d <= 0 {
			return ctx.Err()
		}
		if d > g.maxWait {
			d = d.Round(time.Second)
			return newError(classNetwork, host, "asks to wait %s, until %s; the limit is %s", d, until.UTC().Format(time.RFC3339), g.maxWait).
				hint("try again then, or raise the limit with --max-wait %s", d)
		}
		g.progress(Event{Kind: EventWait, Name: host, Wait: d})
		if err := g.clock.Sleep(ctx, d); err != nil {
			return err
		}
	}
}

// canonicalHost returns host:port, with the scheme's port where none is named.
func canonicalHost(scheme, host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "443"
	if scheme == "http" {
		port = "80"
	}
	return net.JoinHostPort(trimBrackets(host), port)
}

func trimBrackets(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
