package matchspec

import (
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/conda/version"
)

// MaxLength is how many bytes a match spec may have.
const MaxLength = 1 << 14

// Options say how to read match specs. The zero value reads what channels and
// users have written, with exact names.
type Options struct {
	Strict   bool // refuse what is ambiguous, see the package comment
	Patterns bool // the name may be a glob or regular expression, to search with

	noWhen bool // within a condition
}

// Parse reads a match spec. The error is a *[version.SyntaxError].
func Parse(s string) (*MatchSpec, error) { return Options{}.Parse(s) }

// Parse reads a match spec. The error is a *[version.SyntaxError].
func (o Options) Parse(s string) (*MatchSpec, error) {
	p := parser{Options: o, text: s, spec: new(MatchSpec)}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.spec, nil
}

type parser struct {
	Options
	text string
	spec *MatchSpec
}

// span is a part of the text, so that errors can say where it is.
type span struct{ from, to int }

func (p *parser) cut(s span) string { return p.text[s.from:s.to] }

// trim returns the span without the blanks around it.
func (p *parser) trim(s span) span {
	for s.from < s.to && isBlank(p.text[s.from]) {
		s.from++
	}
	for s.to > s.from && isBlank(p.text[s.to-1]) {
		s.to--
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isOperator(c byte) bool { return strings.IndexByte("=!<>~", c) >= 0 }

func (p *parser) errorAt(at int, format string, args ...any) *version.SyntaxError {
	return &version.SyntaxError{Kind: "match spec", Input: p.text, Offset: at, Problem: fmt.Sprintf(format, args...)}
}

func (p *parser) parse() error {
	if len(p.text) > MaxLength {
		return p.errorAt(MaxLength, "too long")
	}
	if !p.Strict && p.plain() {
		return nil
	}
	rest, fields, err := p.brackets(p.trim(span{0, p.comment()}))
	if err != nil {
		return err
	}
	rest = p.trim(rest)
	isURL, err := p.url(rest)
	if err != nil {
		return err
	}
	if !isURL {
		if rest, err = p.place(rest); err == nil {
			rest, err = p.name(p.trim(rest))
		}
		if err == nil {
			err = p.versionAndBuild(p.trim(rest), fields)
		}
	}
	if err != nil {
		return err
	}
	return p.keys(fields)
}

// plain reads a name, a version spec and a build with a blank between them, as
// nearly all dependencies are written. It reports false for whatever needs a
// closer look, even if only to say what is wrong with it.
func (p *parser) plain() bool {
	name, rest, _ := strings.Cut(p.text, " ")
	if name == "" {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isLowerOrDigit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	versions, build, more := strings.Cut(rest, " ")
	if len(name) < len(p.text) && !isPlainVersion(versions) || more && !isPlainBuild(build) {
		return false
	}
	if versions != "" {
		found, err := version.ParseSpec(versions)
		if err != nil {
			return false
		}
		p.spec.Version = found
	}
	p.spec.Name = name
	p.spec.Build, _ = ParsePattern(build)
	return true
}

func isLowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// isPlainVersion reports whether a text is a version spec as a whole: no build
// begins after a "=", and nothing is to follow.
func isPlainVersion(s string) bool {
	last := byte('=')
	for i := range len(s) {
		c := s[i]
		switch {
		case isLowerOrDigit(c), strings.IndexByte("._+-*!<>~,|", c) >= 0:
		case c == '=' && i > 0 && strings.IndexByte("<>!~", last) >= 0:
		default:
			return false
		}
		last = c
	}
	return isLowerOrDigit(last) || last == '*' || last == '_'
}

func isPlainBuild(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLowerOrDigit(c) && strings.IndexByte("_.+-*", c) < 0 {
			return false
		}
	}
	return s != ""
}

// comment returns where the first "#" outside of quotes is.
func (p *parser) comment() int {
	quote := byte(0)
	for i := 0; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case quote != 0 && c == '\\':
			i++
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#':
			return i
		}
	}
	if at := strings.IndexByte(p.text, '#'); at >= 0 && quote != 0 {
		return at
	}
	return len(p.text)
}

// url reads the URL or path of a package file.
func (p *parser) url(at span) (bool, error) {
	text := p.cut(at)
	if strings.Contains(text, "::") {
		return false, nil
	}
	file, name, is, problem := packageURL(text)
	if problem != "" {
		return is, p.errorAt(at.from, "%s", problem)
	}
	p.spec.URL, p.spec.Name = file, name
	return is, nil
}

// place reads channel, subdir and namespace in front of a name.
func (p *parser) place(at span) (span, error) {
	head := p.cut(at)
	if i := strings.IndexAny(head, " \t\n\r^"); i >= 0 {
		head = head[:i]
	}
	last := strings.LastIndexByte(head, ':')
	if last < 0 {
		return at, nil
	}
	place := head[:last]
	channel, namespace, found := cutLast(place, ':')
	if !found {
		channel, namespace = "", place
	}
	p.spec.Namespace = namespace
	if found {
		p.spec.Channel, p.spec.Subdir = splitChannel(channel)
		if channel == "" || strings.Contains(channel, "::") || strings.ContainsAny(channel, `"'[]`) {
			return at, p.errorAt(at.from, "%q is no channel", channel)
		}
	}
	return span{at.from + last + 1, at.to}, nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if at := strings.LastIndexByte(s, sep); at >= 0 {
		return s[:at], s[at+1:], true
	}
	return "", s, false
}

// name reads a package name or, in a search, a pattern.
func (p *parser) name(at span) (span, error) {
	text := p.cut(at)
	end := 0
	if strings.HasPrefix(text, "^") {
		end = strings.IndexByte(text, '$') + 1
	}
	for end < len(text) && !isBlank(text[end]) && !isOperator(text[end]) {
		end++
	}
	name, rest := text[:end], span{at.from + end, at.to}
	if name == "" {
		return rest, p.errorAt(at.from, "expected a package name")
	}
	bad := badNameByte(name)
	if bad < 0 {
		p.spec.Name = strings.ToLower(name)
		return rest, nil
	}
	if name[0] != '^' && strings.Trim(name, "*") != "" && badNameByte(strings.ReplaceAll(name, "*", "")) >= 0 {
		return rest, p.errorAt(at.from+bad, "a package name cannot have %q", name[bad])
	}
	if !p.Patterns {
		return rest, p.errorAt(at.from, "%q is a pattern, only one package can be asked for", name)
	}
	pattern, err := ParsePattern(name)
	if err != nil {
		return rest, p.errorAt(at.from, "%v", err)
	}
	p.spec.Pattern = pattern
	return rest, nil
}
