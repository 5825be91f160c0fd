// Package doctor judges a machine or an image: do its Go, its conda
// environment, its shells and its permissions agree with each other and with
// the lock (design.md §5)?
//
// It looks at [Facts] that others gathered, and runs and opens nothing. Each
// finding has an ID that stays from release to release; docs/doctor.md lists
// them with examples. One cause gives one finding: a check says nothing of what
// follows from a problem that another has told.
//
//	go-missing      the lock has Go, and PATH has none
//	go-version      the go that wins is none of the lock
//	go-shadowed     a go of the lock is on PATH, behind another
//	go-several      PATH has Gos of several versions, and the right one wins
//	go-broken       "go env" does not run
//	go-env          a variable of [go.env] has another value
//	go-mod          go.mod asks for a Go that would be refused or downloaded
//	gotoolchain     GOTOOLCHAIN forces a Go that is not the lock's, or is no such value
//	goroot-env      GOROOT is set in the environment
//	goroot-file     GOROOT is set by "go env -w"
//	gobin-path      programs of "go install" are not on PATH
//	cgo-compiler    cgo is on, and its compiler is not there
//	sdkroot         macOS: SDKROOT names nothing, or conda's compiler has none
//	macos-target    macOS: MACOSX_DEPLOYMENT_TARGET is older than Go's oldest
//	path-relative   PATH has an element that is no absolute path
//	dir-denied      a directory that must be written to cannot
//	dir-owner       root writes to a directory that is another user's
//	dir-open        everyone may write to such a directory
//	startup-path    a shell's start-up file sets PATH and forgets the old one
//	startup-goroot  a shell's start-up file sets GOROOT
//	conda-prefix    CONDA_PREFIX names no conda environment
//	conda-stale     CONDA_PREFIX is not the environment that PATH gives
//	conda-several   PATH has several conda installations
//	pythonhome      PYTHONHOME is set beside a conda environment
//	pythonpath      PYTHONPATH is set beside a conda environment
//	library-path    LD_LIBRARY_PATH puts foreign libraries before conda's
//	libc            packages need a newer or another C library
//	image-env       a variable of activation has another value in ENV
//	image-path      PATH lacks or misplaces a directory of activation
//	image-profile   login shells lose the image's PATH
//	image-user      USER is a name, or a number that /etc/passwd has not
//	image-command   the program that the image starts is not there
//	image-entry     activation scripts that only the entry script sources are not sourced
//	image-setuid    files above the base are setuid or setgid
//	image-open      everyone may write to files above the base
//	image-goroot    the image's user may change its Go
//	image-label     the devcontainer.metadata label is not what editors read
//	image-lock      the image has layers that the lock does not know
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
)

// Severity says how bad a finding is. Both kinds are findings.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // something does not work, or not as the lock says
	Warning Severity = "warning" // it works, and a small change breaks it
)

// Finding is one thing that disagrees.
type Finding struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject"` // a variable, a command, a file with its line, a directory
	Problem  string   `json:"problem"` // what is wrong with it and what follows
	Remedy   string   `json:"remedy"`  // what to do
}

// Want is what should be. The zero value asks for nothing: there is no lock.
type Want struct {
	Lock     *lock.Selection   // nil without a lock
	Foreign  bool              // the lock is for other platforms: its packages are not for here
	GoEnv    map[string]string // [go.env]
	ImageEnv map[string]string // [image.env]
	Entry    string            // what an image's entry point has to begin with; "" for anything
	Rows     map[string]bool   // digests of the lock's layers, its base's included; nil without any
}

// check is one run over facts.
type check struct {
	Facts
	want     Want
	findings []Finding
}

// Check returns what disagrees, errors first, then by ID and subject. It
// returns the same for the same facts.
func Check(f Facts, w Want) []Finding {
	c := &check{Facts: f, want: w}
	c.goroot()
	c.commands()
	c.toolchain()
	c.goEnv()
	c.cgo()
	c.macos()
	c.path()
	c.dirs()
	c.startup()
	c.conda()
	c.libc()
	if f.Image != nil {
		c.image()
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), strings.Compare(a.ID, b.ID), strings.Compare(a.Subject, b.Subject))
	})
	return c.findings
}

// found adds a finding whose problem is formatted.
func (c *check) found(s Severity, id, subject, remedy, problem string, args ...any) {
	c.findings = append(c.findings, Finding{id, s, subject, fmt.Sprintf(problem, args...), remedy})
}

// told reports whether a check has found one of these.
func (c *check) told(ids ...string) bool {
	return slices.ContainsFunc(c.findings, func(f Finding) bool { return slices.Contains(ids, f.ID) })
}

// Sound says in one line what was looked at, for a set-up without findings.
func Sound(f Facts, w Want) string {
	var parts []string
	switch {
	case len(f.Gos) > 0:
		parts = append(parts, fmt.Sprintf("go %s is %s (%s)", cmp.Or(f.version(), "of an unknown version"), f.Gos[0].Path, f.Gos[0].Origin))
	default:
		parts = append(parts, "no go on PATH, and none is asked for")
	}
	if f.GoMod.File != "" {
		parts = append(parts, f.GoMod.File+" asks for go "+cmp.Or(f.GoMod.Go, "of any version"))
	}
	if prefix := f.Env["CONDA_PREFIX"]; prefix != "" {
		parts = append(parts, "conda is "+prefix)
	}
	if f.Libc != "" {
		parts = append(parts, "libc is "+f.Libc)
	}
	looked := "PATH, GOTOOLCHAIN, GOROOT, go env, cgo, permissions, start-up files, conda and libc agree"
	if f.Image != nil {
		looked = "ENV, PATH, GOROOT, USER, login shells, permissions, conda, libc, labels and command agree"
	}
	with := ", with each other: there is no lock to compare with"
	if w.Lock != nil {
		with = " with the lock"
	}
	return strings.Join(parts, "; ") + "; " + looked + with
}
