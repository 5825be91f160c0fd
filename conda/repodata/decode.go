package repodata

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/tree"
)

// Records returns the candidates of a name, in the order of the document. An
// error is of class verification and tells which record is bad, or of class
// disk: the Pack is broken.
func (r *Repodata) Records(name string) ([]Record, error) {
	runs := r.find(name)
	if len(runs) == 0 {
		return nil, nil
	}
	g := group{last: map[string]int32{}, lists: map[string][]string{}, total: size(runs)}
	whole := true
	err := r.parts(runs, func(in section, text []byte) {
		whole = g.read(in, text, name, r.Info.Subdir) && whole
	})
	if err == nil && !whole {
		err = r.broken(nil)
	}
	if err != nil {
		return nil, err
	}
	for i := range g.records {
		if problem, bad := g.bad[i]; bad {
			return nil, tree.NewError(r.opts.where(), "record %q: %s", g.records[i].FileName, problem)
		}
	}
	return g.choose(r.opts.Keep), nil
}

// group has the records of a name while they are read.
type group struct {
	records []Record
	in      []section           // by record
	before  []int32             // by record: the one before it of the same stem, or -1
	last    map[string]int32    // by stem: its last record
	lists   map[string][]string // by their JSON: records share them, as most have one that others have
	bad     map[int]string      // what is wrong with records
	removed []string
	total   int // bytes of the runs
}

// maxRoom is for how many records there is room at first.
const maxRoom = 1 << 13

// read reads a run. It says whether the run is what a Pack has.
func (g *group) read(in section, text []byte, name, subdir string) bool {
	d := newDecoder(text, g.lists)
	if in == inRemoved {
		g.removed = d.files()
		return d.bad == ""
	}
	if g.records == nil {
		// An object ends for each record, and hardly ever elsewhere.
		n := 1 + min(bytes.Count(text, []byte("}"))*g.total/max(1, len(text)), maxRoom)
		g.records, g.in, g.before = make([]Record, 0, n), make([]section, 0, n), make([]int32, 0, n)
	}
	for more := true; more; more = d.again() {
		g.records = append(g.records, Record{})
		rec := &g.records[len(g.records)-1]
		problem := d.record(rec, in, subdir)
		if problem == "" {
			problem = rec.check(name)
		}
		g.place(in, problem)
	}
	return d.bad == ""
}

// place takes the record that was read last, which replaces one of the same key
// at its place.
func (g *group) place(in section, problem string) {
	i := len(g.records) - 1
	stem, _ := cutExt(g.records[i].FileName)
	last, known := g.last[stem]
	if !known {
		last = -1
	}
	for j := last; j >= 0; j = g.before[j] {
		if g.in[j] == in && g.records[j].FileName == g.records[i].FileName {
			g.records[j], g.records = g.records[i], g.records[:i]
			delete(g.bad, int(j))
			g.note(int(j), problem)
			return
		}
	}
	g.in, g.before = append(g.in, in), append(g.before, last)
	g.last[stem] = int32(i)
	g.note(i, problem)
}

func (g *group) note(i int, problem string) {
	if problem == "" {
		return
	}
	if g.bad == nil {
		g.bad = map[int]string{}
	}
	g.bad[i] = problem
}

// choose leaves out what is no candidate, and of each stem all but the best.
func (g *group) choose(keep func(*Record) bool) []Record {
	out := make([]bool, len(g.records))
	for i := range g.records {
		rec := &g.records[i]
		out[i] = len(g.removed) > 0 && slices.Contains(g.removed, rec.FileName) || keep != nil && !keep(rec)
	}
	for i := range g.records {
		for j := g.before[i]; j >= 0 && !out[i]; j = g.before[j] {
			switch {
			case out[j]:
			case rank(&g.records[i]) > rank(&g.records[j]):
				out[j] = true
			default:
				out[i] = true
			}
		}
	}
	chosen := g.records[:0]
	for i := range g.records {
		if out[i] {
			continue
		}
		if len(chosen) < i {
			chosen = append(chosen, g.records[i])
		} else {
			chosen = chosen[:i+1]
		}
	}
	clear(g.records[len(chosen):])
	return chosen
}

// rank orders records of one stem: .conda first, then the newer revision.
func rank(r *Record) int {
	n := r.Revision
	if strings.HasSuffix(r.FileName, extConda) {
		n += 10
	}
	return n
}

