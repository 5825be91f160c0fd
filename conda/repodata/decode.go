package repodata

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Records returns the candidates of a name, in the order of the document. An
// error is of class verification and tells which record is bad, or of class
// disk: the Pack is broken.
func (r *Repodata) Records(name string) ([]Record, error) {
	parts, err := r.parts(r.find(name))
	if len(parts) == 0 || err != nil {
		return nil, err
	}
	c := group{at: map[placed]int{}, bad: map[int]string{}}
	for _, p := range parts {
		d := decoder{scanner: scanner{data: p.text}, arena: &c.arena}
		if p.in == inRemoved {
			c.removed = d.files()
			continue
		}
		for more := true; more; more = d.again() {
			rec, problem := d.record(p.in, r.Info.Subdir)
			if problem == "" {
				problem = rec.check(name)
			}
			c.add(rec, p.in, problem)
		}
		if d.bad != "" {
			return nil, r.broken(nil)
		}
	}
	for i, rec := range c.records {
		if problem, bad := c.bad[i]; bad {
			return nil, tree.NewError(r.opts.where(), "record %q: %s", rec.FileName, problem)
		}
	}
	return c.choose(r.opts.Keep), nil
}

// group has the records of a name while they are read.
type group struct {
	arena
	records []Record
	at      map[placed]int
	bad     map[int]string // what is wrong with records
	removed []string
}

// placed is the place of a record in a document.
type placed struct {
	file string
	in   section
}

// add takes the next record, which replaces one of the same key at its place.
func (c *group) add(rec Record, in section, problem string) {
	k := placed{rec.FileName, in}
	i, twice := c.at[k]
	if twice {
		c.records[i] = rec
		delete(c.bad, i)
	} else {
		i = len(c.records)
		c.records = append(c.records, rec)
		c.at[k] = i
	}
	if problem != "" {
		c.bad[i] = problem
	}
}

// choose leaves out what is no candidate, and of each stem all but the best.
func (c *group) choose(keep func(*Record) bool) []Record {
	records := slices.DeleteFunc(c.records, func(rec Record) bool {
		return slices.Contains(c.removed, rec.FileName) || keep != nil && !keep(&rec)
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

// decoder decodes a run of records.
type decoder struct {
	scanner
	*arena
	field []byte // being read
	words []string
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
func (d *decoder) record(in section, subdir string) (rec Record, problem string) {
	rec.FileName = d.own(append(slices.Clip(unquote(d.key())), in.ext()...))
	if in >= inV3Bz2 {
		rec.Revision = 3
	}
	begin := d.pos
	for more := d.open('{', '}'); more; more = d.more('}') {
		d.read(&rec, unquote(d.key()))
	}
	if problem = d.bad; problem != "" {
		d.pos, d.depth, d.bad, d.short = begin, 0, "", false
		d.skip()
	}
	if rec.Subdir == "" {
		rec.Subdir = subdir
	}
	return rec, problem
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
