package activate

import (
	"regexp"
	"strings"
)

// sed substitutes: commands s of basic regular expressions, without flags or
// with g, each for all lines of the input.
func (m *machine) sed(args []string) (string, bool) {
	var scripts []string
	for i := 0; i+1 < len(args) && args[i] == "-e"; i += 2 {
		scripts = append(scripts, args[i+1])
	}
	if len(args) == 1 && !strings.HasPrefix(args[0], "-") {
		scripts = args
	} else if len(args) == 0 || 2*len(scripts) != len(args) {
		return "", false
	}
	commands := make([]substitution, len(scripts))
	for i, s := range scripts {
		m.spend(16 * len(s)) // to compile it
		var ok bool
		if commands[i], ok = parseSubstitution(s); !ok {
			return "", false
		}
	}
	text, ok := m.input()
	if !ok {
		return "", false
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		m.step()
		line, end := strings.CutSuffix(line, "\n")
		for _, c := range commands {
			m.spend((len(line) + 1) * c.cost)
			if c.most(line) > m.Limits.Bytes {
				m.limit("expands to more than %d bytes", m.Limits.Bytes)
			}
			line = c.apply(line)
			m.spend(len(line))
		}
		out.WriteString(line)
		if end {
			out.WriteByte('\n')
		}
	}
	return out.String(), true
}

// substitution is a command s of sed.
type substitution struct {
	find *regexp.Regexp
	with string // as Regexp.Expand has it
	all  bool
	cost int // of matching a byte, in bytes of text
}

// most returns the most bytes that a line can become.
func (s substitution) most(line string) int {
	matches := 1
	if s.all {
		matches += len(line)
	}
	return len(line)*(1+strings.Count(s.with, "${")) + matches*len(s.with)
}

func (s substitution) apply(line string) string {
	if s.all {
		return s.find.ReplaceAllString(line, s.with)
	}
	at := s.find.FindStringSubmatchIndex(line)
	if at == nil {
		return line
	}
	return line[:at[0]] + string(s.find.ExpandString(nil, s.with, line, at)) + line[at[1]:]
}

func parseSubstitution(script string) (s substitution, ok bool) {
	if len(script) < 4 || script[0] != 's' || !strings.ContainsRune(",/|#:@%!;", rune(script[1])) || !ascii(script) || strings.Contains(script, "\n") || strings.Contains(script, `\|`) {
		return s, false
	}
	var parts []string // between delimiters; one with a backslash before it is itself
	part, delimiter, rest := "", script[1], script[2:]
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == delimiter:
			parts, part = append(parts, part), ""
			continue
		case c == '\\' && i+1 < len(rest):
			if i++; rest[i] != delimiter {
				part += `\`
			}
		}
		part += string(rest[i])
	}
	if len(parts) != 2 || part != "" && part != "g" || parts[0] == "" {
		return s, false
	}
	expr, groups, ok := basicExpression(parts[0])
	if !ok {
		return s, false
	}
	if s.with, ok = replacement(parts[1], groups); !ok {
		return s, false
	}
	s.all, s.cost = part == "g", 1+len(expr)/2
	var err error
	s.find, err = regexp.CompilePOSIX(expr)
	return s, err == nil
}

// basicExpression writes a basic regular expression as Go has them, and counts
// its groups. What POSIX leaves open, or is ambiguous, is refused.
func basicExpression(expr string) (out string, groups int, ok bool) {
	var b strings.Builder
	first := true // an anchor or a group begins here, where * is itself
	star := false // what is before may be repeated
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case rest[0] == '^' && first && (i == 0 || expr[i-1] == '('):
			b.WriteByte('^')
			continue
		case rest == "$" || strings.HasPrefix(rest, `$\)`):
			b.WriteByte('$')
			star = false
		case strings.HasPrefix(rest, `\(`):
			b.WriteByte('(')
			groups, first, star = groups+1, true, false
			i++
			continue
		case strings.HasPrefix(rest, `\)`):
			b.WriteByte(')')
			i++
			star = false
		case rest[0] == '*':
			if !star {
				return "", 0, false
			}
			b.WriteByte('*')
			star = false
		case rest[0] == '[':
			n, class := bracket(rest)
			if n == 0 {
				return "", 0, false
			}
			b.WriteString(class)
			i, star = i+n-1, true
		case rest[0] == '\\':
			if len(rest) < 2 || !strings.ContainsRune(`.*[]\^$/-_+,:`, rune(rest[1])) || rest[1] == '+' {
				return "", 0, false
			}
			b.WriteString(regexp.QuoteMeta(rest[1:2]))
			i, star = i+1, true
		case rest[0] == '.':
			b.WriteByte('.')
			star = true
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			star = true
		}
		first = false
	}
	return b.String(), groups, groups <= 9
}

// bracket reads a bracket expression and returns its length, and how Go has it.
func bracket(expr string) (int, string) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if strings.HasPrefix(expr[i:], "^") {
		b.WriteByte('^')
		i++
	}
	for start := i; i < len(expr); i++ {
		switch rest := expr[i:]; {
		case rest[0] == ']' && i > start:
			b.WriteByte(']')
			return i + 1, b.String()
		case strings.HasPrefix(rest, "[:"):
			name, _, ok := strings.Cut(rest[2:], ":]")
			if !ok {
				return 0, ""
			}
			b.WriteString("[:" + name + ":]")
			i += len(name) + 3
		case rest[0] == '[' && len(rest) > 1 && (rest[1] == '.' || rest[1] == '='):
			return 0, ""
		case rest[0] == '-': // a range, or itself at an end
			b.WriteByte('-')
		default:
			if strings.Contains(`[]\^`, rest[:1]) {
				b.WriteByte('\\')
			}
			b.WriteByte(rest[0])
		}
	}
	return 0, ""
}

// replacement writes the right side of a command s as Regexp.Expand has it.
func replacement(text string, groups int) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '&':
			b.WriteString("${0}")
			continue
		case c == '\\':
			if i++; i == len(text) {
				return "", false
			}
			if c = text[i]; c >= '1' && c <= '9' {
				if int(c-'0') > groups {
					return "", false
				}
				b.WriteString("${" + string(rune(c)) + "}")
				continue
			}
			if c != '\\' && c != '&' && c != '/' && c != '.' {
				return "", false
			}
		}
		if c == '$' {
			b.WriteByte('$')
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
