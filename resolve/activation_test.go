package resolve_test

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/resolve"
)

// scripted is an environment of three packages: one with scripts and variables,
// one that those look at, and one that nobody asks for anything.
func scripted(t *testing.T, text string) (*world, resolve.Request) {
	t.Helper()
	w := &world{
		files: map[string]string{
			"l.txt": explicit("linux-64/geo-1-0.conda#"+hash("a"), "linux-64/data-1-0.conda#"+hash("b"), "linux-64/plain-1-0.conda#"+hash("c")),
			"m.txt": explicit("linux-64/plain-1-0.conda#" + hash("c")),
		},
		inside: map[string]string{
			"geo-1-0.conda": text, "data-1-0.conda": "-- share/geo/table --\nx\n-- share/empty --\n-- share/link --\n-> geo/table\n-- bin/geo --\nx\n", "plain-1-0.conda": "-- bin/plain --\nx\n",
		},
		base: lock.Facts{Sh: true, Bash: true},
	}
	return w, request(t, "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"debian:12\"\n[conda]\nlock = \"l.txt\"\nprefix = \"/c\"\n")
}

const geo = `-- etc/conda/activate.d/geo.sh --
export GEO_DATA=/build/placehold/share/geo
if [ -f "$CONDA_PREFIX/share/geo/table" ] && [ -e "$CONDA_PREFIX/share/link" ] && [ ! -s "$CONDA_PREFIX/share/empty" ]; then export GEO_TABLE=yes; fi
[ -x "$CONDA_PREFIX/bin/geo" ] && [ ! -x "$CONDA_PREFIX/share/link" ] && export GEO_TOOL="$(command -v geo)"
for f in "$CONDA_PREFIX"/share/*; do GEO_SHARE="$GEO_SHARE ${f##*/}"; done
export GEO_SHARE PATH="$CONDA_PREFIX/geo/bin:$PATH"
. "$CONDA_PREFIX/etc/conda/activate.d/geo.inc"
-- etc/conda/activate.d/geo.inc --
export GEO_ODD="'\"\$\` + "`" + ` %!
two"
-- etc/conda/activate.d/home.sh --
export GEO_CACHE="$HOME/geo"
-- etc/conda/activate.d/geo.fish --
set -x NOT this
-- etc/conda/env_vars.d/geo.json --
{"GEO_MODE": "fast", "GEO_PREFIX": "/build/placehold", "PATH": "/nowhere"}
`

func TestActivationScripts(t *testing.T) {
	w, r := scripted(t, strings.Replace(geo, "for f in", "GEO_SHARE=\nfor f in", 1))
	var notes []string
	r.Note = func(text string) { notes = append(notes, text) }
	l, text := resolved(t, w, r)
	want := &lock.Activation{
		Envs: []string{"default"}, Platform: linux, Inputs: l.Activation[0].Inputs,
		Env: []string{
			"PATH=/c/geo/bin:/c/bin:$PATH", "CONDA_PREFIX=/c", "CONDA_DEFAULT_ENV=/c", "CONDA_SHLVL=1", "GEO_MODE=fast", "GEO_PREFIX=/c",
			"GEO_DATA=/c/share/geo", "GEO_ODD='\"$` %!\ntwo", "GEO_SHARE= empty geo link", "GEO_TABLE=yes", "GEO_TOOL=/c/bin/geo",
		},
		Dynamic: []lock.Dynamic{{Script: "etc/conda/activate.d/home.sh", Package: "geo", Reason: "depends on $HOME"}},
	}
	if l.Activation[0].Envs[0] == "" {
		want.Envs = []string{""}
	}
	if diff := cmp.Diff(want, l.For("", linux).Activation); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantNotes := []string{
		"activation: etc/conda/env_vars.d/geo.json of package geo sets PATH, which is left as it is",
		"activation: script etc/conda/activate.d/home.sh of package geo is sourced when a container starts: depends on $HOME",
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(l.Conda, func(c lock.Conda) bool { return c.Name == "geo" })
	if diff := cmp.Diff([]string{"etc/conda/activate.d/geo.sh", "etc/conda/activate.d/home.sh", "etc/conda/env_vars.d/geo.json"}, l.Conda[i].Activation); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}

	// Nothing changed: nobody is asked. One package changed: only its kind is.
	w.questions()
	r.Old = l
	if _, again := resolved(t, w, r); again != text || len(w.questions()) > 0 {
		t.Errorf("locked again: %s", cmp.Diff(text, again))
	}
	w.files["l.txt"] = strings.Replace(w.files["l.txt"], hash("c"), hash("d"), 1)
	resolved(t, w, r)
	for _, q := range w.questions() {
		if verb, name, _ := strings.Cut(q, " "); verb == "package" && name != "plain-1-0.conda" {
			t.Errorf("asked %q", q)
		}
	}
}

