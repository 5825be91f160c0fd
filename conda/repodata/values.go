package repodata

import (
	"bytes"
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
