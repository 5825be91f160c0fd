package pypi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Environment is what markers ask for, by PEP 508's names. An absent name
// counts as empty text. A lock file's markers (PEP 751) ask for extras and
// dependency_groups too, which are sets: normalised names with spaces between.
type Environment map[string]string

// Linux returns the environment of CPython on Linux. Full is the version as
// "3.11.9", machine what uname -m says. What only a running machine knows
// (platform_release, platform_version) is empty.
func Linux(full, machine string) Environment {
	parts := strings.SplitN(full, ".", 3)
	return Environment{
		"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine,
		"implementation_name": "cpython", "platform_python_implementation": "CPython",
		"implementation_version": full, "python_full_version": full, "python_version": strings.Join(parts[:min(2, len(parts))], "."),
		"platform_release": "", "platform_version": "",
	}
}

// variables are the names that markers may use, old spellings included.
var variables = map[string]string{
	"os_name": "os_name", "os.name": "os_name",
	"sys_platform": "sys_platform", "sys.platform": "sys_platform",
	"platform_machine": "platform_machine", "platform.machine": "platform_machine",
	"platform_python_implementation": "platform_python_implementation", "platform.python_implementation": "platform_python_implementation",
	"python_implementation": "platform_python_implementation",
	"platform_release":      "platform_release", "platform_system": "platform_system",
	"platform_version": "platform_version", "platform.version": "platform_version",
	"python_version": "python_version", "python_full_version": "python_full_version",
	"implementation_name": "implementation_name", "implementation_version": "implementation_version",
	"extra": "extra", "extras": "extras", "dependency_groups": "dependency_groups",
}

// isSet tells the variables that only "in" can ask (PEP 751).
func isSet(variable string) bool { return variable == "extras" || variable == "dependency_groups" }

// node is a part of a marker.
type node interface {
	eval(env Environment, extra string) bool
}

type both struct{ a, b node }

func (n both) eval(env Environment, extra string) bool {
	return n.a.eval(env, extra) && n.b.eval(env, extra)
}

type either struct{ a, b node }

func (n either) eval(env Environment, extra string) bool {
	return n.a.eval(env, extra) || n.b.eval(env, extra)
}

type comparison struct {
	a, b operand
	op   string
}

type operand struct{ variable, text string }

func (o operand) value(env Environment, extra string) string {
	switch o.variable {
	case "":
		return o.text
	case "extra":
		return extra
	}
	return env[o.variable]
}

func (n comparison) eval(env Environment, extra string) bool {
	a, b := n.a.value(env, extra), n.b.value(env, extra)
	if isSet(n.b.variable) {
		return slices.Contains(strings.Fields(b), Normalize(a)) == (n.op == "in")
	}
	if n.a.variable == "extra" || n.b.variable == "extra" {
		a, b = Normalize(a), Normalize(b)
	} else if c, err := parseClause(n.op + b); err == nil {
		if v, err := ParseVersion(a); err == nil {
			return c.contains(v)
		}
	}
	switch n.op {
	case "in":
		return strings.Contains(b, a)
	case "not in":
		return !strings.Contains(b, a)
	case "==", "===":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	return false // ~= of texts
}

// maxDepth is how deep parentheses of a marker may lie in each other.
const maxDepth = 100

// parser reads the tokens of a marker.
type parser struct {
	tokens []string
	depth  int
}

func parseMarker(s string) (node, error) {
	tokens, err := tokenize(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	n, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q follows the marker", p.tokens[0])
	}
	return n, err
}

// tokenize cuts a marker into parentheses, operators, names and quoted texts;
// a text keeps its first quote.
func tokenize(s string) ([]string, error) {
	var tokens []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch c := s[0]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[1:], c)
			if end < 0 {
				return nil, fmt.Errorf("the text %s does not end", s)
			}
			tokens, s = append(tokens, s[:end+1]), s[end+2:]
			continue
		case c == '(' || c == ')':
		case strings.ContainsRune("<>=!~", rune(c)):
			n = len(s) - len(strings.TrimLeft(s, "<>=!~"))
		default:
			if n = strings.IndexFunc(s, func(c rune) bool { return !isWord(c) }); n < 0 {
				n = len(s)
			}
			if n == 0 {
				return nil, fmt.Errorf("the marker holds %q", s[:1])
			}
		}
		tokens, s = append(tokens, s[:n]), s[n:]
	}
	return tokens, nil
}

func isWord(c rune) bool {
	return c == '_' || c == '.' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) accept(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.next()
	return true
}

func (p *parser) or() (node, error) {
	n, err := p.and()
	for err == nil && p.accept("or") {
		var more node
		more, err = p.and()
		n = either{n, more}
	}
	return n, err
}

func (p *parser) and() (node, error) {
	n, err := p.term()
	for err == nil && p.accept("and") {
		var more node
		more, err = p.term()
		n = both{n, more}
	}
	return n, err
}

func (p *parser) term() (node, error) {
	if !p.accept("(") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("more than %d parentheses in the marker", maxDepth)
	}
	n, err := p.or()
	if err == nil && !p.accept(")") {
		err = fmt.Errorf("a parenthesis of the marker is not closed")
	}
	p.depth--
	return n, err
}

func (p *parser) comparison() (node, error) {
	a, err := p.operand()
	if err != nil {
		return nil, err
	}
	op := p.next()
	if op == "not" {
		op += " " + p.next()
	}
	if !slices.Contains([]string{"in", "not in", "===", "~=", "==", "!=", "<=", ">=", "<", ">"}, op) {
		return nil, fmt.Errorf("the marker has %q where an operator is due", op)
	}
	b, err := p.operand()
	if err == nil && a.variable == "" && b.variable == "" {
		err = fmt.Errorf("the marker compares two texts")
	}
	if err == nil && (isSet(a.variable) || isSet(b.variable) && (a.variable != "" || op != "in" && op != "not in")) {
		err = fmt.Errorf("the marker asks %s with %q: only a quoted text can be in it", cmp.Or(b.variable, a.variable), op)
	}
	return comparison{a, b, op}, err
}

func (p *parser) operand() (operand, error) {
	t := p.next()
	if t != "" && (t[0] == '\'' || t[0] == '"') {
		return operand{text: t[1:]}, nil
	}
	if v, ok := variables[t]; ok {
		return operand{variable: v}, nil
	}
	return operand{}, fmt.Errorf("the marker has %q where a variable or a quoted text is due", t)
}
