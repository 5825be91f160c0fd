package archive

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
)

// compress returns a frame that does not say how much there is in it.
func compress(t *testing.T, content []byte, window int, checksum bool) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithWindowSize(window), zstd.WithEncoderCRC(checksum), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for len(content) > 0 { // more than once, so that the size is not known before
		n := min(len(content), 100_000)
		if _, err := z.Write(content[:n]); err != nil {
			t.Fatal(err)
		}
		content = content[n:]
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decompressed reads a frame as a part of a package is read.
func decompressed(t *testing.T, data []byte) ([]byte, frame, error) {
	t.Helper()
	m := zipMember{offset: 3, size: int64(len(data)), crc: crc32.ChecksumIEEE(data)}
	r := bytes.NewReader(append([]byte("zip"), data...))
	f := inspect(r, m)
	c, err := zstdPart(r, m, f, Limits{Window: 128 << 20, Memory: NewMemory(1 << 20)})(func(r io.Reader) io.Reader { return r })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	content, err := io.ReadAll(c)
	return content, f, err
}

// far returns bytes that a frame of theirs looks back for as far as it can: both
// ends are the same noise.
func far(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b[:min(n, 200_000)])
	copy(b[max(n-200_000, 0):], b)
	return b
}

func TestInspect(t *testing.T) {
	for _, size := range []int{1, maxBlock - 1, maxBlock, maxBlock + 1, 256 << 10, 1 << 20, 9 << 20, 15<<20 + 1} {
		content := far(size)
		for _, window := range []int{1 << 20, 8 << 20, 16 << 20, 128 << 20} {
			data := compress(t, content, window, size%2 == 0)
			got, f, err := decompressed(t, data)
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%d bytes in a window of %d: %d bytes, %v", size, window, len(got), err)
			}
			if window > saneWindow && f.window > max(256<<10, int64(size)*5/4+2*maxBlock) {
				t.Errorf("%d bytes in a window of %d take %d", size, window, f.window)
			}
			if f.window > int64(window) {
				t.Errorf("a window of %d became one of %d", window, f.window)
			}
		}
	}
}

// TestInspectLeaves: what is not one whole frame keeps its window.
func TestInspectLeaves(t *testing.T) {
	const window = 128 << 20
	one := compress(t, far(300_000), window, true)
	skippable := append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0}, 'x')
	for _, c := range []struct {
		name   string
		data   []byte
		window int64
		ok     bool
	}{
		{"two frames", append(one[:len(one):len(one)], one...), window, true},
		{"a frame, then bytes to skip", append(one[:len(one):len(one)], skippable...), window, true},
		{"bytes to skip, then a frame", append(skippable, one...), saneWindow, true},
		{"truncated", one[:len(one)-500], window, false},
		{"a header", one[:7], window, false},
		{"no frame", []byte("no frame"), saneWindow, false},
		{"nothing", nil, saneWindow, true},
	} {
		got, f, err := decompressed(t, c.data)
		if f.window != c.window || f.descriptor != 0 {
			t.Errorf("%s: %+v, want a window of %d", c.name, f, c.window)
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

// TestMemory walks more packages at a time than the bound has room for, and one
// that needs all of it.
func TestMemory(t *testing.T) {
	memory := NewMemory(2 * (keptWindow + decoderMemory))
	load := func(window int) *Package {
		payload := archivetest.Tar(archivetest.File("a", string(far(window))))
		info := archivetest.Tar(archivetest.Package{Name: "p"}.InfoEntries()...)
		members := archivetest.CondaMembers("p-1-0", info, nil)
		members[1].Data = compress(t, payload, window, true)
		data := archivetest.Zip(members...)
		p, err := Open(bytes.NewReader(data), int64(len(data)), "p-1-0.conda", Limits{Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	small, large := load(keptWindow), load(2*keptWindow)
	var held atomic.Int64
	walk := func(p *Package, weight int64) {
		err := p.Walk(context.Background(), func(m Member) error {
			defer held.Add(-weight)
			if n := held.Add(weight); n > 2 {
				t.Errorf("%d of 2 are held", n)
			}
			_, err := io.Copy(io.Discard, m.Content)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { walk(small, 1) })
	}
	for range 2 {
		wg.Go(func() { walk(large, 2) })
	}
	wg.Wait()
	if n := len(memory.idle); n > 2 {
		t.Errorf("%d decoders are kept", n)
	}

	ctx, cancel := context.WithCancel(context.Background())
	err := large.Walk(context.Background(), func(Member) error {
		cancel()
		return small.Walk(ctx, func(Member) error { return errors.New("visited") })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for memory ends with %v, want %v", err, context.Canceled)
	}
}
