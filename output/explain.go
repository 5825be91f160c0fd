package output

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// explain turns the last error of an operation into one for people: what was
// attempted, in the registry's own words, and what to do. what is "" or names
// the part of the push, as `tag "1.4"`.
func (c *client) explain(err error, what string) error {
	var own *Error
	var source *sourceError
	switch {
	case errors.As(err, &source):
		return source.err
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	place := c.repo.String()
	if what != "" {
		what += ": "
	}
	var status *statusError
	if !errors.As(err, &status) {
		e := newError(classNetwork, place, "%s%s%s", what, describe(err), times(err))
		e.Err = err
		return e
	}
	e := c.explainStatus(status, what, times(err))
	e.Err = err
	return e
}

// explainStatus words an answer of the registry.
func (c *client) explainStatus(s *statusError, what, tried string) *Error {
	host := c.repo.RegistryStr()
	switch {
	case s.status == http.StatusUnauthorized && c.auth.hasCredentials():
		return c.errorf("%sthe credentials for %s are refused (%s)", what, host, s.reason()).
			hint("log in again with docker login %s or podman login %s", host, host)
	case s.status == http.StatusUnauthorized:
		hint := "log in with docker login " + host + " or podman login " + host
		if len(c.sources) > 0 {
			hint = "looked in " + strings.Join(c.sources, ", ") + "; " + hint
		}
		return c.errorf("%sno credentials for %s were found and it wants some (%s)", what, host, s.reason()).
			hint("%s", hint)
	case s.status == http.StatusForbidden:
		return c.errorf("%spush is denied (%s)", what, s.reason()).
			hint("the account needs the scope %s", c.auth.scopes[0])
	case strings.HasPrefix(what, "tag ") && !transient(s.status):
		return c.errorf("%sis refused (%s)", strings.TrimSuffix(what, ": ")+" ", s.reason()).
			hint("the registry may forbid that a tag moves: choose a new tag, or push by another name")
	case s.restart && s.has("BLOB_UPLOAD_UNKNOWN"):
		return c.errorf("%sthe registry loses the upload session (%s)%s", what, s.reason(), tried)
	}
	return c.errorf("%s%s answered %s%s", what, s.method, s.reason(), tried)
}

// times says how often something was tried, if more than once.
func times(err error) string {
	var t *triedError
	if errors.As(err, &t) {
		return " (tried " + strconv.Itoa(t.n) + " times)"
	}
	return ""
}
