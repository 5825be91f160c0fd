package repodata

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"

	"github.com/gophersnake/gophersnake/tree"
)

// A Pack is what a Repodata is on disk and in memory: the records of a document
// in compressed chunks, and an index by name before them. Opening one reads the
// index, asking for a name reads the chunks that hold its records. All numbers
// are little-endian.
//
//	8  packMagic
//	4  length of the index
//	32 sha256 of the index
//	   index:
//	4        length of what follows in JSON: the Info, and Unread
//	4        number of chunks
//	4        number of names
//	4        number of runs
//	         the JSON
//	       for each chunk (packChunk bytes):
//	8        where it is, from the end of the index
//	4        its length
//	32       its sha256
//	       for each name, sorted (packRow bytes):
//	4        where the name is, from the end of the runs
//	4        its length
//	4        its place in the order of the document
//	4        its first run
//	4        the number of its runs, which are in the order of the document
//	       for each run (packRun bytes):
//	4        its chunk
//	4        where it is in the unpacked chunk
//	4        its length
//	4        its section
//	       the names
//	   chunks, each an S2 block (the format of Snappy, extended). A run of
//	   records is a part of a JSON object, one of removed files of a JSON list.
const (
	packMagic = "gsrepo-2"
	packHead  = 8 + 4 + 32
	packChunk = 8 + 4 + 32
	packRow   = 5 * 4
	packRun   = 4 * 4
	maxIndex  = 1 << 27
)

// about is the JSON in a Pack's index.
type about struct {
	Info
	Unread map[string][]string `json:",omitempty"`
}

