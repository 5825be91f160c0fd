package output_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

const mib = 1 << 20

// TestPushResumes: of a blob whose upload breaks, only the rest is sent again.
func TestPushResumes(t *testing.T) {
	large := outputtest.NewLayer(t, "large", noise(5*mib))
	for _, tc := range []struct {
		name   string
		cuts   []int64 // of the PATCH requests, in order; -1 passes
		fault  fault
		ranges []string // Content-Range of the PATCH requests of the large blob
	}{
		{"whole", nil, nil, []string{"0-END"}},
		{"cut once", []int64{2 * mib}, nil, []string{"0-END", "2097152-END"}},
		{"cut at once", []int64{0}, nil, []string{"0-END", "0-END"}},
		{"cut twice", []int64{mib, mib}, nil, []string{"0-END", "1048576-END", "2097152-END"}},
		{"cut after the last byte", []int64{5 * mib}, nil, []string{"0-END"}},
		{
			"cut more often than an operation is tried",
			[]int64{mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4, mib / 4},
			nil,
			[]string{
				"0-END", "262144-END", "524288-END", "786432-END", "1048576-END", "1310720-END", "1572864-END",
				"1835008-END", "2097152-END", "2359296-END", "2621440-END", "2883584-END", "3145728-END", "3407872-END", "3670016-END",
			},
		},
		{
			"status is refused: from the start",
			[]int64{2 * mib},
			times(1, "GET", "/blobs/uploads/", status(404, "BLOB_UPLOAD_UNKNOWN", "")),
			[]string{"0-END", "0-END"},
		},
		{
			"status fails once",
			[]int64{2 * mib},
			times(1, "GET", "/blobs/uploads/", status(503, "", "")),
			[]string{"0-END", "2097152-END"},
		},
		{
			"status is more than was sent",
			[]int64{2 * mib},
			times(1, "GET", "/blobs/uploads/", ranged("0-999999999")),
			[]string{"0-END", "0-END"},
		},
		{
			"status without a Range",
			[]int64{2 * mib},
			times(1, "GET", "/blobs/uploads/", ranged("")),
			[]string{"0-END", "0-END"},
		},
		{
			"no chunks", nil, func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == http.MethodPatch && r.Header.Get("Content-Range") != "" && status(400, "", "")(w, r)
			},
			[]string{"0-END", ""},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			var mu sync.Mutex
			var ranges []string
			cuts := tc.cuts
			reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPatch {
					mu.Lock()
					ranges = append(ranges, r.Header.Get("Content-Range"))
					mu.Unlock()
				}
				return tc.fault != nil && tc.fault(w, r)
			}
			reg.Cut = func(*http.Request) int64 {
				mu.Lock()
				defer mu.Unlock()
				if len(cuts) == 0 {
					return -1
				}
				n := cuts[0]
				cuts = cuts[1:]
				return n
			}
			if tc.name == "cut after the last byte" {
				cuts[0] = int64(len(large.Bytes()))
			}
			img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, large)}
			write(t, dest(reg), img, output.Options{Jobs: 1})
			pulled(t, reg, "v1")
			for i, r := range ranges {
				ranges[i] = strings.Replace(r, fmt.Sprint("-", len(large.Bytes())-1), "-END", 1)
			}
			if d := cmp.Diff(tc.ranges, ranges); d != "" {
				t.Errorf("Content-Range (-want +got)\n%s", d)
			}
		})
	}
}

// ranged answers the status of an upload.
func ranged(text string) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Location", r.URL.Path)
		w.Header().Set("Range", text)
		w.WriteHeader(http.StatusNoContent)
		return true
	}
}

// TestPushChunks: a proxy that takes no large request gets small ones.
func TestPushChunks(t *testing.T) {
	if raceDetector {
		t.Skip("compresses and hashes 40 MiB several times, for ten times as long with the race detector; .ci/run runs it without")
	}
	reg := outputtest.NewRegistry(t)
	var mu sync.Mutex
	var ranges []string
	reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		ranges = append(ranges, fmt.Sprint(r.ContentLength, " ", r.Header.Get("Content-Range")))
		return r.ContentLength > 32*mib && status(413, "", "")(w, r)
	}
	large := outputtest.NewLayer(t, "large", noise(40*mib))
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, large)}
	write(t, dest(reg), img, output.Options{Jobs: 1})
	pulled(t, reg, "v1")
	n := len(large.Bytes())
	want := []string{fmt.Sprintf("%d 0-%d", n, n-1), "33554432 0-33554431", fmt.Sprintf("%d 33554432-%d", n-32*mib, n-1)}
	if d := cmp.Diff(want, ranges); d != "" {
		t.Errorf("PATCH requests (-want +got)\n%s", d)
	}
}

// repositories makes the repositories of a registry have blobs of their own,
// which the one inside does not, and counts what came how.
type repositories struct {
	mu       sync.Mutex
	mounts   bool                       // whether the registry mounts
	blobs    map[string]map[string]bool // by repository
	uploads  map[string]int             // by repository
	asked    []string                   // "FROM → REPOSITORY" of each mount that was tried
	accepted int                        // mounts that worked
}

func separate(reg *outputtest.Registry, mounts bool) *repositories {
	s := &repositories{mounts: mounts, blobs: map[string]map[string]bool{}, uploads: map[string]int{}}
	reg.Fault = s.fault
	return s
}

func (s *repositories) add(repo, digest string) {
	if s.blobs[repo] == nil {
		s.blobs[repo] = map[string]bool{}
	}
	s.blobs[repo][digest] = true
}

