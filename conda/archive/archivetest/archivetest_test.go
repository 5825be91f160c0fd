package archivetest_test

import (
	"bytes"
	"compress/bzip2"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

func TestBzip2(t *testing.T) {
	random := make([]byte, 300_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	for name, data := range map[string][]byte{
		"nothing":    nil,
		"one byte":   {0},
		"equal":      []byte("aaaa"),
		"run of 259": bytes.Repeat([]byte{7}, 259),
		"run of 260": bytes.Repeat([]byte{7}, 260),
		"periodic":   []byte(strings.Repeat("abab", 1000)),
		"zeros":      make([]byte, 3<<20),
		"text":       []byte(strings.Repeat("the gopher snake is what its name says\n", 500)),
		"random":     random,
	} {
		t.Run(name, func(t *testing.T) {
			packed := archivetest.Bzip2(data)
			got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(packed)))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, data) {
				t.Errorf("got %d other bytes, want %d", len(got), len(data))
			}
			if name == "zeros" && len(packed) > 10_000 {
				t.Errorf("zeros take %d bytes", len(packed))
			}
		})
	}
}
