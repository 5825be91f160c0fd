package world

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/fetch"
	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// web is all servers there are: what it has not is 404. A body that is a number
// such as "!503" is that status, "!" alone no connection.
type web struct {
	mu    sync.Mutex
	files map[string]string
	asked []string
}

// RoundTrip implements http.RoundTripper.
func (s *web) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.String())
	body, ok := s.files[r.URL.String()]
	code := http.StatusOK
	switch _, err := fmt.Sscanf(body, "!%d", &code); {
	case !ok:
		code = http.StatusNotFound
	case err == nil:
		body = ""
	case body == "!":
		return nil, errors.New("no route to host")
	}
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)), Request: r,
	}, nil
}

// questions returns what was asked since the last call.
func (s *web) questions() []string {
	defer func() { s.asked = nil }()
	return s.asked
}

// newWorld returns a world of a new directory that knows nothing but a web.
func newWorld(t *testing.T) (*World, *web) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	w := &web{files: map[string]string{}}
	client := &fetch.Client{HTTP: w, Retries: -1, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	return &World{Dir: t.TempDir(), Store: s, Fetch: client, Proxy: func() string { return "off" }, Scratch: t.TempDir()}, w
}

// use sets the module proxies.
func (w *World) use(list string) { w.Proxy = func() string { return list } }

// here is the platform of this machine.
func here() platforms.Platform { return platforms.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH} }

// toolchain makes the module zip of a toolchain of scripts and its row.
func toolchain(t *testing.T, p platforms.Platform, gobin string) (lock.Toolchain, string) {
	t.Helper()
	path, version := release.Module("1.26.8", p)
	tc := lock.Toolchain{Platform: p, Version: "1.26.8", Source: "module", Module: path + "@" + version, Host: true, Image: true}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range []struct{ name, content string }{{"bin/go", gobin}, {"VERSION", "go1.26.8\n"}} {
		out, err := z.CreateHeader(&zip.FileHeader{Name: tc.Module + "/" + f.name, Method: zip.Store})
		must(t, err)
		_, err = io.WriteString(out, f.content)
		must(t, err)
	}
	must(t, z.Close())
	var err error
	tc.H1, tc.ZipSHA256, err = release.HashZip(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	must(t, err)
	tc.Size = int64(buf.Len())
	return tc, buf.String()
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// wantError compares the text, the class and the hint of an error.
func wantError(t *testing.T, err error, class fault.Class, text, hint string) {
	t.Helper()
	var h interface{ Hint() string }
	switch {
	case err == nil:
		t.Errorf("no error, want %s", text)
	case err.Error() != text || fault.ClassOf(err) != class:
		t.Errorf("%s error %q,\nwant %s %q", fault.ClassOf(err), err, class, text)
	case errors.As(err, &h) && h.Hint() != hint || h == nil && hint != "":
		t.Errorf("%v: hint %q, want %q", err, h.Hint(), hint)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
