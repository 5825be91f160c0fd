//go:build faultpoints

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"
)

// faultPoints makes this a program for tests. Fault points are counted in each
// of three areas: before operations on files of the store ("store") and of
// outputs ("layout"), and around requests and reads of their bodies ("push").
// Each is a line "AREA:N OPERATION" of the file GOPHERSNAKE_FAULTPOINTS, and the
// process kills itself at the one that GOPHERSNAKE_KILL_AT, "AREA:N", names.
func faultPoints(lookupenv func(name string) (value string, ok bool)) hooks {
	file, ok := lookupenv("GOPHERSNAKE_FAULTPOINTS")
	if !ok {
		return hooks{}
	}
	log, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	at, _ := lookupenv("GOPHERSNAKE_KILL_AT")
	p := &points{log: log, at: at, n: map[string]int{}}
	return hooks{
		store:  func(op, path string) error { return p.pass("store", op+" "+path) },
		output: func(op, path string) error { return p.pass("layout", op+" "+path) },
		network: func(base http.RoundTripper) http.RoundTripper {
			return pointed{base, func(what string) error { return p.pass("push", what) }}
		},
	}
}

// points counts the points that were passed.
type points struct {
	log io.Writer
	at  string

	mu sync.Mutex
	n  map[string]int // by area
}

func (p *points) pass(area, what string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n[area]++
	name := fmt.Sprintf("%s:%d", area, p.n[area])
	if _, err := fmt.Fprintln(p.log, name, what); err != nil {
		panic(err)
	}
	if name != p.at {
		return nil
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {} // until it arrives
}

// pointed has a point before and after each request, and before each read of
// its body.
type pointed struct {
	base http.RoundTripper
	pass func(what string) error
}

// RoundTrip implements http.RoundTripper.
func (t pointed) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method + " " + r.URL.Path
	if err := t.pass(name); err != nil {
		return nil, err
	}
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = pointedBody{r.Body, func() error { return t.pass("body of " + name) }}
	}
	resp, err := t.base.RoundTrip(r)
	if e := t.pass("answer to " + name); e != nil {
		return nil, e
	}
	return resp, err
}

type pointedBody struct {
	io.ReadCloser
	pass func() error
}

func (b pointedBody) Read(p []byte) (int, error) {
	if err := b.pass(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(p)
}
