package output_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

var twoPlatforms = []string{"linux/amd64", "linux/arm64"}

// clock is a Clock whose sleeps take no time.
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

// events records Progress.
type events struct {
	mu  sync.Mutex
	all []output.Event
}

func (e *events) add(ev output.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) count(k output.EventKind) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, ev := range e.all {
		if ev.Kind == k {
			n++
		}
	}
	return n
}

func parse(t testing.TB, s string) output.Transport {
	t.Helper()
	tr, err := output.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func write(t testing.TB, dest string, img output.Image, o output.Options) output.Result {
	t.Helper()
	if o.Clock == nil {
		o.Clock = newClock()
	}
	r, err := output.Write(t.Context(), parse(t, dest), img, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func digest(t testing.TB, idx interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	h, err := idx.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// classOf is the class of an error, as the command finds it.
func classOf(err error) string {
	var c interface{ Class() string }
	if errors.As(err, &c) {
		return c.Class()
	}
	return "failed"
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// sample is an image of two platforms with a shared layer.
func sample(t testing.TB, tags ...string) (output.Image, *outputtest.Layer) {
	t.Helper()
	shared := outputtest.NewLayer(t, "shared", strings.Repeat("shared content ", 1000))
	return output.Image{
		Name:  "registry.example.com/team/data",
		Tags:  tags,
		Index: outputtest.Index(t, twoPlatforms, shared),
	}, shared
}

func noHTTP(t *testing.T) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("request to %s", r.URL)
		return nil, errors.New("no network in this test")
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
