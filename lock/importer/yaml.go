package importer

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
)

// Limits of the YAML that is read. The library needs time in the square of
// nesting and of tokens on a line; conda-lock writes four levels and a
// handful of tokens.
const (
	maxNesting = 64
	maxTokens  = 4096 // on one line
)

// parseYAML reads one YAML document that has no anchors, aliases, tags and
// directives: a lock needs none of them, and a small file with aliases can
// stand for a huge one.
func parseYAML(f file, data []byte) (ast.Node, error) {
	if len(data) > MaxSize {
		return nil, f.usage(0, "file has more than %d MiB", MaxSize>>20)
	}
	if line := deepLine(data); line > 0 {
		return nil, f.usage(line, "line is indented by more than %d", maxNesting)
	}
	tokens := lexer.Tokenize(string(data))
	if err := checkTokens(f, tokens); err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0)
	if err != nil {
		var bad yaml.Error
		if errors.As(err, &bad) && bad.GetToken() != nil && !strings.ContainsFunc(bad.GetMessage(), unicode.IsControl) {
			return nil, f.usage(bad.GetToken().Position.Line, "%s", bad.GetMessage())
		}
		return nil, f.usage(0, "not a YAML document")
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, f.usage(0, "file holds %d YAML documents with content, not one", documents(parsed))
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

func checkTokens(f file, tokens token.Tokens) error {
	depth, line, count := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, count = t.Position.Line, 0
		}
		count++
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType:
			return f.usage(line, "anchors, aliases, merge keys, tags and directives are not read")
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > maxNesting || count > maxTokens {
			return f.usage(line, "line holds too much")
		}
	}
	return nil
}

// mapping is a YAML mapping with text keys.
type mapping struct {
	file file
	line int
	keys []string
	at   map[string]ast.Node
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// asMapping returns a node's keys and values. The line is that of the first
// key.
func asMapping(f file, what string, n ast.Node) (mapping, error) {
	m := mapping{file: f, line: lineOf(n), at: map[string]ast.Node{}}
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return m, f.usage(lineOf(n), "%s is not a mapping", what)
	}
	for i, v := range values {
		key, ok := scalar(v.Key)
		if !ok {
			return m, f.usage(lineOf(v.Key), "%s has a key that is not text", what)
		}
		if i == 0 {
			m.line = lineOf(v.Key)
		}
		m.keys = append(m.keys, key)
		m.at[key] = v.Value
	}
	return m, nil
}

// scalar returns a plain value as it is written, so that a version 3.10 stays
// what it is.
func scalar(n ast.Node) (string, bool) {
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

func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// text returns a value that must be there.
func (m mapping) text(what, key string) (string, error) {
	s, err := m.optional(what, key)
	if err == nil && s == "" {
		return "", m.file.usage(m.line, "%s has no %s", what, key)
	}
	return s, err
}

// optional returns a value, or "".
func (m mapping) optional(what, key string) (string, error) {
	n := m.at[key]
	if isNull(n) {
		return "", nil
	}
	s, ok := scalar(n)
	if !ok {
		return "", m.file.usage(lineOf(n), "%s: %s is not text", what, key)
	}
	return strings.TrimSpace(s), nil
}

// list returns a list of texts; a single text is a list of one.
func (m mapping) list(what, key string) ([]string, error) {
	n := m.at[key]
	if isNull(n) {
		return nil, nil
	}
	if s, ok := scalar(n); ok {
		return []string{s}, nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, m.file.usage(lineOf(n), "%s: %s is not a list", what, key)
	}
	var all []string
	for _, v := range seq.Values {
		s, ok := scalar(v)
		if !ok {
			return nil, m.file.usage(lineOf(v), "%s: %s holds something that is not text", what, key)
		}
		all = append(all, s)
	}
	return all, nil
}

func quote(name string) string { return fmt.Sprintf("package %q", name) }
