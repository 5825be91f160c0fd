package activate

import (
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"
)

// stmts runs statements until one leaves the block.
func (m *machine) stmts(list []*syntax.Stmt) {
	for _, st := range list {
		if m.flow != onward {
			return
		}
		m.stmt(st)
	}
}

func (m *machine) stmt(st *syntax.Stmt) {
	m.line = st.Pos().Line()
	m.step()
	if st.Background || st.Coprocess || st.Disown {
		m.notUnderstood("starts a job in the background")
	}
	in, out, errs := m.stdin, m.stdout, m.stderr
	ok := true
	for _, r := range st.Redirs {
		ok = ok && m.redirect(r)
	}
	switch {
	case !ok:
		m.status = 1
	case st.Cmd == nil:
		m.status = 0
	default:
		m.command(st.Cmd)
	}
	if call, isCall := st.Cmd.(*syntax.CallExpr); isCall && len(st.Redirs) > 0 && len(call.Args) > 0 && call.Args[0].Lit() == "exec" {
		m.notUnderstood("redirects the shell itself")
	}
	m.stdin, m.stdout, m.stderr = in, out, errs
	if st.Negated {
		m.status = oneIf(m.status == 0)
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *machine) command(cmd syntax.Command) {
	switch c := cmd.(type) {
	case *syntax.Block:
		m.stmts(c.Stmts)
	case *syntax.Subshell:
		m.subshell(func() { m.stmts(c.Stmts) })
	case *syntax.CallExpr:
		m.call(c)
	case *syntax.BinaryCmd:
		m.binary(c)
	case *syntax.IfClause:
		m.ifClause(c)
	case *syntax.WhileClause:
		m.while(c)
	case *syntax.ForClause:
		m.forClause(c)
	case *syntax.FuncDecl:
		m.declareFunc(c)
	case *syntax.ArithmCmd:
		m.status = oneIf(m.arithm(c.X) == 0)
	case *syntax.LetClause:
		for _, x := range c.Exprs {
			m.status = oneIf(m.arithm(x) == 0)
		}
	case *syntax.CaseClause:
		m.caseClause(c)
	case *syntax.TestClause:
		m.status = oneIf(!m.extendedTest(c.X))
	case *syntax.DeclClause:
		m.declare(c)
	default:
		m.notUnderstood("uses a command that is not understood here")
	}
}

// subshell runs something whose variables, functions and directory are its own.
func (m *machine) subshell(do func()) {
	state, dir, params, files, levels := m.state, m.dir, m.params, m.files, m.loops
	m.state, m.loops = m.state.clone(), 0
	m.deeper(do)
	m.state, m.dir, m.params, m.files, m.loops = state, dir, params, files, levels
	m.flow = onward
}

func (m *machine) declareFunc(c *syntax.FuncDecl) {
	if c.Name == nil {
		m.notUnderstood("declares a function without a name")
	}
	m.funcs[c.Name.Value] = function{c.Body, m.file, m.index}
	m.status = 0
}

func (m *machine) binary(c *syntax.BinaryCmd) {
	switch c.Op {
	case syntax.AndStmt, syntax.OrStmt:
		m.stmt(c.X)
		if m.flow == onward && (m.status == 0) == (c.Op == syntax.AndStmt) {
			m.stmt(c.Y)
		}
	default: // one side after the other: nothing here waits for its reader
		var out strings.Builder
		stdout, stderr, stdin := m.stdout, m.stderr, m.stdin
		m.stdout = &out
		if c.Op == syntax.PipeAll {
			m.stderr = &out
		}
		m.subshell(func() { m.stmt(c.X) })
		m.stdout, m.stderr, m.stdin = stdout, stderr, strings.NewReader(out.String())
		m.subshell(func() { m.stmt(c.Y) })
		m.stdin = stdin
	}
}

func (m *machine) ifClause(c *syntax.IfClause) {
	for ; c != nil; c = c.Else {
		if len(c.Cond) == 0 { // else
			m.status = 0
			m.stmts(c.Then)
			return
		}
		if m.stmts(c.Cond); m.flow != onward {
			return
		}
		if m.status == 0 {
			m.stmts(c.Then)
			return
		}
	}
	m.status = 0
}

// body runs a loop's body once and reports whether the loop goes on.
func (m *machine) body(list []*syntax.Stmt) bool {
	m.step()
	m.stmts(list)
	switch m.flow {
	case onward:
		return true
	case breaking, continuing:
		if m.levels--; m.levels > 0 {
			return false
		}
		again := m.flow == continuing
		m.flow = onward
		return again
	}
	return false
}

func (m *machine) while(c *syntax.WhileClause) {
	m.loops++
	status := 0
	for {
		if m.stmts(c.Cond); m.flow != onward || (m.status == 0) == c.Until {
			break
		}
		if !m.body(c.Do) {
			status = m.status
			break
		}
		status = m.status
	}
	m.loops--
	m.status = status
}

func (m *machine) forClause(c *syntax.ForClause) {
	m.loops++
	defer func() { m.loops-- }()
	switch loop := c.Loop.(type) {
	case *syntax.WordIter:
		if c.Select {
			m.notUnderstood("asks with select")
		}
		items := m.params
		if loop.InPos.IsValid() {
			items = m.fields(loop.Items...)
		}
		m.status = 0
		for _, item := range items {
			m.assign(loop.Name.Value, text(item))
			if !m.body(c.Do) {
				return
			}
		}
	case *syntax.CStyleLoop:
		if loop.Init != nil {
			m.arithm(loop.Init)
		}
		m.status = 0
		for loop.Cond == nil || m.arithm(loop.Cond) != 0 {
			if !m.body(c.Do) {
				return
			}
			if loop.Post != nil {
				m.arithm(loop.Post)
			}
		}
	default:
		m.notUnderstood("uses a loop that is not understood here")
	}
}

func (m *machine) caseClause(c *syntax.CaseClause) {
	value := m.literalWord(c.Word)
	m.status = 0
	fallen := false
	for _, item := range c.Items {
		if !fallen && !m.matchesAny(item.Patterns, value) {
			continue
		}
		m.stmts(item.Stmts)
		switch item.Op {
		case syntax.Fallthrough:
			fallen = true
		case syntax.Resume, syntax.ResumeKorn:
			fallen = false
		default:
			return
		}
	}
}

func (m *machine) matchesAny(patterns []*syntax.Word, value string) bool {
	for _, p := range patterns {
		if m.matches(p, value) {
			return true
		}
	}
	return false
}

// Matching takes time besides that of the bytes: a pattern is compiled, which
// for a byte of it takes as long as for patternCost bytes of text, and in the
// worst case all of it is tried at each byte of the text, patternSpeed of which
// take as long as one.
const (
	patternCost  = 32
	patternSpeed = 8
)

// spendPattern counts what matching costs, in bytes of text.
func (m *machine) spendPattern(pattern, text int) {
	m.spend(patternCost*pattern + text + pattern*text/patternSpeed)
}

// matches reports whether a pattern matches the whole of a text.
func (m *machine) matches(word *syntax.Word, value string) bool {
	m.checkWord(word)
	pat, err := expand.Pattern(m.cfg, word)
	m.expanded(err)
	m.spendPattern(len(pat), len(value))
	expr, err := pattern.Regexp(pat, pattern.EntireString)
	if err != nil {
		return false // as in bash
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		m.notUnderstood("has a pattern that is not understood here: %q", pat)
	}
	return re.MatchString(value)
}

// source runs a file in this shell.
func (m *machine) source(args []string) {
	if len(args) == 0 {
		m.status = 2
		return
	}
	name := args[0]
	if !strings.Contains(name, "/") {
		m.notUnderstood("sources %q, which is searched for in PATH", name)
	}
	content, ok := m.readFile(name)
	if !ok {
		m.status = 1
		return
	}
	params, file, line := m.params, m.file, m.line
	if len(args) > 1 {
		m.params = args[1:]
	}
	m.file = m.relative(name)
	m.files = append(m.files[:len(m.files):len(m.files)], name)
	m.deeper(func() { m.stmts(m.parsed(content, m.file)) })
	if m.flow == returning {
		m.flow = onward
	}
	m.files = m.files[:len(m.files)-1]
	m.params, m.file, m.line = params, file, line
}

// function calls one of the script's functions.
func (m *machine) function(f function, args []string) {
	if f.by != m.index {
		m.run.uses[f.by] = true
	}
	params, file, loops := m.params, m.file, m.loops
	m.params, m.file, m.loops = args, f.file, 0
	m.locals = append(m.locals, map[string]*cell{})
	m.deeper(func() { m.stmt(f.body) })
	if m.flow == returning {
		m.flow = onward
	}
	m.restore(m.locals[len(m.locals)-1])
	m.locals = m.locals[:len(m.locals)-1]
	m.params, m.file, m.loops = params, file, loops
}
