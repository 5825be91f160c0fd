package repodata

import (
	"fmt"
	"slices"
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
	field []byte // being read
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
