package output_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

const repo = "team/data"

// pulled reads a tag back and validates all below it.
func pulled(t *testing.T, reg *outputtest.Registry, tag string) v1.Hash {
	t.Helper()
	ref, err := name.ParseReference(reg.Host() + "/" + repo + ":" + tag)
	must(t, err)
	idx, err := remote.Index(ref)
	must(t, err)
	must(t, validate.Index(idx))
	return digest(t, idx)
}

func dest(reg *outputtest.Registry) string { return "docker://" + reg.Host() + "/" + repo }

func TestPush(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, shared := sample(t, "1.4", "latest")
	var ev events
	r := write(t, dest(reg), img, output.Options{Progress: ev.add})
	if r.Name != reg.Host()+"/"+repo || r.Digest != digest(t, img.Index) || len(r.Platforms) != 2 {
		t.Errorf("result %+v", r)
	}
	if diff := cmp.Diff([]string{"1.4", "latest"}, r.Tags); diff != "" {
		t.Error(diff)
	}
	if n := shared.Opens.Load(); n != 1 {
		t.Errorf("shared layer opened %d times, want 1", n)
	}
	checkOrder(t, reg.Log())
	for _, tag := range r.Tags {
		if got := pulled(t, reg, tag); got != r.Digest {
			t.Errorf("tag %s is %s, want %s", tag, got, r.Digest)
		}
	}
	reg.Log()

	// Again, with one tag: nothing is uploaded, nothing is opened.
	before := ev.count(output.EventDone)
	write(t, dest(reg)+":1.5", img, output.Options{Progress: ev.add})
	log := reg.Log()
	if n := outputtest.Count(log, "POST", ""); n != 0 {
		t.Errorf("%d uploads the second time", n)
	}
	if diff := cmp.Diff(1, outputtest.Count(log, "PUT", "")); diff != "" {
		t.Error("PUTs the second time", diff)
	}
	if n := outputtest.Count(log, "HEAD", ""); n != 8 {
		t.Errorf("%d HEADs the second time, want 8: each part is asked for once", n)
	}
	if n := shared.Opens.Load(); n != 1 {
		t.Errorf("shared layer opened %d times after the second push, want 1", n)
	}
	if n := ev.count(output.EventDone) - before; n != 0 {
		t.Errorf("%d done events the second time", n)
	}
}

// checkOrder: blobs before manifests before the index before tags, each PUT of a
// tag followed by a GET of it.
func checkOrder(t *testing.T, log []string) {
	t.Helper()
	stage := 0
	for i, line := range log {
		now := stage
		switch {
		case strings.HasPrefix(line, "PUT") && strings.Contains(line, "/blobs/"):
			now = 0
		case strings.HasPrefix(line, "PUT") && strings.Contains(line, "/manifests/sha256:"):
			now = 1
		case strings.HasPrefix(line, "PUT") && strings.Contains(line, "/manifests/"):
			now = 2
			if i+1 == len(log) || log[i+1] != strings.Replace(line, "PUT", "GET", 1) {
				t.Errorf("%s is not followed by its GET", line)
			}
		}
		if now < stage {
			t.Errorf("%s comes too late", line)
		}
		stage = now
	}
	if stage != 2 {
		t.Error("no tag was set")
	}
	lastPut, heads := 0, 0
	for i, line := range log {
		if strings.HasPrefix(line, "PUT") && strings.Contains(line, "/manifests/sha256:") {
			lastPut, heads = i, 0
		}
		if strings.HasPrefix(line, "HEAD") && i > lastPut {
			heads++
		}
	}
	if heads != 8 { // 1 shared + 2 own layers, 2 configs, 2 manifests, 1 index
		t.Errorf("%d HEADs after the last manifest, want 8", heads)
	}
}

