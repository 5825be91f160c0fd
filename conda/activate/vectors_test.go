package activate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// vectors are environments with activation scripts in the manner of those that
// packages have. The comment says what each script is, in order.
func vectors(t *testing.T) map[string]*txtar.Archive {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d vectors, %v", len(names), err)
	}
	all := map[string]*txtar.Archive{}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".txt")] = a
	}
	return all
}

func archive(a *txtar.Archive) files {
	f := files{}
	for _, file := range a.Files {
		f[file.Name] = string(file.Data)
	}
	return f
}

// start is what activation sets before any script.
func start(prefix string) []string {
	return []string{"PATH=" + prefix + "/bin:$PATH", "CONDA_PREFIX=" + prefix, "CONDA_DEFAULT_ENV=" + prefix, "CONDA_SHLVL=1"}
}

// TestVectors checks which scripts are dynamic, and why.
func TestVectors(t *testing.T) {
	for name, a := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			f := archive(a)
			r, err := activate.Evaluate(t.Context(), activate.Input{Prefix: "/opt/conda", Env: start("/opt/conda"), Files: f, Scripts: f.scripts()})
			if err != nil {
				t.Fatal(err)
			}
			got := make([]string, len(f.scripts()))
			for i, s := range f.scripts() {
				got[i] = "literal"
				for _, d := range r.Dynamic {
					if d.Script == s {
						got[i] = "dynamic: " + d.Reason
					}
				}
			}
			want := strings.TrimSpace(string(a.Comment))
			if name == "sequence" { // of three
				want = "literal; dynamic: etc/conda/activate.d/c.sh uses what it defines; dynamic: depends on $EXTRA"
			}
			if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// onDisk writes an environment where bash can read it.
func onDisk(t *testing.T, f files) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "prefix")
	for name, text := range f {
		file := filepath.Join(prefix, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "bin/") {
			mode = 0o755
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return prefix
}
