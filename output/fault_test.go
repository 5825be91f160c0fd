package output_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// fault answers a request or lets it through (false).
type fault func(w http.ResponseWriter, r *http.Request) bool

// times lets a fault happen for the first n requests that match.
func times(n int64, method, part string, f fault) fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.Method, method) || !strings.Contains(r.URL.Path, part) || seen.Add(1) > n {
			return false
		}
		return f(w, r)
	}
}

func status(code int, errorCode, message string) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		outputtest.Fail(w, code, errorCode, message)
		return true
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) bool {
	panic(http.ErrAbortHandler)
}

// dropped says 201 and stores nothing.
func dropped(w http.ResponseWriter, _ *http.Request) bool {
	w.WriteHeader(http.StatusCreated)
	return true
}

const always = 1 << 40

func TestPushSurvives(t *testing.T) {
	large := outputtest.NewLayer(t, "large", noise(1200<<10))
	for _, tc := range []struct {
		name    string
		fault   fault
		retries bool
	}{
		{"ping 503", times(2, "GET", "/v2/", status(503, "UNAVAILABLE", "")), true},
		{"HEAD 500", times(3, "HEAD", "/blobs/", status(500, "", "")), true},
		{"POST 429 without Retry-After", times(3, "POST", "", status(429, "TOOMANYREQUESTS", "")), true},
		{"POST cut", times(2, "POST", "", cut), true},
		{"PATCH 502", times(2, "PATCH", "", status(502, "", "")), true},
		{"PATCH cut", times(2, "PATCH", "", cut), true},
		{"PATCH session lost", times(2, "PATCH", "", status(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")), true},
		{"PATCH wrong range", times(1, "PATCH", "", status(416, "", "")), true},
		{"PUT session lost", times(4, "PUT", "/blobs/", status(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown")), true},
		{"PUT invalid at finish", times(2, "PUT", "/blobs/", status(400, "BLOB_UPLOAD_INVALID", "blob upload invalid")), true},
		{"PUT of a blob lies once", times(1, "PUT", "/blobs/", dropped), true},
		{"manifest PUT 429", times(2, "PUT", "/manifests/", status(429, "TOOMANYREQUESTS", "")), true},
		{"manifest PUT cut", times(2, "PUT", "/manifests/", cut), true},
		{"manifest PUT lies once", times(1, "PUT", "/manifests/sha256", dropped), true},
		{"manifest PUT misses a blob", times(1, "PUT", "/manifests/sha256", status(404, "MANIFEST_BLOB_UNKNOWN", "")), true},
		{"HEAD 403 for 404", times(1, "HEAD", "/blobs/", status(403, "DENIED", "")), false},
		{"tag PUT misses a part", times(2, "PUT", "/manifests/v1", status(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown")), true},
		{"tag PUT 503", times(2, "PUT", "/manifests/v1", status(503, "", "")), true},
		{"tag visible late", times(2, "GET", "/manifests/v1", status(404, "MANIFEST_UNKNOWN", "")), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			reg.Fault = tc.fault
			img, _ := sample(t)
			img.Tags = []string{"v1", "v2"}
			img.Index = outputtest.Index(t, twoPlatforms, large)
			var ev events
			write(t, dest(reg), img, output.Options{Progress: ev.add})
			reg.Fault = nil
			pulled(t, reg, "v1")
			pulled(t, reg, "v2")
			if got := ev.count(output.EventRetry) > 0; got != tc.retries {
				t.Errorf("retries: %v, want %v", got, tc.retries)
			}
		})
	}
}

// TestPushThroughNoise: promise P2 in small. Every push through a registry that
// breaks a fifth of all requests ends well, and no tag is ever half.
func TestPushThroughNoise(t *testing.T) {
	faults := []fault{
		status(429, "TOOMANYREQUESTS", ""), status(500, "", ""), status(502, "", ""),
		status(503, "UNAVAILABLE", ""), status(504, "", ""), cut,
	}
	for seed := range uint64(15) {
		reg := outputtest.NewRegistry(t)
		var mu sync.Mutex
		rng := rand.New(rand.NewPCG(seed, 1))
		reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			n, which := rng.Float64(), rng.IntN(len(faults))
			mu.Unlock()
			return n < 0.2 && faults[which](w, r)
		}
		img, _ := sample(t, "v1")
		if _, err := output.Write(t.Context(), parse(t, dest(reg)), img, output.Options{Clock: newClock()}); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		reg.Fault = nil
		pulled(t, reg, "v1")
	}
}

func TestPushLocations(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(reg *outputtest.Registry, location string) string
	}{
		{"relative", func(_ *outputtest.Registry, l string) string { return l[strings.LastIndex(l, "/blobs/"):][1:] }},
		{"absolute", func(reg *outputtest.Registry, l string) string { return reg.URL + l }},
		{"with a query", func(_ *outputtest.Registry, l string) string { return l + "?_state=a%2Fb%3D&x" }},
		{"with a user", func(reg *outputtest.Registry, l string) string { return "http://u:p@" + reg.Host() + l }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			reg.Header = func(r *http.Request, status int, h http.Header) int {
				if l := h.Get("Location"); l != "" {
					l = tc.change(reg, l)
					if tc.name == "relative" && r.Method == http.MethodPost {
						l = strings.TrimPrefix(l, "blobs/uploads/") // relative to …/uploads/
					} else if tc.name == "relative" {
						l = l[strings.LastIndexByte(l, '/')+1:] // relative to …/uploads/ID
					}
					h.Set("Location", l)
				}
				return status
			}
			var states atomic.Int64
			reg.Fault = func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.HasPrefix(r.URL.RawQuery, "_state=a%2Fb%3D&x") {
					states.Add(1)
				}
				if u, _, ok := r.BasicAuth(); ok {
					t.Errorf("the user %s of a Location was sent", u)
				}
				return false
			}
			img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, outputtest.NewLayer(t, "large", noise(1200<<10)))}
			write(t, dest(reg), img, output.Options{})
			pulled(t, reg, "v1")
			if tc.name == "with a query" && states.Load() != 6 { // 5 blobs, one in two requests
				t.Errorf("%d requests kept the query, want 6", states.Load())
			}
		})
	}
}

// TestPushErrors has the texts of what cannot be helped. HOST and DIGEST stand
// for the registry and for the shared layer.
func TestPushErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault fault
		want  string
		hint  string
	}{
		{
			"R02 push denied", times(always, "POST", "", status(403, "DENIED", "requested access to the resource is denied")),
			`HOST/team/data: blob DIGEST: push is denied (403 DENIED: "requested access to the resource is denied")`,
			`the account needs the scope repository:team/data:pull,push`,
		},
		{
			"R04 immutable tag 409", times(always, "PUT", "/manifests/v2", status(409, "TAG_INVALID", "tag is immutable")),
			`HOST/team/data: tag "v2" is refused (409 TAG_INVALID: "tag is immutable"); tags set before: "v1"`,
			`the registry may forbid that a tag moves: choose a new tag, or push by another name`,
		},
		{
			"R04 immutable tag 412", times(always, "PUT", "/manifests/v1", status(412, "", "")),
			`HOST/team/data: tag "v1" is refused (412 Precondition Failed)`,
			`the registry may forbid that a tag moves: choose a new tag, or push by another name`,
		},
		{
			"R05 session lost", times(always, "PUT", "/blobs/", status(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")),
			`HOST/team/data: blob DIGEST: the registry loses the upload session (404 BLOB_UPLOAD_UNKNOWN: "blob upload unknown to registry") (tried 12 times)`, "",
		},
		{
			"always 503", times(always, "POST", "", status(503, "", "")),
			`HOST/team/data: blob DIGEST: POST answered 503 Service Unavailable (tried 12 times)`, "",
		},
		{
			"too large", times(always, "PUT", "/blobs/", status(413, "", "")),
			`HOST/team/data: blob DIGEST: PUT answered 413 Request Entity Too Large`, "",
		},
		{
			"lies for ever", times(always, "PUT", "/blobs/", dropped),
			`HOST/team/data: blob DIGEST is still missing or has a wrong size after 5 uploads`,
			`the registry accepts uploads and loses them; no tag was changed`,
		},
		{
			"blob is never known", times(always, "PUT", "/manifests/sha256", status(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown")),
			`HOST/team/data: a part of manifest CHILD is still missing or has a wrong size after 5 uploads (404 MANIFEST_BLOB_UNKNOWN: "blob unknown")`,
			`the registry accepts uploads and loses them; no tag was changed`,
		},
		{
			"blob is never known to a tag", times(always, "PUT", "/manifests/v2", status(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown")),
			`HOST/team/data: a part of tag "v2" is still missing or has a wrong size after 5 uploads (404 MANIFEST_BLOB_UNKNOWN: "blob unknown"); tags set before: "v1"`,
			`the registry accepts uploads and loses them; no other tag was changed`,
		},
		{
			"tag goes elsewhere", times(always, "GET", "/manifests/v1", func(w http.ResponseWriter, _ *http.Request) bool {
				fmt.Fprint(w, "{}")
				return true
			}),
			`HOST/team/data: tag "v1" was accepted and does not resolve to INDEX`,
			`another push may have moved it meanwhile`,
		},
		{
			"control bytes and secrets", times(always, "POST", "", status(400, "NAME_INVALID", "\x1b[2J see https://u:p@x.example.com/a?token=s3cret")),
			`HOST/team/data: blob DIGEST: POST answered 400 NAME_INVALID: "\x1b[2J see https://x.example.com/a"`, "",
		},
		{
			"no Location", times(always, "POST", "", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(202); return true }),
			`HOST/team/data: the answer to POST has no Location`, "",
		},
		{
			"redirects for ever", times(always, "HEAD", "", func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, r.URL.Path+"?token=s3cret", http.StatusTemporaryRedirect)
				return true
			}),
			`http://HOST/v2/team/data/blobs/DIGEST: redirected more than 5 times`, "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			reg.Fault = tc.fault
			img, shared := sample(t, "v1", "v2")
			m, err := img.Index.IndexManifest()
			must(t, err)
			// One request at a time, so that the first error is the shared layer's.
			_, err = output.Write(t.Context(), parse(t, dest(reg)), img, output.Options{Clock: newClock(), Jobs: 1})
			want := strings.NewReplacer("HOST", reg.Host(), "DIGEST", firstBlob(t, img, shared), "INDEX", digest(t, img.Index).String(),
				"CHILD", m.Manifests[0].Digest.String()).Replace(tc.want)
			if err == nil || err.Error() != want || classOf(err) != "network" {
				t.Errorf("got %v (%s)\nwant %s", err, classOf(err), want)
			}
			if got := hintOf(err); got != tc.hint {
				t.Errorf("hint %q, want %q", got, tc.hint)
			}
			if !strings.Contains(tc.want, "tag") && outputtest.Count(reg.Log(), "PUT", "/manifests/v") != 0 {
				t.Error("a tag was put")
			}
		})
	}
}

// firstBlob is the blob that a push with one job asks for first: the config of
// the first image.
func firstBlob(t *testing.T, img output.Image, _ *outputtest.Layer) string {
	m, err := img.Index.IndexManifest()
	must(t, err)
	child, err := img.Index.Image(m.Manifests[0].Digest)
	must(t, err)
	h, err := child.ConfigName()
	must(t, err)
	return h.String()
}

// TestPushImmutableSame: a tag that may not move but is right already.
func TestPushImmutableSame(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, _ := sample(t, "v1")
	write(t, dest(reg), img, output.Options{})
	reg.Fault = times(always, "PUT", "/manifests/v1", status(409, "TAG_INVALID", "tag is immutable"))
	write(t, dest(reg), img, output.Options{})
}

// TestPushBadLengths: registries whose HEAD has no length, or a wrong one. What
// is there is not uploaded again.
func TestPushBadLengths(t *testing.T) {
	for _, length := range []string{"", "1"} {
		reg := outputtest.NewRegistry(t)
		img, shared := sample(t, "v1")
		reg.Header = func(r *http.Request, status int, h http.Header) int {
			if r.Method == http.MethodHead && status == http.StatusOK {
				h.Del("Content-Length")
				if length != "" {
					h.Set("Content-Length", length)
				}
			}
			return status
		}
		write(t, dest(reg), img, output.Options{})
		write(t, dest(reg), img, output.Options{})
		if n := shared.Opens.Load(); n != 1 {
			t.Errorf("length %q: opened %d times, want 1", length, n)
		}
		pulledPlain(t, reg)
	}
}

func pulledPlain(t *testing.T, reg *outputtest.Registry) {
	reg.Header = nil
	pulled(t, reg, "v1")
}
