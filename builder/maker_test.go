package builder

import (
	"errors"
	"testing"

	"github.com/gophersnake/gophersnake/layers"
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
