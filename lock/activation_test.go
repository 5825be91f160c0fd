package lock_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

// withDynamic is the text of a lock with activation files and dynamic scripts.
func withDynamic(t *testing.T, change func(*lock.Lock)) (string, error) {
	t.Helper()
	small, err := os.ReadFile("testdata/small.lock")
	if err != nil {
		t.Fatal(err)
	}
	l, err := lock.Unmarshal("small.lock", small)
	if err != nil {
		t.Fatal(err)
	}
	a := &l.Activation[0]
	a.Inputs = "sha256:" + strings.Repeat("a", 64)
	a.Env = append(a.Env, "ODD='\"$`\\\nline two\t%!")
	a.Unset = []string{"PYTHONHOME"}
	a.Dynamic = []lock.Dynamic{
		{Script: "etc/conda/activate.d/b.sh", Package: "python", Reason: "depends on $HOME"},
		{Script: "etc/conda/activate.d/z's.sh", Package: "python", Reason: "line 3: needs the program uname"},
	}
	l.Conda[0].Activation = []string{"etc/conda/activate.d/b.sh", "etc/conda/env_vars.d/x.json"}
	if change != nil {
		change(l)
	}
	text, err := lock.Marshal(l)
	return string(text), err
}

func TestActivationRows(t *testing.T) {
	text, err := withDynamic(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := lock.Unmarshal("gophersnake.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	second, err := lock.Marshal(again)
	if err != nil || string(second) != text {
		t.Errorf("not canonical: %v\n%s", err, cmp.Diff(text, string(second)))
	}
	const want = `unset = ["PYTHONHOME"]

[[activation.dynamic]]
script = "etc/conda/activate.d/b.sh"
package = "python"
reason = "depends on $HOME"

[[activation.dynamic]]
script = "etc/conda/activate.d/z's.sh"
package = "python"
reason = "line 3: needs the program uname"
`
	if !strings.Contains(text, want) {
		t.Errorf("not in order:\n%s", text)
	}
	for _, tc := range []struct {
		change func(*lock.Lock)
		want   string
	}{
		{func(l *lock.Lock) { l.Activation[0].Inputs = "sha256:x" }, `activation for linux/amd64: inputs "sha256:x" is not sha256: and 64 lower-case hex digits`},
		{func(l *lock.Lock) { l.Activation[0].Unset = []string{"A=B"} }, `activation for linux/amd64: unset holds "A=B", which is not the name of a variable`},
		{func(l *lock.Lock) { l.Activation[0].Dynamic[1].Script = "../x.sh" }, `activation for linux/amd64, dynamic script 2: script "../x.sh" is not a clean path relative to the root`},
		{func(l *lock.Lock) { l.Activation[0].Dynamic[0].Package = "a/b" }, `activation for linux/amd64, dynamic script 1: package "a/b" holds a path`},
		{func(l *lock.Lock) { l.Conda[0].Activation[0] = "/etc/x" }, `package "python": activation "/etc/x" is not a clean path relative to the root`},
	} {
		if _, err := withDynamic(t, tc.change); err == nil || err.Error() != tc.want {
			t.Errorf("error %v, want %s", err, tc.want)
		}
	}
}
