package fetch

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// body is what the scripted servers hold.
var body = strings.Repeat("0123456789abcdef", 4096) // 64 KiB

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// script is a server that answers each request with the next step and keeps
// the requests.
type script struct {
	*httptest.Server
	mu    sync.Mutex
	steps []http.HandlerFunc
	seen  []*http.Request
}

func serve(t *testing.T, steps ...http.HandlerFunc) *script {
	t.Helper()
	s := &script{steps: steps}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.seen) < len(s.steps) && !t.Failed() {
			t.Errorf("%d requests, want %d", len(s.seen), len(s.steps))
		}
	})
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.seen)
	s.seen = append(s.seen, r)
	s.mu.Unlock()
	if n >= len(s.steps) {
		http.Error(w, fmt.Sprintf("request %d of %d", n+1, len(s.steps)), http.StatusTeapot)
		return
	}
	s.steps[n](w, r)
}

// header returns a header of each request.
func (s *script) header(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.seen {
		all = append(all, r.Header.Get(name))
	}
	return all
}

// send answers with a text, or the range of it that is asked for.
func send(text string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		set(w, headers)
		from := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(text)-1, len(text)))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write([]byte(text[from:]))
	}
}

// whole answers with a text, whatever range is asked for.
func whole(text string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		set(w, headers)
		_, _ = w.Write([]byte(text))
	}
}

func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		set(w, headers)
		w.WriteHeader(code)
	}
}

func set(w http.ResponseWriter, headers []string) {
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
}

// short announces a text and closes the connection in the middle.
func short(text string, n int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		set(w, append(headers, "Content-Length", fmt.Sprint(len(text))))
		_, _ = w.Write([]byte(text[:n]))
		if n > 0 {
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

// reset ends the TCP connection with RST before any answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}

// stall sends a part and then nothing until the client goes.
func stall(text string, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write([]byte(text[:n]))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// clock is a time that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// client returns a client that loses no time, and its clock.
func client() (*Client, *clock) {
	k := newClock()
	return &Client{Now: k.Now, Sleep: k.Sleep}, k
}

// deadline bounds a test that might hang.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// wantError compares an error, its class and its hint; $URL and
// $HOST stand for the server's.
func wantError(t *testing.T, err error, url string, class fault.Class, text, hint string) {
	t.Helper()
	host := strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://")
	fill := strings.NewReplacer("$URL", url, "$HOST", host)
	var h interface{ Hint() string }
	switch {
	case err == nil:
		t.Fatalf("no error, want %s", fill.Replace(text))
	case err.Error() != fill.Replace(text):
		t.Errorf("error is\n%s, want\n%s", err, fill.Replace(text))
	case fault.ClassOf(err) != class:
		t.Errorf("%v: class is %s, want %s", err, fault.ClassOf(err), class)
	}
	if h, _ = err.(interface{ Hint() string }); h == nil || h.Hint() != fill.Replace(hint) {
		t.Errorf("%v: hint is %q, want %q", err, h.Hint(), fill.Replace(hint))
	}
}
