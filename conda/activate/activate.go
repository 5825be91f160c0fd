package activate

import (
	"context"
	"slices"
	"strings"
)

// Files is what scripts may see of the file system: the environment's files, as
// they are installed. Paths are relative to the prefix, clean, with slashes; "."
// is the prefix. An error that is not fs.ErrNotExist ends the evaluation.
type Files interface {
	// Stat says what a path is, links followed.
	Stat(path string) (Info, error)
	// Read returns a file's content.
	Read(path string) ([]byte, error)
	// List returns the names in a directory, sorted.
	List(path string) ([]string, error)
	// Executable reports whether a file may be executed.
	Executable(path string) (bool, error)
}

// Info is what scripts can ask of a file.
type Info struct {
	Dir  bool
	Size int64 // bytes; at least 1 where it is not known exactly and not 0
}

// Script is one script of activate.d.
type Script struct {
	Package string // that has it, for errors
	Path    string // below the prefix
}

// Input is an environment to activate.
type Input struct {
	Prefix  string   // absolute, as scripts see it
	Env     []string // "KEY=value" that are set before any script; in PATH, $PATH stands for what was there
	Files   Files
	Scripts []Script // in the order of their paths
	Limits  Limits
}

// Limits are how much a script may use in one run. The zero value of a field
// means its default.
type Limits struct {
	Steps int // statements and rounds of loops; default 100,000
	Bytes int // of text that is expanded or kept; default 16 MiB
	Value int // bytes of one variable, as Linux limits them (MAX_ARG_STRLEN); default 128 KiB
}

const (
	maxSteps  = 100_000
	maxBytes  = 16 << 20
	maxValue  = 128 << 10
	maxScript = 128 << 10 // bytes of a script: what is nested in it is parsed recursively
	maxDepth  = 500       // what may be open at once in a script
	maxCalls  = 64        // depth of functions, source and eval
	maxReads  = 64        // that a script is varied by
	maxRuns   = 10        // what all runs of a script together may use, in runs that reach the limit
)

func (l Limits) withDefaults() Limits {
	or := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	or(&l.Steps, maxSteps)
	or(&l.Bytes, maxBytes)
	or(&l.Value, maxValue)
	return l
}

// Dynamic is a script that has to be sourced by a shell.
type Dynamic struct {
	Script
	Reason string // why, for people: "line 3: needs the program uname"
	Bash   bool   // it uses what POSIX's shell language has not
}

// Result is what activating does.
type Result struct {
	Env     []string  // "KEY=value", those of Input first, in their order, others by name
	Unset   []string  // variables that must not be set, by name
	Dynamic []Dynamic // in the order of Input
}

// Evaluate returns what activating an environment does. Errors are of type
// *tree.Error, class "policy" for what scripts may not do, or those of Files.
func Evaluate(ctx context.Context, in Input) (*Result, error) {
	e := &evaluation{Input: in, tainted: map[string]bool{}, unstable: map[string]bool{}, dynamic: make([]*Dynamic, len(in.Scripts))}
	e.Limits = in.Limits.withDefaults()
	start := newState(in.Env)
	e.known = start.names()
	state := start
	for i := range in.Scripts {
		next, err := e.script(ctx, i, state)
		if err != nil {
			return nil, err
		}
		state = next
	}
	given, err := e.given(ctx, start, state)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	r.Env, r.Unset = e.result(given)
	for _, d := range e.dynamic {
		if d != nil {
			r.Dynamic = append(r.Dynamic, *d)
		}
	}
	return r, nil
}

// evaluation is the state of Evaluate.
type evaluation struct {
	Input
	known    map[string]bool // variables that activation sets
	spent    int             // steps and text of the runs of a script
	tainted  map[string]bool // what dynamic scripts set
	unstable map[string]bool // what depends on other variables that are not known
	dynamic  []*Dynamic      // by script; nil: literal
	partly   []int           // dynamic scripts whose effect is not known
	literal  []change        // of each literal script, in order
}

// change is what a script did to the variables of processes.
type change struct {
	set   map[string]string
	unset map[string]bool
}

// given returns what all processes can be given: the literal changes, and of
// the dynamic scripts' results those that sourcing them again leaves alone.
func (e *evaluation) given(ctx context.Context, start, end *state) (*state, error) {
	fixed := start.clone()
	for _, c := range e.literal {
		fixed.apply(c)
	}
	if !slices.ContainsFunc(e.dynamic, func(d *Dynamic) bool { return d != nil }) {
		return fixed, nil
	}
	more := end.changes(fixed)
	for name := range more.set {
		if !e.tainted[name] || e.unstable[name] || name == "PATH" || strings.Contains(more.set[name], pathToken) {
			delete(more.set, name)
		}
	}
	more.unset = nil
	for len(more.set) > 0 {
		state := fixed.clone()
		state.apply(more)
		before := len(more.set)
		for _, works := range []bool{false, true} {
			again, err := e.again(ctx, state, world{works: works})
			if err != nil {
				return nil, err
			}
			for name, value := range more.set {
				if now, ok := again.exported(name); !ok || now != value {
					delete(more.set, name)
				}
			}
		}
		if len(more.set) == before {
			break
		}
	}
	fixed.apply(more)
	return fixed, nil
}

// again returns the state after the dynamic scripts are sourced in a process
// that has been given a state, as far as that is known.
func (e *evaluation) again(ctx context.Context, s *state, w world) (*state, error) {
	for i, d := range e.dynamic {
		if d == nil || slices.Contains(e.partly, i) {
			continue
		}
		run, err := e.run(ctx, i, s, w)
		if err != nil {
			return nil, err
		}
		if run.stopped == nil {
			s = run.state
		}
	}
	return s, nil
}

// result returns a state's variables, with $PATH for what was before.
func (e *evaluation) result(s *state) (env, unset []string) {
	changed := s.changes(newState(nil))
	for _, kv := range e.Env {
		name, _, _ := strings.Cut(kv, "=")
		if value, ok := changed.set[name]; ok {
			env = append(env, name+"="+value)
			delete(changed.set, name)
		}
	}
	for _, name := range sortedKeys(changed.set) {
		env = append(env, name+"="+changed.set[name])
	}
	for i, kv := range env {
		env[i] = strings.ReplaceAll(kv, pathToken, "$PATH")
	}
	for name := range s.vars {
		if c := s.vars[name]; !c.Set && c.gone {
			unset = append(unset, name)
		}
	}
	slices.Sort(unset)
	return env, unset
}
