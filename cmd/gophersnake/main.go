// Command gophersnake composes reproducible multi-arch OCI images of a base, a
// conda environment, Go toolchains and Go programs.
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gophersnake/gophersnake/golang/signature"
)

func main() {
	relaxCollector(os.LookupEnv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, process{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		lookupenv: os.LookupEnv, vars: os.Environ, now: time.Now, hooks: faultPoints(os.LookupEnv),
	})
	stop()
	os.Exit(code)
}

// relaxCollector lets garbage wait while there is little memory in use: a solve
// is over before it would matter. GOGC and GOMEMLIMIT count for more.
func relaxCollector(lookupenv func(name string) (value string, ok bool)) {
	_, percent := lookupenv("GOGC")
	_, limit := lookupenv("GOMEMLIMIT")
	if !percent && !limit {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(104 << 20)
	}
}

// process is all that a command knows of the process it runs in.
type process struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	lookupenv      func(name string) (value string, ok bool)
	vars           func() []string // "KEY=value", all of the environment
	now            func() time.Time

	goKey  func() (*signature.Key, error) // of Go's release archives, in tests; nil: the embedded one
	sumKey string                         // of the checksum database, in tests; "": the public one
	hooks  hooks
}

// hooks are called at fault points by a program with the build tag faultpoints,
// which tests kill there. They are nil otherwise.
type hooks struct {
	store, output func(op, path string) error
	network       func(http.RoundTripper) http.RoundTripper
}

// getenv returns a variable of the environment, "" where it is not set.
func (p process) getenv(name string) string {
	value, _ := p.lookupenv(name)
	return value
}
