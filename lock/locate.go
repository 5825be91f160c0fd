package lock

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// locate returns "line:column" of a key such as "base[0].layers[1].digest" in
// valid TOML, or of the innermost block around it that the text has. It reads
// the text again, so that only errors pay for positions.
func locate(data []byte, key string) string {
	p := unstable.Parser{}
	p.Reset(data)
	w := walker{key: key, count: map[string]int{}, line: 1, column: 1}
	for p.NextExpression() {
		node := p.Expression()
		if path, last, ok := w.enter(node); ok {
			w.match(&p, path, last)
		}
	}
	return fmt.Sprintf("%d:%d", w.line, w.column)
}

// maxPath bounds the names that are followed. Ours have less than 40 bytes; a
// key of a hundred thousand dotted parts would need time in their square.
const maxPath = 256

// walker follows the blocks of a document and remembers the best match.
type walker struct {
	key          string
	table        string         // the block that plain keys belong to
	count        map[string]int // blocks so far, by array
	best         int            // length of the longest match
	line, column int
}

// enter returns the full name of what an expression is about, and its last key.
func (w *walker) enter(n *unstable.Node) (path string, last *unstable.Node, ok bool) {
	if n.Kind != unstable.KeyValue && n.Kind != unstable.Table && n.Kind != unstable.ArrayTable {
		return "", nil, false
	}
	if n.Kind == unstable.KeyValue {
		path = w.table
	}
	for it := n.Key(); it.Next(); {
		if last = it.Node(); len(path) > maxPath {
			return "", nil, false
		}
		if count, known := w.count[path]; known && n.Kind != unstable.KeyValue {
			path = fmt.Sprintf("%s[%d]", path, count-1)
		}
		path = strings.TrimPrefix(path+"."+string(last.Data), ".")
	}
	if n.Kind == unstable.ArrayTable {
		w.count[path]++
		path = fmt.Sprintf("%s[%d]", path, w.count[path]-1)
	}
	if n.Kind != unstable.KeyValue {
		w.table = path
	}
	return path, last, true
}

// match remembers an expression if it is, or is around, the key looked for.
func (w *walker) match(p *unstable.Parser, path string, last *unstable.Node) {
	rest, ok := strings.CutPrefix(w.key, path)
	if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' || len(path) <= w.best {
		return
	}
	w.best = len(path)
	start := p.Shape(last.Raw).Start
	w.line, w.column = start.Line, start.Column
}
