package activate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/activate"
)

// TestGiven checks what processes are given of dynamic scripts: what depends on
// nothing but itself and stays when they are sourced.
func TestGiven(t *testing.T) {
	all := vectors(t)
	for name, want := range map[string][]string{
		"openssl":  {"SSL_CERT_FILE=/p/ssl/cacert.pem"},
		"java":     {"JAVA_HOME=/p/lib/jvm", "JAVA_LD_LIBRARY_PATH=/p/lib/jvm/lib/server"},
		"gdal":     {"CPL_ZIP_ENCODING=UTF-8", "GDAL_DATA=/p/share/gdal", "GDAL_DRIVER_PATH=/p/lib/gdalplugins"},
		"compiler": {"CC=/p/bin/x86_64-conda-linux-gnu-gcc", "CXX=/p/bin/x86_64-conda-linux-gnu-g++", "TOOL_ld=/p/bin/my-ld"},
		"toolchain": {
			"CC=/p/bin/x86_64-conda-linux-gnu-cc", "CFLAGS=-O2 -isystem /p/include", "CMAKE_ARGS=-DA=1 -DB=a,b",
			"GCC_AR=/p/bin/x86_64-conda-linux-gnu-gcc-ar", "GXX=/p/bin/x86_64-conda-linux-gnu-g++",
		},
		"library-path": nil,
		"home":         nil,
		"program":      {"STILL=1"},
		"outcome":      {"TOOL_DATA=/p/data", "TOOL_HOME=/p/home"},
		"host":         nil,
		"sequence":     {"FROM_A=/p/a"},
	} {
		f := archive(all[name])
		r, err := activate.Evaluate(t.Context(), activate.Input{Prefix: "/p", Env: start("/p"), Files: f, Scripts: f.scripts()})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Env[len(start("/p")):], cmp.Transformer("empty", func(l []string) string { return strings.Join(l, "\n") })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSequence checks scripts that need each other.
func TestSequence(t *testing.T) {
	const dir = "etc/conda/activate.d/"
	for _, tc := range []struct {
		name    string
		f       files
		env     string
		dynamic string
	}{
		{"a later one reads a literal", files{dir + "a.sh": "export A=1", dir + "b.sh": "export B=\"$A$A\""}, "A=1 B=11", ""},
		{"a later one reads what is dynamic", files{dir + "a.sh": "export A=$HOME", dir + "b.sh": "export B=\"x$A\""}, "", "a.sh: depends on $HOME; b.sh: depends on $A"},
		{"a later one sets what is dynamic", files{dir + "a.sh": "export A=${A:-1}", dir + "b.sh": "export A=2"}, "A=2", "a.sh: depends on $A; b.sh: sets A, which a dynamic script before it sets"},
		{"a later one does not care", files{dir + "a.sh": "export A=$(uname -m)", dir + "b.sh": "export B=2"}, "B=2", "a.sh: line 1: needs the program uname"},
		{"what is not understood sets", files{dir + "a.sh": "sleep 1 & export A=1", dir + "b.sh": "export B=${A:-none}"}, "", "a.sh: line 1: starts a job in the background; b.sh: depends on $A"},
		{"shell variables stay", files{dir + "a.sh": "a=1; f() { echo \"<$a$1>\"; }", dir + "b.sh": "export B=\"$(f x)\""}, "B=<1x>", ""},
		{"PATH twice", files{dir + "a.sh": "export PATH=/p/a:$PATH", dir + "b.sh": "PATH=$PATH:/p/b"}, "PATH=/p/a:/p/bin:$PATH:/p/b", ""},
		{"PATH thrown away", files{dir + "a.sh": "export PATH=/p/a"}, "", "a.sh: does not keep PATH as it is"},
		{"PATH doubled", files{dir + "a.sh": "export PATH=$PATH:$PATH"}, "", "a.sh: does not keep PATH as it is"},
		{"PATH elsewhere", files{dir + "a.sh": "export SAVED=$PATH"}, "", "a.sh: puts PATH into SAVED"},
		{"nothing", files{dir + "a.sh": ""}, "", ""},
		{"a syntax error", files{dir + "a.sh": "if ["}, "", "a.sh: line 1: cannot be parsed: etc/conda/activate.d/a.sh:1:1: `if <cond>` must be followed by `then`"},
		{"zsh's expansion, not reached", files{dir + "a.sh": "if [ -n \"${BASH_SOURCE[0]}\" ]; then export A=1; else export A=\"${(%):-%x}\"; fi"}, "A=1", ""},
	} {
		r, err := activate.Evaluate(t.Context(), activate.Input{Prefix: "/p", Env: start("/p"), Files: tc.f, Scripts: tc.f.scripts()})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		var env, dynamic []string
		for i, kv := range r.Env {
			if i >= len(start("/p")) || kv != start("/p")[i] {
				env = append(env, kv)
			}
		}
		for _, d := range r.Dynamic {
			dynamic = append(dynamic, strings.TrimPrefix(d.Path, dir)+": "+d.Reason)
		}
		if got := strings.Join(env, " "); got != tc.env {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.env)
		}
		if got := strings.Join(dynamic, "; "); got != tc.dynamic {
			t.Errorf("%s: dynamic: %s, want %s", tc.name, got, tc.dynamic)
		}
	}
}

// TestTooCostly checks that a script that reads much and takes long is not run
// in every way.
func TestTooCostly(t *testing.T) {
	r, err := evaluate(t.Context(), "i=0; while [ $i -lt 15000 ]; do i=$((i+1)); done\nexport A=\"${B1}${B2}${B3}${B4}${B5}${B6}${B7}${B8}${B9}${B10}\" A=1\n")
	if err != nil || len(r.Dynamic) != 1 || r.Dynamic[0].Reason != "takes too long to be tried in every way" {
		t.Errorf("%+v, %v", r, err)
	}
}
