// Package tool finds the module of a Go command and says what it is made of.
//
// # Which module
//
// A tool is asked for as `go install` takes it, PACKAGE@VERSION. Its module is
// the one with the longest path that is the package's or above it and that
// holds the package (Go Modules Reference, "Resolving a package to a module").
// VERSION is
//
//	v0.8.2           that version
//	v0, v0.8         the newest release with this beginning
//	latest           the newest release, else the newest pre-release, else
//	                 what the proxy calls so
//
// Versions that the newest one retracts are passed over. Versions are told by
// the proxy; what they hold is believed only by the checksum database.
//
// # What a tool is made of
//
// The zip of a module holds its go.mod and go.sum, and the hash h1 of the zip
// covers both. So one hash says all: go.sum has the hashes of everything that
// go.mod leads to. `go install` looks these up in the checksum database
// instead; here a tool whose go.sum lacks something is refused, by the go
// command when it compiles, or by [Find] where there is no go.sum at all.
//
// The commands are compiled in a project of our own ([Module.Project]): a
// module that requires the tool's module and exactly what its go.mod requires,
// with its go.sum. That gives the versions that the authors tested, and bytes
// that say "mod MODULE VERSION" as those of `go install` do, which being inside
// the module would not. Directives replace and exclude count for nobody but
// their authors; a module that has some is refused, as `go install` does.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophersnake/gophersnake/golang/release"
)

// Source is all that finding a tool asks of the world.
type Source interface {
	release.Proxy
	// Zip opens the zip of a module version, checked against the checksum
	// database, and returns its hash "h1:…". One that does not exist is an
	// error for which errors.Is(err, fs.ErrNotExist) holds.
	Zip(ctx context.Context, module, version string) (zip Zip, h1 string, err error)
}

// Zip is an open module zip.
type Zip interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Tool is a command that was found.
type Tool struct {
	Package string // import path
	Module  string // its path
	Version string // "v0.8.2"
	H1      string // of the module's zip
	Needs   string // the go line of its go.mod: "1.26.0"; "" where it has none
}

// Find finds a command. A package or version that does not exist, a package
// that is no command and one that cannot be compiled as a tool are of class
// "usage".
func Find(ctx context.Context, s Source, pkg, wish string) (Tool, error) {
	if err := module.CheckImportPath(pkg); err != nil {
		return Tool{}, problem("usage", pkg, "is not an import path")
	}
	if _, own, vendored := strings.Cut(pkg, "/vendor/"); vendored {
		return Tool{}, hinted(problem("usage", pkg, "is a vendored copy, whose hash nobody has"), "name it by its own path, %s", own)
	}
	var nearest error // what the longest path with a module had to say
	for p := pkg; p != "."; p = path.Dir(p) {
		if module.CheckPath(p) != nil {
			continue
		}
		version, err := choose(ctx, s, p, wish)
		if err == nil {
			var t Tool
			if t, err = open(ctx, s, pkg, p, version); err == nil {
				return t, nil
			}
		}
		switch {
		case errors.As(err, new(noModule)):
		case !errors.As(err, new(elsewhere)):
			return Tool{}, err
		case nearest == nil:
			nearest = errors.Unwrap(err)
		}
	}
	if nearest != nil {
		return Tool{}, nearest
	}
	return Tool{}, hinted(problem("usage", pkg, "no module in the module proxy has this package"), "write its import path as go install takes it")
}

// noModule says that a path is no module's.
type noModule struct{ path string }

func (e noModule) Error() string { return e.path + ": no such module" }

// elsewhere is an error that a module with a shorter path may mend.
type elsewhere struct{ err error }

func (e elsewhere) Error() string { return e.err.Error() }
func (e elsewhere) Unwrap() error { return e.err }

// open reads the module and checks that it has the command.
func open(ctx context.Context, s Source, pkg, modPath, version string) (Tool, error) {
	zip, h1, err := s.Zip(ctx, modPath, version)
	if errors.Is(err, fs.ErrNotExist) {
		return Tool{}, hinted(problem("network", modPath+"@"+version, "the module proxy or the checksum database lacks it: %w", err), "is the module private? tools come from public modules")
	}
	if err != nil {
		return Tool{}, err
	}
	defer func() { _ = zip.Close() }() // only read
	m, err := Read(zip, zip.Size(), modPath, version)
	if err != nil {
		return Tool{}, err
	}
	if err := m.check(pkg); err != nil {
		return Tool{}, err
	}
	return Tool{Package: pkg, Module: modPath, Version: version, H1: h1, Needs: m.Needs()}, nil
}

// problem returns an error of the kind that golang/release has.
func problem(class, place, format string, args ...any) *release.Error {
	err := fmt.Errorf(format, args...)
	return &release.Error{Place: place, Problem: err.Error(), Type: class, Err: errors.Unwrap(err)}
}

func hinted(e *release.Error, format string, args ...any) *release.Error {
	e.Advice = fmt.Sprintf(format, args...)
	return e
}

// inside returns the path of a package below its module: "" for the module's
// own directory.
func inside(pkg, modPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(pkg, modPath), "/")
}
