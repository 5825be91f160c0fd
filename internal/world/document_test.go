package world

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// get is one question to a channel in a run of its own.
func get(u *user, w *World, s *server, ref string, want repodata.Want) (string, error) {
	u.t.Helper()
	channels, err := w.Channels(u.t.Context(), s.URL+"/c")
	if err != nil {
		u.t.Fatal(err)
	}
	data, err := channels[0].Get(u.t.Context(), ref, want)
	return string(data), err
}

const doc = "noarch/repodata.json"

// TestRevalidate checks what is asked in one run after the other.
func TestRevalidate(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/"+doc, "one")
	for _, step := range []struct {
		name, body, control, want, asked string
		later                            time.Duration
	}{
		{"first", "one", "", "one", "200 /c/" + doc, 0},
		{"unchanged", "one", "", "one", "304 /c/" + doc, time.Hour},
		{"changed", "two", "max-age=600", "two", "200 /c/" + doc, time.Hour},
		{"fresh", "three", "max-age=600", "two", "", 599 * time.Second},
		{"stale", "three", "max-age=600", "three", "200 /c/" + doc, 2 * time.Second},
		{"unchanged, and longer", "three", "max-age=1200", "three", "304 /c/" + doc, time.Hour},
		{"fresh for longer", "four", "", "three", "", 1100 * time.Second},
		{"the clock went back", "four", "", "four", "200 /c/" + doc, -24 * time.Hour},
		{"gone", "", "", "", "404 /c/" + doc, time.Second},
		{"still gone", "", "", "", "404 /c/" + doc, time.Second},
		{"back", "four", "", "four", "200 /c/" + doc, time.Second},
	} {
		s.set("/c/"+doc, step.body)
		s.header.Set("Cache-Control", step.control)
		u.clock.add(step.later)
		w := u.run()
		for range 2 { // the second time nothing is asked
			got, err := get(u, w, s, doc, repodata.Want{})
			if got != step.want || (err == nil) != (step.want != "") || err != nil && !isNotExist(err) {
				t.Errorf("%s: %q, %v", step.name, got, err)
			}
		}
		if asked := s.log(); asked != step.asked {
			t.Errorf("%s: asked %q, want %q", step.name, asked, step.asked)
		}
	}
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// TestFresh checks that a copy that is broken, or gone, is fetched anew.
func TestFresh(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/"+doc, "one")
	s.header.Set("Cache-Control", "max-age=600")
	w := u.run()
	for _, step := range []struct {
		name  string
		want  repodata.Want
		run   bool
		spoil func(name string)
		asked string
	}{
		{"first", repodata.Want{}, false, nil, "200 /c/" + doc},
		{"wanted anew", repodata.Want{Fresh: true}, false, nil, "200 /c/" + doc},
		{"removed", repodata.Want{}, true, func(p string) { must(t, os.Remove(p)) }, "200 /c/" + doc},
		{"torn", repodata.Want{}, true, func(p string) { must(t, os.WriteFile(p, []byte("on"), 0o600)) }, "200 /c/" + doc},
		{"whole", repodata.Want{}, true, nil, ""},
	} {
		if step.spoil != nil {
			step.spoil(filepath.Join(u.store, "blobs", sha("one")[:2], sha("one")[2:]))
		}
		if step.run {
			w = u.run()
		}
		if got, err := get(u, w, s, doc, step.want); got != "one" || err != nil {
			t.Errorf("%s: %q, %v", step.name, got, err)
		}
		if asked := s.log(); asked != step.asked {
			t.Errorf("%s: asked %q, want %q", step.name, asked, step.asked)
		}
	}
}

// TestStat checks that a document whose digest is asked for is fetched once,
// and not at all where the server says that it did not change.
func TestStat(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/"+doc, "one")
	stat := func(w *World) {
		t.Helper()
		channels, err := w.Channels(t.Context(), s.URL+"/c")
		must(t, err)
		sum, err := channels[0].Source.(repodata.Stater).Stat(t.Context(), doc, repodata.Want{})
		if sum != sha("one") || err != nil {
			t.Errorf("%q, %v", sum, err)
		}
	}
	w := u.run()
	stat(w)
	if got, err := get(u, w, s, doc, repodata.Want{}); got != "one" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	must(t, os.Remove(filepath.Join(u.store, "blobs", sha("one")[:2], sha("one")[2:])))
	w = u.run()
	stat(w)
	if asked := s.log(); asked != "200 /c/"+doc+", 304 /c/"+doc {
		t.Errorf("asked %q", asked)
	}
	if got, err := get(u, w, s, doc, repodata.Want{}); got != "one" || err != nil || s.log() != "200 /c/"+doc {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAnswers checks which answers mean that nothing is there (promises.md C01
// to C03), and which are outages.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault func(w http.ResponseWriter, r *http.Request)
		class fault.Class // "": not there
		want  string
		hint  string
	}{
		{"404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "", "", ""},
		{"410", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, "", "", ""},
		{"503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, fault.Network, "503 Service Unavailable", ""},
		{"403", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, fault.Network, "403 Forbidden", "no credentials for HOST are configured"},
		{"302 to nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }, fault.Network, "a redirect leads to no URL", ""},
		{
			"HTML", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!DOCTYPE html>log in") }, fault.Network,
			"an HTML page came instead of the file", "a proxy or a login page may stand between this machine and the server",
		},
		{"short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
		}, fault.Network, "the connection was closed early", ""},
		{
			"long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) }, fault.Verification,
			"larger than the limit of 100 bytes", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, s := newUser(t), newServer(t)
			s.fault = func(w http.ResponseWriter, r *http.Request) bool { tt.fault(w, r); return true }
			_, err := get(u, u.run(), s, doc, repodata.Want{Max: 100})
			if tt.class == "" {
				if !isNotExist(err) {
					t.Errorf("error %v", err)
				}
				return
			}
			wantError(t, err, tt.class, s.URL+"/c/"+doc+": "+tt.want, strings.ReplaceAll(tt.hint, "HOST", s.host()))
		})
	}
}

// TestOutage checks that a channel that does not answer is never taken for one
// that has nothing, form by form.
func TestOutage(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/noarch/repodata.json", docNoarch)
	got, err := open(t, u.run(), s.URL+"/c")
	if want := s.URL + "/c/noarch/app-1.0-0.conda " + s.URL + "/c/noarch/lib-1.0-0.conda"; got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, form := range forms() {
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if bad := strings.HasSuffix(r.URL.Path, "noarch/"+form); !bad {
				return false
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		_, err = open(t, u.run(), s.URL+"/c")
		wantError(t, err, fault.Network, s.URL+"/c/noarch/"+form+": 503 Service Unavailable", "")
	}
}

// TestOffline checks that what was asked once is known without a network, also
// that there is nothing, and that what is missing is named.
func TestOffline(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/noarch/repodata.json", docNoarch)
	want, err := open(t, u.run(), s.URL+"/c")
	must(t, err)
	s.Close()
	u.clock.add(1000 * time.Hour)
	w := u.run()
	w.Fetch.Offline = true
	if got, err := open(t, w, s.URL+"/c"); got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err = open(t, w, s.URL+"/other")
	if err == nil || !strings.HasSuffix(err.Error(), "/repodata_shards.msgpack.zst: not in the cache, and --offline is set") || fault.ClassOf(err) != fault.Network {
		t.Errorf("error %v", err)
	}
}

// TestAgeOfAbsence checks that nothing is asked while the form that is there may
// be used, and that its neighbours are asked again with it.
func TestAgeOfAbsence(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.header.Set("Cache-Control", "max-age=600")
	s.set("/c/noarch/repodata.json", docNoarch)
	s.set("/c/linux-64/repodata.json", docOther)
	want, err := open(t, u.run(), s.URL+"/c")
	must(t, err)
	if n := strings.Count(s.log(), "40"); n != 6 {
		t.Errorf("%d forms are not there, want 6", n)
	}
	u.clock.add(500 * time.Second)
	if got, err := open(t, u.run(), s.URL+"/c"); got != want || err != nil || s.log() != "" {
		t.Errorf("%q, %v", got, err)
	}
	u.clock.add(500 * time.Second)
	if got, err := open(t, u.run(), s.URL+"/c"); got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if asked := s.log(); strings.Count(asked, "404") != 6 || strings.Count(asked, "304") != 2 {
		t.Errorf("asked %q", asked)
	}
}

// TestShared checks that many who want a document at the same time fetch it
// once, with stores of their own as several processes have them.
func TestShared(t *testing.T) {
	u, s := newUser(t), newServer(t)
	s.set("/c/"+doc, strings.Repeat("x", 1<<20))
	s.header.Set("Cache-Control", "max-age=600")
	var wg sync.WaitGroup
	for range 4 {
		w := u.run()
		w.Now = time.Now
		for range 4 {
			wg.Go(func() {
				if got, err := get(u, w, s, doc, repodata.Want{}); len(got) != 1<<20 || err != nil {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		}
	}
	wg.Wait()
	if asked := s.log(); asked != "200 /c/"+doc {
		t.Errorf("asked %q", asked)
	}
}

// TestWaited checks that processes that waited for another one to ask do not
// ask again, though the server does not allow to use its answer later.
func TestWaited(t *testing.T) {
	const processes = 5
	u, s := newUser(t), newServer(t)
	s.set("/c/"+doc, "one")
	var waiting, done sync.WaitGroup
	waiting.Add(processes)
	s.fault = func(http.ResponseWriter, *http.Request) bool { waiting.Wait(); return false }
	for range processes {
		w := u.run()
		once := sync.OnceFunc(waiting.Done)
		w.Now = func() time.Time { // is asked for before the lock is
			once()
			return time.Now()
		}
		done.Go(func() {
			if got, err := get(u, w, s, doc, repodata.Want{}); got != "one" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	done.Wait()
	if asked := s.log(); asked != "200 /c/"+doc {
		t.Errorf("asked %q", asked)
	}
	if got, err := get(u, u.run(), s, doc, repodata.Want{}); got != "one" || err != nil || s.log() != "304 /c/"+doc {
		t.Errorf("%q, %v", got, err)
	}
}

// TestTruncated checks that a document that ends early is asked for once more
// (promises.md C02).
func TestTruncated(t *testing.T) {
	u, s := newUser(t), newServer(t)
	packed := zstded(t, []byte(strings.Repeat(docNoarch+" ", 1000)))
	s.set("/c/noarch/repodata.json.zst", string(packed[:len(packed)/2]))
	_, err := open(t, u.run(), s.URL+"/c")
	wantError(t, err, fault.Network, s.URL+"/c/noarch/repodata.json.zst: ends early, after "+strconv.Itoa(len(packed)/2)+" bytes", "")
	if n := strings.Count(s.log(), "200 /c/noarch/repodata.json.zst"); n != 2 {
		t.Errorf("asked for %d times", n)
	}
}
