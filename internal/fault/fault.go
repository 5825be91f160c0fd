// Package fault holds the one error type that the user-facing half of
// gophersnake returns: a problem, where it is, why, and what to do.
//
// Packages that stand alone (conda/..., tree, output) have error types of
// their own. They need not import this package: whoever prints errors asks for
// the methods Class, Where and Hint, not for a type.
package fault

import (
	"errors"
	"fmt"
)

// Class says what kind of problem an error is. The command maps each class to
// one exit code (design.md §5).
type Class string

// The classes of errors and their exit codes.
const (
	Failed        Class = "failed"        // 1
	Usage         Class = "usage"         // 2: flags, configuration or input
	Stale         Class = "stale"         // 3: the lock is out of date
	Unsatisfiable Class = "unsatisfiable" // 4
	Network       Class = "network"       // 5: network or registry
	Verification  Class = "verification"  // 6: digest, signature, unsafe content
	Disk          Class = "disk"          // 7: disk or cache
	Policy        Class = "policy"        // 8: refused by a rule the user set
)

// Error is a problem with the place it was found at and a way out of it.
type Error struct {
	class   Class
	where   string // "file:line:column", a package, or a URL without secrets
	problem string
	hint    string
	cause   error
}

// New returns an error of a class. The problem is formatted as by
// fmt.Errorf, so %w keeps a cause.
func New(class Class, where, problem string, args ...any) *Error {
	err := fmt.Errorf(problem, args...)
	return &Error{class: class, where: where, problem: err.Error(), cause: errors.Unwrap(err)}
}

// WithHint returns the error with a line that says what to do.
func (e *Error) WithHint(hint string, args ...any) *Error {
	c := *e
	c.hint = fmt.Sprintf(hint, args...)
	return &c
}

// Error returns "where: problem", or the problem alone.
func (e *Error) Error() string {
	if e.where == "" {
		return e.problem
	}
	return e.where + ": " + e.problem
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Class returns the class of the problem as a plain string, so that other
// packages' error types can offer the same method without this package.
func (e *Error) Class() string { return string(e.class) }

// Where returns the place of the problem, or "".
func (e *Error) Where() string { return e.where }

// Hint returns what to do about it, or "".
func (e *Error) Hint() string { return e.hint }

// ClassOf returns the class of the first error in the chain that has one, and
// Failed where none has.
func ClassOf(err error) Class {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return Class(c.Class())
	}
	return Failed
}
