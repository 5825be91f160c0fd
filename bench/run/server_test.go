package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestRegistryCounts: what a push sends is counted once, and a push of what is
// there counts no blob.
func TestRegistryCounts(t *testing.T) {
	back := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	defer back.Close()
	r := &registry{}
	if err := r.proxy(t.Context(), strings.TrimPrefix(back.URL, "http://")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.digest(t.Context(), "a/b"); err == nil {
		t.Error("a tag that nobody pushed is there")
	}
	image, err := random.Image(10_000, 3)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(r.host+"/a/b:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	push := func() (cost, error) { return cost{Wall: 1}, remote.Write(ref, image) }
	first, err := r.count(push)
	if err != nil || first.Wall != 1 || first.Layers != 4 || first.Sent < 30_000 || first.Sent > 40_000 {
		t.Errorf("the first push: %+v, %v; want 3 layers and a configuration of 30,000 bytes and a little", first, err)
	}
	if again, err := r.count(push); err != nil || again.Layers != 0 || again.Sent > 3_000 {
		t.Errorf("the second push: %+v, %v; want no blob", again, err)
	}
	want, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.digest(t.Context(), "a/b"); err != nil || got != want.String() {
		t.Errorf("digest %s, %v; want %s", got, err, want)
	}
}

// TestUpstreamCounts: packages and toolchains count, other files do not, and a
// module's file is asked for once.
func TestUpstreamCounts(t *testing.T) {
	asked := 0
	modules := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !strings.HasPrefix(r.URL.Path, "/m/@v/") {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, r.URL.Path)
	}))
	defer modules.Close()
	work := t.TempDir()
	for _, f := range []string{"a.conda", "repodata.json"} {
		if err := os.WriteFile(filepath.Join(work, f), []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	u, err := startUpstream(t.Context(), work, t.TempDir(), modules.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	c, err := u.count(func() (cost, error) {
		for path, want := range map[string]string{
			"/files/a.conda": "a.conda", "/files/repodata.json": "repodata.json", "/go/m/@v/v1.zip": "/m/@v/v1.zip", "/go/m/@v/v1.info": "/m/@v/v1.info", "/go/other": modules.URL + "/other: 404 Not Found\n",
		} {
			for range 2 {
				resp, err := http.Get("http://" + u.host + path)
				if err != nil {
					return cost{}, err
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(text) != want {
					t.Errorf("%s: %q, %v; want %q", path, text, err, want)
				}
			}
		}
		return cost{}, nil
	})
	if err != nil || c.Fetched != 4 || asked != 4 {
		t.Errorf("%d downloads, the proxy was asked %d times, %v; want 4, and 4: files once, and twice what is not there", c.Fetched, asked, err)
	}
}

// TestWorker: a job tells what it took, what it printed and how it failed.
func TestWorker(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		script, failed, output string
	}{
		{"pwd; echo $BENCH", "", dir + "\nyes\n"},
		{"echo so >&2; exit 3", "exit status 3", "so\n"},
	} {
		in, err := json.Marshal(job{dir, []string{"BENCH=yes"}, []string{"sh", "-c", tt.script}})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := worker(bytes.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		var d done
		if err := json.Unmarshal(out.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if d.Failed != tt.failed || d.Output != tt.output || d.Cost.Wall <= 0 {
			t.Errorf("%s: %+v", tt.script, d)
		}
	}
}
