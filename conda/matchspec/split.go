package matchspec

import (
	"errors"
	"strings"

	"github.com/gophersnake/gophersnake/conda/version"
)

// versionAndBuild reads what follows the name.
func (p *parser) versionAndBuild(at span, fields []field) error {
	if at.from == at.to {
		return nil
	}
	end := p.versionEnd(at)
	versions, build := span{at.from, end}, p.trim(span{end, at.to})
	if !p.Strict && build.from < build.to && p.text[build.from] == '=' {
		build = p.trim(span{build.from + 1, build.to})
	}
	if p.Strict && build.from == end && end < at.to {
		return p.errorAt(end, "expected a blank before the build")
	}
	if err := p.repeated(fields, at, build); err != nil {
		return err
	}
	if err := p.build(p.cut(build), build.from); err != nil {
		return err
	}
	if text := p.cut(versions); !p.Strict && build.from < build.to && isLoneFuzzy(text) {
		versions.from++
	}
	return p.version(p.cut(versions), versions.from)
}

// isLoneFuzzy reports whether the text is "=" and one version.
func isLoneFuzzy(text string) bool {
	return len(text) > 1 && text[0] == '=' && !strings.ContainsAny(text[1:], "=<>!~,|")
}

// repeated refuses, in strict mode, what a key gives again.
func (p *parser) repeated(fields []field, at, build span) error {
	for _, f := range fields {
		if p.Strict && (f.key == "version" || f.key == "build" && build.from < build.to) {
			return p.errorAt(at.from, "the %s is given twice", f.key)
		}
	}
	return nil
}

// versionEnd returns where a version spec ends: after versions joined by ","
// and "|", at a blank or at the "=" before a build.
func (p *parser) versionEnd(at span) int {
	i, end := at.from, at.from
	for i < at.to {
		for i < at.to && (isBlank(p.text[i]) || p.text[i] == '(') {
			i++
		}
		i = p.constraintEnd(i, at.to)
		end = i
		for i < at.to && (isBlank(p.text[i]) || p.text[i] == ')') {
			if i++; p.text[i-1] == ')' {
				end = i
			}
		}
		if i == at.to || p.text[i] != ',' && p.text[i] != '|' {
			return end
		}
		i++
		end = i
	}
	return end
}

// constraintEnd returns where an operator and its version or a regular
// expression end.
func (p *parser) constraintEnd(i, to int) int {
	if i < to && p.text[i] == '^' {
		for j := i; j < to; j++ {
			if p.text[j] == '$' && (j+1 == to || strings.IndexByte(" \t\n\r=,|)", p.text[j+1]) >= 0) {
				return j + 1
			}
		}
		return to
	}
	for i < to && isOperator(p.text[i]) {
		i++
	}
	for i < to && isBlank(p.text[i]) {
		i++
	}
	for i < to && !isBlank(p.text[i]) && strings.IndexByte("=<>~,|()", p.text[i]) < 0 {
		i++
	}
	return i
}

func (p *parser) version(text string, from int) error {
	read := version.ParseSpec
	if p.Strict {
		read = version.ParseSpecStrict
	}
	spec, err := read(text)
	if err != nil {
		return p.within(from, err)
	}
	p.spec.Version = spec
	return nil
}

// within returns the error of a part of the text with the place in the whole.
func (p *parser) within(from int, err error) error {
	var inner *version.SyntaxError
	if !errors.As(err, &inner) {
		return p.errorAt(from, "%v", err)
	}
	e := p.errorAt(from+inner.Offset, "%s", inner.Problem)
	e.Advice = inner.Advice
	if at := e.Offset; e.Advice == "" && at < len(p.text) {
		e.Advice = advice(p.text[at])
	}
	return e
}

// advice says what to write instead of a byte that is often misplaced.
func advice(c byte) string {
	switch c {
	case ';':
		return `write conditions as [when="…"]`
	case '<', '>', '~':
		return `join versions with "," and no blank before the operator`
	}
	return ""
}

// build reads a build string, glob or regular expression.
func (p *parser) build(text string, from int) error {
	if strings.HasPrefix(text, "^") && strings.HasSuffix(text, "$") {
		pattern, err := ParsePattern(text)
		if err != nil {
			return p.errorAt(from, "%v", err)
		}
		p.spec.Build = pattern
		return nil
	}
	for i := range len(text) {
		c := lower(text[i])
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("_.+-*!", c) >= 0 {
			continue
		}
		e := p.errorAt(from+i, "a build cannot have %q", text[i])
		e.Advice = advice(c)
		return e
	}
	p.spec.Build, _ = ParsePattern(text)
	return nil
}
