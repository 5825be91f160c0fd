package repodata

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Pack is a document cut by name, for a cache on disk: opening one reads its
// index, asking for a name reads that name's records. All numbers are
// little-endian.
//
//	8  packMagic
//	4  length of the index
//	32 sha256 of the index
//	   index:
//	4        length of what follows in JSON: the Info, and Unread
//	4        number of names
//	         the JSON
//	       a row of packRow bytes for each name, sorted by name:
//	4        where the name is, from the end of the rows
//	4        its length
//	4        its place in the order of the document
//	4        length of its block
//	8        where its block is, from the end of the index
//	32       sha256 of the block
//	       the names
//	   blocks: for each name a repodata.json of its records alone
//
// A Pack does not apply the Options that it was made with, but those it is
// opened with. Its methods may be called by several goroutines.
type Pack struct {
	Info Info

	from   io.ReaderAt
	opts   Options
	base   int64 // where the blocks begin
	rows   []byte
	names  []byte
	unread map[string][]string
}

const (
	packMagic = "gsrepo-1"
	packHead  = 8 + 4 + 32
	packRow   = 4*4 + 8 + 32
	maxIndex  = 1 << 26
)

// row is a row of a Pack's index, but for the hash.
type row struct {
	name, nameLen, place, size uint32
	at                         uint64
}

// about is the first part of a Pack's index.
type about struct {
	Info
	Unread map[string][]string `json:",omitempty"`
}

