package tree

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Options are the options of a Writer. The zero value works.
type Options struct {
	Compression Compression
	Tar         io.Writer // receives the uncompressed tar stream; may be nil
	Pool        *Pool     // compressors shared with other Writers; nil means its own
}

// Writer writes one fragment: the tar entries of files and symlinks,
// compressed as whole members. It refuses paths that CheckPath refuses, a path
// twice, and a path below a file or a symlink of the same fragment. After an
// error every method returns that error.
type Writer struct {
	dst   io.Writer
	o     Options
	slot  *slot // tar bytes not yet in a member, or nil
	queue chan chan result
	done  chan error // the first error of the goroutine that writes members
	names names
	raw   *bufio.Reader // of the deflate stream being read
	flate io.Reader
	err   error
}

// result is a finished member.
type result struct {
	slot *slot
	err  error
}

// NewWriter returns a Writer of a fragment into dst. The caller must Close it,
// also after an error. A nil dst is for who wants the tar stream of Options
// alone: nothing is compressed.
func NewWriter(dst io.Writer, o Options) *Writer {
	if o.Pool == nil {
		o.Pool = NewPool(0)
	}
	w := &Writer{dst: dst, o: o, names: names{}}
	w.start()
	return w
}

// Add writes a file with exactly h.Size bytes of content, or a symlink without
// content. Directories belong to the head of a layer and are refused.
func (w *Writer) Add(h Header, content io.Reader) error {
	if err := w.header(h); err != nil {
		return err
	}
	if h.Kind == Symlink {
		return nil
	}
	n, err := w.copy(content, h.Size)
	if err != nil {
		return w.fail(err)
	}
	if n < h.Size {
		return w.fail(NewError(h.Path, "content ends after %d of %d bytes", n, h.Size))
	}
	var extra [1]byte
	if n, _ := content.Read(extra[:]); n > 0 {
		return w.fail(NewError(h.Path, "content is longer than its %d bytes", h.Size))
	}
	return w.tar(zeros[:padding(h.Size)])
}

// AddDeflated writes a file from its raw deflate stream (RFC 1951), rawSize
// bytes long, which becomes a gzip member of its own without being compressed
// anew. crc is the CRC-32 of the file's bytes; a stream that does not make
// h.Size bytes with this CRC is an error. In a zstd fragment the file is
// compressed as any other.
func (w *Writer) AddDeflated(h Header, raw io.Reader, rawSize int64, crc uint32) error {
	if h.Kind != File || w.o.Compression == Zstd || h.Size == 0 || w.dst == nil {
		return w.Add(h, flate.NewReader(raw))
	}
	if err := w.header(h); err != nil {
		return err
	}
	w.cut()
	if err := w.drain(); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	out := io.Writer(sum)
	if w.o.Tar != nil {
		out = io.MultiWriter(sum, w.o.Tar)
	}
	if _, err := w.dst.Write(gzipHeader[:]); err != nil {
		return w.fail(err)
	}
	n, left, err := w.inflate(out, io.TeeReader(io.LimitReader(raw, rawSize), w.dst), h.Size+1)
	if err != nil {
		return w.fail(NewError(h.Path, "deflate stream: %w", err))
	}
	if n != h.Size || left != 0 || sum.Sum32() != crc {
		return w.fail(NewError(h.Path, "deflate stream makes %d bytes with CRC-32 %08x and leaves %d unread, want %d bytes with %08x",
			n, sum.Sum32(), left, h.Size, crc))
	}
	trailer := binary.LittleEndian.AppendUint32(nil, crc)
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(h.Size))
	if _, err := w.dst.Write(trailer); err != nil {
		return w.fail(err)
	}
	return w.tar(zeros[:padding(h.Size)])
}

// inflate copies at most limit bytes of a deflate stream to out. It returns
// their number and how many bytes of the stream are left behind its end.
func (w *Writer) inflate(out io.Writer, raw io.Reader, limit int64) (n, left int64, err error) {
	if w.raw == nil {
		w.raw = bufio.NewReaderSize(nil, 64<<10)
		w.flate = flate.NewReader(w.raw)
	}
	w.raw.Reset(raw)
	if err := w.flate.(flate.Resetter).Reset(w.raw, nil); err != nil {
		return 0, 0, err
	}
	if n, err = io.Copy(out, io.LimitReader(w.flate, limit)); err != nil {
		return n, 0, err
	}
	left, err = io.Copy(io.Discard, w.raw)
	return n, left, err
}

