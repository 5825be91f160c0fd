package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// registry is a docker-registry behind a proxy that counts what is sent to it.
type registry struct {
	host string // of the proxy: "localhost:PORT"
	dir  string // what it keeps

	sent  atomic.Int64 // bytes of all bodies
	blobs atomic.Int64 // blobs that were completed
}

func startRegistry(ctx context.Context, dir string) (*registry, error) {
	back, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &registry{dir: filepath.Join(dir, "registry")}
	config := filepath.Join(dir, "registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q, relativeurls: true}\n", r.dir, back)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if _, err := startDaemon(ctx, dir, "docker-registry", "serve", config); err != nil {
		return nil, err
	}
	err = waitFor(ctx, func() error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", back)
		if err == nil {
			err = c.Close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("docker-registry: %w", err)
	}
	return r, r.proxy(ctx, back)
}

// proxy starts the proxy before a registry.
func (r *registry) proxy(ctx context.Context, back string) (err error) {
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", back, p.In.Host
		},
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusCreated && strings.Contains(resp.Request.URL.Path, "/blobs/uploads/") && resp.Request.Method == http.MethodPut {
				r.blobs.Add(1)
			}
			return nil
		},
	}
	r.host, err = serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Body = &counted{req.Body, &r.sent}
		proxy.ServeHTTP(w, req)
	}))
	return err
}

// counted is a body whose bytes are counted.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// count runs an action and adds what it sent.
func (r *registry) count(do func() (cost, error)) (cost, error) {
	sent, blobs := r.sent.Load(), r.blobs.Load()
	c, err := do()
	c.Sent, c.Layers = r.sent.Load()-sent, int(r.blobs.Load()-blobs)
	return c, err
}

// digest returns what a tag stands for. It must be there.
func (r *registry) digest(ctx context.Context, name string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+r.host+"/v2/"+name+"/manifests/1", nil)
	if err != nil {
		return "", err
	}
	req.Header["Accept"] = []string{
		"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
		"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	digest := resp.Header.Get("Docker-Content-Digest")
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK || digest == "" {
		return "", fmt.Errorf("%s:1 is not in the registry: %s", name, resp.Status)
	}
	return digest, nil
}

// upstream serves packages and Go's modules from this machine, so that the
// network has no part in any figure, and counts the downloads.
type upstream struct {
	host    string
	fetched atomic.Int64
}

// startUpstream serves the folder work below /files/, and the module proxy from,
// of which it keeps files in a folder, below /go/.
func startUpstream(ctx context.Context, work, keep, from string) (*upstream, error) {
	u := &upstream{}
	files := http.StripPrefix("/files/", http.FileServer(http.Dir(work)))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /files/", func(w http.ResponseWriter, r *http.Request) {
		u.note(r.URL.Path)
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /go/", func(w http.ResponseWriter, r *http.Request) {
		u.note(r.URL.Path)
		name := strings.TrimPrefix(r.URL.Path, "/go")
		file := filepath.Join(keep, filepath.FromSlash(name))
		if _, err := os.Stat(file); err != nil {
			if err := fetch(r.Context(), strings.TrimSuffix(from, "/")+name, file); err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
		}
		http.ServeFile(w, r, file)
	})
	var err error
	u.host, err = serve(ctx, mux)
	return u, err
}

func (u *upstream) note(name string) {
	if strings.HasSuffix(name, ".conda") || strings.HasSuffix(name, ".zip") {
		u.fetched.Add(1)
	}
}

// count runs an action and adds what it downloaded.
func (u *upstream) count(do func() (cost, error)) (cost, error) {
	before := u.fetched.Load()
	c, err := do()
	c.Fetched = int(u.fetched.Load() - before)
	return c, err
}

// fetch downloads a file.
func fetch(ctx context.Context, from, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", from, resp.Status)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return writeFile(file, data)
}

// serve serves on a free port until the context ends.
func serve(ctx context.Context, h http.Handler) (host string, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() // it ends with the context
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port), nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port), l.Close()
}

// startDaemon starts a program that ends with the context; what it says goes into
// a file of the folder.
func startDaemon(ctx context.Context, dir, name string, args ...string) (pid int, err error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return 0, err
	}
	defer log.Close() // the program has its own
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() { _ = cmd.Wait() }() // it is ended by the context
	return cmd.Process.Pid, nil
}

func waitFor(ctx context.Context, ready func() error) error {
	var err error
	for range 300 {
		if err = ready(); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
