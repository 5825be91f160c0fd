package world

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
)

// canary must be nowhere but in requests.
const canary = "canary-4711"

// server is a channel's host, which answers as a test says.
type server struct {
	*httptest.Server

	mu     sync.Mutex
	files  map[string]string // by path
	header http.Header       // of all answers
	fault  func(w http.ResponseWriter, r *http.Request) bool
	asked  []string // "STATUS PATH"
}

func newServer(t testing.TB) *server {
	s := &server{files: map[string]string{}, header: http.Header{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP gives files with an entity tag.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := http.StatusOK
	defer func() { s.asked = append(s.asked, fmt.Sprintf("%d %s", status, r.URL.Path)) }()
	if r.Header.Get("Accept-Encoding") != "identity" && r.URL.Path != "/v2/" {
		status = http.StatusTeapot
	}
	if s.fault != nil && s.fault(w, r) {
		status = 0
		return
	}
	text, ok := s.files[r.URL.Path]
	tag := `"` + sha(text)[:8] + `"`
	if !ok {
		status = http.StatusNotFound
	} else if w.Header().Set("ETag", tag); r.Header.Get("If-None-Match") == tag {
		status = http.StatusNotModified
	}
	for k, v := range s.header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = w.Write([]byte(text))
	}
}

// set changes a file, or with "" removes it.
func (s *server) set(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[path] = text; text == "" {
		delete(s.files, path)
	}
}

// fail answers all requests with a status; with 0 as before.
func (s *server) fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		return true
	}
	if status == 0 {
		s.fault = nil
	}
}

// log returns what was asked since the last call.
func (s *server) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.asked = nil }()
	return strings.Join(s.asked, ", ")
}

func (s *server) host() string { return strings.TrimPrefix(s.URL, "http://") }

// clock is a time that moves when a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// user is one who runs the program again and again, with one store and project.
type user struct {
	t     testing.TB
	store string
	dir   string
	clock *clock
	notes []string
}

func newUser(t testing.TB) *user {
	return &user{t: t, store: filepath.Join(t.TempDir(), "store"), dir: t.TempDir(), clock: &clock{now: time.Unix(1700000000, 0)}}
}

// run returns the World of a new run.
func (u *user) run() *World {
	u.t.Helper()
	s, err := store.Open(u.store)
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = s.Close() })
	client := &fetch.Client{Retries: -1, Now: u.clock.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	u.notes = nil
	return &World{
		Dir: u.dir, Store: s, Fetch: client, Scratch: u.dir, Proxy: func() string { return "off" }, Now: u.clock.Now,
		Note: func(s string) { u.notes = append(u.notes, s) },
	}
}

// noCanary checks that no file of the store holds the secret, nor its name.
func (u *user) noCanary(texts ...string) {
	u.t.Helper()
	for _, text := range append(texts, u.notes...) {
		if strings.Contains(text, canary) {
			u.t.Errorf("the secret is told: %s", text)
		}
	}
	err := filepath.WalkDir(u.store, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		if strings.Contains(p+string(data), canary) {
			u.t.Errorf("the secret is in %s", p)
		}
		return err
	})
	if err != nil {
		u.t.Error(err)
	}
}
