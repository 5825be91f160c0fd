package version

import "fmt"

// SyntaxError says where and why a version, a version spec or a match spec
// (package matchspec) cannot be read. Its class is "usage".
type SyntaxError struct {
	Kind    string // what was read: "version", "version spec", "match spec"
	Input   string // the whole text
	Offset  int    // byte of Input at which the problem starts
	Problem string
	Advice  string // what to write instead, or ""
}

// maxQuoted bounds how much of a bad input a message repeats.
const maxQuoted = 200

// Error returns "kind "input": column n: problem".
func (e *SyntaxError) Error() string { return e.Where() + ": " + e.Problem }

// Where returns the input and the column.
func (e *SyntaxError) Where() string {
	shown, more := e.Input, ""
	if len(shown) > maxQuoted {
		shown, more = shown[:maxQuoted], "…"
	}
	return fmt.Sprintf("%s %q%s: column %d", e.Kind, shown, more, e.Column())
}

// Column returns the position of the problem in bytes, counted from 1.
func (e *SyntaxError) Column() int { return e.Offset + 1 }

// Hint returns Advice.
func (e *SyntaxError) Hint() string { return e.Advice }

// Class returns "usage".
func (e *SyntaxError) Class() string { return "usage" }
