package world

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

// TestWheel checks that a wheel is fetched once, and compared with what the
// lock says of it.
func TestWheel(t *testing.T) {
	w, s := newWorld(t)
	file, data := wheeltest.Wheel{Name: "pkg", Version: "1.0+l", Metadata: "Requires-Dist: dep>=1\nRequires-Python: >=3.8"}.Make()
	const at = "https://wheels.example/a/pkg-1.0%2Bl-py3-none-any.whl"
	s.files[at] = string(data)
	want := &wheel.Meta{Name: "pkg", Version: "1.0+l", Requires: []string{"dep>=1"}, RequiresPython: ">=3.8"}
	row := lock.Wheel{URL: at, SHA256: sha(string(data))}
	for range 2 {
		full, meta, err := w.Wheel(t.Context(), row)
		must(t, err)
		if diff := cmp.Diff(want, meta); diff != "" || full.Size != int64(len(data)) {
			t.Errorf("size %d, -want +got:\n%s", full.Size, diff)
		}
		open, closer, err := w.OpenWheel(t.Context(), &full)
		must(t, err)
		if got := open.Name(); got.Version != "1.0+l" || file != "pkg-1.0+l-py3-none-any.whl" {
			t.Errorf("%s: %+v", file, got)
		}
		must(t, closer.Close())
	}
	if asked := s.questions(); len(asked) != 1 {
		t.Errorf("asked %v", asked)
	}
	for name, bad := range map[string]lock.Wheel{
		"sha256": {URL: at, SHA256: sha("other")},
		"size":   {URL: at, SHA256: sha(string(data)), Size: 7},
		"name":   {URL: "https://wheels.example/a/other-1.0-py3-none-any.whl", SHA256: sha(string(data))},
	} {
		s.files[bad.URL] = string(data)
		if _, _, err := w.Wheel(t.Context(), bad); fault.ClassOf(err) != fault.Verification {
			t.Errorf("%s: %s error %v", name, fault.ClassOf(err), err)
		}
	}
}
