// Package yamltree reads the YAML of other tools' files as a tree whose nodes
// know their lines: one document without anchors, aliases, tags and directives,
// since a small file with aliases can stand for a huge one.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// MaxSize is the most bytes of a file that is read.
const MaxSize = 64 << 20

// File is a file's name, for errors.
type File string

// Usage returns an error of class usage at a line, from 1; 0 is the whole file.
func (f File) Usage(line int, format string, args ...any) *fault.Error {
	return fault.New(fault.Usage, f.At(line), format, args...)
}

// At returns "file:line", or the file alone for line 0.
func (f File) At(line int) string {
	if line == 0 {
		return string(f)
	}
	return fmt.Sprintf("%s:%d", string(f), line)
}

// Limits of the YAML that is read. The library needs time in the square of
// nesting and of tokens on a line; conda-lock writes four levels and a
// handful of tokens.
const (
	maxNesting = 64
	maxTokens  = 4096 // on one line
)

// Parse reads one document. Errors are of class usage, with the line.
func Parse(f File, data []byte) (ast.Node, error) {
	if len(data) > MaxSize {
		return nil, f.Usage(0, "file has more than %d MiB", MaxSize>>20)
	}
	if line := deepLine(data); line > 0 {
		return nil, f.Usage(line, "line is indented by more than %d", maxNesting)
	}
	tokens := lexer.Tokenize(string(data))
	if err := checkTokens(f, tokens); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0)
	if err != nil {
		var bad yaml.Error
		if errors.As(err, &bad) && bad.GetToken() != nil && !strings.ContainsFunc(bad.GetMessage(), unicode.IsControl) {
			return nil, f.Usage(bad.GetToken().Position.Line, "%s", bad.GetMessage())
		}
		return nil, f.Usage(0, "not a YAML document")
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, f.Usage(0, "file holds %d YAML documents with content, not one", documents(parsed))
	}
	return parsed.Docs[0].Body, nil
}

func documents(f *ast.File) (n int) {
	for _, d := range f.Docs {
		if d.Body != nil {
			n++
		}
	}
	return n
}

// deepLine returns the first line whose indentation, list marks included,
// allows more nesting than we read, or 0.
func deepLine(data []byte) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if len(text)-len(bytes.TrimLeft(text, " \t-?:")) > maxNesting && !bytes.HasPrefix(bytes.TrimLeft(text, " \t"), []byte("#")) {
			return line
		}
	}
	return 0
}

func checkTokens(f File, tokens token.Tokens) error {
	depth, line, count := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, count = t.Position.Line, 0
		}
		count++
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return f.Usage(line, "anchors, aliases, merge keys, tags and directives are not read")
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxNesting || count > maxTokens {
			return f.Usage(line, "line holds too much")
		}
	}
	return nil
}

// Mapping is a YAML mapping with text keys.
type Mapping struct {
	File File
	Line int                 // of the first key
	Keys []string            // in the order of the file
	At   map[string]ast.Node // values by key; of a key that stands twice, the last

	lines map[string]int
}

// LineOf returns the line of a key, or 0.
func (m Mapping) LineOf(key string) int { return m.lines[key] }

// LineOf returns the line of a node, or 0.
func LineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// AsMapping returns a node's keys and values; what says in errors what it is.
func AsMapping(f File, what string, n ast.Node) (Mapping, error) {
	m := Mapping{File: f, Line: LineOf(n), At: map[string]ast.Node{}, lines: map[string]int{}}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return m, f.Usage(LineOf(n), "%s is not a mapping", what)
	}
	for i, v := range values {
		key, ok := Scalar(v.Key)
		if !ok {
			return m, f.Usage(LineOf(v.Key), "%s has a key that is not text", what)
		}
		if i == 0 {
			m.Line = LineOf(v.Key)
		}
		m.Keys = append(m.Keys, key)
		m.At[key] = v.Value
		m.lines[key] = LineOf(v.Key)
	}
	return m, nil
}

// Scalar returns a plain value as it is written, so that a version 3.10 stays
// what it is.
func Scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// IsNull reports whether a value is null or absent.
func IsNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// Text returns a value that must be there.
func (m Mapping) Text(what, key string) (string, error) {
	s, err := m.Optional(what, key)
	if err == nil && s == "" {
		return "", m.File.Usage(m.Line, "%s has no %s", what, key)
	}
	return s, err
}

// Optional returns a value, or "".
func (m Mapping) Optional(what, key string) (string, error) {
	n := m.At[key]
	if IsNull(n) {
		return "", nil
	}
	s, ok := Scalar(n)
	if !ok {
		return "", m.File.Usage(LineOf(n), "%s: %s is not text", what, key)
	}
	return strings.TrimSpace(s), nil
}

// List returns a list of texts; a single text is a list of one.
func (m Mapping) List(what, key string) ([]string, error) {
	n := m.At[key]
	if IsNull(n) {
		return nil, nil
	}
	if s, ok := Scalar(n); ok {
		return []string{s}, nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, m.File.Usage(LineOf(n), "%s: %s is not a list", what, key)
	}
	var all []string
	for _, v := range seq.Values {
		s, ok := Scalar(v)
		if !ok {
			return nil, m.File.Usage(LineOf(v), "%s: %s holds something that is not text", what, key)
		}
		all = append(all, s)
	}
	return all, nil
}
