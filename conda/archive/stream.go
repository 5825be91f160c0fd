package archive

import (
	"bufio"
	"compress/bzip2"
	"context"
	"errors"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/tree/zipfile"
)

// sourceFunc wraps the compressed bytes of a part before they are read.
type sourceFunc func(io.Reader) io.Reader

// bzip2Part returns how to decompress a whole file. It is the one place to put
// a parallel decoder in.
func bzip2Part(r io.ReaderAt, size int64) func(sourceFunc) (io.ReadCloser, error) {
	return func(src sourceFunc) (io.ReadCloser, error) {
		in := bufio.NewReaderSize(src(io.NewSectionReader(r, 0, size)), 64<<10)
		return io.NopCloser(bzip2.NewReader(in)), nil
	}
}

// zstdPart returns how to decompress a zip member and check it against its
// CRC-32, with the decoders of a Memory.
func zstdPart(r io.ReaderAt, m zipMember, f frame, l Limits) func(sourceFunc) (io.ReadCloser, error) {
	return func(src sourceFunc) (io.ReadCloser, error) {
		in := io.Reader(&crcReader{r: src(io.NewSectionReader(r, m.offset, m.size)), sum: crc32.NewIEEE(), want: m.crc, left: m.size})
		if f.descriptor != 0 {
			in = &narrowed{Reader: in, descriptor: f.descriptor}
		}
		d, err := l.Memory.decoder(l.Window)
		if err != nil {
			return nil, err
		}
		if err := d.Reset(in); err != nil {
			d.Close()
			return nil, err
		}
		return &zstdReader{d, f.window, l.Memory}, nil
	}
}

// zstdReader gives its decoder back when it is closed.
type zstdReader struct {
	*decoder
	window int64
	memory *Memory
}

// Close implements io.Closer.
func (z *zstdReader) Close() error {
	if z.decoder != nil {
		z.memory.put(z.decoder, z.window)
		z.decoder = nil
	}
	return nil
}

var errChecksum = errors.New("the zip member's CRC-32 differs")

// crcReader fails at the end of a zip member whose CRC-32 is not the promised.
type crcReader struct {
	r    io.Reader
	sum  hash.Hash32
	want uint32
	left int64
}

func (c *crcReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.sum.Write(b[:n])
	c.left -= int64(n)
	switch {
	case err == io.EOF && c.left > 0:
		return n, io.ErrUnexpectedEOF
	case err == io.EOF && c.sum.Sum32() != c.want:
		return n, errChecksum
	}
	return n, err
}

// budget is what may still be unpacked.
type budget struct {
	left  int64
	limit int64
}

// newBudget returns what a package of size packed bytes may unpack to.
func newBudget(l Limits, packed int64) *budget {
	limit := l.Unpacked
	if packed < limit/l.Ratio {
		limit = min(limit, max(packed*l.Ratio, l.RatioFrom))
	}
	return &budget{left: limit, limit: limit}
}

func (b *budget) take(n int64) bool {
	b.left -= n
	return b.left >= 0
}

// stream is the tar stream of one part: it counts, and stops at the budget or
// when the context ends.
type stream struct {
	part    *part
	r       io.ReadCloser
	budget  *budget
	offset  int64
	stopped func() error // the context's Err
}

func (p *part) stream(ctx context.Context, b *budget) (*stream, error) {
	r, err := p.open(func(r io.Reader) io.Reader { return &sourceReader{r: r, place: p.place} })
	if err != nil {
		return nil, p.readError(err)
	}
	return &stream{part: p, r: r, budget: b, stopped: ctx.Err}, nil
}

func (s *stream) Read(b []byte) (int, error) {
	if err := s.stopped(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(b)
	s.offset += int64(n)
	if !s.budget.take(int64(n)) {
		return 0, s.part.tooLarge(s.budget)
	}
	return n, err
}

func (s *stream) Close() error { return s.r.Close() }

// finish reads what follows the end of the tar archive, which must be zeros.
func (s *stream) finish() error {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return tree.NewError(s.part.place, "has bytes after the end of its tar archive")
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return s.part.readError(err)
		}
	}
}

func (p *part) tooLarge(b *budget) error {
	return tree.NewError(p.place, "unpacks to more than %d bytes", b.limit).
		WithHint("a package that large is more likely a decompression bomb than software")
}

// readError says in the package's terms what is wrong with a stream.
func (p *part) readError(err error) error {
	var classed interface{ Class() string }
	switch {
	case errors.As(err, &classed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return tree.NewError(p.place, "is truncated")
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrWindowSizeTooSmall),
		errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tree.NewError(p.place, "needs more memory to decompress than is allowed: %w", err)
	}
	return tree.NewError(p.place, "is damaged: %w", err)
}

// sourceReader marks errors of the file below as such, so that a broken disk
// is not taken for a broken package.
type sourceReader struct {
	r     io.Reader
	place string
}

func (s *sourceReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		err = zipfile.DiskError(s.place, err)
	}
	return n, err
}
