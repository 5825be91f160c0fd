package shell

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DiffVar is the variable that holds what deactivating gives back.
const DiffVar = "GOPHERSNAKE_DIFF"

// Limits of DiffVar. Linux refuses to start programs with a variable of more
// than 128 KiB.
const (
	maxDiff  = 100 << 10
	maxDepth = 32
)

// frame is what one activation replaced. Bytes are those of variables: JSON's
// strings would not hold what is no UTF-8.
type frame struct {
	ID     string            `json:"id"`
	Old    map[string][]byte `json:"old,omitempty"` // null: it was not set
	Before [][]byte          `json:"before,omitempty"`
	After  [][]byte          `json:"after,omitempty"`
	Unset  bool              `json:"unset,omitempty"` // PATH was not set
	Prompt bool              `json:"prompt,omitempty"`
	Back   [][]byte          `json:"back,omitempty"`
}

func (f *frame) has(name string) bool {
	_, ok := f.Old[name]
	return ok
}

func (f *frame) names() []string { return slices.Sorted(maps.Keys(f.Old)) }

// readStack reads DiffVar. It is not trusted more than any variable: names in
// it go to scripts.
func readStack(env Environ) ([]frame, error) {
	text, _ := env.Get(DiffVar)
	if text == "" {
		return nil, nil
	}
	broken := func(err error) error {
		return fmt.Errorf("%s is not what gophersnake activate wrote: %w", DiffVar, err)
	}
	if len(text) > maxDiff {
		return nil, broken(fmt.Errorf("it has more than %d bytes", maxDiff))
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, broken(errors.New("it is not base64"))
	}
	var stack []frame
	if err := json.Unmarshal(data, &stack); err != nil {
		return nil, broken(errors.New("it is not JSON of its kind"))
	}
	if len(stack) == 0 || len(stack) > maxDepth {
		return nil, broken(fmt.Errorf("%d environments", len(stack)))
	}
	for _, f := range stack {
		for name, old := range f.Old {
			if !IsName(name) || name == DiffVar || name == pathVar || strings.ContainsRune(string(old), 0) {
				return nil, broken(fmt.Errorf("variable %q", name))
			}
		}
	}
	return stack, nil
}

func writeStack(stack []frame) (string, error) {
	if len(stack) > maxDepth {
		return "", fmt.Errorf("%d environments are active already", len(stack)-1)
	}
	data, err := json.Marshal(stack)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(data)
	if len(text) > maxDiff {
		return "", fmt.Errorf("%s would have more than %d bytes: variables are too long to be kept", DiffVar, maxDiff)
	}
	return text, nil
}

// addPath adds the directories of w to PATH.
func (f *frame) addPath(env Environ, w Wanted, depth int) []Step {
	if len(w.Before)+len(w.After) == 0 {
		return nil
	}
	old, ok := env.Get(pathVar)
	f.Unset = !ok
	f.Before, f.After = toBytes(w.Before), toBytes(w.After)
	dirs := slices.Clone(w.Before)
	if old != "" { // an empty element would be the working directory
		dirs = append(dirs, old)
	}
	s := Step{Op: Set, Name: pathVar, Value: strings.Join(append(dirs, w.After...), env.Separator())}
	if !ok {
		s.Keep = keepName(depth, pathVar)
	}
	return []Step{s}
}

// removePath takes the directories out again. What others changed meanwhile
// stays.
func (f *frame) removePath(env Environ, depth int) []Step {
	if len(f.Before)+len(f.After) == 0 {
		return nil
	}
	now, ok := env.Get(pathVar)
	if !ok {
		return nil // someone removed it: there is nothing to take out
	}
	sep := env.Separator()
	list := strings.Split(now, sep)
	for _, d := range f.Before {
		if i := slices.Index(list, string(d)); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	slices.Reverse(list)
	for _, d := range slices.Backward(f.After) {
		if i := slices.Index(list, string(d)); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	slices.Reverse(list)
	if len(list) == 0 && f.Unset {
		return []Step{{Op: Unset, Name: pathVar, Keep: keepName(depth, pathVar)}}
	}
	return []Step{{Op: Restore, Name: pathVar, Value: strings.Join(list, sep)}}
}

func toBytes(list []string) [][]byte {
	var all [][]byte
	for _, s := range list {
		all = append(all, []byte(s))
	}
	return all
}
