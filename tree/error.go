package tree

import (
	"errors"
	"fmt"
)

// Error is a problem with a file or archive: unsafe, not what was promised, or
// not what a rule allows.
type Error struct {
	Place   string // the file, package or member it is about
	Problem string
	Advice  string // what to do about it, or ""
	Type    string // see Class; "" means "verification"
	Err     error  // cause, or nil
}

// NewError returns an Error of class "verification". The problem is formatted
// as by fmt.Errorf, so %w keeps a cause.
func NewError(where, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Place: where, Problem: err.Error(), Err: errors.Unwrap(err)}
}

// WithClass returns the error with another class.
func (e *Error) WithClass(class string) *Error {
	c := *e
	c.Type = class
	return &c
}

// WithHint returns the error with words on what to do about it.
func (e *Error) WithHint(format string, args ...any) *Error {
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

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Where returns Place.
func (e *Error) Where() string { return e.Place }

// Hint returns Advice.
func (e *Error) Hint() string { return e.Advice }

// Class returns what kind of problem this is: "verification" (unsafe or not
// the promised bytes), "usage" (input that cannot be used as asked),
// "network", "disk", "policy" or "failed".
func (e *Error) Class() string {
	if e.Type == "" {
		return "verification"
	}
	return e.Type
}
