package spec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Owner is the name of an account, or a number. In the file a number may stand
// without quotes.
type Owner string

// decode fills v from n and notes every key v has no place for and every value
// of another type. Path is the dotted key of n.
func (r *report) decode(path string, n *node, v reflect.Value) {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.decodeText(path, n, u)
		return
	}
	if !fits(n, v.Type()) {
		r.wrongType(path, n, v.Type())
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.decodeStruct(path, n, v)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.decode(path, n, v.Elem())
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range n.keys {
			item := reflect.New(v.Type().Elem()).Elem()
			r.decode(joinKey(path, key), n.table[key], item)
			v.SetMapIndex(reflect.ValueOf(key), item)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
		for i, item := range n.items {
			r.decode(path, item, v.Index(i))
		}
	case reflect.String:
		v.SetString(n.text)
	case reflect.Int:
		r.decodeInt(path, n, v)
	case reflect.Bool:
		v.SetBool(n.text == "true")
	case reflect.Interface:
		r.decodeFree(path, n, v)
	}
}

func (r *report) decodeText(path string, n *node, u encoding.TextUnmarshaler) {
	if n.kind != stringKind {
		r.wrongType(path, n, reflect.TypeFor[string]())
		return
	}
	if err := u.UnmarshalText([]byte(n.text)); err != nil {
		r.add(n.value, platformFlaw(path, n.text, err))
	}
}

func (r *report) decodeInt(path string, n *node, v reflect.Value) {
	i, err := strconv.ParseInt(n.text, 0, 64)
	if err != nil || v.OverflowInt(i) {
		r.add(n.value, flawf("%s: number %s is out of range", path, n.text))
		return
	}
	v.SetInt(i)
}

// decodeStruct fills a struct by its toml tags. The jsonschema tags, which the
// schema is made from, are obeyed here too.
func (r *report) decodeStruct(path string, n *node, v reflect.Value) {
	known := fields(v.Type())
	for _, key := range n.keys {
		i := slices.IndexFunc(known, func(f reflect.StructField) bool { return f.Tag.Get("toml") == key })
		if i < 0 {
			r.add(n.table[key].key, unknownKey(path, key, known))
			continue
		}
		field, child := v.FieldByName(known[i].Name), n.table[key]
		r.decode(joinKey(path, key), child, field)
		r.add(child.value, obey(joinKey(path, key), child, known[i]))
	}
	for _, f := range known {
		key := f.Tag.Get("toml")
		if tagHas(f, "required") && n.table[key] == nil {
			r.add(n.key, flawf("%s: %s is missing", path, key))
		}
	}
}

// fields returns the fields of a struct and of those it embeds that have a
// toml tag.
func fields(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("toml") != "" {
			all = append(all, f)
		}
	}
	return all
}

// fits reports whether a value's type is the one a Go type wants.
func fits(n *node, t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Owner]():
		return n.kind == stringKind || n.kind == integerKind
	case reflect.TypeFor[Cutoff]():
		return n.kind == stringKind || n.kind == dateKind
	case reflect.TypeFor[Command]():
		return n.kind == stringKind || n.kind == listKind || n.kind == tableKind
	case reflect.TypeFor[Setting]():
		return n.kind != dateKind
	}
	switch t.Kind() {
	case reflect.Pointer:
		return fits(n, t.Elem())
	case reflect.Struct, reflect.Map:
		return n.kind == tableKind
	case reflect.Slice:
		return n.kind == listKind
	case reflect.String:
		return n.kind == stringKind
	case reflect.Int:
		return n.kind == integerKind
	default:
		return n.kind == booleanKind
	}
}

func (r *report) wrongType(path string, n *node, t reflect.Type) {
	f := flawf("%s: want %s, got %s", path, wanted(t), n.article())
	_, last := cutLast(path)
	switch {
	case t.Kind() == reflect.Slice && n.kind == stringKind && t.Elem().Kind() == reflect.String:
		f = f.hinted("put it in brackets: %s = [%q]", last, redact(n.text))
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && n.kind == tableKind && n.header:
		f = f.hinted("write the header as [[%s]]", path)
	case t.Kind() == reflect.String && n.kind != tableKind && n.kind != listKind:
		f = f.hinted("put it in quotes: %q", n.text)
	case t.Kind() == reflect.Bool && n.kind == stringKind:
		f = f.hinted("write true or false without quotes")
	}
	r.add(n.value, f)
}

func cutLast(path string) (before, last string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:]
}

// wanted names a Go type as the file's author knows it.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Owner]():
		return "a name or a number"
	case reflect.TypeFor[Cutoff]():
		return "a duration or a date"
	case reflect.TypeFor[Command]():
		return "a string, a list of strings or a table of these"
	case reflect.TypeFor[Setting]():
		return "what JSON can hold"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Struct, reflect.Map:
		if t.Implements(reflect.TypeFor[fmt.Stringer]()) {
			return "a string"
		}
		return "a table"
	case reflect.Slice:
		return "a list of " + strings.TrimPrefix(wanted(t.Elem()), "a ") + "s"
	case reflect.String:
		return "a string"
	case reflect.Int:
		return "a number"
	default:
		return "true or false"
	}
}

// obey checks a value against the enum, minimum and maximum of a field's
// jsonschema tag.
func obey(path string, n *node, f reflect.StructField) flaw {
	var enum []string
	low, high := int64(0), int64(-1)
	for _, rule := range strings.Split(f.Tag.Get("jsonschema"), ",") {
		switch name, value, _ := strings.Cut(rule, "="); name {
		case "enum":
			enum = append(enum, value)
		case "minimum":
			low, _ = strconv.ParseInt(value, 10, 64)
		case "maximum":
			high, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	switch {
	case n.kind == stringKind && len(enum) > 0 && !slices.Contains(enum, n.text):
		return flawf("%s: %q is not %s", path, n.text, alternatives(enum)).suggest(n.text, enum)
	case n.kind == integerKind && high >= low:
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil && (i < low || i > high) {
			return flawf("%s: %d is not between %d and %d", path, i, low, high)
		}
	}
	return flaw{}
}

func tagHas(f reflect.StructField, rule string) bool {
	return slices.Contains(strings.Split(f.Tag.Get("jsonschema"), ","), rule)
}