// WritePack writes r as a Pack. A Pack does not apply the Options that it was
// made with, but those that it is opened with.
func (r *Repodata) WritePack(w io.Writer) error {
	sum := sha256.Sum256(r.index)
	head := appendInts([]byte(packMagic), uint32(len(r.index)))
	for _, p := range [][]byte{append(head, sum[:]...), r.index} {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	for i := range uint32(len(r.chunks) / packChunk) {
		p, err := r.packed(i)
		if err == nil {
			_, err = w.Write(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// OpenPack reads a Pack's index. What is no whole Pack is an error of class
// disk. The Repodata keeps from, and reads from it.
func OpenPack(from io.ReaderAt, o Options) (*Repodata, error) {
	r := &Repodata{from: from, opts: o}
	head := make([]byte, packHead)
	if n, err := from.ReadAt(head, 0); n < packHead {
		return nil, r.broken(err)
	}
	size := binary.LittleEndian.Uint32(head[8:])
	if string(head[:8]) != packMagic || size > maxIndex {
		return nil, r.broken(nil)
	}
	index := make([]byte, size)
	if n, err := from.ReadAt(index, packHead); n < len(index) {
		return nil, r.broken(err)
	}
	if sum := sha256.Sum256(index); !bytes.Equal(sum[:], head[12:]) {
		return nil, r.broken(nil)
	}
	return r, r.setIndex(index)
}

// setIndex makes r answer from an index.
func (r *Repodata) setIndex(index []byte) error {
	if len(index) < 16 {
		return r.broken(nil)
	}
	u := binary.LittleEndian
	sizes := [...]uint64{uint64(u.Uint32(index)), packChunk * uint64(u.Uint32(index[4:])), packRow * uint64(u.Uint32(index[8:])), packRun * uint64(u.Uint32(index[12:]))}
	rest := index[16:]
	if sizes[0]+sizes[1]+sizes[2]+sizes[3] > uint64(len(rest)) {
		return r.broken(nil)
	}
	var own about
	head := rest[:sizes[0]]
	rest = rest[sizes[0]:]
	r.chunks, rest = rest[:sizes[1]], rest[sizes[1]:]
	r.rows, rest = rest[:sizes[2]], rest[sizes[2]:]
	r.runs, r.names = rest[:sizes[3]], rest[sizes[3]:]
	if json.Unmarshal(head, &own) != nil {
		return r.broken(nil)
	}
	r.index, r.base = index, packHead+int64(len(index))
	r.Info, r.unread = own.Info, own.Unread
	return nil
}

// ErrBroken is in the chain of errors about a Pack that is not what was written.
// Whoever has it from a Cache asks again with one that forgets.
var ErrBroken = errors.New("the cached index is broken")

func (r *Repodata) broken(err error) error {
	e := tree.NewError(r.opts.where(), "%w", ErrBroken).WithClass("disk").WithHint("it is made anew when the cache is cleared")
	e.Err = errors.Join(ErrBroken, err)
	return e
}

// row returns a row of names: its name, its place and its runs.
func (r *Repodata) row(i int) (name []byte, place uint32, runs []byte) {
	b := r.rows[i*packRow : (i+1)*packRow]
	u := binary.LittleEndian
	if begin, end := uint64(u.Uint32(b)), uint64(u.Uint32(b))+uint64(u.Uint32(b[4:])); end <= uint64(len(r.names)) {
		name = r.names[begin:end]
	}
	first, n := uint64(u.Uint32(b[12:])), uint64(u.Uint32(b[16:]))
	if (first+n)*packRun <= uint64(len(r.runs)) {
		runs = r.runs[first*packRun : (first+n)*packRun]
	}
	return name, u.Uint32(b[8:]), runs
}

// find returns the runs of a name.
func (r *Repodata) find(name string) []byte {
	want := []byte(name)
	i, ok := sort.Find(len(r.rows)/packRow, func(i int) int {
		own, _, _ := r.row(i)
		return bytes.Compare(want, own)
	})
	if !ok {
		return nil
	}
	_, _, runs := r.row(i)
	return runs
}

// packed returns a chunk as it is stored.
func (r *Repodata) packed(i uint32) ([]byte, error) {
	if r.held != nil {
		return r.held[i], nil
	}
	if uint64(i)*packChunk >= uint64(len(r.chunks)) {
		return nil, r.broken(nil)
	}
	b := r.chunks[i*packChunk:]
	at, size := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])
	if at > 1<<40 || size > DefaultMaxSize {
		return nil, r.broken(nil)
	}
	p := make([]byte, size)
	if n, err := r.from.ReadAt(p, r.base+int64(at)); n < len(p) {
		return nil, r.broken(err)
	}
	if sum := sha256.Sum256(p); !bytes.Equal(sum[:], b[12:packChunk]) {
		return nil, r.broken(nil)
	}
	return p, nil
}

// text is what a chunk or a part of it holds.
type text struct {
	data []byte // not to be changed
	same string // the same, for strings that are parts of it
	utf8 bool   // which is valid UTF-8
}

// part is a run with its text.
type part struct {
	in section
	text
}

// parts returns the text of each run.
func (r *Repodata) parts(runs []byte) ([]part, error) {
	u := binary.LittleEndian
	parts := make([]part, 0, len(runs)/packRun)
	var chunk *text
	last := ^uint32(0)
	for ; len(runs) > 0; runs = runs[packRun:] {
		if i := u.Uint32(runs); i != last {
			var err error
			if chunk, err = r.unpacked(i); err != nil {
				return nil, err
			}
			last = i
		}
		begin, size := uint64(u.Uint32(runs[4:])), uint64(u.Uint32(runs[8:]))
		if begin+size > uint64(len(chunk.data)) {
			return nil, r.broken(nil)
		}
		parts = append(parts, part{section(runs[12]), text{chunk.data[begin : begin+size], chunk.same[begin : begin+size], chunk.utf8}})
	}
	return parts, nil
}

// maxRecent is how many bytes of unpacked chunks are kept for the next question:
// those of one request and its neighbours.
const maxRecent = 8 << 20

// unpacked returns the text of a chunk.
func (r *Repodata) unpacked(i uint32) (*text, error) {
	r.mu.Lock()
	chunk, ok := r.recent[i]
	r.mu.Unlock()
	if ok {
		return chunk, nil
	}
	p, err := r.packed(i)
	if err != nil {
		return nil, err
	}
	data, err := s2.Decode(nil, p)
	if err != nil {
		return nil, r.broken(err)
	}
	chunk = &text{data, string(data), utf8.Valid(data)}
	r.mu.Lock()
	defer r.mu.Unlock()
	size := len(data) + len(chunk.same)
	if r.size += size; r.size > maxRecent || r.recent == nil {
		r.recent, r.size = map[uint32]*text{}, size
	}
	r.recent[i] = chunk
	return chunk, nil
}
