package link

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// windowSize is how much of a file is looked at at once.
const windowSize = 256 << 10

// buffers is the memory of relocators that are used one after another. Its zero
// value works.
type buffers struct {
	size    int // of the window; 0 means windowSize
	window  []byte
	results []byte
	text    *bufio.Reader // of relocateText
}

// windows returns memory for a window and for what becomes of it, where no more
// than longest bytes have to be seen at once.
func (b *buffers) windows(longest int) (window, results []byte) {
	size := b.size
	if size == 0 {
		size = windowSize
	}
	if size = max(size, longest+1); len(b.window) < size {
		b.window, b.results = make([]byte, size), make([]byte, 0, size)
	}
	return b.window[:size], b.results[:0]
}

// relocator reads a file with its placeholder replaced by the prefix. It holds
// one window of the file, never the whole.
//
// The placeholder is found in UTF-8, UTF-16 and UTF-32 of both byte orders. In
// text mode occurrences are replaced from left to right. In C string mode the
// rest of the string moves up to its new beginning and the gap before the
// terminator, a zero code unit of the string's encoding, is filled with zeros:
// the file keeps its size. A string without a terminator is padded at the end
// of the file.
type relocator struct {
	src     io.Reader
	pairs   []pair
	cstring bool

	memory *buffers
	buffer []byte
	window []byte // part of buffer: source bytes that are not processed
	offset int64  // of window[0] in the source
	eof    bool
	out    []byte // processed bytes that are not yet read
	zeros  int64  // padding to be read after out

	inside    *pair // encoding of the C string being shortened, or nil
	alignment int64 // offset of its code units, modulo their size
	gap       int64 // bytes it has become shorter by

	replaced int64 // occurrences so far
}

// pair is a placeholder and a prefix in one encoding.
type pair struct {
	from, to []byte
	unit     int // bytes of a code unit

	key  []byte // what is searched for: a part of from, see newPair
	skip int    // bytes of from before key
	nul  bool   // from has a zero byte
}

// newPair chooses the key: short enough for the search that processors have an
// instruction for, and without the zeros that big-endian text begins with, which
// programs are full of.
func newPair(from, to []byte, unit int) pair {
	p := pair{from: from, to: to, unit: unit, nul: bytes.IndexByte(from, 0) >= 0}
	for p.skip < unit-1 && from[p.skip] == 0 {
		p.skip++
	}
	p.key = from[p.skip:min(len(from), p.skip+24)]
	return p
}

// newRelocator returns a relocator, which is done with b when it has been read.
func newRelocator(src io.Reader, r replacement, cstring bool, b *buffers) *relocator {
	return &relocator{src: src, pairs: encodings(r.placeholder, r.prefix), cstring: cstring, memory: b}
}

// replacement is what is to be replaced by what.
type replacement struct{ placeholder, prefix string }

// encodings returns the pair in UTF-8, UTF-16-LE, -BE, UTF-32-LE and -BE. An
// empty placeholder has none.
func encodings(placeholder, prefix string) []pair {
	if placeholder == "" {
		return nil
	}
	pairs := []pair{newPair([]byte(placeholder), []byte(prefix), 1)}
	for _, unit := range []int{2, 4} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			pairs = append(pairs, newPair(encode(placeholder, unit, order), encode(prefix, unit, order), unit))
		}
	}
	return pairs
}

// Read implements io.Reader.
func (r *relocator) Read(p []byte) (int, error) {
	for {
		switch {
		case len(p) == 0:
			return 0, nil
		case len(r.out) > 0:
			n := copy(p, r.out)
			r.out = r.out[n:]
			return n, nil
		case r.zeros > 0:
			n := int(min(r.zeros, int64(len(p))))
			clear(p[:n])
			r.zeros -= int64(n)
			return n, nil
		case r.eof && len(r.window) == 0:
			return 0, io.EOF
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
		r.process()
	}
}

// fill reads until the window is full or the source ends.
func (r *relocator) fill() error {
	if r.buffer == nil {
		r.buffer, r.memory.results = r.memory.windows(r.longest())
	}
	if r.eof || len(r.window) >= len(r.buffer) {
		return nil
	}
	n := copy(r.buffer, r.window)
	m, err := io.ReadFull(r.src, r.buffer[n:])
	r.window = r.buffer[:n+m]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.eof = true
		return nil
	}
	return err
}

