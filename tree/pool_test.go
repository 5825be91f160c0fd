package tree

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestPoolBounds writes more fragments at a time than a pool for many
// processors has slots: all come to an end, with the bytes that one worker
// makes, and no more slots and engines were made than the pool may have.
func TestPoolBounds(t *testing.T) {
	content := make([]byte, 2*ChunkSize+1000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content[:len(content)/2])
	write := func(p *Pool, c Compression) []byte {
		var out bytes.Buffer
		w := NewWriter(&out, Options{Pool: p, Compression: c})
		err := w.Add(Header{Path: "a", Size: int64(len(content))}, bytes.NewReader(content))
		if err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		return out.Bytes()
	}
	for _, c := range []Compression{Gzip, Zstd} {
		want := write(NewPool(1), c)
		pool := NewPool(64)
		var wg sync.WaitGroup
		for range 2 * maxSlots {
			wg.Go(func() {
				if got := write(pool, c); !bytes.Equal(got, want) {
					t.Errorf("%s: the bytes depend on the pool", c)
				}
			})
		}
		wg.Wait()
		most := map[Compression]int{Gzip: maxSlots, Zstd: maxZstdEngines}[c]
		if n := len(*pool.engines[c].free); n > most {
			t.Errorf("%s: %d engines, want at most %d", c, n, most)
		}
		if n := len(*pool.slots.free); n > maxSlots {
			t.Errorf("%s: %d slots, want at most %d", c, n, maxSlots)
		}
	}
}

// TestPoolAfterErrors: slots come back from writers that failed.
func TestPoolAfterErrors(t *testing.T) {
	pool := NewPool(1)
	for range 3 * maxSlots {
		for _, dst := range []io.Writer{fullDisk{}, io.Discard, nil} {
			w := NewWriter(dst, Options{Pool: pool})
			_ = w.Add(Header{Path: "a", Size: ChunkSize + 7}, bytes.NewReader(make([]byte, ChunkSize+3)))
			if err := w.Close(); err == nil {
				t.Error("no error of a content that is too short")
			}
		}
	}
}
