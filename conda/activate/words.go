package activate

import (
	"io"
	"path"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// fields expands words as the arguments of a command.
func (m *machine) fields(words ...*syntax.Word) []string {
	var all []string
	for _, w := range words {
		m.checkWord(w)
		for field, err := range expand.FieldsSeq(m.cfg, w) {
			m.expanded(err)
			m.spend(len(field) + 16) // braces expand without end
			all = append(all, field)
		}
	}
	return all
}

// literalWord expands a word as the value of an assignment.
func (m *machine) literalWord(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	m.checkWord(w)
	s, err := expand.Literal(m.cfg, w)
	m.expanded(err)
	m.spend(len(s))
	return s
}

// document expands the text of a here-document.
func (m *machine) document(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	m.checkWord(w)
	s, err := expand.Document(m.cfg, w)
	m.expanded(err)
	m.spend(len(s))
	return s
}

func (m *machine) arithm(x syntax.ArithmExpr) int {
	m.step()
	m.checkNode(x)
	if b, ok := x.(*syntax.BinaryArithm); ok && b.Op == syntax.Assgn { // the expansion reads what it only sets
		if w, ok := b.X.(*syntax.Word); ok && syntax.ValidName(w.Lit()) && !mentions(b.Y, w.Lit()) {
			m.assign(w.Lit(), text(""))
		}
	}
	n, err := expand.Arithm(m.cfg, x)
	m.expanded(err)
	return n
}

// mentions reports whether an expression may read a variable.
func mentions(x syntax.ArithmExpr, name string) bool {
	found := false
	syntax.Walk(x, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			found = true
		case *syntax.ParamExp:
			found = true
		case *syntax.Lit:
			found = found || n.Value == name
		}
		return !found
	})
	return found
}

// expanded looks at how an expansion ended. What fails in one shell does so in
// its own way in another.
func (m *machine) expanded(err error) {
	switch {
	case err == nil:
	case strings.HasPrefix(err.Error(), "brace expansion would exceed"):
		m.limit("expands braces without end")
	default:
		m.notUnderstood("has an expansion that fails: %v", err)
	}
}

// checkWord refuses what the expansion would answer from the machine, what it
// does not know, and what grows beyond the limits before it is seen.
func (m *machine) checkWord(w *syntax.Word) {
	if w != nil {
		m.checkNode(w)
	}
}

func (m *machine) checkNode(node syntax.Node) {
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst: // its words are looked at when they are expanded
			if n.TempFile || n.ReplyVar {
				m.notUnderstood("has a command substitution that is not understood here")
			}
			return false
		case *syntax.ProcSubst:
			m.notUnderstood("has a process substitution")
		case *syntax.ExtGlob:
			m.notUnderstood("has an extended pattern")
		case *syntax.ParamExp:
			m.checkParam(n)
		}
		return true
	})
}

func (m *machine) checkParam(p *syntax.ParamExp) {
	odd := p.Flags != nil || p.Width || p.IsSet || p.NestedParam != nil || p.Param == nil || len(p.Modifiers) > 0 || p.Names != 0 ||
		p.Split != syntax.OptUnset || p.GlobSubst != syntax.OptUnset || p.RcExpand != syntax.OptUnset
	if odd || p.Exp != nil && p.Exp.Op == syntax.OtherParamOps {
		m.notUnderstood("has a parameter expansion that is not understood here")
	}
	if p.Param.Value == "PWD" && m.dir == "" {
		m.read("PWD")
	}
	switch {
	case p.Exp != nil && matchesPattern[p.Exp.Op]:
		m.checkPattern(p, p.Exp.Word)
	case p.Repl != nil:
		m.checkPattern(p, p.Repl.Orig)
	}
	if p.Repl == nil {
		return
	}
	if p.Repl.With != nil && !plain(p.Repl.With) {
		m.notUnderstood("replaces by what is not a plain expansion")
	}
	with, err := expand.Literal(m.cfg, p.Repl.With)
	m.expanded(err)
	if most := (size(m.peek(p.Param.Value)) + 1) * len(with); most > m.Limits.Bytes/4 {
		m.limit("expands to more than %d bytes", m.Limits.Bytes)
	}
}

// matchesPattern has the operators of expansions whose operand is a pattern.
var matchesPattern = map[syntax.ParExpOperator]bool{
	syntax.RemSmallPrefix: true, syntax.RemLargePrefix: true, syntax.RemSmallSuffix: true, syntax.RemLargeSuffix: true,
	syntax.UpperFirst: true, syntax.UpperAll: true, syntax.LowerFirst: true, syntax.LowerAll: true,
}

// checkPattern spends what an expansion's pattern costs, by the most that it can
// expand to.
func (m *machine) checkPattern(p *syntax.ParamExp, w *syntax.Word) {
	if w == nil {
		return
	}
	most := 0
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			m.notUnderstood("matches a pattern that a command prints")
		case *syntax.Lit:
			most += len(n.Value)
		case *syntax.SglQuoted:
			most += len(n.Value)
		case *syntax.ParamExp:
			if n.Param != nil {
				most += size(m.peek(n.Param.Value))
			}
			if n.Repl != nil {
				most = m.Limits.Value
			}
		}
		return true
	})
	m.spendPattern(most, size(m.peek(p.Param.Value)))
}

