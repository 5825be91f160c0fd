package world

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// realSubdirs are those of the real channel.
var realSubdirs = []string{"linux-64", "linux-aarch64", "osx-arm64", "noarch"}

// realChannel returns the directory of the real channel of the shared data.
func realChannel(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "channels", "cpython")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	return dir
}

// formServer serves a directory as a channel with one form of repodata, whose
// files have dates and no entity tags.
func formServer(t testing.TB, dir, form string) (url string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var log []string
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		log = append(log, r.URL.Path)
		mu.Unlock()
		file := path.Base(r.URL.Path)
		switch {
		case slices.Contains(forms(), file) && file != form:
			http.NotFound(w, r)
		case file == "repodata.json.bz2":
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(r.URL.Path, ".bz2"))))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(archivetest.Bzip2(data))
		default:
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { log = nil }()
		return log
	}
}

// realRecords reads all there is, with the channel's place cut off.
func realRecords(t testing.TB, w *World, written string) map[string][]repodata.Record {
	t.Helper()
	channels, err := w.Channels(t.Context(), written)
	must(t, err)
	view, err := repodata.OpenAll(t.Context(), channels, realSubdirs, repodata.Options{Cache: w.Cache()})
	must(t, err)
	var names []string
	for _, d := range view.Subdirs {
		names = append(names, d.Names()...)
	}
	slices.Sort(names)
	all := map[string][]repodata.Record{}
	for _, subdir := range realSubdirs[:3] {
		set, err := view.Closure(t.Context(), []string{subdir, "noarch"}, slices.Compact(slices.Clone(names)))
		must(t, err)
		for _, name := range set.Names() {
			for _, r := range set.Records(name) {
				if r.Channel != channels[0].Name || !strings.HasPrefix(r.URL, channels[0].Name+"/") {
					t.Errorf("%s is of %s", r.URL, r.Channel)
				}
				r.URL, r.Channel = strings.TrimPrefix(r.URL, r.Channel), ""
				all[subdir] = append(all[subdir], r)
			}
		}
	}
	return all
}

// TestRealChannel reads the real channel in all ways that there are, which give
// the same records.
func TestRealChannel(t *testing.T) {
	dir := realChannel(t)
	u := newUser(t)
	abs, err := filepath.Abs(dir)
	must(t, err)
	want := realRecords(t, u.run(), "file://"+filepath.ToSlash(abs))
	if len(want["linux-64"]) < 50 || len(want["osx-arm64"]) < 45 {
		t.Fatalf("%d and %d records", len(want["linux-64"]), len(want["osx-arm64"]))
	}
	for _, form := range forms() {
		t.Run(form, func(t *testing.T) {
			u := newUser(t)
			url, asked := formServer(t, dir, form)
			for run := range 2 {
				if diff := cmp.Diff(want, realRecords(t, u.run(), url)); diff != "" {
					t.Error(diff)
				}
				log := asked()
				if shards := slices.ContainsFunc(log, func(p string) bool { return strings.Contains(p, "/shards/") }); shards != (run == 0 && form == forms()[0]) {
					t.Errorf("run %d asked %q", run, log)
				}
			}
		})
	}
	t.Run("oci", func(t *testing.T) {
		u, r := newUser(t), outputtest.NewRegistry(t)
		for _, subdir := range realSubdirs {
			data, err := os.ReadFile(filepath.Join(dir, subdir, "repodata.json.zst"))
			must(t, err)
			push(t, r, "cpython/"+subdir+"/repodata.json:latest", layer{mediaJSON + "+zst", data})
		}
		if diff := cmp.Diff(want, realRecords(t, u.run(), "oci://"+r.Host()+"/cpython")); diff != "" {
			t.Error(diff)
		}
	})
}

// BenchmarkWarm opens the real channel's subdirs over HTTP where the server
// says that nothing changed.
func BenchmarkWarm(b *testing.B) {
	dir := realChannel(b)
	u := newUser(b)
	url, _ := formServer(b, dir, "repodata.json.zst")
	for b.Loop() {
		w := u.run()
		channels, err := w.Channels(b.Context(), url)
		must(b, err)
		if _, err := repodata.OpenAll(b.Context(), channels, realSubdirs, repodata.Options{Cache: w.Cache()}); err != nil {
			b.Fatal(err)
		}
	}
}
