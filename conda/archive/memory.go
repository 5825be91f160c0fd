package archive

import (
	"context"
	"sync"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
)

// Memory bounds what all packages that were opened with it hold while they are
// decompressed, and keeps small decoders for the next package.
//
// A zstd frame says how far it looks back, and a decoder holds that much: 8 MiB
// at the levels that are common, 128 MiB at zstd's highest ones. A frame that
// needs more than the bound is decompressed alone. The pass that a hard link to
// an earlier file may take is not counted.
type Memory struct {
	bytes int64
	held  *semaphore.Weighted

	mu   sync.Mutex
	idle []*decoder
}

// NewMemory returns a bound of so many bytes.
func NewMemory(bytes int64) *Memory {
	return &Memory{bytes: bytes, held: semaphore.NewWeighted(bytes)}
}

// decoder is a zstd decoder with the largest window that it accepts.
type decoder struct {
	*zstd.Decoder
	limit int64
}

const (
	// bzip2Memory is what a decoder of bzip2 holds: four bytes for each of a
	// block's 900,000, and its tables.
	bzip2Memory = 4 << 20
	// decoderMemory is what a decoder of zstd holds besides the window.
	decoderMemory = 1 << 20
	// keptWindow is the largest window of a decoder that is kept.
	keptWindow = 8 << 20
)

// hold waits until a stream may take so many bytes and returns how to give them
// back. A nil Memory has no bound.
func (m *Memory) hold(ctx context.Context, bytes int64) (release func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	bytes = min(bytes, m.bytes)
	if err := m.held.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	if bytes > keptWindow+decoderMemory {
		m.drop()
	}
	return func() { m.held.Release(bytes) }, nil
}

// decoder returns a decoder of windows up to a limit.
func (m *Memory) decoder(limit int64) (*decoder, error) {
	if d := m.take(limit); d != nil {
		return d, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxWindow(uint64(limit)),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1))
	return &decoder{d, limit}, err
}

func (m *Memory) take(limit int64) *decoder {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.idle) - 1
	if n < 0 || m.idle[n].limit != limit {
		return nil
	}
	d := m.idle[n]
	m.idle = m.idle[:n]
	return d
}

// drop ends the decoders that were kept.
func (m *Memory) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.idle {
		d.Close()
	}
	m.idle = nil
}

// put keeps a decoder whose frame had a window of so many bytes, or ends it.
func (m *Memory) put(d *decoder, window int64) {
	if m == nil || window > keptWindow || d.Reset(nil) != nil {
		d.Close()
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if int64(len(m.idle)+1)*keptWindow > m.bytes {
		d.Close()
		return
	}
	m.idle = append(m.idle, d)
}
