package tree

import (
	"fmt"
	"strconv"
	"strings"
)

const blockSize = 512

// Largest values of ustar's octal fields.
const (
	maxOctal7  = 1<<21 - 1 // uid and gid: 7 digits
	maxOctal11 = 1<<33 - 1 // size and mtime: 11 digits
)

// appendHeader appends the tar header blocks of one entry: ustar, after a pax
// header where a value does not fit ustar.
func appendHeader(dst []byte, h Header) []byte {
	name := h.Path
	if h.Kind == Dir {
		name += "/"
	}
	f := fields{mode: h.Mode & 0o7777, uid: int64(h.UID), gid: int64(h.GID), size: h.Size, mtime: h.ModTime, link: h.Target}
	f.typeflag = [...]byte{File: '0', Symlink: '2', Dir: '5'}[h.Kind]
	var pax records
	f.prefix, f.name = splitName(name)
	if f.name == "" {
		pax.add("path", name)
		f.name = ascii(name, 100)
	}
	if !isASCII(h.Target) || len(h.Target) > 100 {
		pax.add("linkpath", h.Target)
		f.link = ascii(h.Target, 100)
	}
	f.uid = pax.number("uid", f.uid, maxOctal7)
	f.gid = pax.number("gid", f.gid, maxOctal7)
	f.size = pax.number("size", f.size, maxOctal11)
	f.mtime = pax.number("mtime", f.mtime, maxOctal11)
	if len(pax) > 0 {
		body := pax.bytes()
		dst = fields{name: "PaxHeader", mode: 0o644, size: int64(len(body)), typeflag: 'x'}.append(dst)
		dst = append(dst, body...)
		dst = appendZeros(dst, padding(int64(len(body))))
	}
	return f.append(dst)
}

// fields are the values of one ustar header block, all of which fit.
type fields struct {
	name, prefix, link string
	mode, uid, gid     int64
	size, mtime        int64
	typeflag           byte
}

// append writes the block as POSIX.1-1988 lays it out.
func (f fields) append(dst []byte) []byte {
	start := len(dst)
	dst = appendZeros(dst, blockSize)
	b := dst[start:]
	copy(b[0:100], f.name)
	octal(b[100:108], f.mode)
	octal(b[108:116], f.uid)
	octal(b[116:124], f.gid)
	octal(b[124:136], f.size)
	octal(b[136:148], f.mtime)
	b[156] = f.typeflag
	copy(b[157:257], f.link)
	copy(b[257:265], "ustar\x0000")
	octal(b[329:337], 0) // device numbers, as other writers fill them
	octal(b[337:345], 0)
	copy(b[345:500], f.prefix)
	sum := int64(8 * ' ') // the checksum field counts as blanks
	for _, c := range b {
		sum += int64(c)
	}
	octal(b[148:155], sum)
	b[155] = ' '
	return dst
}

// octal fills field with digits and a final NUL.
func octal(field []byte, v int64) {
	copy(field, fmt.Sprintf("%0*o\x00", len(field)-1, v))
}

// splitName divides a name between ustar's prefix (155 bytes) and name (100).
// Both are empty where it does not fit or is not ASCII.
func splitName(name string) (prefix, base string) {
	if !isASCII(name) {
		return "", ""
	}
	if len(name) <= 100 {
		return "", name
	}
	// The slash between the two is not stored; a directory's last is.
	i := strings.LastIndexByte(name[:min(len(name)-1, 156)], '/')
	if i <= 0 || len(name)-i-1 > 100 {
		return "", ""
	}
	return name[:i], name[i+1:]
}

// records is the content of a pax extended header.
type records []string

func (r *records) add(key, value string) { *r = append(*r, key, value) }

// number records a value that the ustar field cannot hold, and returns the
// value for that field.
func (r *records) number(key string, v, most int64) int64 {
	if v >= 0 && v <= most {
		return v
	}
	r.add(key, strconv.FormatInt(v, 10))
	return 0
}

// bytes returns lines "length key=value\n"; the length counts itself.
func (r records) bytes() []byte {
	var b []byte
	for i := 0; i < len(r); i += 2 {
		rest := " " + r[i] + "=" + r[i+1] + "\n"
		n := len(rest)
		for n != len(rest)+len(strconv.Itoa(n)) {
			n = len(rest) + len(strconv.Itoa(n))
		}
		b = append(strconv.AppendInt(b, int64(n), 10), rest...)
	}
	return b
}

// padding is the number of zero bytes after size bytes of content.
func padding(size int64) int { return int(-size & (blockSize - 1)) }

func appendZeros(dst []byte, n int) []byte { return append(dst, make([]byte, n)...) }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// ascii is a stand-in for readers that do not know pax.
func ascii(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}
