package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gophersnake/gophersnake/internal/channeltest"
)

// TestBrokenIndex: any bit of the index of a channel's records that the store
// keeps may be wrong. It is made anew, and the same lock comes out.
func TestBrokenIndex(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.channel("chan", channeltest.Options{}, simple("app", "1.0", "app"))
	server := httptest.NewServer(http.FileServer(http.Dir(s.dir)))
	defer server.Close()
	s.write("gophersnake.toml", imageTable+"[conda]\nchannels = [\""+server.URL+"/chan\"]\ndependencies = [\"app\"]\n")
	s.ok("-q", "lock")
	want := s.read(lockName)
	packs, err := filepath.Glob(s.at(".cache/gophersnake/store/dirs/*/tree/pack"))
	s.check(err)
	if len(packs) != 1 {
		t.Fatalf("packs %q", packs)
	}
	right, err := os.ReadFile(packs[0])
	s.check(err)
	for _, at := range []int{0, 60, len(right) - 1} { // the magic, the index, a chunk
		wrong := bytes.Clone(right)
		wrong[at] ^= 1
		s.check(os.WriteFile(packs[0], wrong, 0o600))
		s.check(os.Remove(s.at(lockName)))
		s.ok("-q", "lock")
		if got := s.read(lockName); got != want {
			t.Errorf("byte %d: another lock:\n%s", at, got)
		}
		if got, err := os.ReadFile(packs[0]); err != nil || !bytes.Equal(got, right) {
			t.Errorf("byte %d: the index was not made anew: %v", at, err)
		}
	}
}
