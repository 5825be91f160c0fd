package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/gophersnake/gophersnake/internal/channeltest"
	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// meter is a registry that counts the bytes of blobs, by digest.
type meter struct {
	*outputtest.Registry
	host string

	mu       sync.Mutex
	pulled   map[string]int64
	uploads  map[string]int64 // by the path of the session
	received map[string]int64
}

func newMeter(t *testing.T) *meter {
	m := &meter{Registry: outputtest.NewRegistry(t), uploads: map[string]int64{}}
	m.reset()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.host = strings.TrimPrefix(server.URL, "http://")
	return m
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pulled, m.received = map[string]int64{}, map[string]int64{}
}

// ServeHTTP counts what leaves below /blobs/, and what comes by PATCH and PUT
// for the digest that the closing PUT names.
func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	digest := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/"):
		w = &countingWriter{w, m, digest}
	case r.Method == http.MethodPatch || r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/"):
		body := &countingReader{ReadCloser: r.Body}
		r.Body = body
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.uploads[r.URL.Path] += body.n
			if d := r.URL.Query().Get("digest"); d != "" {
				m.received[d] += m.uploads[r.URL.Path]
				delete(m.uploads, r.URL.Path)
			}
		}()
	}
	m.Registry.ServeHTTP(w, r)
}

type countingWriter struct {
	http.ResponseWriter
	m      *meter
	digest string
}

func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	w.m.pulled[w.digest] += int64(n)
	return n, err
}

type countingReader struct {
	io.ReadCloser
	n int64
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.n += int64(n)
	return n, err
}

func sumOf(bytes map[string]int64) (n int64) {
	for _, b := range bytes {
		n += b
	}
	return n
}

// pull pulls all platforms into a layout, which keeps what it has.
func (m *meter) pull(t *testing.T, ref, dir string) {
	t.Helper()
	r, err := name.ParseReference(m.host + "/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	idx, err := remote.Index(r)
	if err != nil {
		t.Fatal(err)
	}
	to, err := output.Parse("oci:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := output.Write(context.Background(), to, output.Image{Tags: []string{r.Identifier()}, Index: idx}, output.Options{}); err != nil {
		t.Fatal(err)
	}
}

// versionedProject is a project whose packages are in layers of their own.
func versionedProject(t *testing.T, b *bed, host string) (pack func(versions ...string), names []string) {
	t.Helper()
	names = []string{"alpha", "beta", "gamma"}
	pack = func(versions ...string) {
		var all []channeltest.Package
		for i, v := range versions {
			big := strings.Repeat(names[i]+v+" some text that packs\n", 500*(i+1))
			p, err := channeltest.Parse([]byte(fmt.Sprintf("name: %s\nversion: %s\nnoarch: generic\n-- share/%s.txt --\n%s", names[i], v, names[i], big)))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
		if err := channeltest.Write(b.at("project/chan"), channeltest.Options{}, channeltest.Pack(all...)...); err != nil {
			t.Fatal(err)
		}
	}
	b.mkdir("project", 0o755)
	base := b.mkdir("project/base", 0o755)
	if err := writeBase(base); err != nil {
		t.Fatal(err)
	}
	for i := range names { // one after the other, so that each has its layer
		b.write("project/gophersnake.toml", fmt.Sprintf("version = 1\n[image]\nname = %q\ntags = [\"latest\"]\n[base]\nimage = \"oci:base\"\n[conda]\nchannels = [\"./chan\"]\ndependencies = [%q]\n",
			host+"/app", strings.Join(names[:i+1], "\", \"")))
		text := strings.ReplaceAll(readText(t, b.at("project/gophersnake.toml")), `\"`, `"`)
		b.write("project/gophersnake.toml", text)
		pack([]string{"1.0", "1.0", "1.0"}[:i+1]...)
		b.must("lock", "-q")
	}
	return pack, names
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// must runs a command of the project that has to succeed.
func (b *bed) must(args ...string) string {
	b.t.Helper()
	out, said, code := b.run(append([]string{"-C", b.at("project"), "--cache-dir", b.at("cache")}, args...))
	if code != 0 {
		b.t.Fatalf("%v: exit %d: %s", args, code, said)
	}
	return out
}

// TestPulledAgain: the bytes that diff tells are those that the registry counts
// when somebody who has A pulls B, and what plan says is uploaded is what push
// sends.
func TestPulledAgain(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	m := newMeter(t)
	pack, _ := versionedProject(t, b, m.host)
	first := m.push(b, "1")
	m.pull(t, "app:1", b.at("client"))
	if got := sumOf(m.pulled); got == 0 || got < first {
		t.Fatalf("the first pull was %d bytes, %d were pushed", got, first)
	}

	for i, versions := range [][]string{{"1.0", "2.0", "1.0"}, {"3.0", "3.0", "3.0"}, {"3.0", "3.0", "3.0"}} {
		pack(versions...)
		b.must("lock", "-q", "--update")
		tag := fmt.Sprint(i + 2)
		m.push(b, tag)
		var d imageDiff
		if err := json.Unmarshal([]byte(b.must("diff", fmt.Sprintf("%s/app:%d", m.host, i+1), m.host+"/app:"+tag, "--json")), &d); err != nil {
			t.Fatal(err)
		}
		m.reset()
		m.pull(t, "app:"+tag, b.at("client"))
		counted := sumOf(m.pulled)
		if i == 2 { // equal images: their configs are asked for to know it
			for _, p := range d.Platforms {
				if p.Pulled != 0 || len(p.Layers.Added) != 0 {
					t.Errorf("equal images: %+v", p)
				}
			}
			continue
		}
		if d.Pulled != counted || counted == 0 {
			t.Errorf("%v: diff says %d bytes, the registry counts %d: %v", versions, d.Pulled, counted, m.pulled)
		}
		if i == 0 && (len(d.Platforms[0].Packages) != 1 || d.Platforms[0].Packages[0] != packageChange{"conda", "beta", "1.0 0", "2.0 0"}) {
			t.Errorf("packages: %+v", d.Platforms[0].Packages)
		}
		for _, p := range d.Platforms { // by itself, into a client of its own
			var sum int64
			for _, y := range p.Layers.Added {
				sum += y.Size
			}
			if sum+p.Config != p.Pulled || p.Pulled > d.Pulled {
				t.Errorf("%s: %d of %d", p.Platform, p.Pulled, d.Pulled)
			}
		}
	}
}

// push compares what plan says before with what the registry gets, builds
// without sending first so that every size is known, and returns the bytes.
func (m *meter) push(b *bed, tag string) int64 {
	b.t.Helper()
	to := "docker://" + m.host + "/app:" + tag
	b.must("build", "-q")
	var p buildPlan
	if err := json.Unmarshal([]byte(b.must("plan", "-o", to, "--json")), &p); err != nil {
		b.t.Fatal(err)
	}
	if p.Guess || p.Upload == nil {
		b.t.Fatalf("%+v", p)
	}
	m.reset()
	b.must("build", "-q", "-o", to)
	var sent int64
	planned := map[string]bool{}
	for _, c := range p.Cells {
		for _, y := range c.Layers {
			if n, ok := m.received[y.Digest]; ok && !planned[y.Digest] {
				sent += n
			}
			planned[y.Digest] = true
			if _, ok := m.received[y.Digest]; ok != y.Send {
				b.t.Errorf("layer %s: plan says send %v, and it was sent: %v", y.Name, y.Send, ok)
			}
		}
	}
	if sent != *p.Upload {
		b.t.Errorf("plan says %d bytes, %d were sent", *p.Upload, sent)
	}
	m.reset()
	return sent
}
