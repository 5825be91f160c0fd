package debian

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// maxLine is the most bytes of one line of control data. Provides of large
// packages have tens of thousands.
const maxLine = 1 << 20

// Field is one field of a stanza.
type Field struct {
	Name  string // as written
	Value string // continued lines joined by newlines, without their first blank
}

// Stanza is a paragraph of control data (deb822(5)), in the order of the file.
type Stanza []Field

// Get returns a field's value, or "". Names are compared without case.
func (s Stanza) Get(name string) string {
	for _, f := range s {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Control reads stanzas.
type Control struct {
	where string
	lines *bufio.Scanner
	line  int
	only  map[string]bool // names of the fields that are wanted, as they are written; nil: all

	skipping bool // continued lines belong to a field that is not wanted
}

// NewControl returns a reader of control data; where is what errors call it.
func NewControl(r io.Reader, where string) *Control {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	return &Control{where: where, lines: lines}
}

// Next returns the next stanza, or io.EOF. Errors are of class verification,
// with the line.
func (c *Control) Next() (Stanza, error) {
	var s Stanza
	for c.lines.Scan() {
		c.line++
		line := c.lines.Bytes()
		if c.unwanted(line, len(s) > 0) {
			continue
		}
		text := strings.TrimRight(string(line), " \t\r")
		switch {
		case text == "" && len(line) > 0 && len(s) > 0:
			return nil, c.bad("a line of blanks inside a stanza")
		case text == "" && len(s) > 0:
			return s, nil
		case text == "":
		case text[0] == '#':
		case text[0] == ' ' || text[0] == '\t':
			if len(s) == 0 {
				return nil, c.bad("a continued line without a field")
			}
			s[len(s)-1].Value += "\n" + text[1:]
		default:
			f, err := c.field(text, s)
			if err != nil {
				return nil, err
			}
			s = append(s, f)
		}
	}
	if err := c.lines.Err(); err != nil {
		return nil, tree.NewError(c.where, "line %d: %w", c.line+1, err)
	}
	if len(s) == 0 {
		return nil, io.EOF
	}
	return s, nil
}

// unwanted reports whether a line belongs to a field that nobody wants. What
// such fields hold is not looked at.
func (c *Control) unwanted(line []byte, inside bool) bool {
	if c.only == nil || len(line) == 0 {
		return false
	}
	if line[0] == ' ' || line[0] == '\t' {
		return inside && c.skipping && len(bytes.TrimSpace(line)) > 0
	}
	name, _, ok := bytes.Cut(line, []byte{':'})
	c.skipping = ok && !c.only[string(name)]
	return c.skipping
}

func (c *Control) field(text string, s Stanza) (Field, error) {
	name, value, ok := strings.Cut(text, ":")
	if !ok || name == "" || name[0] == '-' || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Field{}, c.bad("no field")
	}
	for _, f := range s {
		if strings.EqualFold(f.Name, name) {
			return Field{}, c.bad("field %q stands twice", name)
		}
	}
	return Field{name, strings.TrimSpace(value)}, nil
}

func (c *Control) bad(format string, args ...any) error {
	e := tree.NewError(c.where, "line %d: "+format, append([]any{c.line}, args...)...)
	return e
}