// TestNoActivationScripts checks that an environment without activation files
// costs nothing more than it did.
func TestNoActivationScripts(t *testing.T) {
	w, r := scripted(t, "-- etc/conda/activate.d/geo.fish --\nset -x A b\n-- etc/conda/deactivate.d/geo.sh --\nunset A\n")
	l, _ := resolved(t, w, r)
	if a := l.For("", linux).Activation; a.Inputs != "" || len(a.Dynamic) > 0 {
		t.Errorf("activation %+v", a)
	}
	for _, q := range w.questions() {
		if strings.HasPrefix(q, "meta ") || strings.HasPrefix(q, "walk ") {
			t.Errorf("asked %q", q)
		}
	}
}

// TestActivationLazy checks that only packages that scripts look at are read.
func TestActivationLazy(t *testing.T) {
	w, r := scripted(t, "-- etc/conda/activate.d/geo.sh --\nexport A=\"$CONDA_PREFIX/x\"\n")
	resolved(t, w, r)
	var got []string
	for _, q := range w.questions() {
		if strings.HasPrefix(q, "meta ") || strings.HasPrefix(q, "walk ") {
			got = append(got, q)
		}
	}
	if diff := cmp.Diff([]string{"meta geo-1-0.conda", "walk geo-1-0.conda"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestActivationErrors(t *testing.T) {
	const script = "-- etc/conda/activate.d/geo.sh --\n"
	for _, tc := range []struct {
		name, text string
		facts      lock.Facts
		class      fault.Class
		want       string
	}{
		{
			"a base without sh", script + "export A=$(uname -m)\n",
			lock.Facts{},
			fault.Unsatisfiable,
			"conda for linux/amd64: activation script etc/conda/activate.d/geo.sh of package geo needs /bin/sh, which the base has not: line 1: needs the program uname",
		},
		{
			"a base without bash", script + "\n[[ -n $A ]] && export B=1\n",
			lock.Facts{Sh: true},
			fault.Unsatisfiable,
			"conda for linux/amd64: activation script etc/conda/activate.d/geo.sh of package geo needs /bin/bash, which the base has not: depends on $A",
		},
		{"a script that writes", script + "\n\necho x > /tmp/x\n", lock.Facts{}, fault.Policy, `geo: etc/conda/activate.d/geo.sh:3: writes the file "/tmp/x"`},
		{"a script that loops", script + "while :; do :; done\n", lock.Facts{}, fault.Policy, "geo: etc/conda/activate.d/geo.sh:1: does not end within 100000 steps"},
		{"a script that grows", script + "x=ab\nwhile :; do x=$x$x; done\n", lock.Facts{}, fault.Policy, "geo: etc/conda/activate.d/geo.sh:2: $x grows to more than 131072 bytes"},
		{"no variables", "-- etc/conda/env_vars.d/x.json --\n[]\n", lock.Facts{}, fault.Verification, "geo: etc/conda/env_vars.d/x.json: is not a JSON object of variables"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, r := scripted(t, tc.text)
			w.base = tc.facts
			_, err := resolve.Lock(t.Context(), w, r)
			if err == nil || err.Error() != tc.want || fault.ClassOf(err) != tc.class {
				t.Errorf("%v error %v,\nwant %v %s", fault.ClassOf(err), err, tc.class, tc.want)
			}
		})
	}
	broken := errors.New("bad disk")
	for _, question := range []string{"meta geo-1-0.conda", "walk geo-1-0.conda"} {
		w, r := scripted(t, script+"export A=1\n")
		w.fail = map[string]error{question: broken}
		if _, err := resolve.Lock(t.Context(), w, r); !errors.Is(err, broken) {
			t.Errorf("%s: %v", path.Base(question), err)
		}
	}
}

// TestActivationLiteralWithoutShell checks that literal scripts need no shell of
// the base, and that [go.env] has the last word.
func TestActivationLiteralWithoutShell(t *testing.T) {
	w, r := scripted(t, "-- etc/conda/activate.d/geo.sh --\nexport GOPATH=/script GOFLAGS=-x GOROOT=/nowhere GOPROXY=off; unset PYTHONHOME\n")
	w.base = lock.Facts{}
	w.files["go.mod"] = "module x\ngo 1.26\n"
	r = request(t, "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"debian:12\"\n[conda]\nlock = \"l.txt\"\n[go]\nversions = [\"1.26\"]\nenv = { GOPROXY = \"https://proxy.example\" }\n")
	r.GoMod = "go.mod"
	l, _ := resolved(t, w, r)
	a := l.For("", linux).Activation
	for _, want := range []string{"GOPATH=/script", "GOFLAGS=-x", "GOPROXY=https://proxy.example"} {
		if !slices.Contains(a.Env, want) {
			t.Errorf("no %s in %q", want, a.Env)
		}
	}
	if slices.ContainsFunc(a.Env, func(v string) bool { return strings.HasPrefix(v, "GOROOT=") }) || !slices.Equal(a.Unset, []string{"PYTHONHOME"}) {
		t.Errorf("%q, unset %q", a.Env, a.Unset)
	}
}