// plain reports whether expanding a word twice is the same as once, and grows
// it by its variables alone.
func plain(w *syntax.Word) bool {
	ok := true
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst, *syntax.ArithmExp, *syntax.ProcSubst:
			ok = false
		case *syntax.ParamExp:
			ok = ok && n.Repl == nil && n.Exp == nil && n.Index == nil && n.Slice == nil
		}
		return ok
	})
	return ok
}

// peek returns a variable without reading it.
func (m *machine) peek(name string) expand.Variable {
	if name == "@" || name == "*" {
		return expand.Variable{List: m.params}
	}
	return m.vars[name].Variable
}

// substitute runs $(…).
func (m *machine) substitute(w io.Writer, c *syntax.CmdSubst) error {
	var out strings.Builder
	stdout, line, cfg := m.stdout, m.line, m.cfg
	m.stdout, m.cfg = &out, m.config() // an expansion's buffer is its own
	m.subshell(func() {
		if name := catShortcut(c.Stmts); name != nil {
			content, ok := m.readFile(m.literalWord(name))
			out.Write(content)
			m.status = oneIf(!ok)
			return
		}
		m.stmts(c.Stmts)
	})
	m.stdout, m.line, m.cfg, m.substituted = stdout, line, cfg, true
	_, err := io.WriteString(w, strings.ReplaceAll(out.String(), "\x00", ""))
	return err
}

// catShortcut returns the file of $(<file).
func catShortcut(list []*syntax.Stmt) *syntax.Word {
	if len(list) != 1 || list[0].Cmd != nil || len(list[0].Redirs) != 1 || list[0].Redirs[0].Op != syntax.RdrIn {
		return nil
	}
	return list[0].Redirs[0].Word
}

// write adds to what a command prints; nil goes nowhere.
func (m *machine) write(to *strings.Builder, s string) {
	m.spend(len(s))
	if to != nil {
		to.WriteString(s)
	}
}

// redirect applies a redirection, and reports whether it succeeded.
func (m *machine) redirect(r *syntax.Redirect) bool {
	fd := ""
	if r.N != nil {
		fd = r.N.Value
	}
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc:
		m.stdin = strings.NewReader(m.hereDocument(r))
		return true
	case syntax.WordHdoc:
		m.stdin = strings.NewReader(m.literalWord(r.Word) + "\n")
		return true
	case syntax.DplIn:
		m.notUnderstood("duplicates its input")
	}
	to := m.literalWord(r.Word)
	switch r.Op {
	case syntax.RdrIn:
		content, ok := m.readFile(to)
		m.stdin = strings.NewReader(string(content))
		return ok
	case syntax.DplOut:
		return m.duplicate(fd, to)
	}
	if !m.writable(to) {
		m.refuse("no file may be written while an environment is activated: its files belong to packages, and images are read by many; take the package out, or tell its maintainers",
			"writes the file %q", to)
	}
	out := m.standard(to)
	switch {
	case r.Op == syntax.RdrAll || r.Op == syntax.AppAll:
		m.stdout, m.stderr = out, out
	case fd == "2":
		m.stderr = out
	case fd == "" || fd == "1":
		m.stdout = out
	}
	return true
}

// writable reports whether what is written to a file goes nowhere, or to one of
// the standard streams.
func (m *machine) writable(name string) bool {
	switch path.Clean(name) {
	case "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd/1", "/dev/fd/2":
		return true
	}
	return false
}

func (m *machine) standard(name string) *strings.Builder {
	switch path.Clean(name) {
	case "/dev/stdout", "/dev/fd/1":
		return m.stdout
	case "/dev/stderr", "/dev/fd/2":
		return m.stderr
	}
	return nil
}

// duplicate is >&.
func (m *machine) duplicate(fd, to string) bool {
	out := m.stdout
	switch {
	case to == "1":
	case to == "2":
		out = m.stderr
	case to == "-" || m.writable(to):
		out = nil
	case strings.Trim(to, "0123456789") == "":
		m.notUnderstood("uses the file descriptor %s", to)
	default:
		m.refuse("no file may be written while an environment is activated; take the package out, or tell its maintainers", "writes the file %q", to)
	}
	switch fd {
	case "", "1":
		m.stdout = out
	case "2":
		m.stderr = out
	}
	return true
}

func (m *machine) hereDocument(r *syntax.Redirect) string {
	if r.Hdoc == nil {
		return ""
	}
	for _, part := range r.Word.Parts {
		lit, ok := part.(*syntax.Lit)
		if quoted := !ok || strings.Contains(lit.Value, `\`); quoted {
			return unindented(r, r.Hdoc.Lit())
		}
	}
	return unindented(r, m.document(r.Hdoc))
}

func unindented(r *syntax.Redirect, s string) string {
	if r.Op != syntax.DashHdoc {
		return s
	}
	var out strings.Builder
	for line := range strings.Lines(s) {
		out.WriteString(strings.TrimLeft(line, "\t"))
	}
	return out.String()
}
