package activate

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// builtins returns the commands that a shell has itself.
func builtins() map[string]func(m *machine, args []string) {
	return map[string]func(m *machine, args []string){
		":":    func(m *machine, _ []string) { m.status = 0 },
		"true": func(m *machine, _ []string) { m.status = 0 }, "false": func(m *machine, _ []string) { m.status = 1 },
		"echo": (*machine).echo, "printf": (*machine).printf, "read": (*machine).readLine,
		"unset": (*machine).unsetAll, "shift": (*machine).shift, "set": (*machine).set,
		"test": (*machine).test, "[": (*machine).test,
		"eval": (*machine).eval, ".": func(m *machine, args []string) { m.source(args[1:]) }, "source": func(m *machine, args []string) { m.source(args[1:]) },
		"command": (*machine).commandBuiltin, "builtin": (*machine).builtinBuiltin, "type": (*machine).lookup, "hash": (*machine).lookup,
		"break": (*machine).leave, "continue": (*machine).leave, "return": (*machine).end, "exit": (*machine).end,
		"cd": (*machine).cd, "pwd": (*machine).pwd,
		"alias": func(m *machine, _ []string) { m.status = 0 }, "unalias": func(m *machine, _ []string) { m.status = 0 }, // of interactive shells
	}
}

func (m *machine) echo(args []string) {
	args = args[1:]
	newline, escapes := "\n", false
	for len(args) > 0 && (args[0] == "-n" || args[0] == "-e" || args[0] == "-E") {
		if args[0] == "-n" {
			newline = ""
		}
		escapes = args[0] == "-e" || escapes && args[0] != "-E"
		args = args[1:]
	}
	text := strings.Join(args, " ")
	if escapes {
		text, _, _ = expand.Format(m.cfg, text, nil)
	}
	m.write(m.stdout, text+newline)
	m.status = 0
}

// wide is a width or precision that asks for much text.
var wide = regexp.MustCompile(`%[-+ #0]*([0-9]{4,}|[0-9]*\.[0-9]{4,}|[0-9.]*\*)`)

func (m *machine) printf(args []string) {
	args = args[1:]
	name := ""
	if len(args) > 1 && args[0] == "-v" {
		name, args = args[1], args[2:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		m.notUnderstood("has a printf that is not understood here")
	}
	if wide.MatchString(args[0]) {
		m.limit("prints with a width of more than 999")
	}
	var out strings.Builder
	format, rest := args[0], args[1:]
	for {
		m.step()
		s, n, err := expand.Format(m.cfg, format, rest)
		if err != nil {
			m.notUnderstood("has a printf that is not understood here: %v", err)
		}
		m.write(&out, s)
		if rest = rest[n:]; n == 0 || len(rest) == 0 {
			break
		}
	}
	m.status = 0
	switch {
	case name == "":
		m.write(m.stdout, out.String())
	case !syntax.ValidName(name):
		m.notUnderstood("prints into %q", name)
	default:
		m.assign(name, text(out.String()))
	}
}

// readLine is read: a line of a here-document, a pipe or a file.
func (m *machine) readLine(args []string) {
	args = args[1:]
	raw, list := false, false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-r":
			raw = true
		case "-a", "-ra":
			raw, list = raw || args[0] == "-ra", true
		default:
			m.notUnderstood("reads with %s", args[0])
		}
		args = args[1:]
	}
	if m.stdin == nil {
		m.notUnderstood("reads its input")
	}
	line, whole := m.line1()
	m.spend(len(line))
	m.status = oneIf(!whole)
	if list {
		if len(args) != 1 {
			m.notUnderstood("reads into no array")
		}
		m.assign(args[0], expand.Variable{Set: true, Kind: expand.Indexed, List: expand.ReadFields(m.cfg, line, -1, raw)})
		return
	}
	if len(args) == 0 {
		m.assign("REPLY", text(line))
		return
	}
	values := expand.ReadFields(m.cfg, line, len(args), raw)
	for i, name := range args {
		if !syntax.ValidName(name) {
			m.notUnderstood("reads into %q", name)
		}
		value := ""
		if i < len(values) {
			value = values[i]
		}
		m.assign(name, text(value))
	}
}

// line1 takes a line off the input, and reports whether it has an end.
func (m *machine) line1() (string, bool) {
	var line strings.Builder
	for {
		b, err := m.stdin.ReadByte()
		if err != nil {
			return line.String(), false
		}
		if b == '\n' {
			return line.String(), true
		}
		line.WriteByte(b)
	}
}

