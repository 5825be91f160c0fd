package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxErrorBody is how much of an error answer is read, in bytes.
const maxErrorBody = 64 << 10

// statusError is an answer of a registry that is not the one wanted.
type statusError struct {
	method     string
	url        *url.URL
	status     int
	codes      []string // of the distribution API: DENIED, BLOB_UPLOAD_UNKNOWN, …
	message    string   // the server's own words, unescaped
	retryAfter time.Duration
	restart    bool // an upload that has to begin anew
}

// newStatusError reads an error answer and closes it.
func newStatusError(resp *http.Response, now time.Time) *statusError {
	defer resp.Body.Close()
	e := &statusError{method: resp.Request.Method, url: resp.Request.URL, status: resp.StatusCode}
	if transient(e.status) {
		e.retryAfter, _ = parseRetryAfter(resp.Header.Get("Retry-After"), now)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return e // the status says enough
	}
	var parsed struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &parsed) != nil || len(parsed.Errors) == 0 {
		return e // a proxy's HTML page, or nothing
	}
	for _, d := range parsed.Errors {
		if d.Code != "" {
			e.codes = append(e.codes, d.Code)
		}
	}
	e.message = parsed.Errors[0].Message
	return e
}

// attempts says how often the request is tried in all.
func (e *statusError) attempts() int {
	switch {
	case e.status == http.StatusUnauthorized:
		return authAttempts
	case e.restart, transient(e.status):
		return maxAttempts
	}
	return 1
}

// has reports whether the answer has one of the codes.
func (e *statusError) has(codes ...string) bool {
	for _, have := range e.codes {
		for _, want := range codes {
			if have == want {
				return true
			}
		}
	}
	return false
}

// reason is the status with the server's code and words: `403 DENIED: "no"`.
func (e *statusError) reason() string {
	if len(e.codes) == 0 {
		return strings.TrimSpace(fmt.Sprintf("%d %s", e.status, http.StatusText(e.status)))
	}
	s := fmt.Sprintf("%d %s", e.status, escape(strings.Join(e.codes, ", ")))
	if e.message != "" {
		s += ": " + quoteServer(e.message)
	}
	return s
}

// Error returns "METHOD URL: reason", the URL without secrets.
func (e *statusError) Error() string {
	return fmt.Sprintf("%s %s: %s", e.method, cleanURL(e.url), e.reason())
}

// sourceError is an error of the content that was to be sent; the network is
// not to blame.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// errGarbled stands for an answer of a token server that makes no sense. Its
// text is not shown, since it may hold a token.
var errGarbled = errors.New("the challenge or the token server's answer is not valid")

// describe is an error on one line without secrets.
func describe(err error) string {
	var status *statusError
	if errors.As(err, &status) {
		return status.Error()
	}
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed early"
	}
	return escape(err.Error())
}

// tokenError translates what go-containerregistry says about a ping or about
// getting a token.
func tokenError(err error) error {
	var own *Error
	var t *transport.Error
	var u *url.Error
	switch {
	case errors.As(err, &own):
		return own
	case isTLS(err): // before the answer to the ping in plain http that loopback gets too
		return err
	case errors.As(err, &t):
		e := &statusError{method: http.MethodGet, status: t.StatusCode, url: &url.URL{}}
		if t.Request != nil {
			e.method, e.url = t.Request.Method, t.Request.URL
		}
		for _, d := range t.Errors {
			e.codes = append(e.codes, string(d.Code))
			e.message = d.Message
		}
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &u):
		return err
	}
	return errGarbled
}
