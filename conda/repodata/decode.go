package repodata

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Records returns the candidates of a name, in the order of the file. An error
// is of class verification and tells which record is bad.
func (r *Repodata) Records(name string) ([]Record, error) {
	id, ok := r.byName[name]
	if !ok {
		return nil, nil
	}
	own := r.entries[r.starts[id]:r.starts[id+1]]
	r.mu.Lock()
	defer r.mu.Unlock()
	records := make([]Record, 0, len(own))
	for _, e := range r.lastOfKeys(own) {
		rec, err := r.decode(e, name)
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	return r.choose(records), nil
}

// lastOfKeys leaves the last entry of each key, at the place of the first.
func (r *Repodata) lastOfKeys(entries []entry) []entry {
	type key struct {
		file string
		in   section
	}
	at := make(map[key]int, len(entries))
	last := make([]entry, 0, len(entries))
	for _, e := range entries {
		s := scanner{data: r.data[e.begin:e.end]}
		k := key{string(unquote(s.key())), e.in}
		if i, ok := at[k]; ok {
			last[i] = e
			continue
		}
		at[k] = len(last)
		last = append(last, e)
	}
	return last
}

// choose leaves out what is no candidate, and of each stem all but the best.
func (r *Repodata) choose(records []Record) []Record {
	records = slices.DeleteFunc(records, func(rec Record) bool {
		return r.removed[rec.FileName] || r.opts.Keep != nil && !r.opts.Keep(&rec)
	})
	best := make(map[string]int, len(records))
	for i := range records {
		stem, _ := cutExt(records[i].FileName)
		if old, ok := best[stem]; !ok || rank(&records[i]) > rank(&records[old]) {
			best[stem] = i
		}
	}
	if len(best) == len(records) {
		return records
	}
	chosen := records[:0]
	for i := range records {
		if stem, _ := cutExt(records[i].FileName); best[stem] == i {
			chosen = append(chosen, records[i])
		}
	}
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

// decoder decodes one record.
type decoder struct {
	scanner
	*arena
	field string // being read
	words []string
}

func (r *Repodata) decode(e entry, name string) (Record, error) {
	d := decoder{scanner: scanner{data: r.data[e.begin:e.end]}, arena: &r.arena}
	var rec Record
	file := d.own(append(slices.Clip(unquote(d.key())), e.in.ext()...))
	if e.in >= inV3Bz2 {
		rec.Revision = 3
	}
	for more := d.open('{', '}'); more; more = d.more('}') {
		d.read(&rec, unquote(d.key()))
	}
	where := r.opts.where()
	if d.bad != "" {
		return rec, tree.NewError(where, "record %q: %s", file, d.bad)
	}
	if rec.Subdir == "" {
		rec.Subdir = r.Info.Subdir
	}
	rec.FileName = file
	if problem := rec.check(name); problem != "" {
		return rec, tree.NewError(where, "record %q: %s", file, problem)
	}
	return rec, nil
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
	d.field = string(key)
	if p := r.text(key); p != nil {
		*p = d.string()
		return
	}
	switch d.field {
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

func (d *decoder) want(what string) {
	if d.bad == "" {
		d.fail("%s: want %s", d.field, what)
	}
}

func (d *decoder) string() string { return d.arena.text(d.bytes()) }

// bytes reads a string, or null.
func (d *decoder) bytes() []byte {
	if d.null() || d.bad != "" {
		return nil
	}
	if d.peek() != '"' {
		d.want("a string")
		return nil
	}
	return unquote(d.scanner.text())
}

// digest reads a hash of n bytes, or null.
func (d *decoder) digest(n int) string {
	p := d.bytes()
	if b, err := hex.AppendDecode(nil, p); len(p) > 0 && (err != nil || len(b) != n) {
		d.want(fmt.Sprintf("%d hexadecimal digits, got %q", 2*n, p))
	}
	return strings.ToLower(d.own(p))
}

func (d *decoder) number64() uint64 {
	if d.null() || d.bad != "" {
		return 0
	}
	n, err := strconv.ParseUint(string(d.number()), 10, 64)
	if err != nil {
		d.bad = "" // what the scanner found is a value of another type
		d.want("a whole number")
	}
	return n
}

// lastSecond is the last second of the year 9999. Larger times are in
// milliseconds.
const lastSecond = 253402300799

func (d *decoder) time() int64 {
	if d.null() || d.bad != "" {
		return 0
	}
	text := d.number()
	text, _, _ = bytes.Cut(text, []byte("."))
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		d.bad = ""
		d.want("a time")
	}
	if n > lastSecond || n < -lastSecond {
		return n
	}
	return n * 1000
}

// strings reads a list of strings, or null.
func (d *decoder) strings() []string {
	if d.null() || d.bad != "" {
		return nil
	}
	if d.peek() != '[' {
		d.want("a list")
		return nil
	}
	d.words = d.words[:0]
	for more := d.open('[', ']'); more; more = d.more(']') {
		if d.peek() != '"' {
			d.want("a list of strings")
			return nil
		}
		d.words = append(d.words, d.string())
	}
	return d.list(d.words)
}

// features reads track_features: a list, or one string of words.
func (d *decoder) features() []string {
	if d.peek() != '"' {
		return slices.DeleteFunc(d.strings(), func(s string) bool { return s == "" })
	}
	return d.list(strings.FieldsFunc(d.string(), func(c rune) bool { return c == ' ' || c == ',' }))
}

// noarch reads "python", "generic", or, as before 2017, true.
func (d *decoder) noarch() string {
	switch d.peek() {
	case 't':
		if d.literal("true") {
			return "generic"
		}
	case 'f':
		d.literal("false")
	case 'n':
		d.null()
	default:
		s := d.string()
		if s != "" && s != "generic" && s != "python" {
			d.want(fmt.Sprintf("\"generic\" or \"python\", got %q", s))
		}
		return s
	}
	return ""
}

// extras reads groups of dependencies.
func (d *decoder) extras() []Extra {
	if d.null() || d.bad != "" {
		return nil
	}
	if d.peek() != '{' {
		d.want("an object")
		return nil
	}
	var all []Extra
	for more := d.open('{', '}'); more; more = d.more('}') {
		name := d.arena.text(unquote(d.key()))
		all = slices.DeleteFunc(all, func(e Extra) bool { return e.Name == name })
		all = append(all, Extra{name, d.strings()})
	}
	return all
}
