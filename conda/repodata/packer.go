package repodata

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/klauspost/compress/s2"
)

// chunkSize is from how many bytes on a chunk is full. A small one wastes less
// when a name is asked for, a large one packs better.
const chunkSize = 16 << 10

// packer cuts the records of a document into compressed chunks, in the order
// in which they come, and notes where those of each name are.
type packer struct {
	names   []string // in the order of the document
	byName  map[string]int32
	runs    []run
	removed map[string]bool     // files that are no candidates
	unread  map[string][]string // by name: v3 file formats that are not conda's

	chunk []byte // being filled
	count uint32 // of the full ones

	queue chan []byte // of chunks for a goroutine to pack, and those to use again
	free  chan []byte
	done  chan struct{}

	chunks []byte   // rows of the packed chunks
	held   [][]byte // the packed chunks
	total  uint64   // their bytes
	packed []byte   // for reuse
}

// run is a part of a chunk: records of one name and section, with commas
// between them.
type run struct {
	name            int32
	in              section
	chunk, at, size uint32
}

func newPacker() packer {
	return packer{byName: map[string]int32{}, removed: map[string]bool{}, unread: map[string][]string{}}
}

// idOf returns the number of a name.
func (p *packer) idOf(name string) int32 {
	id, ok := p.byName[name]
	if !ok {
		id = int32(len(p.names))
		p.byName[name] = id
		p.names = append(p.names, name)
	}
	return id
}

// drop forgets the records of sections.
func (p *packer) drop(in ...section) {
	p.runs = slices.DeleteFunc(p.runs, func(r run) bool { return slices.Contains(in, r.in) })
}

// add takes a record: its key and value.
func (p *packer) add(name int32, in section, text []byte) {
	if len(p.chunk) >= chunkSize {
		p.flush()
	}
	at, chunk := uint32(len(p.chunk)), p.count
	if n := len(p.runs); n > 0 {
		if last := &p.runs[n-1]; last.name == name && last.in == in && last.chunk == chunk && last.at+last.size == at {
			p.chunk = append(append(p.chunk, ','), text...)
			last.size += uint32(len(text)) + 1
			return
		}
	}
	p.chunk = append(p.chunk, text...)
	p.runs = append(p.runs, run{name, in, chunk, at, uint32(len(text))})
}

// flush has the chunk packed while the document is read on.
func (p *packer) flush() {
	if p.queue == nil {
		p.queue, p.free, p.done = make(chan []byte, 8), make(chan []byte, 8), make(chan struct{})
		go func() {
			defer close(p.done)
			for chunk := range p.queue {
				p.pack(chunk)
				select {
				case p.free <- chunk[:0]:
				default:
				}
			}
		}()
	}
	p.queue <- p.chunk
	p.count++
	select {
	case p.chunk = <-p.free:
	default:
		p.chunk = nil
	}
}

// wait waits until all full chunks are packed.
func (p *packer) wait() {
	if p.queue != nil {
		close(p.queue)
		<-p.done
		p.queue = nil
	}
}

func (p *packer) pack(chunk []byte) {
	p.packed = s2.Encode(p.packed[:cap(p.packed)], chunk)
	packed := slices.Clone(p.packed)
	sum := sha256.Sum256(packed)
	p.chunks = binary.LittleEndian.AppendUint64(p.chunks, p.total)
	p.chunks = binary.LittleEndian.AppendUint32(p.chunks, uint32(len(packed)))
	p.chunks = append(p.chunks, sum[:]...)
	p.held = append(p.held, packed)
	p.total += uint64(len(packed))
}

// index ends the work and returns a Pack's index.
func (p *packer) index(info Info) ([]byte, error) {
	p.addRemoved()
	p.wait()
	p.pack(p.chunk)
	starts := p.group()
	ids := make([]int32, 0, len(p.names)) // sorted by name
	place := make([]uint32, len(p.names))
	for id := range int32(len(p.names)) {
		if own := p.runs[starts[id]:starts[id+1]]; len(own) > 0 && own[0].in != inRemoved {
			place[id] = uint32(len(ids))
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int32) int { return strings.Compare(p.names[a], p.names[b]) })
	head, err := json.Marshal(about{info, p.unread})
	if err != nil {
		return nil, err
	}
	var rows, runs, names []byte
	for _, id := range ids {
		own := p.runs[starts[id]:starts[id+1]]
		rows = appendInts(rows, uint32(len(names)), uint32(len(p.names[id])), place[id], uint32(len(runs)/packRun), uint32(len(own)))
		for _, r := range own {
			runs = appendInts(runs, r.chunk, r.at, r.size, uint32(r.in))
		}
		names = append(names, p.names[id]...)
	}
	n := [...]int{len(head), len(p.held), len(ids), len(runs) / packRun}
	index := appendInts(nil, uint32(n[0]), uint32(n[1]), uint32(n[2]), uint32(n[3]))
	return slices.Concat(index, head, p.chunks, rows, runs, names), nil
}

func appendInts(b []byte, ints ...uint32) []byte {
	for _, n := range ints {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

// addRemoved writes the files that are no candidates after the records.
func (p *packer) addRemoved() {
	files := make([]string, 0, len(p.removed))
	for file := range p.removed {
		files = append(files, file)
	}
	slices.Sort(files)
	for _, file := range files {
		stem, _ := cutExt(file)
		name, _ := nameOf(stem)
		if id, ok := p.byName[name]; ok {
			quoted, _ := json.Marshal(file) //nolint:errchkjson // a string always marshals
			p.add(id, inRemoved, quoted)
		}
	}
}

// group sorts runs by name, keeping their order, and returns where those of
// each name begin.
func (p *packer) group() []int32 {
	starts := make([]int32, len(p.names)+1)
	for _, r := range p.runs {
		starts[r.name+1]++
	}
	for i := range p.names {
		starts[i+1] += starts[i]
	}
	slices.SortStableFunc(p.runs, func(a, b run) int { return int(a.name) - int(b.name) })
	return starts
}
