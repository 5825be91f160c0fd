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

// Pool compresses chunks of any number of Writers on a fixed number of
// workers, and so bounds the memory of all of them together. The bytes do not
// depend on the number of workers.
type Pool struct {
	tokens chan struct{} // one per chunk in memory
	work   chan struct{} // one per compressor at work
	chunks sync.Pool     // []byte of ChunkSize
	gzips  sync.Pool
	zstds  sync.Pool
}

// NewPool returns a Pool that compresses on workers goroutines at a time;
// 0 means GOMAXPROCS.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &Pool{
		tokens: make(chan struct{}, 3*workers+1),
		work:   make(chan struct{}, workers),
	}
}

// chunk waits until a chunk may be filled and returns it empty.
func (p *Pool) chunk() []byte {
	p.tokens <- struct{}{}
	if b, ok := p.chunks.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, ChunkSize)
}

// release gives a chunk back.
func (p *Pool) release(b []byte) {
	p.chunks.Put(&b)
	<-p.tokens
}

// member returns data as one gzip member or zstd frame. It is the only place
// where layer bytes are compressed.
func (p *Pool) member(c Compression, data []byte) ([]byte, error) {
	p.work <- struct{}{}
	defer func() { <-p.work }()
	var out bytes.Buffer
	out.Grow(len(data)/2 + 64)
	var err error
	if c == Zstd {
		err = p.zstd(&out, data)
	} else {
		err = p.gzip(&out, data)
	}
	return out.Bytes(), err
}

func (p *Pool) gzip(out *bytes.Buffer, data []byte) error {
	z, ok := p.gzips.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(out, gzipLevel); err != nil {
			return err
		}
	}
	defer p.gzips.Put(z)
	z.Reset(out)
	if _, err := z.Write(data); err != nil {
		return err
	}
	return z.Close()
}

// zstd uses the streaming writer: what EncodeAll makes of the same bytes
// differs (design.md §6).
func (p *Pool) zstd(out *bytes.Buffer, data []byte) error {
	z, ok := p.zstds.Get().(*zstd.Encoder)
	if !ok {
		var err error
		z, err = zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
	}
	defer p.zstds.Put(z)
	z.Reset(out)
	if _, err := z.Write(data); err != nil {
		return err
	}
	return z.Close()
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
		b, err := p.member(c, probeText())
		if err != nil {
			return fmt.Errorf("compressor: %w", err)
		}
		if got := digest(b); got != want {
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
