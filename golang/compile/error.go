package compile

import (
	"errors"
	"fmt"
)

// Error is a problem with a build or with the sources it was to be made of.
type Error struct {
	Place   string // the package or directory it is about
	Problem string
	Advice  string // what to do about it, or ""
	Type    string // see Class
	Err     error  // cause, or nil
}

func newError(class, place, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Place: place, Problem: err.Error(), Type: class, Err: errors.Unwrap(err)}
}

func (e *Error) advise(what string) *Error {
	e.Advice = what
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

// Class returns what kind of problem this is: "failed" (the code does not
// compile), "usage" (no such package, or not for this Go), "stale" (go.mod or
// go.sum out of step), "network", "verification" (a module is not what go.sum
// says) or "disk".
func (e *Error) Class() string { return e.Type }
