package repodata

import (
	"bytes"
	"slices"
	"sync"

	"github.com/gophersnake/gophersnake/tree"
)

// Options says how repodata is read. The zero value works.
type Options struct {
	Where  string // what errors call the document; default: "repodata.json"
	Subdir string // of records that name none, where the document names none either

	// Keep says whether a record may be a candidate; nil keeps all. It is asked
	// before a .tar.bz2 gives way to the .conda of the same build, and maybe by
	// several goroutines.
	Keep func(*Record) bool

	Cache Cache // of unpacked documents; nil: none

	MaxSize int64 // most bytes of a document when unpacked; default: DefaultMaxSize
	Jobs    int   // shards fetched at once; default: 16
}

// DefaultMaxSize is the most bytes that repodata may have when unpacked.
const DefaultMaxSize = 1 << 30

func (o *Options) maxSize() int64 {
	if o.MaxSize > 0 && o.MaxSize < DefaultMaxSize {
		return o.MaxSize
	}
	return DefaultMaxSize
}

func (o *Options) where() string {
	if o.Where == "" {
		return "repodata.json"
	}
	return o.Where
}

// Info is what a document says of itself.
type Info struct {
	Subdir        string
	BaseURL       string // of the packages (CEP 15), relative to the document; "": beside it
	ShardsBaseURL string // of the shards (CEP 16), relative to the index
	Version       int    // repodata_version; 1 where absent
}

// section is one of the maps that records stand in.
type section uint8

const (
	inPackages section = iota
	inPackagesConda
	inV3Bz2
	inV3Conda
	inNone
)

// ext is what a section's keys leave out of file names.
func (s section) ext() string {
	switch s {
	case inV3Bz2:
		return extBz2
	case inV3Conda:
		return extConda
	}
	return ""
}

// entry is a record that was found: the bounds of its key and value.
type entry struct {
	begin, end uint32
	name       int32
	in         section
}

// Repodata is a document that is held in memory. Its methods may be called by
// several goroutines.
type Repodata struct {
	Info Info

	opts    Options
	data    []byte
	names   []string // in the order of the file
	byName  map[string]int32
	entries []entry // grouped by name, else in the order of the file
	starts  []int32 // of each name's entries; one more than names
	removed map[string]bool
	unread  map[string][]string // by name: v3 file formats that are not conda's

	mu    sync.Mutex
	arena arena
}

// Open reads repodata.json; the Repodata keeps data. An empty document has no
// records (CEP 36). Errors are of class network for what a broken connection or
// a proxy makes (an HTML page, a text that ends early), usage for a version
// that is too new, and verification for anything else.
func Open(data []byte, o Options) (*Repodata, error) {
	r := &Repodata{opts: o, data: data, byName: map[string]int32{}, removed: map[string]bool{}, unread: map[string][]string{}}
	r.Info.Version = 1
	if err := checkDocument(data, &o); err != nil {
		return nil, err
	}
	rd := reader{Repodata: r, scanner: scanner{data: data}}
	if rd.peek() != 0 {
		rd.document()
	}
	if !rd.end() {
		return nil, rd.problem(o.where())
	}
	if r.Info.Version > 3 { // 3 was written by drafts of CEP 48, which settled on 1
		return nil, tree.NewError(o.where(), "repodata_version %d is newer than this program", r.Info.Version).WithClass("usage").WithHint("update this program")
	}
	if r.Info.Subdir == "" {
		r.Info.Subdir = o.Subdir
	}
	r.group(rd.found)
	return r, nil
}

// checkDocument refuses what is not repodata at first sight.
func checkDocument(data []byte, o *Options) error {
	if int64(len(data)) > o.maxSize() {
		return tooLarge(o)
	}
	if isPage(data) {
		return tree.NewError(o.where(), "not repodata, but an HTML page").WithClass("network").WithHint("is a proxy or a login page in between?")
	}
	return nil
}

// isPage says whether data is HTML or XML, which servers send with any status
// and name: JSON, zstd, bzip2 and msgpack never begin so.
func isPage(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 512)], "\ufeff \t\r\n"), []byte("<"))
}

func tooLarge(o *Options) error {
	return tree.NewError(o.where(), "too large: more than %d bytes when unpacked", o.maxSize())
}

// problem is the scanner's problem as an error.
func (s *scanner) problem(where string) error {
	err := tree.NewError(where, "%s", s.bad)
	if s.short {
		return err.WithClass("network")
	}
	return err
}

// group sorts entries by name and keeps their order.
func (r *Repodata) group(found []entry) {
	r.starts = make([]int32, len(r.names)+1)
	for _, e := range found {
		r.starts[e.name+1]++
	}
	for i := range r.names {
		r.starts[i+1] += r.starts[i]
	}
	next := slices.Clone(r.starts)
	r.entries = make([]entry, len(found))
	for _, e := range found {
		r.entries[next[e.name]] = e
		next[e.name]++
	}
}

// Names returns the names that have records, in the order of the file.
func (r *Repodata) Names() []string {
	names := make([]string, 0, len(r.names))
	for i, name := range r.names {
		if r.starts[i] < r.starts[i+1] {
			names = append(names, name)
		}
	}
	return names
}

// Unread returns the formats of a name's files that this package cannot read,
// such as "whl" (CEP 48).
func (r *Repodata) Unread(name string) []string { return slices.Clone(r.unread[name]) }