// TestPushIndexAlone: where a registry has all images, as after machines that
// pushed one each, their blobs are asked for once, and the manifests once more.
func TestPushIndexAlone(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, _ := sample(t, "1")
	r := write(t, dest(reg), img, output.Options{ByDigest: true})
	log := reg.Log()
	blobs := outputtest.Count(log, "HEAD", "/blobs/")
	if n := outputtest.Count(log, "POST", "/blobs/"); blobs != 2*n || n < 5 {
		t.Errorf("%d questions about %d blobs that were sent", blobs, n)
	}
	reg.LoseManifest(t, repo, r.Digest)
	write(t, dest(reg), img, output.Options{})
	log = reg.Log()
	if n := outputtest.Count(log, "HEAD", "/blobs/"); 2*n != blobs {
		t.Errorf("%d questions about %d blobs that are there", n, blobs/2)
	}
	if n := outputtest.Count(log, "HEAD", "/manifests/sha256:"); n != 2*3 {
		t.Errorf("%d questions about 3 manifests, want 6: %q", n, log)
	}
	if got := pulled(t, reg, "1"); got != r.Digest {
		t.Errorf("the tag is %s, want %s", got, r.Digest)
	}
}

func TestPushLargeBlobStreams(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	l := outputtest.NewLayer(t, "large", noise(3<<20))
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, l)}
	var ev events
	write(t, dest(reg), img, output.Options{Progress: ev.add})
	log := reg.Log()
	if n := outputtest.Count(log, "PATCH", ""); n != 1 {
		t.Errorf("%d PATCHes, want 1", n)
	}
	if n := ev.count(output.EventProgress); n < 2 {
		t.Errorf("%d progress events", n)
	}
	pulled(t, reg, "v1")
}

// noise is text that does not compress.
func noise(n int) string {
	var b strings.Builder
	x := uint64(88172645463325252)
	for b.Len() < n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		for i := range 8 {
			b.WriteByte(byte(x >> (8 * i)))
		}
	}
	return b.String()[:n]
}

func TestPushMounts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		status  int // of the mount; 0: the registry's own answer, which opens a session
		from    string
		mounts  int
		mounted int
		opens   int64
	}{
		{"mounted", 201, "base/debian", 1, 1, 0},
		{"session instead", 0, "base/debian", 1, 0, 1},
		{"no such feature", 405, "base/debian", 1, 0, 1},
		{"no right to read", 401, "base/debian", 1, 0, 1},
		{"unavailable once", 503, "base/debian", 1, 0, 1},
		{"own repository", 201, repo, 0, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			l := outputtest.NewLayer(t, "base", "base content")
			from, err := name.NewRepository(reg.Host() + "/" + tc.from)
			must(t, err)
			l.From = &from
			var mu sync.Mutex // requests come in parallel
			mounts := 0
			mountedDigest := ""
			reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if q := r.URL.Query(); q.Get("mount") != "" {
					mounts++
					if q.Get("from") != tc.from || q.Get("mount") != digest(t, l).String() {
						t.Errorf("mount query %s", r.URL.RawQuery)
					}
					if tc.status == 201 {
						mountedDigest = q.Get("mount")
					}
					if tc.status != 0 {
						w.WriteHeader(tc.status)
						return true
					}
				}
				if mountedDigest != "" && r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, mountedDigest) {
					w.Header().Set("Content-Length", fmt.Sprint(len(l.Bytes())))
					return true
				}
				return false
			}
			var ev events
			img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, l)}
			write(t, dest(reg), img, output.Options{Progress: ev.add})
			if mounts != tc.mounts || ev.count(output.EventMounted) != tc.mounted || l.Opens.Load() != tc.opens {
				t.Errorf("%d mounts, %d mounted, %d opens; want %d, %d, %d", mounts, ev.count(output.EventMounted), l.Opens.Load(), tc.mounts, tc.mounted, tc.opens)
			}
		})
	}
}

// TestPushLyingMount: a mount that is said to have worked and has not.
func TestPushLyingMount(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	l := outputtest.NewLayer(t, "base", "base content")
	from, err := name.NewRepository(reg.Host() + "/base/debian")
	must(t, err)
	l.From = &from
	reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("mount") != "" {
			w.WriteHeader(http.StatusCreated)
			return true
		}
		return false
	}
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, l)}
	write(t, dest(reg), img, output.Options{})
	pulled(t, reg, "v1")
}