// decoder decodes a run of records. Strings are parts of one copy of its text.
type decoder struct {
	scanner
	whole string // the text
	utf8  bool   // which is valid UTF-8
	lists map[string][]string
	field []byte // being read
	words []string
}

// newDecoder returns a decoder of text.
func newDecoder(text []byte, lists map[string][]string) decoder {
	return decoder{scanner: scanner{data: text}, whole: string(text), utf8: utf8.Valid(text), lists: lists}
}

// again goes on to the next record or file of a run.
func (d *decoder) again() bool {
	if d.bad != "" || d.pos == len(d.data) {
		return false
	}
	d.pos++
	return true
}

// files reads a run of removed files.
func (d *decoder) files() (files []string) {
	for more := true; more; more = d.again() {
		files = append(files, d.scanner.string("removed"))
	}
	return files
}

// record reads a file name and its record, or says what is wrong with it.
func (d *decoder) record(rec *Record, in section, subdir string) (problem string) {
	d.peek()
	at := d.pos + 1
	raw, plain := d.key()
	if rec.FileName = d.text(raw, plain, at); in >= inV3Bz2 {
		rec.FileName += in.ext()
		rec.Revision = 3
	}
	begin := d.pos
	for more := d.open('{', '}'); more; more = d.more('}') {
		d.read(rec, d.name())
	}
	if problem = d.bad; problem != "" {
		d.pos, d.depth, d.bad, d.short = begin, 0, "", false
		d.skip()
	}
	if rec.Subdir == "" {
		rec.Subdir = subdir
	}
	return problem
}

// name reads a key.
func (d *decoder) name() []byte {
	raw, plain := d.key()
	if plain && d.utf8 {
		return raw
	}
	return unquote(raw, plain)
}

// text returns as a string what scanner.text returned; at is where it begins.
func (d *decoder) text(raw []byte, plain bool, at int) string {
	if plain && d.utf8 {
		return d.whole[at : at+len(raw)]
	}
	return string(unquote(raw, plain))
}

// check says what is wrong with a record of a name's group, or "".
func (r *Record) check(name string) string {
	parts := []struct{ what, value string }{
		{"file name", r.FileName}, {"name", r.Name}, {"version", r.Version}, {"build", r.Build}, {"subdir", r.Subdir},
	}
	for _, p := range parts {
		if problem := checkPart(p.value); problem != "" && (p.what != "subdir" || p.value != "") {
			return fmt.Sprintf("%s %q %s", p.what, p.value, problem)
		}
	}
	if r.Name != name {
		return fmt.Sprintf("name %q is not the file's", r.Name)
	}
	return ""
}

// text returns where a field of plain text goes, or nil.
func (r *Record) text(key []byte) *string {
	switch string(key) {
	case "arch":
		return &r.Arch
	case "build":
		return &r.Build
	case "features":
		return &r.Features
	case "license":
		return &r.License
	case "license_family":
		return &r.LicenseFamily
	case "name":
		return &r.Name
	case "platform":
		return &r.Platform
	case "python_site_packages_path":
		return &r.SitePackages
	case "subdir":
		return &r.Subdir
	case "version":
		return &r.Version
	}
	return nil
}

// read reads the value of one field.
func (d *decoder) read(r *Record, key []byte) {
	d.field = key
	if p := r.text(key); p != nil {
		*p = d.string()
		return
	}
	switch string(key) {
	case "md5":
		r.MD5 = d.digest(16)
	case "sha256":
		r.SHA256 = d.digest(32)
	case "legacy_bz2_md5":
		r.LegacyBz2MD5 = d.digest(16)
	case "build_number":
		r.BuildNumber = d.number64()
	case "size":
		r.Size = int64(min(d.number64(), 1<<63-1))
	case "legacy_bz2_size":
		r.LegacyBz2Size = int64(min(d.number64(), 1<<63-1))
	case "timestamp":
		r.Timestamp = d.time()
	case "indexed_timestamp":
		r.IndexedTimestamp = d.time()
	case "depends":
		r.Depends = d.strings()
	case "constrains":
		r.Constrains = d.strings()
	case "flags":
		r.Flags = d.strings()
	case "extra_depends":
		r.Extras = d.extras()
	case "track_features":
		r.TrackFeatures = d.features()
	case "noarch":
		r.Noarch = d.noarch()
	default:
		d.skip()
	}
}
