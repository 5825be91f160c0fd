package repodata

import (
	"bytes"
	"context"
	"io"
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

	Cache Cache // of Packs; nil: none

	// Related makes the channel at a location, a URL or path that another
	// channel says it is related to; nil: relations are not followed (CEP 42).
	Related func(ctx context.Context, location string) (*Channel, error)

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
	Base          string // a channel that comes before this one (CEP 42), relative to this one
	Overrides     string // a channel that comes after this one, likewise
	Version       int    // repodata_version; 1 where absent
}

// section is one of the maps that records stand in.
type section uint8

const (
	inPackages section = iota
	inPackagesConda
	inV3Bz2
	inV3Conda
	inRemoved // the files that are no candidates
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

// Repodata is what a channel says of the packages of a subdir: in memory, or a
// Pack. Its methods may be called by several goroutines.
type Repodata struct {
	Info Info

	opts   Options
	index  []byte
	chunks []byte // rows of the index, as the next three
	rows   []byte
	runs   []byte
	names  []byte
	unread map[string][]string

	held [][]byte    // the chunks in memory, or nil:
	from io.ReaderAt // where the chunks are
	base int64       // where they begin

	mu     sync.Mutex
	keys   []key            // of the records that were read last
	recent map[uint32]*text // chunks that were unpacked last
	size   int              // of these
}

// Open reads repodata.json. An empty document has no records (CEP 36). Errors
// are of class network for what a broken connection or a proxy makes (an HTML
// page, a text that ends early), usage for a version that is too new, and
// verification for anything else.
func Open(data []byte, o Options) (*Repodata, error) {
	if err := checkDocument(data, &o); err != nil {
		return nil, err
	}
	return open(&reader{scanner: scanner{data: data}, packer: newPacker()}, o)
}

// open reads the document that rd walks over.
func open(rd *reader, o Options) (*Repodata, error) {
	defer rd.wait()
	rd.info.Version = 1
	if rd.begin() != 0 {
		rd.document()
	}
	ok := rd.rest()
	if rd.err != nil && rd.err != io.EOF { //nolint:errorlint // readers give it bare
		return nil, rd.err
	}
	if !ok {
		return nil, rd.problem(o.where())
	}
	if rd.info.Version > 3 { // 3 was written by drafts of CEP 48, which settled on 1
		return nil, tree.NewError(o.where(), "repodata_version %d is newer than this program", rd.info.Version).WithClass("usage").WithHint("update this program")
	}
	if rd.info.Subdir == "" {
		rd.info.Subdir = o.Subdir
	}
	r := &Repodata{opts: o}
	index, err := rd.packer.index(rd.info)
	if err != nil {
		return nil, err
	}
	r.held = rd.held
	return r, r.setIndex(index)
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

// Names returns the names that have records, in the order of the document.
func (r *Repodata) Names() []string {
	n := len(r.rows) / packRow
	names := make([]string, n)
	for i := range n {
		if name, place, _ := r.row(i); int64(place) < int64(n) {
			names[place] = string(name)
		}
	}
	return names
}

// Unread returns the formats of a name's files that this package cannot read,
// such as "whl" (CEP 48).
func (r *Repodata) Unread(name string) []string { return slices.Clone(r.unread[name]) }
