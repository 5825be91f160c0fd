package tree

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression is how a layer's tar stream is compressed.
type Compression uint8

// The compressions of layer format 1.
const (
	Gzip Compression = iota // gzip members, level 5
	Zstd                    // zstd frames, default level
)

// ParseCompression reads "gzip" or "zstd"; "" is Gzip.
func ParseCompression(s string) (Compression, error) {
	switch s {
	case "", "gzip":
		return Gzip, nil
	case "zstd":
		return Zstd, nil
	}
	return 0, NewError("", "compression %q is not gzip or zstd", s).WithClass("usage")
}

// String returns "gzip" or "zstd".
func (c Compression) String() string {
	if c == Zstd {
		return "zstd"
	}
	return "gzip"
}

// ChunkSize is the number of tar bytes in one member of a fragment; the last
// one holds the rest.
const ChunkSize = 2 << 20

const gzipLevel = 5

// maxSlots bounds the memory of a Pool where there are many processors: a slot
// takes up to 4 MiB, an engine 1 MiB (10 MiB for zstd).
const (
	maxSlots       = 12
	maxZstdEngines = 4
)

// Pool compresses chunks of any number of Writers, and bounds the memory of all
// of them together: besides workers, who work at most at a time, there are so
// many slots for chunks and what becomes of them, and no more. The bytes do not
// depend on either.
type Pool struct {
	slots   shelf[*slot]
	engines [Zstd + 1]shelf[*engine] // by Compression
}

// slot is a chunk on its way into a layer.
type slot struct {
	chunk  []byte       // tar bytes
	member bytes.Buffer // the chunk, compressed
}

// engine is a compressor at work; one of the two is nil.
type engine struct {
	gzip *gzip.Writer
	zstd *zstd.Encoder
}

// NewPool returns a Pool that compresses on workers goroutines at a time, or on
// as many as its memory allows; 0 means GOMAXPROCS.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Pool{
		slots: newShelf[*slot](min(3*workers+1, maxSlots)),
		engines: [...]shelf[*engine]{
			Gzip: newShelf[*engine](min(workers, maxSlots)),
			Zstd: newShelf[*engine](min(workers, maxZstdEngines)),
		},
	}
}

// slot waits until a chunk may be filled and returns it empty.
func (p *Pool) slot() *slot {
	s, ok := p.slots.take()
	if !ok {
		s = &slot{chunk: make([]byte, 0, ChunkSize)}
	}
	s.chunk = s.chunk[:0]
	s.member.Reset()
	return s
}

// member writes data as one gzip member or zstd frame. It is the only place
// where layer bytes are compressed.
func (p *Pool) member(c Compression, out *bytes.Buffer, data []byte) (err error) {
	e, ok := p.engines[c].take()
	if !ok {
		e = &engine{}
	}
	defer func() { p.engines[c].put(e) }()
	if c == Zstd {
		return e.writeZstd(out, data)
	}
	return e.writeGzip(out, data)
}

func (e *engine) writeGzip(out *bytes.Buffer, data []byte) (err error) {
	if e.gzip == nil {
		if e.gzip, err = gzip.NewWriterLevel(out, gzipLevel); err != nil {
			return err
		}
	}
	e.gzip.Reset(out)
	if _, err := e.gzip.Write(data); err != nil {
		return err
	}
	return e.gzip.Close()
}

// writeZstd uses the streaming writer: what EncodeAll makes of the same bytes
// differs (design.md §6). How much memory the encoder takes does not matter to
// them, since a chunk is smaller than its window.
func (e *engine) writeZstd(out *bytes.Buffer, data []byte) (err error) {
	if e.zstd == nil {
		e.zstd, err = zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return err
		}
	}
	e.zstd.Reset(out)
	if _, err := e.zstd.Write(data); err != nil {
		return err
	}
	return e.zstd.Close()
}

// shelf lends a limited number of things, those that were used last first: what
// is not needed is never made.
type shelf[T any] struct {
	lent chan struct{}
	mu   *sync.Mutex
	free *[]T
}

func newShelf[T any](n int) shelf[T] {
	return shelf[T]{make(chan struct{}, n), new(sync.Mutex), new([]T)}
}

// take waits until one more may be lent. Without ok the caller makes it.
func (s shelf[T]) take() (v T, ok bool) {
	s.lent <- struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(*s.free); n > 0 {
		v, ok = (*s.free)[n-1], true
		*s.free = (*s.free)[:n-1]
	}
	return v, ok
}

// put gives back what take lent.
func (s shelf[T]) put(v T) {
	s.mu.Lock()
	*s.free = append(*s.free, v)
	s.mu.Unlock()
	<-s.lent
}

// probeDigests are the digests of the probe's bytes as layer format 1 has them.
const (
	probeGzip = "sha256:b747461edcbd8f464e897d6575330a5caa8116f67b261e082f12750826cfe9e6"
	probeZstd = "sha256:c3571b5dd3ea898e4aa860c971c37187d184a57ef219e68811d5c55a014717c4"
)

// Probe compresses a few kB and compares the result with what layer format 1
// makes of them. An error means that this program was built with another
// compressor, whose layers would have other digests (design.md §6).
func Probe() error {
	p := NewPool(1)
	for c, want := range [...]string{Gzip: probeGzip, Zstd: probeZstd} {
		c := Compression(c)
		var b bytes.Buffer
		if err := p.member(c, &b, probeText()); err != nil {
			return fmt.Errorf("compressor: %w", err)
		}
		if got := digest(b.Bytes()); got != want {
			return NewError("compressor", "this program was built with another %s compressor than layer-format 1 is made with (probe %s, want %s)", c, got, want).
				WithHint("build gophersnake with the klauspost/compress version that its go.mod names")
		}
	}
	return nil
}

// probeText is 12 kB that take every path of the compressor: runs, repeats
// near and far, text, and bytes without order.
func probeText() []byte {
	b := make([]byte, 0, 12<<10)
	x := uint32(1)
	for len(b) < 12<<10 {
		x = x*1664525 + 1013904223
		switch {
		case x>>30 == 0 && len(b) > 600:
			b = append(b, b[len(b)-600:len(b)-600+int(x>>24&63)]...)
		case x>>30 == 1:
			b = append(b, bytes.Repeat([]byte{byte(x >> 16)}, int(x>>20&31))...)
		case x>>30 == 2:
			b = fmt.Appendf(b, "line %d of lib/python3.11/site-packages\n", x>>16)
		default:
			b = append(b, byte(x>>24), byte(x>>16), byte(x>>8))
		}
	}
	return b[:12<<10]
}