// WritePack writes the document as a Pack.
func (r *Repodata) WritePack(w io.Writer) error {
	ids := make([]int, 0, len(r.names)) // sorted by name
	place := make([]uint32, len(r.names))
	for i := range r.names {
		if r.starts[i] < r.starts[i+1] {
			place[i] = uint32(len(ids))
			ids = append(ids, i)
		}
	}
	slices.SortFunc(ids, func(a, b int) int { return strings.Compare(r.names[a], r.names[b]) })
	info, err := json.Marshal(about{r.Info, r.unread})
	if err != nil {
		return err
	}
	index := binary.LittleEndian.AppendUint32(nil, uint32(len(info)))
	index = binary.LittleEndian.AppendUint32(index, uint32(len(ids)))
	index = append(index, info...)
	var names, block []byte
	var at uint64
	for _, id := range ids {
		block = r.appendBlock(block[:0], id)
		index = row{uint32(len(names)), uint32(len(r.names[id])), place[id], uint32(len(block)), at}.append(index)
		sum := sha256.Sum256(block)
		index = append(index, sum[:]...)
		names = append(names, r.names[id]...)
		at += uint64(len(block))
	}
	index = append(index, names...)
	sum := sha256.Sum256(index)
	head := binary.LittleEndian.AppendUint32([]byte(packMagic), uint32(len(index)))
	head = append(append(head, sum[:]...), index...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, id := range ids {
		block = r.appendBlock(block[:0], id)
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}

func (e row) append(b []byte) []byte {
	for _, n := range []uint32{e.name, e.nameLen, e.place, e.size} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return binary.LittleEndian.AppendUint64(b, e.at)
}

// appendBlock appends the document of one name.
func (r *Repodata) appendBlock(b []byte, id int) []byte {
	b = append(b, '{')
	var removed []string
	end := "" // of the section that b is in
	for i, e := range r.entries[r.starts[id]:r.starts[id+1]] {
		text := r.data[e.begin:e.end]
		before := inNone
		if i > 0 {
			before = r.entries[int(r.starts[id])+i-1].in
		}
		b, end = appendBetween(b, before, e.in, end)
		b = append(b, text...)
		s := scanner{data: text}
		if file := string(unquote(s.key())) + e.in.ext(); r.removed[file] {
			removed = append(removed, file)
		}
	}
	b = append(append(b, end...), `,"removed":[`...)
	for i, file := range removed {
		if i > 0 {
			b = append(b, ',')
		}
		quoted, _ := json.Marshal(file) //nolint:errchkjson // a string always marshals
		b = append(b, quoted...)
	}
	return append(b, "]}"...)
}

// appendBetween appends what stands between records of two sections, and
// returns what ends the second.
func appendBetween(b []byte, before, in section, end string) ([]byte, string) {
	const v3end = "}}"
	keys := [...]string{inPackages: "packages", inPackagesConda: "packages.conda", inV3Bz2: "tar.bz2", inV3Conda: "conda"}
	switch {
	case before == in:
		return append(b, ','), end
	case before == inNone:
	case end == v3end && in >= inV3Bz2:
		return append(append(append(b, `},"`...), keys[in]...), `":{`...), end
	default:
		b = append(append(b, end...), ',')
	}
	if end = "}"; in >= inV3Bz2 {
		b, end = append(b, `"v3":{`...), v3end
	}
	return append(append(append(b, '"'), keys[in]...), `":{`...), end
}

// OpenPack reads a Pack's index. What is no whole Pack is an error of class
// disk. Packs keep from, and read from it.
func OpenPack(from io.ReaderAt, o Options) (*Pack, error) {
	p := &Pack{from: from, opts: o}
	head := make([]byte, packHead)
	if n, err := from.ReadAt(head, 0); n < packHead {
		return nil, p.broken(err)
	}
	size := binary.LittleEndian.Uint32(head[8:])
	if string(head[:8]) != packMagic || size < 8 || size > maxIndex {
		return nil, p.broken(nil)
	}
	index := make([]byte, size)
	if n, err := from.ReadAt(index, packHead); n < len(index) {
		return nil, p.broken(err)
	}
	if sum := sha256.Sum256(index); !bytes.Equal(sum[:], head[12:]) {
		return nil, p.broken(nil)
	}
	info, n := uint64(binary.LittleEndian.Uint32(index)), uint64(binary.LittleEndian.Uint32(index[4:]))
	rest := index[8:]
	var own about
	if info+n*packRow > uint64(len(rest)) || json.Unmarshal(rest[:info], &own) != nil {
		return nil, p.broken(nil)
	}
	p.Info, p.unread = own.Info, own.Unread
	p.rows, p.names = rest[info:info+n*packRow], rest[info+n*packRow:]
	p.base = packHead + int64(size)
	return p, nil
}

func (p *Pack) broken(err error) error {
	e := tree.NewError(p.opts.where(), "the cached index is broken").WithClass("disk").WithHint("it is made anew when the cache is cleared")
	e.Err = err
	return e
}

// row returns a row and its name.
func (p *Pack) row(i int) (e row, name, sum []byte) {
	b := p.rows[i*packRow : (i+1)*packRow]
	u := binary.LittleEndian
	e = row{u.Uint32(b), u.Uint32(b[4:]), u.Uint32(b[8:]), u.Uint32(b[12:]), u.Uint64(b[16:])}
	if end := uint64(e.name) + uint64(e.nameLen); end <= uint64(len(p.names)) {
		name = p.names[e.name:end]
	}
	return e, name, b[24:]
}

// Names returns the names that have records, in the order of the document.
func (p *Pack) Names() []string {
	n := len(p.rows) / packRow
	names := make([]string, n)
	for i := range n {
		if e, name, _ := p.row(i); int(e.place) < n {
			names[e.place] = string(name)
		}
	}
	return names
}

// Records returns the candidates of a name, as Repodata.Records does.
func (p *Pack) Records(name string) ([]Record, error) {
	lo, hi := 0, len(p.rows)/packRow
	for lo < hi {
		mid := (lo + hi) / 2
		e, own, sum := p.row(mid)
		switch strings.Compare(string(own), name) {
		case 0:
			return p.block(name, e, sum)
		case -1:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil, nil
}

func (p *Pack) block(name string, e row, want []byte) ([]Record, error) {
	if e.at > 1<<40 || int64(e.size) > DefaultMaxSize {
		return nil, p.broken(nil)
	}
	b := make([]byte, e.size)
	if n, err := p.from.ReadAt(b, p.base+int64(e.at)); n < len(b) {
		return nil, p.broken(err)
	}
	if sum := sha256.Sum256(b); !bytes.Equal(sum[:], want) {
		return nil, p.broken(nil)
	}
	o := p.opts
	o.Subdir = p.Info.Subdir
	r, err := Open(b, o)
	if err != nil {
		return nil, err
	}
	return r.Records(name)
}

func (p *Pack) records(_ context.Context, name string) ([]Record, error) { return p.Records(name) }

// Unread is Repodata.Unread.
func (p *Pack) Unread(name string) []string { return slices.Clone(p.unread[name]) }
