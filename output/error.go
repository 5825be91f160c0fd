package output

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// The classes of this package's errors; the command maps them to exit codes
// (design.md §5).
const (
	classUsage        = "usage"
	classNetwork      = "network"
	classVerification = "verification"
	classDisk         = "disk"
	classPolicy       = "policy"
)

// Error is a problem of an output, where it is, and a way out of it.
type Error struct {
	Type    string // "usage", "network", "verification", "disk" or "policy"
	Place   string // the output as the user wrote it, a repository, a blob, or a file
	Problem string
	Advice  string // what to do, or ""
	Err     error  // the cause, or nil
}

func newError(class, place, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Type: class, Place: place, Problem: err.Error(), Err: errors.Unwrap(err)}
}

func (e *Error) hint(format string, args ...any) *Error {
	c := *e
	c.Advice = fmt.Sprintf(format, args...)
	return &c
}

// Error returns "place: problem".
func (e *Error) Error() string {
	if e.Place == "" {
		return e.Problem
	}
	return e.Place + ": " + e.Problem
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Class returns the class of the problem: "usage", "network", "verification",
// "disk" or "policy".
func (e *Error) Class() string { return e.Type }

// Where returns the place of the problem.
func (e *Error) Where() string { return e.Place }

// Hint returns what to do about the problem, or "".
func (e *Error) Hint() string { return e.Advice }

// cleanURL returns a URL for printing: without user, password and query, any
// of which may hold a secret.
func cleanURL(u *url.URL) string {
	c := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return c.String()
}

// urlText matches what may be a URL inside a message.
var urlText = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>]+`)

// maxServerText is how much of a server's own words is shown, in bytes.
const maxServerText = 300

// scrub makes text of another machine fit to print inside one of our lines:
// URLs lose their secrets and the text is cut.
func scrub(s string) string {
	s = urlText.ReplaceAllStringFunc(s, func(m string) string {
		u, err := url.Parse(m)
		if err != nil {
			return "(URL)"
		}
		return cleanURL(u)
	})
	if len(s) > maxServerText {
		s = strings.ToValidUTF8(s[:maxServerText], "") + "…"
	}
	return s
}

// quoteServer is scrub, quoted, so that control bytes of a server's text never
// reach a terminal.
func quoteServer(s string) string { return strconv.Quote(scrub(s)) }

// escape is quoteServer without the quotes, for text of ours that may hold
// some of a server's.
func escape(s string) string {
	q := quoteServer(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
