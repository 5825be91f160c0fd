package compile

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
)

// Commands builds several commands of one module that is not the user's, in a
// project that requires it: Dir has its go.mod and go.sum, Out is a directory,
// and the programs there have the names that go build gives them. The go
// command is called once, as [Build] calls it. Package, Ldflags and Tags do not
// count.
//
// What go.mod or go.sum lack is of class "usage" here: they are not the user's
// to mend.
func Commands(ctx context.Context, r Request, packages []string) error {
	for _, p := range packages {
		r.Package = p
		if err := r.check(); err != nil {
			return err
		}
	}
	r.Package = strings.Join(packages, " ")
	out, err := filepath.Abs(r.Out)
	if err != nil {
		return newError("disk", r.Package, "%w", err)
	}
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly"}, r.jobs()...)
	args = append(append(args, "-o", out+string(filepath.Separator), "--"), packages...)
	return foreign(r.run(ctx, args...))
}

// foreign changes an error about the user's module into one about another's.
func foreign(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Type == "stale":
		e.Type, e.Advice = "usage", "the tool's own go.mod or go.sum is incomplete: choose another version"
	case strings.Contains(e.Problem, "build constraints exclude all Go files"):
		e.Type, e.Advice = "usage", "the tool has no code for this platform, or needs cgo: tools are compiled without a C compiler"
	case e.Type == "failed":
		e.Advice = "the tool does not compile with this Go: choose another version of one of them"
	}
	return e
}
