//go:build e2e

// Package e2e runs the real program on real input: packages of a real channel,
// real Debian packages, real Go toolchains, a real registry and a real dockerd.
// A tool that is missing is a failure here, not a skip; .ci/run installs all.
package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
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
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The parts that all tests share, made once by TestMain.
var (
	repo     string // the repository's root
	binary   string // gophersnake
	work     string // scratch of the run
	shared   string // ../shared/data
	channel  *countingServer
	registry string // host:port of docker-registry, through a counting proxy
	counts   *counter
)

func TestMain(m *testing.M) {
	code, err := setUp(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func setUp(m *testing.M) (code int, err error) {
	if repo, err = filepath.Abs(".."); err != nil {
		return 0, err
	}
	shared = filepath.Join(repo, "..", "shared", "data")
	if work, err = os.MkdirTemp("", "gophersnake-e2e-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return 0, err
	}
	binary = filepath.Join(work, "gophersnake")
	if out, err := exec.Command("go", "build", "-o", binary, filepath.Join(repo, "cmd", "gophersnake")).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	channel = newCountingServer(filepath.Join(shared, "channels", "cpython"))
	defer channel.Close()
	stop, err := startRegistry()
	if err != nil {
		return 0, err
	}
	defer stop()
	return m.Run(), nil
}

// countingServer serves files and counts what it is asked for.
type countingServer struct {
	*httptest.Server
	gets atomic.Int64
}

func newCountingServer(dir string) *countingServer {
	s := &countingServer{}
	files := http.FileServer(http.Dir(dir))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.gets.Add(1)
		http.StripPrefix("/cpython", files).ServeHTTP(w, r)
	}))
	return s
}

// counter counts requests by method and kind: "GET blobs", "PUT manifests".
type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) add(method, kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[method+" "+kind]++
}

// since returns what was counted after before was taken.
func (c *counter) since(before map[string]int) map[string]int {
	d := c.snapshot()
	for k, n := range before {
		if d[k] -= n; d[k] == 0 {
			delete(d, k)
		}
	}
	return d
}

func (c *counter) snapshot() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

// startRegistry starts Debian's docker-registry on a free port of localhost,
// and a proxy before it that counts.
func startRegistry() (stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	behind := fmt.Sprintf("localhost:%d", port)
	dir := filepath.Join(work, "registry")
	config := filepath.Join(work, "registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %s}\n  delete: {enabled: true}\nhttp: {addr: %s}\n", dir, behind)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(work, "registry.log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("docker-registry", "serve", config)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := waitFor("http://" + behind + "/v2/"); err != nil {
		return nil, err
	}
	counts = &counter{n: map[string]int{}}
	front, err := countingProxy(behind)
	if err != nil {
		return nil, err
	}
	stop = func() {
		front.Close()
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
	}
	return stop, nil
}

func countingProxy(behind string) (*http.Server, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	registry = fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
	// Clients that are killed are no news.
	proxy := &httputil.ReverseProxy{FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: behind})
		r.Out.Host = r.In.Host // the registry makes its Location headers from it
	}}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, kind := range []string{"blobs", "manifests"} {
			if strings.Contains(r.URL.Path, "/"+kind+"/") {
				counts.add(r.Method, kind)
			}
		}
		proxy.ServeHTTP(w, r)
	})}
	go s.Serve(l)
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func waitFor(url string) error {
	for range 100 {
		r, err := http.Get(url)
		if err == nil {
			r.Body.Close()
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", url)
}

// run runs a program and returns its standard output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	return runCmd(t, exec.CommandContext(t.Context(), name, args...))
}

func runCmd(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out.String(), errs.String())
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Logf("%.1f s: %.120s", d.Seconds(), strings.Join(cmd.Args, " "))
	}
	return out.String()
}

// store is a cache directory of gophersnake.
type store string

// runStore returns the store of the whole run, for tests that are not about how
// a store is filled: the layer of a toolchain is made once for all of them.
func runStore(t *testing.T) store {
	t.Helper()
	s := store(filepath.Join(work, "store"))
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		t.Fatal(err)
	}
	return s.withCaches(t)
}

// newStore returns an empty store. The go command's caches beside it are those
// of the whole run: compiling the same program again and again shows nothing.
func newStore(t *testing.T) store {
	t.Helper()
	return coldStore(t).withCaches(t)
}

// withCaches puts the go command's caches of the run beside a store.
func (s store) withCaches(t *testing.T) store {
	t.Helper()
	caches := filepath.Join(work, "go")
	if err := os.MkdirAll(caches, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(caches, filepath.Join(string(s), "go")); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return s
}

// coldStore returns an empty store without any cache.
func coldStore(t *testing.T) store { return store(t.TempDir()) }

// gs runs gophersnake in a directory with a store.
func (s store) gs(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return runCmd(t, s.command(t, dir, args...))
}

func (s store) command(t *testing.T, dir string, args ...string) *exec.Cmd {
	return s.with(t, binary, dir, args...)
}

// with returns a command of another build of gophersnake.
func (s store) with(t *testing.T, program, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), program, append(args, "-C", dir, "--cache-dir", string(s))...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+work)
	return cmd
}

// digest returns what stands behind the @ of a line of gophersnake's output.
func digest(t *testing.T, line string) string {
	t.Helper()
	_, d, ok := strings.Cut(strings.TrimSpace(line), "@")
	if !ok || !strings.HasPrefix(d, "sha256:") || strings.Contains(d, "\n") {
		t.Fatalf("no digest in %q", line)
	}
	return d
}

// peak returns the peak memory of a finished process, in MiB.
func peak(cmd *exec.Cmd) int64 {
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// copyDir copies a directory tree of plain files.
func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(from))
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// edit replaces text in a file, which must hold it.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	text := readFile(t, file)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, old, new)), 0o644); err != nil {
		t.Fatal(err)
	}
}