// Close writes what is left and waits until all members are written.
func (w *Writer) Close() error {
	if w.queue == nil {
		return w.err
	}
	w.cut()
	close(w.queue)
	w.queue = nil
	if err := <-w.done; w.err == nil {
		w.err = err
	}
	if w.slot != nil && w.dst != nil {
		w.o.Pool.slots.put(w.slot)
		w.slot = nil
	}
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("tree: writer is closed")
	return nil
}

// header checks an entry and writes its header blocks.
func (w *Writer) header(h Header) error {
	if w.err != nil {
		return w.err
	}
	if err := check(h); err != nil {
		return w.fail(err)
	}
	if err := w.names.add(h); err != nil {
		return w.fail(err)
	}
	return w.tar(appendHeader(nil, h))
}

func check(h Header) error {
	if err := CheckPath(h.Path); err != nil {
		return err
	}
	switch {
	case h.Kind == Dir:
		return NewError(h.Path, "a directory does not belong in a fragment")
	case h.Kind == Symlink && (h.Target == "" || strings.Contains(h.Target, "\x00")):
		return NewError(h.Path, "symlink target %q is empty or holds NUL", h.Target)
	case h.Kind == Symlink && h.Size != 0, h.Size < 0:
		return NewError(h.Path, "size %d is not possible", h.Size)
	}
	return nil
}

// copy appends at most size bytes of content to the tar stream. They are read to
// where they are compressed from.
func (w *Writer) copy(content io.Reader, size int64) (n int64, err error) {
	for n < size && err == nil && w.err == nil {
		free := w.free()
		var m int
		m, err = content.Read(free[:min(int64(len(free)), size-n)])
		n += int64(m)
		w.took(m)
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = w.err
	}
	return n, err
}

// tar appends to the tar stream.
func (w *Writer) tar(b []byte) error {
	for len(b) > 0 && w.err == nil {
		n := copy(w.free(), b)
		b = b[n:]
		w.took(n)
	}
	return w.err
}

// free returns where the next bytes of the tar stream belong.
func (w *Writer) free() []byte {
	switch {
	case w.slot != nil:
	case w.dst == nil:
		w.slot = &slot{chunk: make([]byte, 0, 64<<10)} // nothing is kept in it
	default:
		w.slot = w.o.Pool.slot()
	}
	return w.slot.chunk[len(w.slot.chunk):cap(w.slot.chunk)]
}

// took appends the first n bytes of free to the tar stream.
func (w *Writer) took(n int) {
	at := len(w.slot.chunk)
	w.slot.chunk = w.slot.chunk[:at+n]
	if w.o.Tar != nil && n > 0 {
		if _, err := w.o.Tar.Write(w.slot.chunk[at:]); err != nil {
			_ = w.fail(err)
			return
		}
	}
	switch {
	case w.dst == nil:
		w.slot.chunk = w.slot.chunk[:0]
	case at+n == ChunkSize:
		w.cut()
	}
}

// cut makes a member of the chunk.
func (w *Writer) cut() {
	if w.slot == nil || len(w.slot.chunk) == 0 || w.err != nil {
		return
	}
	slot := w.slot
	w.slot = nil
	ready := make(chan result, 1)
	go func() { ready <- result{slot, w.o.Pool.member(w.o.Compression, &slot.member, slot.chunk)} }()
	w.queue <- ready
}

// start begins to write members, in the order they are cut.
func (w *Writer) start() {
	queue, done := make(chan chan result, maxSlots), make(chan error, 1)
	w.queue, w.done = queue, done
	slots := w.o.Pool.slots
	go func() {
		var first error
		for ready := range queue {
			r := <-ready
			if first == nil {
				first = r.err
			}
			if first == nil {
				_, first = w.dst.Write(r.slot.member.Bytes())
			}
			slots.put(r.slot)
		}
		done <- first
	}()
}

// drain waits until all members cut so far are written.
func (w *Writer) drain() error {
	if w.err != nil {
		return w.err
	}
	close(w.queue)
	if err := <-w.done; err != nil {
		w.queue = nil
		return w.fail(err)
	}
	w.start()
	return nil
}

func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return w.err
}

// gzipHeader begins a member of deflate bytes that others made: no name, no
// time, unknown operating system (RFC 1952 §2.3).
var gzipHeader = [10]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

var zeros [blockSize]byte

// digest returns "sha256:<hex>".
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
