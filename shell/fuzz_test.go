package shell_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/shell"
)

// FuzzDiff gives DiffVar any value: it is refused, or its steps can be spelled
// for bash, and there is an end to them.
func FuzzDiff(f *testing.F) {
	steps, err := shell.Activate(shell.Environ{Vars: []string{"PATH=/bin", "A=\xff", "B="}}, shell.Wanted{
		ID: "x", Prompt: "p", Before: []string{"/b"}, Unset: []string{"B"}, Vars: []shell.Var{{"A", "1"}, {"C", "2"}}, Back: []string{"/s"},
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range steps {
		if s.Name == shell.DiffVar {
			f.Add(s.Value)
		}
	}
	f.Add("W10")
	f.Add("W3t9XQ")
	f.Fuzz(func(t *testing.T, value string) {
		env := shell.Environ{Vars: []string{"PATH=/b:/bin", shell.DiffVar + "=" + value}}
		for range 40 {
			steps, err := shell.Deactivate(env)
			if err != nil {
				return
			}
			if _, err := shell.Bash.Script(steps); err != nil {
				t.Fatalf("%q: %v", value, err)
			}
			env = env.Apply(steps)
		}
		t.Fatalf("%q: 40 environments", value)
	})
}
