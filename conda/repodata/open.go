package repodata

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// reader finds the records of a document.
type reader struct {
	*Repodata
	scanner
	found []entry
	last  string // name of the last record, and its number
	id    int32
}

func (r *reader) document() {
	for more := r.open('{', '}'); more; more = r.more('}') {
		switch string(unquote(r.key())) {
		case "info":
			r.info()
		case "repodata_version":
			r.Info.Version = max(1, r.smallInt("repodata_version"))
		case "packages":
			r.section(inPackages)
		case "packages.conda":
			r.section(inPackagesConda)
		case "v3":
			r.v3()
		case "removed":
			clear(r.removed)
			r.each('[', ']', func() { r.removed[r.string("removed")] = true })
		default:
			r.skip()
		}
	}
}

// each calls f for each value of an object or list, or never for null.
func (r *reader) each(begin, end byte, f func()) {
	if r.null() {
		return
	}
	for more := r.open(begin, end); more; more = r.more(end) {
		f()
	}
}

// string reads a string or null.
func (s *scanner) string(what string) string {
	if s.null() || s.bad != "" {
		return ""
	}
	if s.peek() != '"' {
		s.want("a string as " + what)
		return ""
	}
	return string(unquote(s.text()))
}

// smallInt reads a whole number or null.
func (s *scanner) smallInt(what string) int {
	if s.null() || s.bad != "" {
		return 0
	}
	begin := s.pos
	n, err := strconv.Atoi(string(s.number()))
	if err != nil {
		s.pos = begin
		s.fail("byte %d: %s is no whole number", begin, what)
	}
	return n
}

func (r *reader) info() {
	r.each('{', '}', func() {
		switch string(unquote(r.key())) {
		case "subdir":
			r.Info.Subdir = r.string("subdir")
		case "base_url":
			r.Info.BaseURL = r.string("base_url")
		case "shards_base_url":
			r.Info.ShardsBaseURL = r.string("shards_base_url")
		default:
			r.skip()
		}
	})
}

func (r *reader) v3() {
	r.found = slices.DeleteFunc(r.found, func(e entry) bool { return e.in >= inV3Bz2 })
	clear(r.unread)
	r.each('{', '}', func() {
		switch ext := string(unquote(r.key())); ext {
		case "conda":
			r.section(inV3Conda)
		case "tar.bz2":
			r.section(inV3Bz2)
		default:
			r.each('{', '}', func() {
				if name, ok := nameOf(string(unquote(r.key()))); ok && !slices.Contains(r.unread[name], ext) {
					r.unread[name] = append(r.unread[name], ext)
				}
				r.skip()
			})
		}
	})
}

// section finds the records of one map. Of the same map twice the last counts.
func (r *reader) section(in section) {
	r.found = slices.DeleteFunc(r.found, func(e entry) bool { return e.in == in })
	if r.null() {
		return
	}
	for more := r.open('{', '}'); more; more = r.more('}') {
		r.peek()
		e := entry{begin: uint32(r.pos), in: in}
		raw, plain := r.key()
		if r.peek() != '{' {
			r.want("a record")
			return
		}
		if !r.skip() {
			return
		}
		e.end = uint32(r.pos)
		if e.name = r.nameID(raw, plain, in); r.bad != "" {
			return
		}
		r.found = append(r.found, e)
	}
}

// nameID returns the number of the name that a file name begins with.
func (r *reader) nameID(raw []byte, plain bool, in section) int32 {
	if !plain {
		raw = unquote(raw, plain)
	}
	if r.last != "" && len(raw) > len(r.last)+1 && string(raw[:len(r.last)]) == r.last && raw[len(r.last)] == '-' {
		if rest := raw[len(r.last)+1:]; bytes.Count(rest, []byte("-")) == 1 && bytes.IndexByte(rest, '/') < 0 && plain {
			if stem, ext := cutBytes(rest, in); ext && stem[0] != '-' && stem[len(stem)-1] != '-' {
				return r.id
			}
		}
	}
	file := string(raw) + in.ext()
	stem, ext := cutExt(file)
	name, ok := nameOf(stem)
	if ext == "" || !ok || strings.ContainsAny(file, `/\`) {
		r.fail("file name %q is not name-version-build.conda or .tar.bz2", file)
		return 0
	}
	id, ok := r.byName[name]
	if !ok {
		id = int32(len(r.names))
		r.byName[name] = id
		r.names = append(r.names, name)
	}
	r.last, r.id = name, id
	return id
}

// cutBytes is cutExt without a new string.
func cutBytes(file []byte, in section) ([]byte, bool) {
	if in >= inV3Bz2 {
		return file, len(file) > 2
	}
	if stem, ok := bytes.CutSuffix(file, []byte(extConda)); ok {
		return stem, len(stem) > 2
	}
	stem, ok := bytes.CutSuffix(file, []byte(extBz2))
	return stem, ok && len(stem) > 2
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

// String describes the document for people who debug.
func (r *Repodata) String() string {
	return fmt.Sprintf("%s: %d records of %d names", r.opts.where(), len(r.entries), len(r.names))
}
