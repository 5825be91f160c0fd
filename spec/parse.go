package spec

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Bounds that no honest file comes near. They keep reading fast: the TOML
// library's time grows with the squares of these numbers.
const (
	maxDepth = 64     // parts of a key, and values inside values
	maxKeys  = 20_000 // keys and tables of the file
)

// reader turns a TOML document into nodes.
type reader struct {
	report
	toml    unstable.Parser
	lines   []int // offsets of the lines' starts
	keys    int   // set so far
	root    *node
	current *node // the table of the last header; nil where the header was refused
}

// parse reads a document. It finds keys that are set twice, with both lines,
// and leaves all else about syntax to the library.
func parse(file string, data []byte) (*node, error) {
	p := &reader{report: report{file: file}, lines: []int{0}, root: newTable(position{1, 1})}
	for i, b := range data {
		if b == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	p.current = p.root
	p.toml.Reset(data)
	for p.toml.NextExpression() && len(p.found) == 0 {
		p.expression(p.toml.Expression())
	}
	if len(p.found) == 0 {
		p.syntax(data)
	}
	return p.root, p.err()
}

// syntax notes what the library refuses.
func (p *reader) syntax(data []byte) {
	var all any
	err := toml.Unmarshal(data, &all)
	if err == nil {
		return
	}
	at := position{1, 1}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		at.line, at.column = d.Position()
	}
	f := flawf("not TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
	switch line := p.line(data, at.line); {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		f = f.hinted("the file begins with a byte order mark: save it as UTF-8 without one")
	case slices.ContainsFunc([]string{"<<<<<<<", "=======", ">>>>>>>"}, func(mark string) bool { return bytes.HasPrefix(line, []byte(mark)) }):
		f = f.hinted("the file has merge marks: settle the conflict")
	}
	p.add(at, f)
}

// line returns a line's bytes.
func (p *reader) line(data []byte, n int) []byte {
	if n < 1 || n > len(p.lines) {
		return nil
	}
	l, _, _ := bytes.Cut(data[p.lines[n-1]:], []byte("\n"))
	return l
}

// position returns the place of an offset.
func (p *reader) position(offset int) position {
	i, found := slices.BinarySearch(p.lines, offset)
	if !found {
		i--
	}
	return position{i + 1, offset - p.lines[i] + 1}
}

// keyPart is one part of a dotted key.
type keyPart struct {
	name string
	at   position
	end  int // offset after it
}

func (p *reader) key(it unstable.Iterator) []keyPart {
	var parts []keyPart
	for it.Next() {
		n := it.Node()
		end := int(n.Raw.Offset + n.Raw.Length)
		parts = append(parts, keyPart{string(n.Data), p.position(int(n.Raw.Offset)), end})
	}
	if len(parts) > maxDepth {
		p.add(parts[0].at, flawf("a key of %d parts; at most %d are read", len(parts), maxDepth))
		return nil
	}
	return parts
}

func (p *reader) expression(e *unstable.Node) {
	switch e.Kind {
	case unstable.Table:
		if parts := p.key(e.Key()); len(parts) > 0 {
			p.current = p.header(parts)
		}
	case unstable.ArrayTable:
		if parts := p.key(e.Key()); len(parts) > 0 {
			p.current = p.element(parts)
		}
	case unstable.KeyValue:
		if p.current != nil {
			p.keyValue(p.current, e, 0)
		}
	}
}

// enter walks to the table that holds the last part of a key, and makes tables
// on the way. It returns nil where a value stands in the way.
func (p *reader) enter(n *node, parts []keyPart) *node {
	for _, part := range parts[:len(parts)-1] {
		next := n.table[part.name]
		switch {
		case next == nil:
			next = newTable(part.at)
			p.set(n, part, next)
		case next.ofTables:
			next = next.items[len(next.items)-1]
		case next.kind != tableKind:
			p.twice(part, next)
			return nil
		}
		n = next
	}
	return n
}

// set adds a key to a table.
func (p *reader) set(n *node, part keyPart, child *node) {
	n.set(part.name, child)
	p.count(part.at)
}

// count counts a key or a table of a list.
func (p *reader) count(at position) {
	if p.keys++; p.keys > maxKeys {
		p.add(at, flawf("more than %d keys and tables", maxKeys))
	}
}

func (p *reader) twice(part keyPart, first *node) {
	p.add(part.at, flawf("key %q is set twice, first on line %d", part.name, first.key.line).hinted("keep one of the two"))
}

// header opens the table of a [header].
func (p *reader) header(parts []keyPart) *node {
	parent, last := p.enter(p.root, parts), parts[len(parts)-1]
	if parent == nil {
		return nil
	}
	n := parent.table[last.name]
	switch {
	case n == nil:
		n = newTable(last.at)
		p.set(parent, last, n)
	case n.kind != tableKind || n.header:
		p.twice(last, n)
		return nil
	}
	n.header = true
	return n
}

// element opens a new table of a [[header]].
func (p *reader) element(parts []keyPart) *node {
	parent, last := p.enter(p.root, parts), parts[len(parts)-1]
	if parent == nil {
		return nil
	}
	list := parent.table[last.name]
	switch {
	case list == nil:
		list = &node{kind: listKind, key: last.at, value: last.at, ofTables: true}
		p.set(parent, last, list)
	case !list.ofTables:
		p.twice(last, list)
		return nil
	}
	n := newTable(last.at)
	list.items = append(list.items, n)
	p.count(last.at)
	return n
}

func (p *reader) keyValue(in *node, e *unstable.Node, depth int) {
	parts := p.key(e.Key())
	if len(parts) == 0 {
		return
	}
	parent, last := p.enter(in, parts), parts[len(parts)-1]
	if parent == nil {
		return
	}
	if first := parent.table[last.name]; first != nil {
		p.twice(last, first)
		return
	}
	n := p.value(e.Value(), p.afterEquals(last.end), depth)
	n.key = last.at
	p.set(parent, last, n)
}

// afterEquals returns the place of the value that follows a key. The library
// does not tell where a list begins.
func (p *reader) afterEquals(offset int) position {
	data := p.toml.Data()
	for offset < len(data) && strings.IndexByte(" \t=", data[offset]) >= 0 {
		offset++
	}
	return p.position(offset)
}

func (p *reader) value(v *unstable.Node, at position, depth int) *node {
	if v.Raw.Length > 0 {
		at = p.position(int(v.Raw.Offset))
	}
	n := &node{kind: dateKind, key: at, value: at, header: true}
	if depth > maxDepth {
		p.add(at, flawf("values nest more than %d deep", maxDepth))
		return n
	}
	switch v.Kind {
	case unstable.Array:
		n.kind = listKind
		for it := v.Children(); it.Next(); {
			n.items = append(n.items, p.value(it.Node(), at, depth+1))
		}
	case unstable.InlineTable:
		n.kind, n.table = tableKind, map[string]*node{}
		for it := v.Children(); it.Next(); {
			p.keyValue(n, it.Node(), depth+1)
		}
	case unstable.String:
		n.kind = stringKind
	case unstable.Integer:
		n.kind = integerKind
	case unstable.Float:
		n.kind = floatKind
	case unstable.Bool:
		n.kind = booleanKind
	}
	n.text = string(v.Data)
	return n
}
