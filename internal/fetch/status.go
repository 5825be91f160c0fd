package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// shortestWait is how long is waited for a server that asks to try again "now",
// so that it cannot keep a client busy for ever.
const shortestWait = time.Second

// StatusError is the cause of an error that is a server's answer. 404 and 410
// are fs.ErrNotExist too.
type StatusError struct {
	Code int    // such as 404
	Text string // first line of a plain text that came with it, without secrets
}

// Error returns "404 Not Found", and the quoted text if there is one.
func (e *StatusError) Error() string {
	s := strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code)))
	if e.Text == "" {
		return s
	}
	return fmt.Sprintf("%s: %q", s, e.Text)
}

// Is reports that nothing is there.
func (e *StatusError) Is(target error) bool {
	return target == fs.ErrNotExist && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

// status reads what the server says about its refusal.
func (j *job) status(resp *http.Response) *StatusError {
	e := &StatusError{Code: resp.StatusCode}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, sniff)) // what came will do
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		e.Text = j.scrub(strings.TrimSpace(line))
	}
	return e
}

// refused returns the error for a status that brings no file.
func (j *job) refused(resp *http.Response) error {
	e := j.status(resp)
	if !retryStatus(e.Code) {
		return fault.New(fault.Network, j.where, "%w", e).WithHint("%s", j.advice(e.Code, resp.Request))
	}
	a := &again{cause: e}
	if wait, ok := retryAfter(resp.Header.Get("Retry-After"), j.c.now()); ok {
		a.asked = true
		j.c.hold(resp.Request.URL.Host, j.c.now().Add(max(wait, shortestWait)))
	}
	return a
}

func retryStatus(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return code >= 500
}

// advice says where credentials were looked for.
func (j *job) advice(code int, req *http.Request) string {
	host := req.URL.Host
	switch {
	case code == http.StatusProxyAuthRequired:
		return "the HTTP proxy wants credentials"
	case code != http.StatusUnauthorized && code != http.StatusForbidden && code != http.StatusNotFound:
		return ""
	case j.loggedIn && !j.sent(req):
		return fmt.Sprintf("credentials for %s are not sent to %s, where it redirects to", j.url.Host, host)
	case j.loggedIn:
		return fmt.Sprintf("the credentials for %s from %s were sent", host, j.auth.Source)
	case code == http.StatusNotFound:
		return ""
	case j.auth.Source != "":
		return fmt.Sprintf("there are no credentials for %s in %s", host, j.auth.Source)
	}
	return fmt.Sprintf("no credentials for %s are configured", host)
}

// retryAfter reads a Retry-After header: seconds, or an HTTP date (RFC 9110
// §10.2.3). The wait is never negative.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if longest := int64(100 * 365 * 24 * time.Hour / time.Second); err != nil || seconds > longest {
			seconds = longest
		}
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

// netError sorts an error of the transport: what is final, and what another
// attempt may mend.
func (j *job) netError(ctx context.Context, err error) error {
	var classed interface{ Class() string }
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	var noTLS tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case context.Cause(ctx) == errStalled:
		return &again{cause: fmt.Errorf("no data for %s", j.c.idle())}
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &classed):
		return err
	case errors.As(err, &cert):
		return fault.New(fault.Network, j.where, "%w", j.clean(err)).
			WithHint("set ca for %s if its certificate is signed by an authority of your own", j.url.Host)
	case errors.As(err, &op) && op.Op == "remote error": // as crypto/tls reports alerts
		return j.fail(j.clean(err))
	case errors.As(err, &noTLS):
		return fault.New(fault.Network, j.where, "the server does not speak TLS")
	case errors.As(err, &dns) && dns.IsNotFound:
		return fault.New(fault.Network, j.where, "no such host %q", dns.Name)
	case errors.Is(err, io.ErrUnexpectedEOF) && j.want.Size > j.have && j.have > 0:
		return &again{cause: fmt.Errorf("short by %d of %d bytes", j.want.Size-j.have, j.want.Size)}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &again{cause: errors.New("the connection was closed early")}
	}
	return &again{cause: j.clean(err)}
}

// cleaned is an error whose text may be printed.
type cleaned struct {
	text  string
	cause error
}

func (e *cleaned) Error() string { return e.text }
func (e *cleaned) Unwrap() error { return e.cause }

func (j *job) clean(err error) error {
	return &cleaned{escape(j.scrub(err.Error())), err}
}
