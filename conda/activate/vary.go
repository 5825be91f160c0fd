package activate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/gophersnake/gophersnake/tree"
)

// world is what a run sees of what activation does not fix.
type world struct {
	set   map[string]string // variables
	drop  []string          // variables of dynamic scripts, as if those had not set them
	path  bool              // another PATH behind the environment's
	files bool              // files outside of the environment are there
	works bool              // programs are found and succeed
}

// run is one evaluation of a script and what came of it.
type run struct {
	state   *state // at the end
	change  change
	refused *tree.Error // what the script may not do
	stopped *stop       // what is not understood; nil: it was followed to its end
	program *stop       // the first program that it needs
	reads   map[string]int
	outside map[string]int // files outside of the environment that it asked for
	path    bool           // it read PATH
	uses    map[int]bool   // earlier scripts whose functions and shell variables it used
}

// stop is a place in a script, and what is there.
type stop struct {
	file string
	line uint
	what string
}

// in returns the place as people read it, the script's own name left out.
func (s *stop) in(script string) string {
	if s.file == script {
		return fmt.Sprintf("line %d: %s", s.line, s.what)
	}
	return fmt.Sprintf("%s:%d: %s", s.file, s.line, s.what)
}

// script evaluates a script in every world, and returns the state behind it.
func (e *evaluation) script(ctx context.Context, i int, s *state) (*state, error) {
	e.spent = 0
	base, err := e.run(ctx, i, s, world{})
	if err != nil {
		return nil, err
	}
	limit := base.refused != nil && base.program != nil && base.stopped != nil // it may end where the program is
	if base.refused != nil && !limit {
		return nil, base.refused
	}
	touched := map[string]bool{}
	reason, err := e.reason(ctx, i, s, base, touched)
	if err != nil {
		return nil, err
	}
	if reason == "" {
		e.literal = append(e.literal, base.change)
		return base.state, nil
	}
	e.dynamic[i] = &Dynamic{Script: e.Scripts[i], Reason: reason, Bash: e.bashOnly(i)}
	if base.stopped != nil || base.program != nil {
		e.assigned(i, touched)
	}
	if base.stopped != nil {
		e.partly = append(e.partly, i)
	}
	for _, name := range base.change.names() {
		touched[name] = true
	}
	for name := range touched {
		e.tainted[name] = true
		if slices.Contains(e.partly, i) {
			e.unstable[name] = true
		}
	}
	for j := range base.uses {
		if e.dynamic[j] == nil {
			e.dynamic[j] = &Dynamic{Script: e.Scripts[j], Reason: e.Scripts[i].Path + " uses what it defines", Bash: e.bashOnly(j)}
		}
	}
	return base.state, nil
}

// reason says why a script is dynamic, or "". It adds what the script sets in
// other worlds to touched.
func (e *evaluation) reason(ctx context.Context, i int, s *state, base *run, touched map[string]bool) (string, error) {
	needs := ""
	if base.program != nil {
		needs = base.program.in(e.Scripts[i].Path)
	}
	if base.stopped != nil {
		return cmp.Or(needs, base.stopped.in(e.Scripts[i].Path)), nil
	}
	reason, err := e.varied(ctx, i, s, base, touched)
	if reason = cmp.Or(needs, reason); reason != "" || err != nil {
		return reason, err
	}
	for _, name := range base.change.names() {
		value := base.change.set[name]
		switch {
		case e.tainted[name]:
			return "sets " + name + ", which a dynamic script before it sets", nil
		case name != "PATH" && strings.Contains(value, pathToken):
			return "puts PATH into " + name, nil
		case name == "PATH" && !keepsPath(value):
			return "does not keep PATH as it is", nil
		}
	}
	return "", nil
}

// keepsPath reports whether a PATH has the one before in it, once and whole.
func keepsPath(value string) bool {
	return strings.Count(value, pathToken) == 1 && slices.Contains(strings.Split(value, ":"), pathToken) && !strings.Contains(value, "$PATH")
}

// variant is a run in another world, and what it tells if its result differs.
type variant struct {
	world
	why string
}

// varied runs a script in other worlds until nothing new is asked for, and says
// in which its result differs.
func (e *evaluation) varied(ctx context.Context, i int, s *state, base *run, touched map[string]bool) (string, error) {
	reads := base.reads
	outside, path := base.outside, base.path
	why := ""
	for done := map[string]bool{}; ; {
		fresh := false
		todo := e.variants(reads, outside, path)
		if base.program != nil {
			todo = append(todo, variant{world{works: true}, ""})
		}
		for len(todo) > 0 {
			v := todo[0]
			todo = todo[1:]
			id := fmt.Sprint(sortedKeys(v.set), v.drop, v.path, v.files, v.works)
			if done[id] {
				continue
			}
			done[id], fresh = true, true
			if e.spent > maxRuns*e.Limits.Steps {
				return e.untried(base, "takes too long to be tried in every way"), nil
			}
			r, err := e.run(ctx, i, s, v.world)
			if err != nil {
				return "", err
			}
			for name, line := range r.reads {
				if _, ok := reads[name]; !ok {
					reads[name] = line
				}
			}
			for name, line := range r.outside {
				outside[name] = line
			}
			path = path || r.path
			for _, name := range r.change.names() {
				touched[name] = true
			}
			e.shaky(base, r, v)
			if r.program != nil && !v.works {
				v.works = true
				todo = append(todo, v)
			}
			if differs := r.refused != nil || r.stopped != nil || r.program != nil || !r.change.equal(base.change); differs && why == "" {
				why = v.why
			}
		}
		if len(reads) > maxReads {
			return e.untried(base, fmt.Sprintf("depends on more than %d variables", maxReads)), nil
		}
		if !fresh {
			return why, nil
		}
	}
}

