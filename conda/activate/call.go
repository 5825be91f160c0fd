package activate

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// call runs a simple command: assignments alone, a function, a builtin, or a
// program, which is not found.
func (m *machine) call(c *syntax.CallExpr) {
	line := m.line
	m.substituted = false
	args := m.fields(c.Args...)
	if len(args) == 0 {
		for _, as := range c.Assigns {
			m.assignment(as, nil)
		}
		if !m.substituted {
			m.status = 0
		}
		return
	}
	kept := map[string]*cell{}
	for _, as := range c.Assigns {
		m.keep(kept, as.Name.Value)
		m.assignment(as, func(v *expand.Variable) { v.Exported = true })
	}
	m.line = line
	m.invoke(args)
	m.restore(kept)
}

// keep remembers what a variable is, once.
func (m *machine) keep(kept map[string]*cell, name string) {
	if _, already := kept[name]; already {
		return
	}
	kept[name] = nil
	if c, ok := m.vars[name]; ok {
		kept[name] = &c
	}
}

// restore gives variables back what was kept.
func (m *machine) restore(kept map[string]*cell) {
	for name, c := range kept {
		if c == nil {
			delete(m.vars, name)
		} else {
			m.vars[name] = *c
		}
	}
}

// invoke runs a command by its arguments.
func (m *machine) invoke(args []string) {
	name := args[0]
	if f, ok := m.funcs[name]; ok {
		m.function(f, args[1:])
		return
	}
	if b, ok := builtins()[name]; ok {
		b(m, args)
		return
	}
	m.program(args)
}

// assignment is NAME=value, NAME+=value or an array.
func (m *machine) assignment(as *syntax.Assign, with func(*expand.Variable)) {
	name := as.Name.Value
	var v expand.Variable
	switch {
	case as.Index != nil:
		m.notUnderstood("assigns to one element of the array %s", name)
	case as.Array != nil:
		v = m.array(as)
	default:
		value := m.literalWord(as.Value)
		v = text(value)
		if as.Append {
			old := m.variableOf(name)
			if old.Kind == expand.Indexed {
				m.notUnderstood("appends to the first element of the array %s", name)
			}
			v.Str = old.Str + value
		}
	}
	if with != nil {
		with(&v)
	}
	m.assign(name, v)
}

func (m *machine) variableOf(name string) expand.Variable { return variables{m}.Get(name) }

func (m *machine) array(as *syntax.Assign) expand.Variable {
	v := expand.Variable{Set: true, Kind: expand.Indexed, List: []string{}}
	if as.Append {
		if old := m.variableOf(as.Name.Value); old.Kind == expand.Indexed {
			v.List = append(v.List, old.List...)
		} else if old.Set {
			v.List = append(v.List, old.Str)
		}
	}
	for _, e := range as.Array.Elems {
		if e.Index != nil {
			m.notUnderstood("has an array with indices of its own")
		}
		v.List = append(v.List, m.fields(e.Value)...)
	}
	return v
}

// declare is export, readonly, local, declare and typeset.
func (m *machine) declare(c *syntax.DeclClause) {
	d := declaration{local: c.Variant.Value == "local"}
	if len(c.Args) == 0 {
		m.notUnderstood("lists all variables")
	}
	switch c.Variant.Value {
	case "export":
		d.export = true
	case "readonly":
		d.readonly = true
	case "declare", "typeset":
		d.local = len(m.locals) > 0
	case "local":
		if len(m.locals) == 0 {
			m.status = 1
			return
		}
	default:
		m.notUnderstood("declares with %s", c.Variant.Value)
	}
	for _, as := range c.Args {
		if as.Name != nil {
			m.declareOne(&d, as)
			continue
		}
		for _, field := range m.fields(as.Value) {
			if len(field) > 1 && (field[0] == '-' || field[0] == '+') {
				m.flags(&d, c.Variant.Value, field)
				continue
			}
			name, value, assigned := strings.Cut(field, "=")
			if !syntax.ValidName(name) {
				m.notUnderstood("declares %q", name)
			}
			one := &syntax.Assign{Name: &syntax.Lit{Value: name}, Naked: !assigned}
			if assigned {
				one.Value = &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Value: value}}}
			}
			m.declareOne(&d, one)
		}
	}
	m.status = 0
}

// declaration is what a declaring command does to each of its names.
type declaration struct{ local, export, readonly, unexport bool }

func (m *machine) flags(d *declaration, variant, field string) {
	for _, flag := range field[1:] {
		switch {
		case field[0] == '-' && flag == 'x':
			d.export = true
		case field[0] == '-' && flag == 'r':
			d.readonly = true
		case field[0] == '-' && flag == 'g':
			d.local = false
		case field[0] == '-' && flag == 'a' && variant != "export":
		case variant == "export" && flag == 'n', field[0] == '+' && flag == 'x':
			d.unexport = true
		default:
			m.notUnderstood("declares with %s %s", variant, field)
		}
	}
}

func (m *machine) declareOne(d *declaration, as *syntax.Assign) {
	name := as.Name.Value
	var value *expand.Variable
	if !as.Naked {
		m.assignment(&syntax.Assign{Name: &syntax.Lit{Value: name}, Value: as.Value, Array: as.Array, Index: as.Index, Append: as.Append}, func(v *expand.Variable) {
			value = v
			if d.local { // the value is expanded before the name is local
				m.hide(name)
			}
		})
	} else if d.local {
		m.hide(name)
	}
	c := m.vars[name]
	if value == nil && !c.Set && !d.export { // local x
		return
	}
	if value == nil && !c.Set { // export x, which may be set where activation does not know
		if v := m.variableOf(name); v.Set {
			c.Variable = v
		}
	}
	c.Exported = (c.Exported || d.export) && !d.unexport
	c.ReadOnly = c.ReadOnly || d.readonly
	c.by = m.index
	m.vars[name] = c
}

// hide makes a variable the running function's own.
func (m *machine) hide(name string) {
	scope := m.locals[len(m.locals)-1]
	if _, already := scope[name]; already {
		return
	}
	m.keep(scope, name)
	m.vars[name] = cell{by: m.index}
}

// number reads the argument of break, return and the like.
func (m *machine) number(args []string, or int) int {
	if len(args) < 2 {
		return or
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		m.notUnderstood("has %s %q", args[0], args[1])
	}
	return n
}
