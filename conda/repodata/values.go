package repodata

import (
	"bytes"
	"encoding/hex"
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
