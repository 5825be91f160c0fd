package shell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInactive says that no environment is active.
var ErrInactive = errors.New("no environment is active")

// Activate returns the steps from an environment to a wanted one. An error says
// that [DiffVar] is not ours, or that there is no room in it.
func Activate(env Environ, w Wanted) ([]Step, error) {
	stack, err := readStack(env)
	if err != nil {
		return nil, err
	}
	var steps []Step
	if n := len(stack); n > 0 && stack[n-1].ID == w.ID {
		if steps, err = Deactivate(env); err != nil {
			return nil, err
		}
		env, stack = env.Apply(steps), stack[:n-1]
	}
	depth := len(stack) + 1
	f := frame{ID: w.ID, Old: map[string][]byte{}, Prompt: w.Prompt != "", Back: toBytes(w.Back)}
	for _, name := range w.Unset {
		if old, ok := env.Get(name); ok {
			f.Old[name] = []byte(old)
			steps = append(steps, Step{Op: Unset, Name: name})
		}
	}
	for _, v := range w.Vars {
		if strings.ContainsRune(v.Value, 0) || v.Name == pathVar || v.Name == DiffVar || f.has(v.Name) {
			return nil, fmt.Errorf("variable %q cannot be set", v.Name)
		}
		old, ok := env.Get(v.Name)
		if ok && old == v.Value {
			continue
		}
		s := Step{Op: Set, Name: v.Name, Value: v.Value}
		if ok {
			f.Old[v.Name] = []byte(old)
		} else {
			f.Old[v.Name], s.Keep = nil, keepName(depth, v.Name)
		}
		steps = append(steps, s)
	}
	steps = append(steps, f.addPath(env, w, depth)...)
	diff, err := writeStack(append(slices.Clip(stack), f))
	if err != nil {
		return nil, err
	}
	steps = append(steps, Step{Op: Set, Name: DiffVar, Value: diff})
	if w.Prompt != "" {
		steps = append(steps, Step{Op: Prompt, Value: "(" + plain(w.Prompt) + ") ", Keep: keepName(depth, "prompt")})
	}
	return append(steps, sources(w.Source)...), nil
}

// Deactivate returns the steps from an environment to the one before the last
// activation. Without any the error is [ErrInactive].
func Deactivate(env Environ) ([]Step, error) {
	stack, err := readStack(env)
	if err != nil {
		return nil, err
	}
	if len(stack) == 0 {
		return nil, ErrInactive
	}
	depth := len(stack)
	f := stack[depth-1]
	back := make([]string, len(f.Back))
	for i, b := range f.Back {
		back[i] = string(b)
	}
	steps := sources(back)
	for _, name := range f.names() {
		if old := f.Old[name]; old != nil {
			steps = append(steps, Step{Op: Restore, Name: name, Value: string(old)})
		} else {
			steps = append(steps, Step{Op: Unset, Name: name, Keep: keepName(depth, name)})
		}
	}
	steps = append(steps, f.removePath(env, depth)...)
	if depth == 1 {
		steps = append(steps, Step{Op: Unset, Name: DiffVar})
	} else {
		diff, err := writeStack(stack[:depth-1])
		if err != nil {
			return nil, err
		}
		steps = append(steps, Step{Op: Restore, Name: DiffVar, Value: diff})
	}
	if f.Prompt {
		steps = append(steps, Step{Op: PromptBack, Keep: keepName(depth, "prompt")})
	}
	return steps, nil
}

// Active returns the ID of the environment that was activated last, or "".
func Active(env Environ) string {
	stack, err := readStack(env)
	if err != nil || len(stack) == 0 {
		return ""
	}
	return stack[len(stack)-1].ID
}

func sources(scripts []string) []Step {
	var steps []Step
	for _, s := range scripts {
		steps = append(steps, Step{Op: Source, Value: s})
	}
	return steps
}

func keepName(depth int, name string) string { return fmt.Sprintf("__gophersnake_%d_%s", depth, name) }

// plain replaces what may mean something in the prompt of some shell.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("._-:/+@", r) || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
			return r
		}
		return '_'
	}, text)
}
