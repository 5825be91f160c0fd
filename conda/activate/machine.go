package activate

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/gophersnake/gophersnake/tree"
)

// machine is a shell that runs one script.
type machine struct {
	*evaluation
	*state
	run    *run
	world  world
	ended  func() error // the context's Err
	index  int          // of the script
	file   string       // that is run now, below the prefix
	files  []string     // that are sourced now, the script first, as BASH_SOURCE has them
	line   uint         // of the statement that is run now
	cfg    *expand.Config
	params []string
	dir    string             // where cd led to; "" is where the process is, which nobody knows
	locals []map[string]*cell // of functions that run now: what their local variables hide

	stdin  *strings.Reader // nil: none
	stdout *strings.Builder
	stderr *strings.Builder

	status      int
	substituted bool // a $(…) has set status
	flow        flow
	levels      int // of loops, for break and continue
	loops       int // that enclose
	calls       int // depth

	steps, bytes int
}

// flow is how a statement ended.
type flow int

const (
	onward flow = iota
	breaking
	continuing
	returning
	exiting
)

// facts are what every shell has, and each has another: their values are
// varied.
var facts = map[string]string{
	"$": "4242", "PPID": "4241", "!": "", "-": "hB", "0": "sh", "_": "", "RANDOM": "4711", "SRANDOM": "4712", "BASHPID": "4242",
	"SECONDS": "1", "EPOCHSECONDS": "1700000000", "EPOCHREALTIME": "1700000000.000001", "UID": "1000", "EUID": "1000", "BASH_SUBSHELL": "0",
}

// halt is thrown to end a run. What it means stands in the run already.
type halt struct{ err error }

// whole runs a script from its first line to its last.
func (m *machine) whole(s Script) (err error) {
	m.cfg = m.config()
	m.line = 1
	defer func() {
		switch r := recover().(type) {
		case nil:
		case halt:
			err = r.err
		default: // the parser or the expansion met what it does not know
			m.run.stopped = &stop{m.file, m.line, "is not understood here"}
		}
	}()
	text, err := m.Files.Read(s.Path)
	if err != nil {
		return err
	}
	if len(text) > maxScript {
		m.notUnderstood("is longer than %d bytes", maxScript)
	}
	m.files = []string{path.Join(m.Prefix, s.Path)}
	m.stmts(m.parsed(text, s.Path))
	if m.flow == exiting {
		m.notUnderstood("ends the shell")
	}
	return nil
}

func (m *machine) config() *expand.Config {
	return &expand.Config{Env: variables{m}, CmdSubst: m.substitute, ReadDir2: m.readDir}
}

// parsed parses what is run next.
func (m *machine) parsed(text []byte, name string) []*syntax.Stmt {
	if depth(text) > maxDepth { // the parser is recursive
		m.notUnderstood("is nested too deeply")
	}
	file, err := parse(text, name)
	if err != nil {
		m.notUnderstood("cannot be parsed: %v", err)
	}
	unescape(file)
	return file.Stmts
}

// unescape writes what stands behind backslashes in words as quoted: where a
// word is the value of an assignment, the expansion would keep the backslash.
// Those of here-documents and regular expressions have a meaning of their own.
func unescape(file *syntax.File) {
	skip := map[*syntax.Word]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.Redirect:
			skip[n.Hdoc] = n.Hdoc != nil
		case *syntax.BinaryTest:
			if w, ok := n.Y.(*syntax.Word); ok && n.Op == syntax.TsReMatch {
				skip[w] = true
			}
		case *syntax.Word:
			if !skip[n] {
				n.Parts = unescaped(n.Parts)
			}
		}
		return true
	})
}

func unescaped(parts []syntax.WordPart) []syntax.WordPart {
	var all []syntax.WordPart
	for _, part := range parts {
		lit, ok := part.(*syntax.Lit)
		if !ok {
			all = append(all, part)
			continue
		}
		rest := lit.Value
		for {
			before, after, found := strings.Cut(rest, "\\")
			if before != "" || !found && rest == lit.Value {
				all = append(all, &syntax.Lit{ValuePos: lit.ValuePos, ValueEnd: lit.ValueEnd, Value: before})
			}
			if !found {
				break
			}
			_, n := utf8.DecodeRuneInString(after)
			all = append(all, &syntax.SglQuoted{Left: lit.ValuePos, Right: lit.ValueEnd, Value: after[:n]})
			rest = after[n:]
		}
	}
	return all
}

// depth is how many things that nest a text may open at once, at most.
func depth(text []byte) int {
	deepest, now := 0, 0
	for i, c := range text {
		switch c {
		case '(', '{', '[':
			now++
		case ')', '}', ']':
			now = max(0, now-1)
		case '!', '`', '"', '~', '-', '+':
			if i > 0 && text[i-1] == c {
				now++ // "! ! !" and "- - -" nest as well
			}
		}
		deepest = max(deepest, now)
	}
	return max(deepest, strings.Count(string(text), "if ")/4)
}

// notUnderstood ends the run: what follows is up to a real shell.
func (m *machine) notUnderstood(format string, args ...any) {
	m.run.stopped = &stop{m.file, m.line, fmt.Sprintf(format, args...)}
	panic(halt{})
}