// TestPushHeals: promise P1. What the registry lost between two pushes comes
// back, for the same tag and for a new one.
func TestPushHeals(t *testing.T) {
	for _, tag := range []string{"v1", "v2"} {
		for _, kind := range []string{"layer", "config", "manifest", "nested index", "index", "attestation", "manifest and layer"} {
			t.Run(kind+" "+tag, func(t *testing.T) {
				reg := outputtest.NewRegistry(t)
				shared := outputtest.NewLayer(t, "shared", strings.Repeat("shared content ", 1000))
				// An attestation is an image of no platform.
				inner := outputtest.Index(t, append(slices.Clone(twoPlatforms), "unknown/unknown"), shared)
				img := output.Image{Tags: []string{"v1"}, Index: outputtest.Nest(t, inner)}
				write(t, dest(reg), img, output.Options{})
				m, err := inner.IndexManifest()
				must(t, err)
				child, err := inner.Image(m.Manifests[1].Digest)
				must(t, err)
				config, err := child.ConfigName()
				must(t, err)
				blobs := map[string]v1.Hash{"layer": digest(t, shared), "config": config, "manifest and layer": digest(t, shared)}
				manifests := map[string]v1.Hash{
					"manifest": digest(t, child), "manifest and layer": digest(t, child), "attestation": m.Manifests[2].Digest,
					"nested index": digest(t, inner), "index": digest(t, img.Index),
				}
				if h, ok := blobs[kind]; ok {
					reg.LoseBlob(t, h)
				}
				if h, ok := manifests[kind]; ok {
					reg.LoseManifest(t, repo, h)
				}
				write(t, dest(reg)+":"+tag, img, output.Options{})
				if got := pulled(t, reg, tag); got != digest(t, img.Index) {
					t.Errorf("tag %s is %s", tag, got)
				}
			})
		}
	}
}

func TestPushNested(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, _ := sample(t, "v1")
	idx := outputtest.Nest(t, img.Index)
	write(t, dest(reg), output.Image{Tags: []string{"v1"}, Index: idx}, output.Options{})
	if got := pulled(t, reg, "v1"); got != digest(t, idx) {
		t.Errorf("got %s", got)
	}
	for range 4 {
		idx = outputtest.Nest(t, idx)
	}
	_, err := output.Write(t.Context(), parse(t, dest(reg)), output.Image{Tags: []string{"v1"}, Index: idx}, output.Options{})
	if err == nil || !strings.HasSuffix(err.Error(), ": indexes are nested more than 4 deep") || classOf(err) != "verification" {
		t.Errorf("got %v", err)
	}
}

func TestPushUsage(t *testing.T) {
	img, _ := sample(t)
	for _, tc := range []struct {
		dest string
		tags []string
		want string
	}{
		{"docker://registry.example.com/x", nil, `output "docker://registry.example.com/x": no tag in it and none in image.tags`},
		{"docker://registry.example.com/x", []string{"a b"}, `output "docker://registry.example.com/x": tag "a b" is not valid, it wants 1 to 128 letters, digits, and _ . -`},
	} {
		img.Tags = tc.tags
		_, err := output.Write(t.Context(), parse(t, tc.dest), img, output.Options{Transport: noHTTP(t)})
		if err == nil || err.Error() != tc.want || classOf(err) != "usage" {
			t.Errorf("got %v\nwant %s", err, tc.want)
		}
	}
}

func TestPushBadLayers(t *testing.T) {
	for _, tc := range badSources {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			l, idx := badLayer(t, tc.source)
			_, err := output.Write(t.Context(), parse(t, dest(reg)), output.Image{Index: idx, Tags: []string{"v1"}}, output.Options{Clock: newClock()})
			want := strings.ReplaceAll(tc.want, "%s", digest(t, l).String())
			if err == nil || !strings.HasPrefix(err.Error(), want) || classOf(err) != tc.class {
				t.Errorf("got %v (%s)\nwant %s… (%s)", err, classOf(err), want, tc.class)
			}
			log := reg.Log()
			if n := outputtest.Count(log, "PUT", "/manifests/"); n != 0 {
				t.Errorf("%d manifests were put", n)
			}
			if n := l.Opens.Load(); n != 1 {
				t.Errorf("opened %d times, want 1: wrong content is not tried again", n)
			}
		})
	}
}
