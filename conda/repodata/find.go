package repodata

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

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
