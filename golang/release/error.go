package release

import (
	"errors"
	"fmt"
)

// Error is a problem with a toolchain: none as wished, or not the bytes it
// must be.
type Error struct {
	Place   string // the toolchain, wish or server it is about
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

// Error returns "place: problem".
func (e *Error) Error() string {
	if e.Place == "" {
		return e.Problem
	}
	return e.Place + ": " + e.Problem
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Where returns Place.
func (e *Error) Where() string { return e.Place }

// Hint returns Advice.
func (e *Error) Hint() string { return e.Advice }

// Class returns what kind of problem this is: "usage" (a wish that nothing
// fulfils), "network", "verification" (not the promised bytes) or "disk".
func (e *Error) Class() string { return e.Type }

// classOf returns the class of the first error in the chain that has one.
func classOf(err error, otherwise string) string {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return c.Class()
	}
	return otherwise
}
