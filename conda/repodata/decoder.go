package repodata

import (
	"bytes"
	"slices"
)

// decoder decodes runs of records. Strings are parts of their text.
type decoder struct {
	scanner
	whole string              // its text
	utf8  bool                // which is valid UTF-8
	lists map[string][]string // by their JSON: records share them, as most have one that others have
	field []byte              // being read
	what  field
	words []string
	keys  []key // of records so far, mostly in the order in which they stand; shared
}

// key is a key as it stands in the text, with what leads to its value.
type key struct {
	text  []byte
	name  []byte
	field field
}

// begin goes to a text.
func (d *decoder) begin(t text) {
	d.scanner, d.whole, d.utf8 = scanner{data: t.data}, t.same, t.utf8
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
	for more, next := d.open('{', '}'), 0; more; more = d.more('}') {
		next = d.enter(next)
		d.read(rec)
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

// maxKeys is how many keys are remembered, and ahead how many of them are passed
// over to find the one that follows.
const (
	maxKeys = 64
	ahead   = 4
)

// enter reads a key and sets the field. Records mostly have the same keys in the
// same order, some more and some less; next is the one to expect, and what is
// returned the one after that.
func (d *decoder) enter(next int) int {
	rest := d.data[d.pos:]
	for i := next; i < len(d.keys) && i < next+ahead; i++ {
		if k := &d.keys[i]; bytes.HasPrefix(rest, k.text) {
			d.pos += len(k.text)
			d.field, d.what = k.name, k.field
			return i + 1
		}
	}
	begin := d.pos
	d.field = d.name()
	d.what = fieldOf(d.field)
	if d.bad == "" && len(d.keys) < maxKeys && next <= len(d.keys) {
		d.keys = slices.Insert(d.keys, next, key{bytes.Clone(d.data[begin:d.pos]), bytes.Clone(d.field), d.what})
		return next + 1
	}
	return next
}
