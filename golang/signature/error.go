package signature

import (
	"errors"
	"fmt"
	"strings"
)

// Error is a problem with a signature or a key.
type Error struct {
	Place   string // the file
	Problem string
	Advice  string // what to do about it, or ""
	Type    string // see Class
	Err     error  // cause, or nil
}

func newError(class, place, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Place: place, Problem: err.Error(), Type: class, Err: errors.Unwrap(err)}
}

func (e *Error) advise(format string, args ...any) *Error {
	e.Advice = fmt.Sprintf(format, args...)
	return e
}

// bare takes the library's name from the front of its errors.
func bare(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "openpgp: "))
}

// Error returns "place: problem".
func (e *Error) Error() string { return e.Place + ": " + e.Problem }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Where returns Place.
func (e *Error) Where() string { return e.Place }

// Hint returns Advice.
func (e *Error) Hint() string { return e.Advice }

// Class returns what kind of problem this is: "usage" (not the right key),
// "verification" or "disk".
func (e *Error) Class() string { return e.Type }
