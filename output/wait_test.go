package output_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

func TestRetryAfter(t *testing.T) {
	c := newClock()
	for _, tc := range []struct {
		name, header string
		want         time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"date", c.Now().Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			clk := newClock()
			var mu sync.Mutex
			var until time.Time
			limited := times(1, "POST", "", func(w http.ResponseWriter, _ *http.Request) bool {
				until = clk.Now().Add(tc.want)
				w.Header().Set("Retry-After", tc.header)
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			})
			reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if now := clk.Now(); now.Before(until) {
					t.Errorf("%s %s comes %s too early", r.Method, r.URL.Path, until.Sub(now))
				}
				return limited(w, r)
			}
			img, _ := sample(t, "v1")
			var ev events
			write(t, dest(reg), img, output.Options{Clock: clk, Jobs: 1, Progress: ev.add})
			if ev.count(output.EventWait) == 0 {
				t.Error("the wait was not told")
			}
		})
	}
}

func TestRetryAfterTooLong(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	clk := newClock()
	reg.Fault = times(always, "POST", "", func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	img, _ := sample(t, "v1")
	start := clk.Now()
	_, err := output.Write(t.Context(), parse(t, dest(reg)), img, output.Options{Clock: clk, Jobs: 1, Jitter: func() float64 { return 0 }})
	want := reg.Host() + `: asks to wait 1h0m0s, until 2026-01-02T04:04:05Z; the limit is 2m0s`
	if err == nil || err.Error() != want || classOf(err) != "network" {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if hint := hintOf(err); hint != "try again then, or raise the limit with --max-wait 1h0m0s" {
		t.Errorf("hint %q", hint)
	}
	if d := clk.Now().Sub(start); d > 2*time.Second {
		t.Errorf("gave up after %s", d)
	}
}

func TestStall(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	reg.Fault = times(2, "PATCH", "", func(http.ResponseWriter, *http.Request) bool {
		<-hang
		return true
	})
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, outputtest.NewLayer(t, "large", noise(8<<20)))}
	var ev events
	write(t, dest(reg), img, output.Options{Stall: 2 * time.Second, Progress: ev.add})
	pulled(t, reg, "v1")
	stalls := 0
	for _, e := range ev.all {
		if e.Problem == "the connection stalled" {
			stalls++
		}
	}
	if stalls < 2 { // a slow machine may add one
		t.Errorf("%d stalls, want 2", stalls)
	}
}

func TestConnectionRefused(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	host := reg.Host()
	reg.Close()
	img, _ := sample(t, "v1")
	_, err := output.Write(t.Context(), parse(t, "docker://"+host+"/x"), img, output.Options{Clock: newClock()})
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.HasSuffix(err.Error(), "(tried 4 times)") || classOf(err) != "network" {
		t.Errorf("got %v", err)
	}
}

func TestPlainHTTP(t *testing.T) {
	img, _ := sample(t, "v1")
	asked := map[string]bool{}
	var mu sync.Mutex
	trip := roundTripper(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Scheme] = true
		return nil, errors.New("no route")
	})
	for host, plain := range map[string]bool{
		"10.0.0.1:5000": false, "registry.localhost:5000": false, "registry.example.com": false,
		"127.0.0.1:5000": true, "127.8.9.1:5000": true, "localhost:5000": true, "insecure.example.com:5000": true,
	} {
		clear(asked)
		_, err := output.Write(t.Context(), parse(t, "docker://"+host+"/x"), img, output.Options{
			Clock: newClock(), Transport: trip,
			Insecure: func(h string) bool { return h == "insecure.example.com:5000" },
		})
		if err == nil || classOf(err) != "network" {
			t.Errorf("%s: got %v", host, err)
		}
		if asked["http"] != plain {
			t.Errorf("%s: asked in plain http: %v, want %v", host, asked["http"], plain)
		}
	}
}
