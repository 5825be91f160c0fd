package output_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// hugeSize is the size of a layer that must never be in memory as a whole.
const hugeSize = 300 << 20

// huge is a layer that is computed while it is read.
type huge struct{ digest v1.Hash }

func newHuge(t testing.TB) huge {
	h := sha256.New()
	_, err := io.Copy(h, &counter{left: hugeSize})
	must(t, err)
	return huge{v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}}
}

// counter yields bytes that count up.
type counter struct {
	left int64
	next byte
}

func (c *counter) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), c.left))
	for i := range p[:n] {
		p[i] = c.next
		c.next++
	}
	c.left -= int64(n)
	return n, nil
}

func (h huge) Digest() (v1.Hash, error)             { return h.digest, nil }
func (h huge) DiffID() (v1.Hash, error)             { return h.digest, nil }
func (h huge) Size() (int64, error)                 { return hugeSize, nil }
func (h huge) MediaType() (types.MediaType, error)  { return types.OCILayer, nil }
func (h huge) Uncompressed() (io.ReadCloser, error) { return h.Compressed() }
func (h huge) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(&counter{left: hugeSize}), nil
}

// sink is a registry that keeps the sizes of blobs only, and manifests.
type sink struct {
	t         *testing.T
	mu        sync.Mutex
	sessions  map[string]hash.Hash
	sizes     map[string]int64
	manifests map[string][]byte
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	isBlob := strings.Contains(r.URL.Path, "/blobs/")
	switch r.Method {
	case http.MethodPost:
		w.Header().Set("Location", fmt.Sprintf("uploads/%d", time.Now().UnixNano()))
		w.Header().Set("Location", strings.TrimPrefix(w.Header().Get("Location"), "uploads/"))
		w.WriteHeader(http.StatusAccepted)
	case http.MethodPatch:
		s.hash(r.Body, last)
		w.WriteHeader(http.StatusAccepted)
	case http.MethodPut:
		if !isBlob {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				s.t.Error(err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.manifests[last] = raw
			w.WriteHeader(http.StatusCreated)
			return
		}
		s.finish(w, r, s.hash(r.Body, last))
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		if size, ok := s.sizes[last]; isBlob && ok {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		} else if raw, ok := s.manifests[last]; ok {
			_, _ = w.Write(raw)
		} else if r.URL.Path != "/v2/" {
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

// hash adds a body to a session.
func (s *sink) hash(body io.Reader, session string) int64 {
	s.mu.Lock()
	h := s.sessions[session]
	if h == nil {
		h = sha256.New()
		s.sessions[session] = h
	}
	s.mu.Unlock()
	n, err := io.Copy(h, body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[session] += n
	return s.sizes[session]
}

func (s *sink) finish(w http.ResponseWriter, r *http.Request, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	got := "sha256:" + hex.EncodeToString(s.sessions[session].Sum(nil))
	if want := r.URL.Query().Get("digest"); got != want {
		s.t.Errorf("got %s, want %s", got, want)
	}
	s.sizes[got] = size
	w.WriteHeader(http.StatusCreated)
}

// TestMemory: promise P15 in small. A layer of 300 MB passes through a few.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 600 MB")
	}
	l := newHuge(t)
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, l)}
	srv := httptest.NewServer(&sink{t: t, sessions: map[string]hash.Hash{}, sizes: map[string]int64{}, manifests: map[string][]byte{}})
	t.Cleanup(srv.Close)
	for _, to := range []string{"docker://" + strings.TrimPrefix(srv.URL, "http://") + "/x", "oci:" + filepath.Join(t.TempDir(), "x")} {
		const limit = 48 << 20
		peak := heapPeak(func() { write(t, to, img, output.Options{}) })
		if peak > limit {
			t.Errorf("%s: heap grew to %d MB, the limit is %d MB", to, peak>>20, limit>>20)
		}
	}
}

// heapPeak samples the heap while f runs.
func heapPeak(f func()) uint64 {
	runtime.GC()
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapInuse)
			select {
			case <-done:
				peak <- top
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return <-peak
}
