// Package compile makes one program by one hermetic `go build`, and says by
// hash what it was made of.
//
// # The build
//
// The command is
//
//	go build -trimpath -buildvcs=false -mod=readonly [-tags] [-toolexec] [-overlay] [-ldflags] -o OUT PACKAGE
//
// in an environment that holds nothing of the user's: no HOME, no GOFLAGS, no
// go env file, no other toolchain than the one given (GOTOOLCHAIN=local), cgo
// off, the lowest CPU level of the target (GOAMD64=v1, GOARM64=v8.0). A go.work
// above the directory counts, as it does for the go command. Modules come from
// the module cache or the proxy, and only as go.sum has them. The same sources
// and toolchain give the same bytes in any directory on any machine.
//
// A program that runs the compiler (-toolexec) is run only where a request names
// one. It finds the go command and the system's programs on PATH, and nothing
// else of the user's environment. What it does to the bytes is not known: its
// hash ([Program]) belongs into the key of what is made, and the build cache must
// be its own, for the go command's keys do not know the program either.
//
// [Commands] builds commands of other people's modules in the same way.
//
// # The sources
//
// [Source] hashes what a build may read, so that a program need not be built
// to know whether it is the same.
package compile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/platforms"
)

// Request describes one build.
type Request struct {
	GoRoot   string             // of the toolchain; its bin/go is run
	Dir      string             // where Package is resolved
	Package  string             // one package: "./cmd/hello", or an import path that Dir's module knows
	Platform platforms.Platform // to build for; zero: this machine's
	Ldflags  string             // as for go build
	Tags     []string           // build tags
	ToolExec []string           // -toolexec: a program, by its absolute path, and arguments that the compiler and linker are run by
	Overlay  string             // -overlay: a JSON file, relative to Dir; "" is none
	Out      string             // the program's file; its directory exists

	Cache    string   // GOCACHE
	ModCache string   // GOMODCACHE; "" is pkg/mod below GoPath
	GoPath   string   // GOPATH
	Temp     string   // for the build's temporary files; "" is the system's
	Proxy    string   // GOPROXY; "" is off: all modules are in ModCache
	Env      []string // "KEY=value" after all others, such as PATH or SSL_CERT_FILE
	Jobs     int      // compile steps at a time; 0 is the go command's choice
}

// grace is how long the go command may take to stop when ctx is done.
const grace = 5 * time.Second

// Build builds a program. Errors carry the first lines of what the go command
// says; their class is told from it: "stale" where go.mod or go.sum lack
// something, "verification" where a module is not what go.sum says, "usage"
// where there is no such command for this Go, "network", else "failed".
func Build(ctx context.Context, r Request) error {
	if err := r.check(); err != nil {
		return err
	}
	out, err := filepath.Abs(r.Out)
	if err != nil {
		return newError("disk", r.Package, "%w", err)
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-o", out}
	args = append(args, r.jobs()...)
	if len(r.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(r.Tags, ","))
	}
	if len(r.ToolExec) > 0 {
		args = append(args, "-toolexec="+strings.Join(append([]string{quoted(r.ToolExec[0])}, r.ToolExec[1:]...), " "))
	}
	if r.Overlay != "" {
		args = append(args, "-overlay="+filepath.FromSlash(r.Overlay))
	}
	if r.Ldflags != "" {
		args = append(args, "-ldflags="+r.Ldflags)
	}
	if err := r.run(ctx, append(args, "--", r.Package)...); err != nil {
		return err
	}
	return r.checkProgram(out)
}

func (r Request) jobs() []string {
	if r.Jobs > 0 {
		return []string{fmt.Sprintf("-p=%d", r.Jobs)}
	}
	return nil
}

// Verify runs `go mod verify`: all modules in the module cache that Dir's
// module needs are what was downloaded, by the hashes in go.sum. A module that
// was changed is of class "verification".
func Verify(ctx context.Context, r Request) error {
	err := r.run(ctx, "mod", "verify")
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Problem, "has been modified") {
		e.Type = "verification"
		e.Advice = "remove the module cache, or the module from it, and try again"
	}
	return err
}

func (r Request) check() error {
	switch {
	case r.Package == "" || strings.HasPrefix(r.Package, "-"):
		return newError("usage", "", "package %q is not a package", r.Package)
	case strings.Contains(r.Package, "..."):
		return newError("usage", "", "package %q is a pattern", r.Package).advise("name one package")
	case filepath.IsAbs(r.Package):
		return newError("usage", "", "package %q is absolute", r.Package).advise("write it relative to the module, beginning with ./")
	}
	return nil
}

// checkProgram refuses what `go build -o` makes of a package that is not a
// command: an archive.
func (r Request) checkProgram(out string) error {
	f, err := os.Open(out)
	if errors.Is(err, fs.ErrNotExist) {
		return newError("usage", r.Package, "is not a command").advise("name a package main")
	}
	if err != nil {
		return newError("disk", r.Package, "%w", err)
	}
	defer func() { _ = f.Close() }() // only read
	var magic [8]byte
	if _, err := f.Read(magic[:]); err != nil {
		return newError("disk", r.Package, "%w", err)
	}
	if string(magic[:]) == "!<arch>\n" {
		return newError("usage", r.Package, "is not a command").advise("name a package main")
	}
	return nil
}

// run runs the go command.
func (r Request) run(ctx context.Context, args ...string) error {
	gobin, err := filepath.Abs(filepath.Join(r.GoRoot, "bin", "go"))
	if err != nil {
		return newError("disk", r.Package, "%w", err)
	}
	var stdout, stderr head
	cmd := exec.CommandContext(ctx, gobin, args...)
	cmd.Dir = r.Dir
	cmd.Env = r.environ()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = grace
	if runtime.GOOS != "windows" { // which cannot send it
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	}
	err = cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return classify("go "+args[0], r.Package, r.redact(stderr.text()+stdout.text()))
	}
	if err != nil {
		return newError("disk", r.Package, "go command: %w", err)
	}
	return nil
}

// environ returns the whole environment of the go command.
func (r Request) environ() []string {
	env := []string{
		"CGO_ENABLED=0", "GO111MODULE=on", "GOAMD64=v1", "GOARM64=v8.0", "GOENV=off", "GOFLAGS=",
		"GOSUMDB=off", // every module is in go.sum or refused; nothing is looked up
		"GOTOOLCHAIN=local", "LC_ALL=C", "TZ=UTC",
	}
	add := func(key, value string) {
		if value != "" {
			env = append(env, key+"="+value)
		}
	}
	add("GOOS", r.Platform.OS)
	add("GOARCH", r.Platform.Arch)
	add("GOCACHE", absolute(r.Cache))
	add("GOMODCACHE", absolute(r.ModCache))
	add("GOPATH", absolute(r.GoPath))
	if len(r.ToolExec) > 0 {
		add("PATH", strings.Join([]string{filepath.Join(absolute(r.GoRoot), "bin"), "/usr/local/bin", "/usr/bin", "/bin"}, string(filepath.ListSeparator)))
	}
	add("GOTMPDIR", absolute(r.Temp))
	add("TMPDIR", absolute(r.Temp))
	proxy := r.Proxy
	if proxy == "" {
		proxy = "off"
	}
	return append(append(env, "GOPROXY="+proxy), r.Env...)
}

// absolute makes a directory absolute, as the go command wants it.
func absolute(dir string) string {
	if dir == "" {
		return ""
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir // the go command will say what is wrong with it
	}
	return abs
}