// untried says why a script is not run in every way: of none of its variables
// is known what it depends on.
func (e *evaluation) untried(base *run, why string) string {
	for name := range base.change.set {
		e.unstable[name] = true
	}
	return why
}

// shaky notes the variables whose values depend on others that activation does
// not fix: no process can be given them. One that depends on itself can, for
// where it is not set the value is this.
func (e *evaluation) shaky(base, r *run, v variant) {
	for name, value := range base.change.set {
		_, itself := v.set[name]
		if now, ok := r.change.set[name]; !itself && (!ok || now != value) || r.refused != nil || r.stopped != nil {
			e.unstable[name] = true
		}
	}
}

// variants returns the worlds that a script is run in, by what it read.
func (e *evaluation) variants(reads, outside map[string]int, path bool) []variant {
	names := sortedKeys(reads)
	var all []variant
	with := func(names []string, but string, why string) {
		set := map[string]string{}
		for _, name := range names {
			if name != but {
				set[name] = sentinel
			}
		}
		all = append(all, variant{world{set: set}, why})
	}
	var drop []string
	for _, name := range names {
		with([]string{name}, "", "depends on "+dollar(name))
		if e.tainted[name] {
			drop = append(drop, name)
		}
	}
	if len(drop) > 0 {
		all = append(all, variant{world{drop: drop}, "depends on " + dollar(drop...) + ", which a dynamic script before it sets"})
	}
	if len(names) > 1 {
		with(names, "", "depends on "+dollar(names...))
		for _, name := range names {
			with(names, name, "depends on "+dollar(names...))
		}
	}
	if path {
		all = append(all, variant{world{path: true}, "depends on what PATH is"})
	}
	if len(outside) > 0 {
		all = append(all, variant{world{files: true}, "depends on " + strings.Join(sortedKeys(outside), ", ") + " outside of the environment"})
	}
	return all
}

func dollar(names ...string) string { return "$" + strings.Join(names, ", $") }

// run evaluates a script once, from a state, in a world.
func (e *evaluation) run(ctx context.Context, i int, s *state, w world) (*run, error) {
	start := s.clone()
	for name, value := range w.set {
		if _, own := facts[name]; !own {
			start.vars[name] = cell{Variable: exported(value), by: before}
		}
	}
	for _, name := range w.drop {
		delete(start.vars, name)
	}
	if c := start.vars["PATH"]; w.path {
		c.Str = strings.ReplaceAll(c.Str, pathToken, otherPath)
		start.vars["PATH"] = c
	}
	m := &machine{
		ended: ctx.Err, evaluation: e, index: i, world: w, state: start.clone(), file: e.Scripts[i].Path,
		run: &run{reads: map[string]int{}, outside: map[string]int{}, uses: map[int]bool{}},
	}
	if err := m.whole(e.Scripts[i]); err != nil {
		return nil, err
	}
	e.spent += m.steps + m.bytes/(e.Limits.Bytes/e.Limits.Steps+1)
	m.run.state = m.state
	m.run.change = m.state.changes(start)
	for name, value := range m.run.change.set {
		if w.path {
			m.run.change.set[name] = strings.ReplaceAll(value, otherPath, pathToken)
		}
	}
	return m.run, nil
}

// parse reads a script as bash, or as zsh, whose own expansions stand in
// scripts for all shells.
func parse(text []byte, name string) (*syntax.File, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(text), name)
	if err != nil {
		if other, zsh := syntax.NewParser(syntax.Variant(syntax.LangZsh)).Parse(bytes.NewReader(text), name); zsh == nil {
			return other, nil
		}
	}
	return file, err
}

// text returns a script's text, or nil for one that is not parsed.
func (e *evaluation) text(i int) []byte {
	text, err := e.Files.Read(e.Scripts[i].Path)
	if err != nil || len(text) > maxScript || depth(text) > maxDepth {
		return nil
	}
	return text
}

// assigned adds the names that a script's text assigns.
func (e *evaluation) assigned(i int, names map[string]bool) {
	file, err := parse(e.text(i), e.Scripts[i].Path)
	if err != nil {
		return
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		if as, ok := node.(*syntax.Assign); ok && as.Name != nil {
			names[as.Name.Value] = true
		}
		return true
	})
}

// bashOnly reports whether a script uses what POSIX's shell language has not.
func (e *evaluation) bashOnly(i int) bool {
	text := e.text(i)
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(text), "")
	if err != nil || text == nil {
		return true
	}
	found := false
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		switch call.Args[0].Lit() {
		case "[[", "source", "declare", "typeset", "shopt", "let", "mapfile", "readarray", "pushd", "popd", "function", "builtin":
			found = true
		case "[", "test":
			found = found || slices.ContainsFunc(call.Args, func(w *syntax.Word) bool { return w.Lit() == "==" })
		}
		return true
	})
	return found
}

// missing reports whether an error says that a file is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
