package activate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// FuzzEvaluate evaluates anything: it ends, panics never, and shows nothing of
// the machine.
func FuzzEvaluate(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txt")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, script, _ := strings.Cut(string(text), ".sh --\n")
		script, _, _ = strings.Cut(script, "\n-- ")
		f.Add(script + "\n")
	}
	f.Add("x=aa; while :; do x=\"${x//a/$x}\"; done")
	f.Add("f() { f | f; }; f; (((((((((( [[ ! ! ! ( ( a ) ) ]]")
	f.Add("cat <(cat /etc/hostname) ~root $$ ${!x} ${x@Q} ${(%):-%x} $'\\x41'")
	dir := f.TempDir()
	canary := filepath.Join(dir, "machine-canary")
	f.Setenv("CANARY", "machine-canary")
	f.Setenv("HOME", "/machine-canary")
	if err := os.WriteFile(canary, []byte("export A=machine-canary\n"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, script string) {
		if strings.Contains(script, "machine-canary") {
			return
		}
		t.Chdir(dir) // not before: inputs that fail are written below testdata
		began := time.Now()
		r, err := evaluate(t.Context(), script)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("wrote %v", entries)
		}
		if err != nil {
			return
		}
		for _, kv := range r.Env {
			if strings.Contains(kv, "machine-canary") {
				t.Errorf("saw %s", kv)
			}
		}
	})
}

// FuzzVariables reads anything as a file of variables.
func FuzzVariables(f *testing.F) {
	for _, s := range []string{`{}`, `{"A": "b", "C": 1, "D": true, "E": "***unset***"}`, `{"A": null}`, `{"A=": "b"}`, `[]`, `{"A": "b"}{}`, "{\"A\": \"\\u0000\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := activate.Variables("v.json", text)
		for _, kv := range all {
			if kv == "" || kv[0] == '=' || strings.Contains(kv, "\x00") || err != nil {
				t.Errorf("%q, %v", kv, err)
			}
		}
	})
}