// process moves the window's bytes to out, until that is full, up to the end of a
// C string, or as far as what begins in the window also ends in it.
func (r *relocator) process() {
	safe := len(r.window)
	if !r.eof {
		safe -= r.longest()
	}
	s := scan{window: r.window, safe: safe, pairs: r.pairs}
	r.out = r.memory.results[:0]
	pos := 0
	for pos < safe && len(r.out) < cap(r.memory.results) {
		if r.inside != nil {
			end, found := r.terminator(pos, safe)
			if at, ok := s.nextOf(r.inside, pos, end); ok && r.ends(at, end, found) {
				pos = r.replace(pos, at, r.inside)
				continue
			}
			r.out = append(r.out, r.window[pos:end]...)
			pos = end
			if found && !r.endString() {
				break
			}
			continue
		}
		p, at := s.next(pos, r.offset, r.cstring)
		if p == nil {
			r.out = append(r.out, r.window[pos:safe]...)
			pos = safe
			break
		}
		pos = r.replace(pos, at, p)
		if r.cstring {
			r.inside = p
			r.alignment = (r.offset + int64(pos)) % int64(p.unit)
		}
	}
	r.window = r.window[pos:]
	r.offset += int64(pos)
	if r.eof && len(r.window) == 0 && r.inside != nil {
		r.endString()
	}
}

// ends reports whether an occurrence at at ends before the C string does, whose
// terminator was found at end, or not before end, the safe border: what begins
// before that has its end in the window. (The zeros of an occurrence that does not
// lie at a multiple of its code unit may be a terminator.)
func (r *relocator) ends(at, end int, found bool) bool {
	stop := at + len(r.inside.from)
	if found || stop <= end {
		return stop <= end
	}
	_, cut := r.terminator(end, stop)
	return !cut
}

// replace writes what lies before the occurrence at at, and its replacement,
// and returns where it ends.
func (r *relocator) replace(pos, at int, p *pair) int {
	r.out = append(r.out, r.window[pos:at]...)
	r.out = append(r.out, p.to...)
	r.gap += int64(len(p.from) - len(p.to))
	r.replaced++
	return at + len(p.from)
}

// endString pads the C string. It reports whether the padding is small enough
// to lie in out.
func (r *relocator) endString() bool {
	r.inside = nil
	if r.gap <= windowSize {
		r.out = append(r.out, make([]byte, r.gap)...)
		r.gap = 0
		return true
	}
	r.zeros, r.gap = r.gap, 0
	return false
}

// terminator returns where the first zero code unit of the C string begins,
// or limit.
func (r *relocator) terminator(pos, limit int) (end int, found bool) {
	unit := r.inside.unit
	if unit == 1 {
		if i := bytes.IndexByte(r.window[pos:limit], 0); i >= 0 {
			return pos + i, true
		}
		return limit, false
	}
	for (r.offset+int64(pos))%int64(unit) != r.alignment {
		pos++
	}
	for ; pos < limit && pos+unit <= len(r.window); pos += unit {
		if allZero(r.window[pos : pos+unit]) {
			return pos, true
		}
	}
	return limit, false
}

// longest returns how many bytes may be needed to see the occurrence, or the
// twin of an occurrence, that begins at a byte.
func (r *relocator) longest() int {
	n := 0
	for _, p := range r.pairs {
		n = max(n, len(p.from)+p.unit)
	}
	return n
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// encode writes ASCII and other Unicode text in UTF-16 (unit 2) or UTF-32
// (unit 4).
func encode(s string, unit int, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, c := range s {
		switch {
		case unit == 4:
			out = order.AppendUint32(out, uint32(c))
		case c > 0xffff:
			c -= 0x10000
			out = order.AppendUint16(out, uint16(0xd800+c>>10))
			out = order.AppendUint16(out, uint16(0xdc00+c&0x3ff))
		default:
			out = order.AppendUint16(out, uint16(c))
		}
	}
	return out
}
