package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// Error is a problem of a layer or of the disk.
type Error struct {
	Type    string // "verification" or "disk"
	Place   string // the layer as Layer was told, or a file
	Problem string
	Err     error // the cause, or nil
}

// Error returns "place: problem".
func (e *Error) Error() string { return e.Place + ": " + e.Problem }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Class returns "verification" or "disk".
func (e *Error) Class() string { return e.Type }

// Where returns the place of the problem.
func (e *Error) Where() string { return e.Place }

// maxShown is how much of a name an error shows, in bytes.
const maxShown = 120

// unsafe refuses a member.
func (x *Extractor) unsafe(name, format string, args ...any) error {
	quoted := strconv.QuoteToASCII(name)
	if len(quoted) > maxShown {
		quoted = strconv.QuoteToASCII(name[:maxShown/4]) + "…"
	}
	return &Error{Type: "verification", Place: x.layer, Problem: quoted + ": " + fmt.Sprintf(format, args...)}
}

// disk words an error of the operating system. Others, such as those of a
// layer's source, stay.
func (x *Extractor) disk(name string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	problem := ""
	switch {
	case errors.As(err, &p):
		problem = p.Err.Error()
	case errors.As(err, &l):
		problem = l.Err.Error()
	default:
		return err
	}
	return &Error{Type: "disk", Place: x.show + "/" + name, Problem: problem, Err: err}
}
