package spec

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// position is a place in the file, counted from 1; columns are bytes.
type position struct{ line, column int }

// flaw is what is wrong with one value. A zero flaw is none.
type flaw struct{ problem, hint string }

// flawf returns a flaw without a hint.
func flawf(format string, args ...any) flaw { return flaw{problem: fmt.Sprintf(format, args...)} }

// hinted returns the flaw with a hint.
func (f flaw) hinted(format string, args ...any) flaw {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// report collects the problems of one file.
type report struct {
	file  string
	found []finding
}

type finding struct {
	at position
	flaw
}

// add notes a flaw at a position; no flaw is not noted.
func (r *report) add(at position, f flaw) {
	if f.problem != "" {
		r.found = append(r.found, finding{at, f})
	}
}

// err returns the problem that stands first in the file, or nil. Which one
// that is depends on the file alone, not on the order of checks or of maps.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	f := slices.MinFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	where := fmt.Sprintf("%s:%d:%d", r.file, f.at.line, f.at.column)
	e := fault.New(fault.Usage, where, "%s", f.problem)
	if f.hint != "" {
		e = e.WithHint("%s", f.hint)
	}
	return e
}