// refuse ends the run: the script does what none may do.
func (m *machine) refuse(hint, format string, args ...any) {
	s := m.Scripts[m.index]
	m.run.refused = tree.NewError(fmt.Sprintf("%s: %s:%d", s.Package, m.file, m.line), format, args...).WithClass("policy").WithHint("%s", hint)
	panic(halt{})
}

// limit ends the run where it uses too much. Behind a program that was not
// found that says nothing.
func (m *machine) limit(format string, args ...any) {
	if m.run.program != nil {
		m.notUnderstood(format, args...)
	}
	m.refuse("activation scripts are evaluated while locking, within limits; take the package out, or tell its maintainers", format, args...)
}

// fail ends everything.
func (m *machine) fail(err error) { panic(halt{err}) }

// step counts a statement or a round of a loop.
func (m *machine) step() {
	if m.steps++; m.steps > m.Limits.Steps {
		m.limit("does not end within %d steps", m.Limits.Steps)
	}
	if m.steps%64 == 0 && m.ended() != nil {
		m.fail(m.ended())
	}
}

// spend counts bytes of text.
func (m *machine) spend(n int) {
	if m.bytes += n; m.bytes > m.Limits.Bytes {
		m.limit("expands to more than %d bytes", m.Limits.Bytes)
	}
}

// deeper counts calls that nest.
func (m *machine) deeper(do func()) {
	if m.calls++; m.calls > maxCalls {
		m.limit("calls itself more than %d times", maxCalls)
	}
	do()
	m.calls--
}

// variables are a machine's, as expansions see them.
type variables struct{ m *machine }

// Get implements expand.Environ. Every expansion asks for IFS and PWD, which is
// no reading; words with $PWD are looked at before.
func (v variables) Get(name string) expand.Variable {
	m := v.m
	switch name {
	case "?":
		return text(fmt.Sprint(m.status))
	case "#":
		return text(fmt.Sprint(len(m.params)))
	case "@", "*":
		return expand.Variable{Set: true, Kind: expand.Indexed, List: append([]string{}, m.params...)}
	case "BASH_SOURCE":
		list := make([]string, len(m.files))
		for i, f := range m.files {
			list[len(list)-1-i] = f
		}
		return expand.Variable{Set: true, Kind: expand.Indexed, List: list}
	case "FUNCNAME", "PIPESTATUS", "DIRSTACK", "GROUPS":
		m.notUnderstood("reads $%s", name)
	case "IFS":
		if c, ok := m.vars[name]; ok {
			return c.Variable
		}
		return text(" \t\n")
	case "PWD":
		if m.dir == "" {
			return m.peek(name)
		}
		return text(m.dir)
	}
	if strings.HasPrefix(name, "HOME ") {
		m.notUnderstood("asks for the home of a user, ~%s", name[len("HOME "):])
	}
	if name[0] >= '1' && name[0] <= '9' {
		n := 0
		_, _ = fmt.Sscan(name, &n)
		if n > 0 && n <= len(m.params) {
			return text(m.params[n-1])
		}
		return expand.Variable{}
	}
	got := m.read(name)
	m.spend(size(got))
	return got
}

func text(s string) expand.Variable { return expand.Variable{Set: true, Kind: expand.String, Str: s} }

// size is how many bytes a variable takes.
func size(v expand.Variable) int {
	n := len(v.Str)
	for _, s := range v.List {
		n += len(s) + 16
	}
	return n
}

// read returns a variable, and notes it where activation does not fix it.
func (m *machine) read(name string) expand.Variable {
	c, ok := m.vars[name]
	switch {
	case name == "PATH":
		m.run.path = true
	case ok && c.by == m.index:
	case ok && c.by != before && !m.tainted[name]:
		if !c.Exported {
			m.run.uses[c.by] = true
		}
	case !m.known[name] || m.tainted[name]:
		if _, seen := m.run.reads[name]; !seen {
			m.run.reads[name] = int(m.line)
		}
	}
	if ok {
		return c.Variable
	}
	if value, isFact := facts[name]; isFact {
		if other, varied := m.world.set[name]; varied {
			value = other
		}
		return text(value)
	}
	return expand.Variable{}
}

// Set implements expand.WriteEnviron.
func (v variables) Set(name string, vr expand.Variable) error {
	v.m.assign(name, vr)
	return nil
}

// Each implements expand.Environ; no expansion that is let through asks it.
func (v variables) Each(func(string, expand.Variable) bool) {
	v.m.notUnderstood("lists all variables")
}

// assign sets a variable. It stays exported if it was.
func (m *machine) assign(name string, vr expand.Variable) {
	old := m.vars[name]
	if old.ReadOnly {
		m.notUnderstood("assigns to %s, which is read-only", name)
	}
	if n := size(vr); n > m.Limits.Value {
		m.limit("$%s grows to more than %d bytes", name, m.Limits.Value)
	}
	m.spend(size(vr) + len(name))
	vr.Exported = vr.Exported || old.Exported
	m.vars[name] = cell{Variable: vr, by: m.index}
}

// unset unsets a variable. One that no script has set must be unset in
// processes too.
func (m *machine) unset(name string) {
	old, ok := m.vars[name]
	if old.ReadOnly {
		m.notUnderstood("unsets %s, which is read-only", name)
	}
	if own := ok && old.by != before && !old.gone; own {
		m.vars[name] = cell{by: m.index}
		return
	}
	m.vars[name] = cell{by: m.index, gone: true}
}
