package fetch

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// progress is how much an attempt must bring for the failures before it to be
// forgotten.
const progress = 1 << 20

// job is one fetch with all its attempts.
type job struct {
	c     *Client
	want  Want
	dst   Target
	url   *url.URL
	where string

	auth     Login
	loggedIn bool
	secrets  []string // never to be printed

	sums      sums
	have      int64  // bytes that dst holds
	validator string // for If-Range; "" where there is none
	whole     bool   // the server answers ranges wrongly: ask for all
	stitched  bool   // what dst holds came in several answers
	anew      bool   // it was fetched anew because of its hash

	failures int           // in a row
	attempts int           // in all
	waited   time.Duration // sum of pauses
}

// again is an error after which another attempt may help.
type again struct {
	cause error
	asked bool // the server named a time, which stands in Client.until
	now   bool // without a pause, not as a failure
}

func (e *again) Error() string { return e.cause.Error() }
func (e *again) Unwrap() error { return e.cause }

// run makes attempts until one succeeds or another is no use.
func (j *job) run(ctx context.Context) (Response, error) {
	for {
		before := j.have
		r, err := j.attempt(ctx)
		j.attempts++
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return Response{}, ctx.Err()
		}
		var a *again
		if !errors.As(err, &a) {
			return Response{}, err
		}
		if j.have-before >= progress {
			j.failures = 0
		}
		if err := j.pause(ctx, a); err != nil {
			return Response{}, err
		}
	}
}

// pause waits before the next attempt, or says that there is none. A time that
// the server named is waited for at the next request to that host.
func (j *job) pause(ctx context.Context, a *again) error {
	if a.now || a.asked {
		return nil
	}
	j.failures++
	d := backoff(j.failures)
	if j.failures > j.c.retries() || j.waited+d > j.c.maxWait() {
		return j.giveUp(a.cause)
	}
	j.waited += d
	j.c.event(Event{Kind: Retrying, URL: j.where, Wait: d, Err: a.cause})
	return j.c.sleep(ctx, d)
}

// backoff doubles with each failure; up to a quarter is added by chance, so
// that clients which failed together do not come back together.
func backoff(failures int) time.Duration {
	d := longestPause
	if failures < 8 {
		d = min(d, firstPause<<(failures-1))
	}
	return d + rand.N(d/4)
}

func (j *job) giveUp(cause error) error {
	if j.attempts == 1 {
		return j.fail(cause)
	}
	return fault.New(fault.Network, j.where, "gave up after %d attempts: %w", j.attempts, cause)
}

// fail returns a final error of class network.
func (j *job) fail(cause error) error {
	return fault.New(fault.Network, j.where, "%w", cause)
}

// hold keeps all requests to a host back until a time.
func (c *Client) hold(host string, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until == nil {
		c.until = map[string]time.Time{}
	}
	if until.After(c.until[host]) {
		c.until[host] = until
	}
}

// waitFor waits until a host may be asked. Others may prolong that meanwhile.
func (j *job) waitFor(ctx context.Context, host string) error {
	for {
		j.c.mu.Lock()
		until := j.c.until[host]
		j.c.mu.Unlock()
		d := until.Sub(j.c.now())
		if d <= 0 {
			return nil
		}
		if limit := j.c.maxWait(); j.waited+d > limit {
			return fault.New(fault.Network, j.where, "host %s asks to wait %s, until %s; the limit is %s",
				host, d.Round(time.Second), until.UTC().Format(time.RFC3339), limit).
				WithHint("try again then, or allow a longer wait with --max-wait")
		}
		j.waited += d
		j.c.event(Event{Kind: Waiting, URL: j.where, Wait: d})
		if err := j.c.sleep(ctx, d); err != nil {
			return err
		}
	}
}

// reset makes the target empty again.
func (j *job) reset() error {
	if j.have > 0 {
		j.c.event(Event{Kind: Received, URL: j.where, Bytes: -j.have, Total: j.want.Size})
	}
	j.have, j.validator, j.stitched = 0, "", false
	j.sums.reset()
	return j.dst.Reset()
}

// resumable reports whether the rest can be asked for: with a validator, or
// where a hash will tell if the parts do not belong together.
func (j *job) resumable() bool {
	return j.have > 0 && !j.whole && (j.validator != "" || j.want.SHA256 != "")
}

// keepValidator remembers what identifies this version of the bytes. Without a
// hash only a strong entity tag will do (RFC 9110 §8.8.3).
func (j *job) keepValidator(h http.Header) {
	tag, date := h.Get("ETag"), h.Get("Last-Modified")
	j.validator = ""
	switch {
	case len(tag) > 1 && tag[0] == '"':
		j.validator = tag
	case j.want.SHA256 != "":
		j.validator = date
	}
}
