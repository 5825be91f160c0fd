package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// interrupted is the end by a signal.
type interrupted struct{}

func (interrupted) Error() string { return "interrupted" }

// exitCode returns the exit code of an error (design.md §5).
func exitCode(err error) int {
	if errors.As(err, new(interrupted)) {
		return 130
	}
	if not := (notRun{}); errors.As(err, &not) {
		return not.code
	}
	switch fault.ClassOf(err) {
	case fault.Usage:
		return 2
	case fault.Stale:
		return 3
	case fault.Unsatisfiable:
		return 4
	case fault.Network:
		return 5
	case fault.Verification:
		return 6
	case fault.Disk:
		return 7
	case fault.Policy:
		return 8
	}
	return 1
}

// report prints an error and returns its exit code.
func (a *app) report(err error) int {
	code := exitCode(err)
	where, hint := "", ""
	for e := err; e != nil; e = errors.Unwrap(e) { // who wraps an error need not know its hint
		if w, ok := e.(interface{ Where() string }); ok && where == "" {
			where = w.Where()
		}
		if h, ok := e.(interface{ Hint() string }); ok && hint == "" {
			hint = h.Hint()
		}
	}
	message := err.Error()
	if a.json {
		b, _ := json.Marshal(struct { // four plain values
			Exit    int    `json:"exit"`
			Message string `json:"message"`
			Where   string `json:"where,omitempty"`
			Hint    string `json:"hint,omitempty"`
		}{code, strings.TrimPrefix(message, where+": "), where, hint})
		fmt.Fprintf(a.stderr, "%s\n", b)
		return code
	}
	fmt.Fprintf(a.stderr, "gophersnake: %s\n", message)
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return code
}

// bare returns a file system error without the paths in it: the error that it
// becomes part of says where, and a temporary name helps nobody.
func bare(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}

func exitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What exit codes mean",
		Long: `gophersnake exits with

    0  done
    1  failed
    2  wrong usage, configuration or input
    3  the lock is out of date
    4  the packages asked for cannot be installed together
    5  network or registry
    6  verification failed: digest, signature, unsafe content, not reproducible
    7  disk or cache
    8  refused by policy: denied link scripts, doctor findings
  130  interrupted

"gophersnake run" becomes a program, whose exit code is its own. Where it does
not, run exits

  126  the program cannot be run
  127  the program is not found`,
	}
}
