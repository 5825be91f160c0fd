package shell

import (
	"slices"
	"strings"
)

// Op is what a step does.
type Op uint8

// The kinds of steps.
const (
	Set        Op = iota // export Name with Value
	Restore              // likewise, with the value that it had before
	Unset                // remove Name
	Prompt               // put Value before the prompt
	PromptBack           // give the prompt back
	Source               // run the script Value in the shell
)

// Step is one change of a shell.
type Step struct {
	Op    Op
	Name  string
	Value string
	Keep  string // shell variable for what the shell alone knows of Name, or of the prompt; "" for none
}

func (s Step) subject() string {
	switch s.Op {
	case Source:
		return "the path of a script"
	case Prompt:
		return "the prompt"
	}
	return s.Name
}

// Environ is the environment of a process.
type Environ struct {
	Vars    []string // "NAME=value", as os.Environ has them
	Windows bool     // names are the same in either case, and PATH is separated by ";"
}

// Get returns the value of a variable, and whether it is set.
func (e Environ) Get(name string) (string, bool) {
	if i := e.index(name); i >= 0 {
		return e.Vars[i][strings.IndexByte(e.Vars[i], '=')+1:], true
	}
	return "", false
}

func (e Environ) index(name string) int {
	return slices.IndexFunc(e.Vars, func(kv string) bool {
		// Names of Windows' own variables may begin with "=".
		i := strings.IndexByte(kv, '=')
		return i > 0 && (kv[:i] == name || e.Windows && strings.EqualFold(kv[:i], name))
	})
}

// Separator is what stands between the directories of PATH.
func (e Environ) Separator() string {
	if e.Windows {
		return ";"
	}
	return ":"
}

// Apply returns the environment after steps, for a program that is started
// without a shell. The prompt and scripts are a shell's.
func (e Environ) Apply(steps []Step) Environ {
	after := Environ{slices.Clone(e.Vars), e.Windows}
	for _, s := range steps {
		i := after.index(s.Name)
		switch {
		case s.Op == Unset && i >= 0:
			after.Vars = slices.Delete(after.Vars, i, i+1)
		case (s.Op == Set || s.Op == Restore) && i >= 0:
			after.Vars[i] = s.Name + "=" + s.Value
		case s.Op == Set || s.Op == Restore:
			after.Vars = append(after.Vars, s.Name+"="+s.Value)
		}
	}
	return after
}
