package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	memory "github.com/google/go-containerregistry/pkg/registry"
)

// proxy stands before the registry of a run, counts, and keeps its address when
// the registry behind it is another one.
type proxy struct {
	*httptest.Server
	pass *httputil.ReverseProxy

	mu       sync.Mutex
	behind   string // host:port
	requests map[string]int
	uploads  map[string]int64 // bytes of blobs that were sent, by digest
	layers   map[string]bool  // digests of layers among them
	again    int64            // bytes of blobs that were sent before
	read     int64            // bytes of blobs that were read
}

func newProxy() *proxy {
	p := &proxy{}
	p.pass = &httputil.ReverseProxy{
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			p.mu.Lock()
			defer p.mu.Unlock()
			r.SetURL(&url.URL{Scheme: "http", Host: p.behind})
			r.Out.Host = r.In.Host // the registry makes its Location headers from it
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method == http.MethodGet && strings.Contains(r.Request.URL.Path, "/blobs/sha256:") && r.ContentLength > 0 {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.read += r.ContentLength
			}
			return nil
		},
	}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	return p
}

func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	kind := "ping"
	for _, k := range []string{"blobs/uploads", "blobs", "manifests"} {
		if strings.Contains(r.URL.Path, "/"+k+"/") {
			kind = k
			break
		}
	}
	p.mu.Lock()
	p.requests[r.Method+" "+kind]++
	p.mu.Unlock()
	body := &counted{ReadCloser: r.Body}
	r.Body = body
	p.pass.ServeHTTP(w, r)
	if digest := r.URL.Query().Get("digest"); digest != "" && r.Method == http.MethodPut {
		p.mu.Lock()
		defer p.mu.Unlock()
		if _, twice := p.uploads[digest]; twice {
			p.again += body.n
		}
		p.uploads[digest] += body.n
		if body.gzip {
			p.layers[digest] = true
		}
	}
}

// counted counts what is read, and looks whether it is gzip, as layers are and
// configs are not. Layers of the project are so small that they are sent with the
// closing PUT.
type counted struct {
	io.ReadCloser
	n    int64
	gzip bool
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	if c.n == 0 && n > 0 {
		c.gzip = b[0] == 0x1f
	}
	c.n += int64(n)
	return n, err
}

// host is host:port of localhost, which clients speak plain HTTP to.
func (p *proxy) host() string { return strings.TrimPrefix(p.URL, "http://") }

// traffic is what was counted.
type traffic struct {
	Requests int            `json:"requests"`
	Kinds    map[string]int `json:"kinds"`     // "HEAD blobs"
	Sent     int64          `json:"sent"`      // bytes of blobs
	Twice    int64          `json:"sentTwice"` // of them, bytes that had been sent before
	Read     int64          `json:"read"`      // bytes of blobs
}

// reset returns what was counted and forgets it, but not which blobs were sent.
func (p *proxy) reset() traffic {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := traffic{Kinds: p.requests, Twice: p.again, Read: p.read}
	for _, n := range p.requests {
		t.Requests += n
	}
	for digest, n := range p.uploads {
		t.Sent += n
		p.uploads[digest] = 0
	}
	p.requests, p.again, p.read = map[string]int{}, 0, 0
	return t
}

// distinct is the number of different layers that were sent to the registry.
func (p *proxy) distinct() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.layers)
}

// begin puts an empty registry behind the proxy.
func (b *bench) begin(ctx context.Context, p *proxy) (stop func(), err error) {
	behind, stop, err := b.registry(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.behind, p.uploads, p.layers = behind, map[string]int64{}, map[string]bool{}
	p.mu.Unlock()
	p.reset()
	return stop, nil
}

// registry starts an empty registry.
func (b *bench) registry(ctx context.Context) (host string, stop func(), err error) {
	if b.memory {
		s := httptest.NewServer(memory.New(memory.Logger(log.New(io.Discard, "", 0))))
		return strings.TrimPrefix(s.URL, "http://"), s.Close, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	host = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(b.work, "registry-")
	if err != nil {
		return "", nil, err
	}
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage:\n  filesystem: {rootdirectory: %s}\nhttp: {addr: %s}\n", filepath.Join(dir, "data"), host)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, "docker-registry", "serve", config)
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("docker-registry, of Debian's package: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	for range 200 {
		if c, err := net.Dial("tcp", host); err == nil {
			_ = c.Close()
			return host, stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("docker-registry at %s does not answer", host)
}
