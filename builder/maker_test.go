package builder

import (
	"errors"
	"testing"

	"github.com/gophersnake/gophersnake/internal/store"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/lock"
)

// TestProbed checks that nothing is joined by a compressor that layer format 1
// is not made with.
func TestProbed(t *testing.T) {
	other := errors.New("another compressor")
	m := &maker{probe: func() error { return other }}
	if _, err := m.join(t.Context(), &layers.Content{}); !errors.Is(err, other) {
		t.Errorf("error %v, want %v", err, other)
	}
}

// TestLikelyOnce checks that a record is written where it changes: writing takes
// time, and most layers of an environment that changed are as they were.
func TestLikelyOnce(t *testing.T) {
	renamed := 0
	s, err := store.OpenHook(t.TempDir(), func(op, _ string) error {
		if op == "rename" {
			renamed++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, l := &maker{store: s}, layers.Layer{Likely: "packages"}
	for i, row := range []lock.Layer{{Key: "packages", Size: 1}, {Key: "packages", Size: 1}, {Key: "packages", Size: 2}} {
		before := renamed
		if err := m.likely(t.Context(), l, row); err != nil {
			t.Fatal(err)
		}
		if wrote := renamed > before; wrote != (i != 1) {
			t.Errorf("row %d was written: %v", i, wrote)
		}
	}
}