func (s *repositories) fault(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := strings.LastIndex(r.URL.Path, "/blobs/")
	if i < 0 {
		return false
	}
	repo, digest, q := strings.TrimPrefix(r.URL.Path[:i], "/v2/"), r.URL.Path[i+len("/blobs/"):], r.URL.Query()
	switch {
	case q.Get("mount") != "":
		s.asked = append(s.asked, q.Get("from")+" → "+repo)
		if s.mounts && s.blobs[q.Get("from")][q.Get("mount")] {
			s.accepted++
			s.add(repo, q.Get("mount"))
			w.WriteHeader(http.StatusCreated)
			return true
		}
	case r.Method == http.MethodPut:
		s.uploads[repo]++
		s.add(repo, q.Get("digest"))
	case r.Method == http.MethodHead && !s.blobs[repo][digest]:
		w.WriteHeader(http.StatusNotFound)
		return true
	}
	return false
}

func repository(t *testing.T, reg *outputtest.Registry, path string) name.Repository {
	t.Helper()
	r, err := name.NewRepository(reg.Host() + "/" + path)
	must(t, err)
	return r
}

// TestPushBlobHome: blobs of all images lie in one repository, and others mount
// them from there. A registry that does not mount gets them again.
func TestPushBlobHome(t *testing.T) {
	for _, tc := range []struct {
		mounts   bool
		uploads  map[string]int
		accepted int
	}{
		{true, map[string]int{"team/shared": 5}, 10},
		{false, map[string]int{"team/shared": 5, "team/one": 5, "team/two": 5}, 0},
	} {
		t.Run(fmt.Sprint("mounts ", tc.mounts), func(t *testing.T) {
			reg := outputtest.NewRegistry(t)
			s := separate(reg, tc.mounts)
			home := repository(t, reg, "team/shared")
			img, _ := sample(t, "v1")
			for _, repo := range []string{"team/one", "team/two", "team/shared"} {
				write(t, "docker://"+reg.Host()+"/"+repo, img, output.Options{BlobHome: &home})
			}
			if d := cmp.Diff(tc.uploads, s.uploads); d != "" || s.accepted != tc.accepted {
				t.Errorf("%d mounts, want %d; uploads (-want +got)\n%s", s.accepted, tc.accepted, d)
			}
		})
	}
}

// TestPushMountFrom: other repositories of the registry lend blobs; where the
// first lacks one the second is asked, and other registries never.
func TestPushMountFrom(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	s := separate(reg, true)
	img, _ := sample(t, "v1")
	write(t, "docker://"+reg.Host()+"/team/second", img, output.Options{})
	s.uploads = map[string]int{}
	elsewhere, err := name.NewRepository("registry.example.com/team/second")
	must(t, err)
	write(t, dest(reg), img, output.Options{MountFrom: []name.Repository{
		elsewhere, repository(t, reg, "team/first"), repository(t, reg, "team/second"), repository(t, reg, repo),
	}})
	if len(s.uploads) != 0 || s.accepted != 5 {
		t.Errorf("%d mounts, want 5; uploads %v", s.accepted, s.uploads)
	}
	if n := outputtest.Count(s.asked, "team/first → ", ""); n != 5 || len(s.asked) != 10 {
		t.Errorf("asked %q", s.asked)
	}
}

// TestPushByDigest: nothing is tagged.
func TestPushByDigest(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, _ := sample(t, "v1")
	r := write(t, dest(reg), img, output.Options{ByDigest: true})
	if len(r.Tags) != 0 {
		t.Errorf("tags %q", r.Tags)
	}
	log := reg.Log()
	if n := outputtest.Count(log, "PUT", "/manifests/v1"); n != 0 {
		t.Errorf("the tag was written")
	}
	if n := outputtest.Count(log, "PUT", "/manifests/"+r.Digest.String()); n != 1 {
		t.Errorf("the index was written %d times", n)
	}
}

// TestPushIfTagIs: a tag that somebody else moved stays.
func TestPushIfTagIs(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	first, _ := sample(t, "v1")
	r := write(t, dest(reg), first, output.Options{IfTagIs: output.Absent})
	second := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, twoPlatforms, outputtest.NewLayer(t, "other", "other"))}
	fails := func(want string, o output.Options) {
		t.Helper()
		o.Clock = newClock()
		_, err := output.Write(t.Context(), parse(t, dest(reg)), second, o)
		if err == nil || err.Error() != want || classOf(err) != "policy" {
			t.Errorf("got %v\nwant %s", err, want)
		}
		pulled(t, reg, "v1")
	}
	place := reg.Host() + "/" + repo
	other := "sha256:" + strings.Repeat("0", 64)
	fails(fmt.Sprintf("%s: tag \"v1\" is %s, not absent; nothing was tagged", place, r.Digest), output.Options{IfTagIs: output.Absent})
	fails(fmt.Sprintf("%s: tag \"v1\" is %s, not %s; nothing was tagged", place, r.Digest, other), output.Options{IfTagIs: other})
	write(t, dest(reg), first, output.Options{IfTagIs: output.Absent}) // it is what was wanted
	write(t, dest(reg), second, output.Options{IfTagIs: r.Digest.String()})
}

// TestPushRehash: with Rehash a blob of the right size and wrong content is
// noticed.
func TestPushRehash(t *testing.T) {
	reg := outputtest.NewRegistry(t)
	img, shared := sample(t, "v1")
	write(t, dest(reg), img, output.Options{})
	bad := strings.Repeat("x", len(shared.Bytes()))
	reg.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, digest(t, shared).String()) {
			return false
		}
		fmt.Fprint(w, bad)
		return true
	}
	write(t, dest(reg), img, output.Options{})
	_, err := output.Write(t.Context(), parse(t, dest(reg)), img, output.Options{Rehash: true, Clock: newClock()})
	want := fmt.Sprintf("%s/%s: blob %s is still missing or has a wrong size after 5 uploads", reg.Host(), repo, digest(t, shared))
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
