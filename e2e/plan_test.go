//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// oneChange is a project where one package changes, on one platform.
const oneChange = `version = 1
[image]
name = "%[1]s/one-change"
tags = ["%[2]s"]
platforms = ["linux/amd64", "linux/arm64"]
[conda]
channels = ["%[3]s"]
dependencies = ["python 3.11.*", "xz"]
virtual-packages = { __glibc = "2.36" }
[conda.target.linux-aarch64]
dependencies = ["reproc ==%[4]s", "zstd", "lz4-c"]
`

// TestPlan changes one package of an image. What plan says is sent is what a real
// registry gets, and what diff says is pulled again is what skopeo and dockerd, each
// with the old image, read from it: to the byte.
func TestPlan(t *testing.T) {
	m := newMeter(t)
	dir, s := t.TempDir(), newStore(t)
	write := func(tag, reproc string) {
		text := fmt.Sprintf(oneChange, m.host, tag, channel.URL+"/cpython", reproc)
		if err := os.WriteFile(filepath.Join(dir, "gophersnake.toml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, changed := m.host+"/one-change:1", m.host+"/one-change:2"
	docker := startDocker(t)
	layout := "oci:" + filepath.Join(t.TempDir(), "layout")
	pull := func(ref, arch string) {
		run(t, "skopeo", "--override-arch", arch, "copy", "--quiet", "--src-tls-verify=false", "docker://"+ref, layout+":"+arch)
	}

	write("1", "14.2.4")
	s.gs(t, dir, "lock")
	s.gs(t, dir, "push")
	whole := m.taken()
	t.Logf("plan before the change:\n%s", s.gs(t, dir, "plan"))
	pull(old, "amd64")
	pull(old, "arm64")
	if got := m.taken().read; got < whole.layers {
		t.Fatalf("skopeo read %d bytes of %d", got, whole.layers)
	}
	docker("pull", "--quiet", "--platform", "linux/arm64", old)

	write("2", "14.2.4.post0")
	s.gs(t, dir, "lock")
	t.Logf("plan after the change:\n%s", s.gs(t, dir, "plan"))
	s.gs(t, dir, "build") // every size is known now
	var plan struct{ Upload int64 }
	text := s.gs(t, dir, "plan", "--json")
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	m.taken()
	s.gs(t, dir, "push", "--locked")
	if got := m.taken().layers; got != plan.Upload || got == 0 || got > whole.layers/20 {
		t.Errorf("plan says that %d bytes of layers are sent, the registry got %d; all are %d", plan.Upload, got, whole.layers)
	}

	t.Logf("diff:\n%s", s.gs(t, dir, "diff", old, changed))
	var diff struct {
		Pulled    int64
		Platforms []struct {
			Platform                string
			Pulled, PulledByDockerd int64
			Packages                []struct{ Name, Old, New string }
		}
	}
	if err := json.Unmarshal([]byte(s.gs(t, dir, "diff", old, changed, "--json")), &diff); err != nil {
		t.Fatal(err)
	}
	if len(diff.Platforms) != 2 || diff.Platforms[0].Pulled != 0 || len(diff.Platforms[1].Packages) != 1 {
		t.Fatalf("diff: %+v", diff)
	}
	m.taken()
	pull(changed, "amd64")
	if got := m.taken(); len(got.blobs) != 1 || got.read > 2000 { // the config, which tells skopeo that it has all
		t.Errorf("for amd64, where nothing changed, skopeo read %d bytes: %v", got.read, got.blobs)
	}
	arm := diff.Platforms[1]
	pull(changed, "arm64")
	if got := m.taken(); got.read != arm.Pulled || arm.Pulled != diff.Pulled || got.read == 0 {
		t.Errorf("diff says that %d bytes are pulled, %d for arm64, skopeo read %d: %v", diff.Pulled, arm.Pulled, got.read, got.blobs)
	}
	docker("pull", "--quiet", "--platform", "linux/arm64", changed)
	if got := m.taken(); got.read != arm.PulledByDockerd {
		t.Errorf("diff says that dockerd pulls %d bytes, it read %d: %v", arm.PulledByDockerd, got.read, got.blobs)
	}
}

// meter is the registry behind one more proxy, which counts bytes.
type meter struct {
	host string

	mu    sync.Mutex
	sent  map[string]*body // by the path of the upload
	blobs map[string]int64 // bytes that were read, by path
}

// moved is what a meter counted.
type moved struct {
	layers int64    // bytes sent, less those of configs
	read   int64    // bytes of blobs
	blobs  []string // that were read
}

func newMeter(t *testing.T) *meter {
	m := &meter{sent: map[string]*body{}, blobs: map[string]int64{}}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: registry})
		r.Out.Host = r.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.Contains(path, "/blobs/uploads/"):
			r.Body = m.body(path, r.Body)
		case strings.Contains(path, "/blobs/") && r.Method == http.MethodGet:
			w = &readWriter{w, m, path}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	m.host = "localhost:" + s.URL[strings.LastIndexByte(s.URL, ':')+1:]
	return m
}

// taken returns what was counted since the last call.
func (m *meter) taken() (got moved) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.sent {
		if b.gzip {
			got.layers += b.n
		}
	}
	for _, n := range m.blobs {
		got.read += n
	}
	got.blobs = slices.Sorted(maps.Keys(m.blobs))
	clear(m.sent)
	clear(m.blobs)
	return got
}

// body counts the bytes of an upload, and knows a layer by its first one.
type body struct {
	io.ReadCloser
	m    *meter
	n    int64
	gzip bool
}

func (m *meter) body(path string, from io.ReadCloser) *body {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &body{ReadCloser: from, m: m}
	if m.sent[path] == nil {
		m.sent[path] = b
		return b
	}
	m.sent[path].ReadCloser = from
	return m.sent[path]
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	if b.n == 0 && n > 0 {
		b.gzip = p[0] == 0x1f
	}
	b.n += int64(n)
	return n, err
}

// readWriter counts the bytes of a blob that is read.
type readWriter struct {
	http.ResponseWriter
	m    *meter
	path string
}

func (w *readWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	w.m.blobs[w.path] += int64(n)
	return n, err
}
