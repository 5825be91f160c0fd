package main

import (
	"os"

	"golang.org/x/term"

	"github.com/gophersnake/gophersnake/output"
)

// terminal reports whether standard error is a terminal that can move its
// cursor.
func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.getenv("TERM") != "dumb"
}

// parsePath returns the path of an output that is a file or directory.
func parsePath(text string) (string, error) {
	t, err := output.Parse(text)
	return t.Path, err
}
