package repodata

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// windowSize is how much of a document is looked at, in bytes, unless a single
// value is larger.
const windowSize = 512 << 10

// reader walks over a document and hands its records to a packer. It sees the
// document through a window: data is a part of src or, where src is nil, all.
type reader struct {
	scanner
	packer

	src    io.Reader
	err    error // of src, io.EOF included
	window int   // bytes, at first
	info   Info
	last   string // name of the last record, and its number
	id     int32
}

// fill makes the window begin at from and hold more than before.
func (r *reader) fill(from int) bool {
	if r.src == nil || r.err != nil {
		return false
	}
	rest, into := r.data[from:], r.data[:cap(r.data)]
	if 2*len(rest) >= len(into) {
		into = make([]byte, max(r.window, 2*len(into)))
	}
	n := copy(into, rest)
	for n < len(into) && r.err == nil {
		var got int
		got, r.err = r.src.Read(into[n:])
		n += got
	}
	more := n > len(rest)
	r.data, r.base, r.pos = into[:n], r.base+from, r.pos-from
	return more
}

// step calls f, which reads something and must go on to what follows it, and
// calls it again with a larger window if the window was too short.
func (r *reader) step(f func()) {
	for before := r.bad; ; {
		begin, depth := r.pos, r.depth
		f()
		if r.bad == before || !r.short || !r.fill(begin) {
			return
		}
		r.pos, r.depth, r.bad, r.short = 0, depth, "", false
	}
}

func (r *reader) document() {
	var more bool
	r.step(func() { more = r.open('{', '}') })
	for more {
		var key string
		r.step(func() { key = string(unquote(r.key())) })
		switch key {
		case "packages":
			r.section(inPackages)
		case "packages.conda":
			r.section(inPackagesConda)
		case "v3":
			r.v3()
		default:
			r.step(func() {
				r.value(key)
				more = r.more('}')
			})
			continue
		}
		r.step(func() { more = r.more('}') })
	}
}

// value reads the value of a key of the document that has no records.
func (r *reader) value(key string) {
	switch key {
	case "info":
		r.readInfo()
	case "repodata_version":
		r.info.Version = max(1, r.smallInt("repodata_version"))
	case "removed":
		clear(r.removed)
		r.each('[', ']', func() { r.removed[r.string("removed")] = true })
	default:
		r.skip()
	}
}

// begin returns the first byte that is not blank, or 0 at the end.
func (r *reader) begin() byte {
	for r.bad == "" && r.peek() == 0 && r.pos == len(r.data) && r.fill(r.pos) {
	}
	return r.peek()
}

// rest checks that nothing follows the document.
func (r *reader) rest() bool {
	r.begin()
	return r.end()
}

// each calls f for each value of an object or list, or never for null.
func (s *scanner) each(begin, end byte, f func()) {
	if s.null() {
		return
	}
	for more := s.open(begin, end); more; more = s.more(end) {
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
		s.fail("byte %d: %s is no whole number", s.at(), what)
	}
	return n
}

func (r *reader) readInfo() {
	r.each('{', '}', func() {
		switch string(unquote(r.key())) {
		case "subdir":
			r.info.Subdir = r.string("subdir")
		case "base_url":
			r.info.BaseURL = r.string("base_url")
		case "shards_base_url":
			r.info.ShardsBaseURL = r.string("shards_base_url")
		case "channel_relations":
			r.readRelations()
		default:
			r.skip()
		}
	})
}

func (r *reader) readRelations() {
	r.info.Base, r.info.Overrides = "", ""
	r.each('{', '}', func() {
		switch string(unquote(r.key())) {
		case "base":
			r.info.Base = r.string("base")
		case "overrides":
			r.info.Overrides = r.string("overrides")
		default:
			r.skip()
		}
	})
}

// enter enters the object that is the next value, unless it is null or empty.
func (r *reader) enter() (more bool) {
	r.step(func() {
		if r.peek() == 'n' {
			r.literal("null")
			return
		}
		more = r.open('{', '}')
	})
	return more
}

func (r *reader) v3() {
	r.drop(inV3Bz2, inV3Conda)
	clear(r.unread)
	for more := r.enter(); more; r.step(func() { more = r.more('}') }) {
		var ext string
		r.step(func() { ext = string(unquote(r.key())) })
		switch ext {
		case "conda":
			r.section(inV3Conda)
		case "tar.bz2":
			r.section(inV3Bz2)
		default:
			r.foreign(ext)
		}
	}
}

// foreign notes the names of records in a format that is not conda's.
func (r *reader) foreign(ext string) {
	for more := r.enter(); more; {
		var stem string
		r.step(func() {
			stem = string(unquote(r.key()))
			r.skip()
			more = r.more('}')
		})
		if name, ok := nameOf(stem); ok && !slices.Contains(r.unread[name], ext) {
			r.unread[name] = append(r.unread[name], ext)
		}
	}
}

// section finds the records of one map. Of the same map twice the last counts.
func (r *reader) section(in section) {
	r.drop(in)
	for more := r.enter(); more; {
		var begin, end int
		var raw []byte
		var plain bool
		r.step(func() {
			r.peek()
			begin = r.pos
			if raw, plain = r.key(); r.peek() != '{' {
				r.want("a record")
				return
			}
			r.skip()
			end = r.pos
			more = r.more('}')
		})
		if r.bad != "" {
			return
		}
		if id, ok := r.nameID(raw, plain, in); ok {
			r.add(id, in, r.data[begin:end])
		}
	}
}

// nameID returns the number of the name that a file name begins with.
func (r *reader) nameID(raw []byte, plain bool, in section) (int32, bool) {
	if !plain {
		raw = unquote(raw, plain)
	}
	if r.last != "" && len(raw) > len(r.last)+1 && string(raw[:len(r.last)]) == r.last && raw[len(r.last)] == '-' {
		if rest := raw[len(r.last)+1:]; bytes.Count(rest, []byte("-")) == 1 && bytes.IndexByte(rest, '/') < 0 && plain {
			if stem, ext := cutBytes(rest, in); ext && stem[0] != '-' && stem[len(stem)-1] != '-' {
				return r.id, true
			}
		}
	}
	file := string(raw) + in.ext()
	stem, ext := cutExt(file)
	name, ok := nameOf(stem)
	if ext == "" || !ok || strings.ContainsAny(file, `/\`) {
		r.refuse("file name %q is not name-version-build.conda or .tar.bz2", file)
		return 0, false
	}
	r.last, r.id = name, r.idOf(name)
	return r.id, true
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
