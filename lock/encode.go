package lock

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// header is the comment at the top of every lock.
const header = "# gophersnake.lock: written by `gophersnake lock`; the layer rows by `gophersnake build`.\n" +
	"# Keep it in version control and review it, but do not edit it.\n"

// Marshal returns the canonical text of a lock, made for review:
//
//   - a comment, then single values, then arrays of blocks in the order of
//     Lock's fields; in each block single values come before blocks of its own;
//   - base, go and activation blocks are sorted by version (go only), platform
//     and environments; conda blocks by name, subdir, platform, version, build
//     and URL; layer rows by key; links and dirs by path. Plan groups, base
//     layers and all other lists keep their order, since it has a meaning;
//   - blocks that differ in their environments alone are one block, and conda
//     blocks that differ in their platforms too. The top level of
//     gophersnake.toml, "" in memory, is written as [DefaultEnv] and comes
//     first;
//   - modes are octal;
//   - one value a line: lists of several items have one item a line;
//   - a text of several lines is a multi-line literal string where that can
//     hold it. Everything else is a basic string in which control characters,
//     zero-width and direction marks are escaped, so that a reviewer sees them.
//
// It refuses what Unmarshal would refuse.
func Marshal(l *Lock) ([]byte, error) {
	c := canonical(l, DefaultEnv)
	if p := cmp.Or(checkBlocks(l), checkWhole(c)); p != nil {
		return nil, p.fault("")
	}
	e := &encoder{}
	text := e.lock(c)
	if e.bad != "" {
		return nil, fault.New(fault.Usage, "", "%s is not UTF-8 text", e.bad)
	}
	return text, nil
}

// Resolved returns the canonical text of the resolved part alone: all but the
// layer rows. It does not check the lock.
func (l *Lock) Resolved() []byte {
	c := canonical(l, DefaultEnv)
	c.Layer = nil
	return new(encoder).lock(c)
}

// Digest returns "sha256:<hex>" of Resolved: the lock's own digest, which
// builds do not change.
func (l *Lock) Digest() string {
	sum := sha256.Sum256(l.Resolved())
	return "sha256:" + hex.EncodeToString(sum[:])
}

// encoder writes TOML v1.0.0 from structs whose fields have toml tags. It is
// our own so that the text cannot change with a library's version.
type encoder struct {
	buf bytes.Buffer
	bad string // the first key whose value is not UTF-8
}

func (e *encoder) lock(l *Lock) []byte {
	e.buf.WriteString(header)
	e.table("", reflect.ValueOf(*l))
	return e.buf.Bytes()
}

// block returns the text of one block's content, or of what a pointer to it
// leads to. It tells blocks apart.
func block(v any) string {
	e := &encoder{}
	e.table("", reflect.Indirect(reflect.ValueOf(v)))
	return e.buf.String()
}

// table writes the values of a struct, then its blocks.
func (e *encoder) table(name string, v reflect.Value) {
	type blocks struct {
		name string
		list reflect.Value
	}
	var later []blocks
	for _, f := range fields(v) {
		if isBlocks(f.value.Type()) {
			later = append(later, blocks{strings.TrimPrefix(name+"."+f.key, "."), f.value})
			continue
		}
		e.buf.WriteString(f.key + " = ")
		e.value(f.key, f.value)
		e.buf.WriteByte('\n')
	}
	for _, b := range later {
		for i := range b.list.Len() {
			fmt.Fprintf(&e.buf, "\n[[%s]]\n", b.name)
			e.table(b.name, b.list.Index(i))
		}
	}
}

// field is a struct field with its key in the file.
type field struct {
	key   string
	value reflect.Value
}

// fields returns the fields to write: those of embedded structs in their
// place, and none that is empty and says omitempty.
func fields(v reflect.Value) []field {
	var all []field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			all = append(all, fields(v.Field(i))...)
			continue
		}
		key, option, _ := strings.Cut(f.Tag.Get("toml"), ",")
		value := v.Field(i)
		empty := value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0
		if option == "omitempty" && empty {
			continue
		}
		all = append(all, field{key, value})
	}
	return all
}

// isBlocks reports whether values of the type are written as blocks.
func isBlocks(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !isText(t.Elem())
}

func isText(t reflect.Type) bool { return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) }

func (e *encoder) value(key string, v reflect.Value) {
	if isText(v.Type()) {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			e.bad = key
		}
		e.string(key, string(text))
		return
	}
	switch v.Kind() {
	case reflect.String:
		e.string(key, v.String())
	case reflect.Bool:
		e.buf.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int64:
		if key == "mode" { // permission bits are read in octal
			fmt.Fprintf(&e.buf, "0o%o", v.Int())
			return
		}
		e.buf.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint64:
		e.buf.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Slice:
		e.list(key, v)
	default:
		panic("lock: " + key + " has a type that the encoder does not know: " + v.Type().String())
	}
}

func (e *encoder) list(key string, v reflect.Value) {
	open, sep, end := "[", "", "]"
	if v.Len() > 1 {
		open, sep, end = "[\n", ",\n", "]"
	}
	e.buf.WriteString(open)
	for i := range v.Len() {
		if v.Len() > 1 {
			e.buf.WriteString("  ")
		}
		e.value(key, v.Index(i))
		e.buf.WriteString(sep)
	}
	e.buf.WriteString(end)
}

func (e *encoder) string(key, s string) {
	if e.bad == "" && !utf8.ValidString(s) {
		e.bad = key
	}
	if literal(s) {
		e.buf.WriteString("'''\n" + s + "'''")
		return
	}
	e.buf.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			e.buf.WriteByte('\\')
			e.buf.WriteRune(r)
		case r == '\n':
			e.buf.WriteString(`\n`)
		case r == '\t':
			e.buf.WriteString(`\t`)
		case hidden(r):
			fmt.Fprintf(&e.buf, `\u%04X`, r)
		default:
			e.buf.WriteRune(r)
		}
	}
	e.buf.WriteByte('"')
}

// literal reports whether a string is written between three single quotes.
// Text that looks like merge marks is not, so that no lock of ours can be
// mistaken for one with a conflict.
func literal(s string) bool {
	return strings.Contains(s, "\n") && !strings.Contains(s, "'''") && !strings.HasSuffix(s, "'") &&
		!HasMergeMarks([]byte(s)) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) })
}

// hidden reports whether a reader would not see a character as it is. The
// ranges are fixed, since Unicode's own tables grow with each version of Go.
func hidden(r rune) bool {
	for _, h := range [...][2]rune{
		{0x00, 0x1f},
		{0x7f, 0x9f},
		{0xad, 0xad},
		{0x61c, 0x61c},
		{0x180e, 0x180e},
		{0x200b, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0xfeff, 0xfeff},
		{0xfff9, 0xfffb},
	} {
		if h[0] <= r && r <= h[1] {
			return true
		}
	}
	return false
}
