package outputtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Registry is an in-memory registry whose answers a test may change.
type Registry struct {
	*httptest.Server

	// Fault, if not nil, sees each request before the registry. It returns true
	// if it answered. A test whose requests come from another process sets it
	// with SetFault.
	Fault func(w http.ResponseWriter, r *http.Request) bool

	// Header, if not nil, may change the header and the status of an answer.
	Header func(r *http.Request, status int, h http.Header) int

	// Cut, if not nil, says after how many bytes of a PATCH the connection
	// breaks; less than 0 is never. What came until then is kept, and the
	// status of the upload tells how much that is.
	Cut func(r *http.Request) int64

	mu      sync.Mutex
	log     []string
	uploads map[string]int64 // bytes so far, by path
	blobs   registry.BlobHandler
	inner   http.Handler
}

// NewRegistry starts a registry that ends with the test.
func NewRegistry(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{blobs: registry.NewInMemoryBlobHandler(), uploads: map[string]int64{}}
	r.inner = registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithBlobHandler(r.blobs))
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.log = append(r.log, req.Method+" "+req.URL.Path)
	fault := r.Fault
	r.mu.Unlock()
	if fault != nil && fault(w, req) {
		return
	}
	if strings.Contains(req.URL.Path, "/blobs/uploads/") && r.upload(w, req) {
		return
	}
	r.inner.ServeHTTP(&writer{ResponseWriter: w, req: req, header: r.Header}, req)
}

// upload does what the registry inside does not: it tells the status of an
// upload, and breaks one. It reports whether it answered.
func (r *Registry) upload(w http.ResponseWriter, req *http.Request) bool {
	r.mu.Lock()
	have := r.uploads[req.URL.Path]
	r.mu.Unlock()
	switch req.Method {
	case http.MethodGet:
		w.Header().Set("Location", req.URL.Path)
		w.Header().Set("Range", fmt.Sprintf("0-%d", max(have-1, 0)))
		w.WriteHeader(http.StatusNoContent)
		return true
	case http.MethodPatch:
		n := int64(-1)
		if r.Cut != nil {
			n = r.Cut(req)
		}
		if n >= 0 {
			req.Body = io.NopCloser(io.LimitReader(req.Body, n))
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.mu.Lock()
		r.uploads[req.URL.Path] += int64(len(body))
		r.mu.Unlock()
		if n >= 0 {
			r.inner.ServeHTTP(httptest.NewRecorder(), req)
			panic(http.ErrAbortHandler)
		}
	}
	return false
}

// SetFault sets Fault while the registry serves.
func (r *Registry) SetFault(fault func(w http.ResponseWriter, r *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Fault = fault
}

type writer struct {
	http.ResponseWriter
	req    *http.Request
	header func(*http.Request, int, http.Header) int
}

func (w *writer) WriteHeader(status int) {
	if w.header != nil {
		status = w.header(w.req, status, w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

// Host returns "127.0.0.1:PORT".
func (r *Registry) Host() string { return strings.TrimPrefix(r.URL, "http://") }

// Log returns the requests so far, as "METHOD PATH", and forgets them.
func (r *Registry) Log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

// Count returns how many lines of a log have a prefix and contain a part.
func Count(log []string, prefix, part string) int {
	n := 0
	for _, line := range log {
		if strings.HasPrefix(line, prefix) && strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// LoseBlob makes the registry forget a blob.
func (r *Registry) LoseBlob(t testing.TB, h v1.Hash) {
	t.Helper()
	d, ok := r.blobs.(registry.BlobDeleteHandler)
	if !ok {
		t.Fatal("the registry cannot delete blobs")
	}
	must(t, d.Delete(context.Background(), "", h))
}

// LoseManifest makes the registry forget a manifest of a repository.
func (r *Registry) LoseManifest(t testing.TB, repo string, h v1.Hash) {
	t.Helper()
	req := httptest.NewRequest(http.MethodDelete, "/v2/"+repo+"/manifests/"+h.String(), nil)
	w := httptest.NewRecorder()
	r.inner.ServeHTTP(w, req)
	if w.Code != http.StatusAccepted {
		t.Fatalf("delete manifest %s: %d", h, w.Code)
	}
}

// Fail answers with an error of the distribution API.
func Fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	type diagnostic struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	_ = json.NewEncoder(w).Encode(map[string][]diagnostic{"errors": {{code, message}}})
}
