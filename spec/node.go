package spec

import (
	"strconv"
	"strings"
)

// kind is the type of a TOML value.
type kind uint8

const (
	tableKind kind = iota
	listKind
	stringKind
	integerKind
	booleanKind
	floatKind
	dateKind // dates and times of all sorts
)

// node is a TOML value that knows where it stands.
type node struct {
	kind  kind
	key   position // of its key, or of its value where it has no key
	value position
	text  string   // of a scalar, unescaped
	keys  []string // of a table, in the file's order
	table map[string]*node
	items []*node // of a list

	header   bool // a table or list of tables made by its own [header] or an inline value: closed to others
	ofTables bool // a list made by [[headers]]
}

func newTable(at position) *node {
	return &node{kind: tableKind, key: at, value: at, table: map[string]*node{}}
}

// set adds or replaces a key of a table.
func (n *node) set(key string, child *node) {
	if _, ok := n.table[key]; !ok {
		n.keys = append(n.keys, key)
	}
	n.table[key] = child
}

// drop removes a key of a table.
func (n *node) drop(key string) {
	if _, ok := n.table[key]; !ok {
		return
	}
	delete(n.table, key)
	var keys []string
	for _, k := range n.keys {
		if k != key {
			keys = append(keys, k)
		}
	}
	n.keys = keys
}

// get returns the value below a table's keys, or nil. It may be called on nil.
func (n *node) get(keys ...string) *node {
	for _, k := range keys {
		if n == nil {
			return nil
		}
		n = n.table[k]
	}
	return n
}

// str returns the text of a string below a table's keys, or "".
func (n *node) str(keys ...string) string {
	if c := n.get(keys...); c != nil && c.kind == stringKind {
		return c.text
	}
	return ""
}

// article returns what the value is, for "want X, got Y".
func (n *node) article() string {
	switch n.kind {
	case tableKind:
		return "a table"
	case listKind:
		return "a list"
	case stringKind:
		return "a string"
	case booleanKind:
		return n.text
	case dateKind:
		return "a date"
	default:
		return "a number"
	}
}

// joinKey adds a key to a dotted path as TOML writes it.
func joinKey(path, key string) string {
	if !isBare(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// isBare reports whether TOML lets a key stand without quotes.
func isBare(key string) bool {
	const bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return key != "" && strings.Trim(key, bare) == ""
}
