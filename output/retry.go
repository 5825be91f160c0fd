package output

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How requests are repeated. Twelve attempts span about a minute, which makes
// a push through a network that breaks every fifth request safe.
const (
	maxAttempts     = 12
	refusedAttempts = 4 // for "connection refused": a server that restarts, not one that is not there
	authAttempts    = 3 // for 401: each follows a new token
	firstBackoff    = 250 * time.Millisecond
	maxBackoff      = 8 * time.Second
)

// retrier repeats operations that failed in a way that may pass.
type retrier struct {
	clock    Clock
	jitter   func() float64
	maxWait  time.Duration
	progress func(Event)
}

// do calls op with 0, 1, … until it succeeds, its error is final, or attempts
// or waiting time are used up.
func (r *retrier) do(ctx context.Context, name string, op func(attempt int) error) error {
	var waited time.Duration
	failures := map[int]int{} // by how many are allowed: each kind of failure has its own count
	for n := 0; ; n++ {
		err := op(n)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var gained *gainedError
		if errors.As(err, &gained) {
			clear(failures)
			n, waited = 0, 0
		}
		allowed := attemptsFor(err)
		if failures[allowed]++; failures[allowed] >= allowed {
			return gaveUp(err, n+1)
		}
		wait := r.backoff(n, err)
		asked := retryAfterOf(err)
		waited += max(wait, asked)
		if waited > r.maxWait && asked <= r.maxWait { // else the gate says it better
			return gaveUp(err, n+1)
		}
		r.progress(Event{Kind: EventRetry, Name: name, Wait: max(wait, asked), Problem: describe(err)})
		if err := r.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// backoff is the wait after attempt n. A Retry-After is not in it: the pause of
// the host (see gate) holds every request back, this one too.
func (r *retrier) backoff(n int, err error) time.Duration {
	var s *statusError
	if errors.As(err, &s) && s.status == http.StatusUnauthorized {
		return 0 // a new token is there already
	}
	d := min(firstBackoff<<min(n, 16), maxBackoff)
	return d/2 + time.Duration(r.jitter()*float64(d/2))
}

// gainedError is an error after an attempt that brought the operation forward:
// attempts are counted anew.
type gainedError struct{ err error }

func (e *gainedError) Error() string { return e.err.Error() }
func (e *gainedError) Unwrap() error { return e.err }

// triedError says how often an operation was tried.
type triedError struct {
	err error
	n   int
}

func (e *triedError) Error() string { return e.err.Error() }
func (e *triedError) Unwrap() error { return e.err }

func gaveUp(err error, n int) error {
	if n == 1 {
		return err
	}
	return &triedError{err, n}
}

// attemptsFor says how often an operation that ends with err is tried in all.
func attemptsFor(err error) int {
	var own *Error
	var status *statusError
	var sys *sourceError
	var dns *net.DNSError
	switch {
	case errors.As(err, &own), errors.As(err, &sys):
		return 1
	case errors.As(err, &status):
		return status.attempts()
	case errors.As(err, &dns) && dns.IsNotFound, isTLS(err), errors.Is(err, errGarbled):
		return 1
	case errors.Is(err, syscall.ECONNREFUSED):
		return refusedAttempts
	}
	return maxAttempts
}

// isTLS reports errors of certificates and of servers that do not speak TLS.
func isTLS(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &cert) || errors.As(err, &record) || errors.As(err, &unknown) ||
		errors.As(err, &host) || errors.As(err, &invalid)
}

// transient are the statuses that may pass.
func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfterOf returns the wait that a server asked for, or 0.
func retryAfterOf(err error) time.Duration {
	var s *statusError
	if errors.As(err, &s) {
		return s.retryAfter
	}
	return 0
}

// maxRetryAfter bounds what a header can say, so that sums do not overflow.
const maxRetryAfter = 10 * 365 * 24 * time.Hour

// parseRetryAfter reads a Retry-After header (RFC 9110 section 10.2.3): seconds
// or a date. A date in the past is a wait of 0.
func parseRetryAfter(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	if strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}
