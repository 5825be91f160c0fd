package activate_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// TestBash compares what is computed with what bash does: the literal scripts
// alone with all of Result, and every script in every world that it was varied
// by with bash in the same.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash on this machine")
	}
	compared := 0
	for name, a := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			f := archive(a)
			prefix := onDisk(t, f)
			in := activate.Input{Prefix: prefix, Env: start(prefix), Files: f, Scripts: f.scripts()}
			runs, err := activate.Worlds(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range runs {
				if (name == "tilde" || name == "host" || name == "path-tested") && len(r.Set) == 0 {
					continue // bash asks the machine, and we must not
				}
				compared++
				want := sourced(t, bash, prefix, r.Sources, r.Set)
				if diff := cmp.Diff(want, r.Env); diff != "" {
					t.Errorf("with %v (-bash +ours):\n%s", r.Set, diff)
				}
			}
			r, err := activate.Evaluate(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Dynamic) > 0 {
				return
			}
			var all []string
			for _, s := range in.Scripts {
				all = append(all, s.Path)
			}
			got := map[string]string{}
			for _, kv := range r.Env {
				key, value, _ := strings.Cut(kv, "=")
				got[key] = strings.ReplaceAll(value, "$PATH", basePath)
			}
			if diff := cmp.Diff(sourced(t, bash, prefix, all, nil), got); diff != "" {
				t.Errorf("result (-bash +ours):\n%s", diff)
			}
		})
	}
	t.Logf("%d runs of bash", compared)
}

const basePath = "/usr/sbin:/usr/bin"

// sourced returns the variables after bash has sourced scripts.
func sourced(t *testing.T, bash, prefix string, scripts []string, set map[string]string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, kv := range start(prefix) {
		key, value, _ := strings.Cut(kv, "=")
		env[key] = strings.ReplaceAll(value, "$PATH", basePath)
	}
	maps.Copy(env, set)
	var text strings.Builder
	for _, s := range scripts {
		text.WriteString(". '" + filepath.Join(prefix, s) + "'\n")
	}
	cmd := exec.Command(bash, "--norc", "--noprofile", "-c", text.String()+"exec /usr/bin/env -0\n")
	for _, key := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, key+"="+env[key])
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("bash: %v", err)
	}
	got := map[string]string{}
	_, printed, _ := strings.Cut("\x00"+string(out), "\x00")
	for kv := range strings.SplitSeq(strings.TrimSuffix(printed, "\x00"), "\x00") {
		key, value, _ := strings.Cut(kv, "=")
		key = key[strings.LastIndexByte(key, '\n')+1:] // behind what scripts printed
		switch key {
		case "PWD", "OLDPWD", "SHLVL", "_": // bash's own
		default:
			got[key] = value
		}
	}
	return got
}
