package importer

import (
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gophersnake/gophersnake/internal/yamltree"
)

// pylockLines are the lines of a pylock.toml that errors name.
type pylockLines struct {
	starts   []int          // offsets of the file's lines
	keys     map[string]int // keys of the file itself
	packages []int
	wheels   [][]int // by package
}

// Bounds of the TOML that is read. The library's time grows with the squares of
// the number of keys of a package, or of an inline table, and of the parts of a
// key.
const (
	maxPylockKeys  = 4000
	maxPylockParts = 8
)

// readPylockLines reads a document for its lines alone. What is not TOML it
// leaves to whoever reads the values.
func readPylockLines(f yamltree.File, data []byte) (pylockLines, error) {
	l := pylockLines{starts: []int{0}, keys: map[string]int{}}
	if len(data) > MaxSize {
		return l, f.Usage(0, "file has more than %d MiB", MaxSize>>20)
	}
	for i, b := range data {
		if b == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	p := unstable.Parser{}
	p.Reset(data)
	table, keys := "", 0
	for p.NextExpression() {
		n := p.Expression()
		if n.Kind != unstable.KeyValue && n.Kind != unstable.Table && n.Kind != unstable.ArrayTable {
			continue
		}
		key, line := l.keyOf(n)
		name := strings.Join(key, ".")
		if keys++; n.Kind == unstable.ArrayTable && name == "packages" {
			keys = 0
		}
		if len(key) > maxPylockParts || keys > maxPylockKeys || n.Kind == unstable.KeyValue && tooWide(n.Value()) {
			return l, f.Usage(line, "file holds too much")
		}
		if n.Kind == unstable.KeyValue {
			l.value(table, name, n, line)
			continue
		}
		if table = name; n.Kind == unstable.ArrayTable {
			l.block(name, line)
		}
	}
	return l, nil
}

// tooWide tells whether a value holds an inline table of too many keys.
func tooWide(value *unstable.Node) bool {
	count := 0
	for it := value.Children(); it.Next(); {
		n := it.Node()
		if n.Kind == unstable.KeyValue {
			if count++; count > maxPylockKeys {
				return true
			}
			n = n.Value()
		}
		if (n.Kind == unstable.InlineTable || n.Kind == unstable.Array) && tooWide(n) {
			return true
		}
	}
	return false
}

// keyOf returns the parts of a key, and its line.
func (l *pylockLines) keyOf(n *unstable.Node) (key []string, line int) {
	for it := n.Key(); it.Next() && len(key) <= maxPylockParts; {
		if len(key) == 0 {
			line = l.at(it.Node())
		}
		key = append(key, string(it.Node().Data))
	}
	return key, line
}

// at returns the line of a key's part.
func (l *pylockLines) at(n *unstable.Node) int {
	line, exact := slices.BinarySearch(l.starts, int(n.Raw.Offset))
	if exact {
		line++
	}
	return line
}

// block notes a table of a list.
func (l *pylockLines) block(name string, line int) {
	switch name {
	case "packages":
		l.packages, l.wheels = append(l.packages, line), append(l.wheels, nil)
	case "packages.wheels":
		l.addWheel(line)
	}
}

// value notes a key with its value.
func (l *pylockLines) value(table, name string, n *unstable.Node, line int) {
	if table == "" {
		l.keys[name] = line
	}
	if table != "packages" || name != "wheels" {
		return
	}
	for it := n.Value().Children(); it.Next(); {
		if it.Node().Kind != unstable.InlineTable {
			continue
		}
		at := line
		if first := it.Node().Children(); first.Next() {
			_, at = l.keyOf(first.Node())
		}
		l.addWheel(at)
	}
}

func (l *pylockLines) addWheel(line int) {
	if n := len(l.wheels) - 1; n >= 0 {
		l.wheels[n] = append(l.wheels[n], line)
	}
}

// key returns the line of a key of the file itself, or 0.
func (l *pylockLines) key(name string) int { return l.keys[name] }

// pkg returns the line of a package. One that is not written as a block has the
// line of the list.
func (l *pylockLines) pkg(n int) int {
	if n < len(l.packages) {
		return l.packages[n]
	}
	return max(1, l.keys["packages"])
}

// wheel returns the line of a package's wheel, or that of the package.
func (l *pylockLines) wheel(n, k int) int {
	if n < len(l.wheels) && k < len(l.wheels[n]) {
		return l.wheels[n][k]
	}
	return l.pkg(n)
}