func (m *machine) unsetAll(args []string) {
	vars, funcs := true, true
	m.status = 0
	for _, name := range args[1:] {
		_, isFunc := m.funcs[name]
		c, isVar := m.vars[name]
		switch {
		case name == "-v":
			funcs = false
		case name == "-f":
			vars = false
		case !syntax.ValidName(name):
			m.notUnderstood("unsets %q", name)
		case vars && (isVar && c.Set || !isFunc || !funcs):
			m.unset(name)
		case funcs:
			delete(m.funcs, name)
		}
	}
}

func (m *machine) shift(args []string) {
	n := m.number(args, 1)
	m.status = oneIf(n > len(m.params) || n < 0)
	if m.status == 0 {
		m.params = m.params[n:]
	}
}

func (m *machine) set(args []string) {
	if len(args) < 2 || args[1] != "--" {
		if len(args) == 2 && (args[1] == "+x" || args[1] == "+v" || args[1] == "+e" || args[1] == "+u") {
			m.status = 0 // as it is
			return
		}
		m.notUnderstood("sets options of the shell")
	}
	if len(m.locals) == 0 && len(m.files) == 1 {
		m.notUnderstood("sets the arguments of the shell")
	}
	m.params, m.status = args[2:], 0
}

func (m *machine) eval(args []string) {
	text := strings.Join(args[1:], " ")
	m.status = 0
	line := m.line
	m.deeper(func() { m.stmts(m.parsed([]byte(text), m.file)) })
	m.line = line
}

// commandBuiltin is command: -v tells what a name is, else functions are passed
// over.
func (m *machine) commandBuiltin(args []string) {
	switch {
	case len(args) < 2:
		m.status = 0
	case args[1] == "-v" || args[1] == "-V":
		m.lookup(args[1:])
	case strings.HasPrefix(args[1], "-"):
		m.notUnderstood("has command %s", args[1])
	default:
		m.builtinBuiltin(args)
	}
}

func (m *machine) builtinBuiltin(args []string) {
	if len(args) < 2 {
		m.status = 0
		return
	}
	if b, ok := builtins()[args[1]]; ok {
		b(m, args[1:])
		return
	}
	m.program(args[1:])
}

// lookup tells what commands are: functions, builtins, programs of the
// environment. Whether there are others, nobody knows.
func (m *machine) lookup(args []string) {
	m.status = 0
	for _, name := range args[1:] {
		if strings.HasPrefix(name, "-") {
			m.notUnderstood("has %s %s", args[0], name)
		}
		_, isFunc := m.funcs[name]
		_, isBuiltin := builtins()[name]
		at, ok := name, isFunc || isBuiltin || syntax.IsKeyword(name)
		if !ok {
			at, ok = m.find(name)
		}
		if !ok {
			m.status = 1
			continue
		}
		if args[0] == "-v" {
			m.write(m.stdout, at+"\n")
		} else if m.stdout != nil {
			m.notUnderstood("prints what a command is")
		}
	}
}

// find looks for a program.
func (m *machine) find(name string) (string, bool) {
	if strings.Contains(name, "/") {
		return name, m.executable(name)
	}
	found, ok := "", false
	for _, dir := range strings.Split(m.vars["PATH"].Str, ":") {
		if rel, in := m.inside(dir); in && !ok {
			at := path.Join(m.Prefix, rel, name)
			if info, there := m.stat(at); there && !info.Dir && m.executable(at) {
				found, ok = at, true
			}
		}
	}
	if ok {
		return found, true
	}
	return "/usr/bin/" + name, m.beyond("the program " + name)
}

func (m *machine) leave(args []string) {
	n := m.number(args, 1)
	if m.status = 0; m.loops == 0 {
		return
	}
	m.levels = min(max(n, 1), m.loops)
	if m.flow = breaking; args[0] == "continue" {
		m.flow = continuing
	}
}

// end is return and exit.
func (m *machine) end(args []string) {
	m.status = m.number(args, m.status) & 0xff
	if m.flow = returning; args[0] == "exit" {
		m.flow = exiting
	}
}

func (m *machine) cd(args []string) {
	if m.calls == 0 || len(args) != 2 || !strings.HasPrefix(args[1], "/") && m.dir == "" {
		m.notUnderstood("changes the directory")
	}
	info, ok := m.stat(args[1])
	if m.status = oneIf(!ok || !info.Dir); m.status != 0 {
		return
	}
	if _, in := m.inside(args[1]); !in {
		m.notUnderstood("changes the directory to %s", args[1])
	}
	m.dir, _ = m.absolute(args[1])
}

func (m *machine) pwd(args []string) {
	if m.dir == "" {
		m.notUnderstood("asks for the directory that the process is in")
	}
	m.write(m.stdout, fmt.Sprintln(m.dir))
	m.status = 0
}
