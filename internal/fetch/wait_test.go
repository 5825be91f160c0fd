package fetch

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Promise P3: never earlier than the server asks, in seconds or as a date.
func TestRetryAfter(t *testing.T) {
	start := newClock().now
	for _, tt := range []struct {
		value string
		want  time.Duration
	}{
		{"7", 7 * time.Second},
		{start.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{"0", time.Second},
		{start.Add(-time.Hour).Format(http.TimeFormat), time.Second},
	} {
		for _, code := range []int{429, 503} {
			c, k := client()
			var asked, came time.Time
			s := serve(t,
				func(w http.ResponseWriter, r *http.Request) {
					asked = k.Now()
					status(code, "Retry-After", tt.value)(w, r)
				},
				func(w http.ResponseWriter, r *http.Request) {
					came = k.Now()
					send(body)(w, r)
				})
			var waits []time.Duration
			c.Event = func(e Event) {
				if e.Kind == Waiting {
					waits = append(waits, e.Wait)
				}
			}
			if _, err := c.Fetch(deadline(t), s.URL, Want{}, &Buffer{}); err != nil {
				t.Fatal(err)
			}
			if came.Sub(asked) < tt.want {
				t.Errorf("Retry-After %q: came back after %s", tt.value, came.Sub(asked))
			}
			if d := cmp.Diff([]time.Duration{tt.want}, waits); d != "" {
				t.Errorf("Retry-After %q: waits told: %s", tt.value, d)
			}
		}
	}
}

func TestRetryAfterIsShared(t *testing.T) {
	s := serve(t, status(429, "Retry-After", "20"), send(body), send(body))
	c, k := client()
	c.MaxWait = 10 * time.Second
	const limit = "host $HOST asks to wait 20s, until 2026-01-02T03:04:25Z; the limit is 10s"
	const hint = "try again then, or allow a longer wait with --max-wait"
	for _, path := range []string{"/a", "/b"} { // the second is not even sent
		_, err := c.Get(deadline(t), s.URL+path, 1<<20)
		wantError(t, err, s.URL, fault.Network, "$URL"+path+": "+limit, hint)
	}
	if len(k.slept) > 0 {
		t.Errorf("slept %v", k.slept)
	}
	c.MaxWait = time.Minute
	for range 2 {
		if _, err := c.Get(deadline(t), s.URL, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]time.Duration{20 * time.Second}, k.slept); d != "" {
		t.Errorf("slept: %s", d)
	}
}

// A server that always asks to wait is borne for MaxWait and no longer.
func TestRetryAfterForEver(t *testing.T) {
	var steps []http.HandlerFunc
	for range 6 {
		steps = append(steps, status(429, "Retry-After", "2"))
	}
	s := serve(t, steps...)
	c, k := client()
	c.MaxWait, c.Retries = 10*time.Second, -1
	_, err := c.Get(deadline(t), s.URL, 1<<20)
	wantError(t, err, s.URL, fault.Network, "$URL: host $HOST asks to wait 2s, until 2026-01-02T03:04:17Z; the limit is 10s",
		"try again then, or allow a longer wait with --max-wait")
	if len(k.slept) != 5 {
		t.Errorf("slept %v", k.slept)
	}
}

func TestBackoff(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: time.Second / 2, 2: time.Second, 3: 2 * time.Second, 7: 30 * time.Second, 8: 30 * time.Second, 1000: 30 * time.Second,
	} {
		if d := backoff(failures); d < want || d > want+want/4 {
			t.Errorf("backoff(%d) = %s, want %s and up to a quarter", failures, d, want)
		}
	}
	var steps []http.HandlerFunc
	for range 3 {
		steps = append(steps, status(500))
	}
	s := serve(t, steps...)
	c, k := client()
	c.MaxWait = 2 * time.Second // 0.5 and 1 seconds fit, 2 do not
	if _, err := c.Get(deadline(t), s.URL, 10); err == nil || len(k.slept) != 2 {
		t.Errorf("slept %v, %v", k.slept, err)
	}
}

// A connection that breaks again and again, but always brings a megabyte, is
// never given up.
func TestProgressIsPatient(t *testing.T) {
	big := make([]byte, 10*progress+5)
	var steps []http.HandlerFunc
	for i := range 10 {
		end := (i + 1) * progress
		steps = append(steps, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"a"`)
			short := send(string(big), "ETag", `"a"`)
			short(&cutter{ResponseWriter: w, left: end - i*progress}, r)
		})
	}
	s := serve(t, append(steps, send(string(big), "ETag", `"a"`))...)
	c, _ := client()
	c.Retries = 1
	var b Buffer
	if _, err := c.Fetch(deadline(t), s.URL, Want{SHA256: sha(string(big))}, &b); err != nil || len(b.Bytes()) != len(big) {
		t.Fatalf("%d bytes, %v", len(b.Bytes()), err)
	}
}

// cutter ends the connection after some bytes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(p[:min(c.left, len(p))])
	if c.left -= len(p); c.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return len(p), nil
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "99999999999999999999", "-1", "Fri, 02 Jan 2026 03:04:05 GMT", "Friday, 02-Jan-26 03:04:05 GMT", "1.5"} {
		f.Add(s)
	}
	now := newClock().now
	f.Fuzz(func(t *testing.T, value string) {
		if d, ok := retryAfter(value, now); d < 0 || !ok && d != 0 || now.Add(d).Before(now) {
			t.Errorf("retryAfter(%q) = %s, %v", value, d, ok)
		}
	})
}
