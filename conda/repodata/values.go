package repodata

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// want says that the field has another type.
func (d *decoder) want(what string) {
	if d.bad == "" {
		d.fail("%s: want %s", d.field, what)
	}
}

// string reads a string, or null.
func (d *decoder) string() string {
	if d.null() || d.bad != "" {
		return ""
	}
	if d.peek() != '"' {
		d.want("a string")
		return ""
	}
	at := d.pos + 1
	raw, plain := d.scanner.text()
	return d.text(raw, plain, at)
}

// digest reads a hash of n bytes, or null.
func (d *decoder) digest(n int) string {
	d.peek()
	if rest := d.data[d.pos:]; d.bad == "" && d.utf8 && len(rest) > 2*n+1 && rest[0] == '"' && rest[2*n+1] == '"' && isLowerHex(rest[1:2*n+1]) {
		at := d.pos + 1
		d.pos += 2*n + 2
		return d.whole[at : at+2*n]
	}
	s := d.string()
	good := 0 // digits in lower case
	for good < len(s) && (s[good]-'0' < 10 || s[good]-'a' < 6) {
		good++
	}
	if len(s) == good && (good == 2*n || good == 0) {
		return s
	}
	if len(s) != 2*n || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		d.want(fmt.Sprintf("%d hexadecimal digits, got %q", 2*n, s))
	}
	return strings.ToLower(s)
}

// isLowerHex reports whether a text of a multiple of eight bytes has only digits
// and letters from a to f. It looks at eight bytes at once.
func isLowerHex(text []byte) bool {
	good := uint64(high)
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		from := func(c uint64) uint64 { return w&^high + (0x80-c)*ones } // the high bit: it is c or above
		good &= (from('0')&^from('9'+1) | from('a')&^from('f'+1)) &^ w
	}
	return good == high
}

// small reads a whole number of few digits, as nearly all are.
func (d *decoder) small() (n uint64, ok bool) {
	if d.bad != "" {
		return 0, false
	}
	d.peek()
	begin, i := d.pos, d.pos
	for ; i < len(d.data) && '0' <= d.data[i] && d.data[i] <= '9'; i++ {
		n = n*10 + uint64(d.data[i]-'0')
	}
	if i == begin || i-begin > 18 || d.data[begin] == '0' && i-begin > 1 || i == len(d.data) || d.data[i] != ',' && d.data[i] != '}' {
		return 0, false
	}
	d.pos = i
	return n, true
}

func (d *decoder) number64() uint64 {
	if n, ok := d.small(); ok {
		return n
	}
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
	small, ok := d.small()
	n := int64(small)
	if !ok {
		text, _, _ := bytes.Cut(d.number(), []byte("."))
		var err error
		if n, err = strconv.ParseInt(string(text), 10, 64); err != nil {
			d.bad = ""
			d.want("a time")
		}
	}
	if n > lastSecond || n < -lastSecond {
		return n
	}
	return n * 1000
}

// strings reads a list of strings, or null. Records share what it returns.
func (d *decoder) strings() []string {
	begin := d.pos
	if end := bytes.IndexByte(d.data[begin:], ']'); end >= 0 {
		if list, ok := d.lists[d.whole[begin:begin+end+1]]; ok && d.bad == "" {
			d.pos += end + 1
			return list
		}
	}
	list := d.list()
	if d.bad == "" {
		d.lists[d.whole[begin:d.pos]] = list
	}
	return list
}

// list reads a list of strings, or null.
func (d *decoder) list() []string {
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
	if len(d.words) == 0 {
		return nil
	}
	return slices.Clone(d.words)
}

// features reads track_features: a list, or one string of words.
func (d *decoder) features() []string {
	if d.peek() != '"' {
		return slices.DeleteFunc(d.list(), func(s string) bool { return s == "" })
	}
	words := d.string()
	if words == "" {
		return nil
	}
	return strings.FieldsFunc(words, func(c rune) bool { return c == ' ' || c == ',' })
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
		name := string(d.name())
		all = slices.DeleteFunc(all, func(e Extra) bool { return e.Name == name })
		all = append(all, Extra{name, d.strings()})
	}
	return all
}
