package resolve_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/resolve"
	"github.com/gophersnake/gophersnake/resolve/uv"
	"github.com/gophersnake/gophersnake/wheel"
)

// wheelURL is where wheels of these tests are.
const wheelURL = "https://wheels.example/"

// pylock returns a pylock.toml of wheels, several of a package one after
// another. A file may be followed by "nohash".
func pylock(files ...string) string {
	text := "lock-version = \"1.0\"\ncreated-by = \"test\"\n"
	last := ""
	for _, f := range files {
		f, nohash := strings.CutSuffix(f, " nohash")
		parts := strings.SplitN(f, "-", 3)
		if parts[0] != last {
			text += fmt.Sprintf("\n[[packages]]\nname = %q\nversion = %q\n", wheel.Normalize(parts[0]), parts[1])
			last = parts[0]
		}
		hashes := "sha256 = \"" + strings.TrimPrefix(sha(f), "sha256:") + "\""
		if nohash {
			hashes = "md5 = \"" + strings.Repeat("a", 32) + "\""
		}
		text += fmt.Sprintf("[[packages.wheels]]\nurl = %q\nhashes = { %s }\n", wheelURL+f, hashes)
	}
	return text
}

// scriptedUV answers with a pylock.toml for each architecture, and keeps what it
// was asked. Where a text ARCH.when is in its preferences, it answers with
// ARCH.then.
func scriptedUV(t *testing.T, answers map[string]string) uv.Options {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
case "$*" in *aarch64*) arch=arm64 ;; *) arch=amd64 ;; esac
(cat requirements.in conda.txt; test -f pylock.toml && grep -e ^name -e ^version pylock.toml; echo "$*" | grep -o 'exclude-newer [^ ]*') > "$DIR/asked.$arch"
answer=$arch
test -f "$DIR/$arch.when" && grep -q -F -f "$DIR/$arch.when" pylock.toml && answer=$arch.then
cp "$DIR/$answer" pylock.toml
`
	for name, text := range answers {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "uv"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return uv.Options{Path: filepath.Join(dir, "uv"), Env: []string{"PATH=" + os.Getenv("PATH"), "DIR=" + dir}, Dir: filepath.Join(dir, "scratch")}
}

func askedUV(t *testing.T, o uv.Options, arch string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(o.Path), "asked."+arch))
	if os.IsNotExist(err) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func forgetUV(t *testing.T, o uv.Options) {
	t.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		if err := os.RemoveAll(filepath.Join(filepath.Dir(o.Path), "asked."+arch)); err != nil {
			t.Fatal(err)
		}
	}
}

// rows returns the file names of the wheels of a platform, "*" behind those
// that were asked for.
func rows(l *lock.Lock, p platforms.Platform) string {
	var all []string
	for _, w := range l.For("", p).Wheels {
		name := strings.TrimPrefix(w.URL, wheelURL)
		if w.Requested {
			name += "*"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

const pipToml = "[image]\nname = \"x\"\n[base]\nimage = \"b\"\n[conda]\nfile = \"environment.yml\"\nchannels = [\"c\"]\n"

// pipWorld has a conda environment of Python 3.11 with urllib3 and a tzdata
// that is no Python package.
func pipWorld(t *testing.T, pip ...string) *world {
	t.Helper()
	yml := "dependencies:\n- python\n- urllib3\n- msgpack-python\n- tzdata\n- pip:\n"
	for _, r := range pip {
		yml += "  - " + r + "\n"
	}
	w := &world{files: map[string]string{"environment.yml": yml}, base: lock.Facts{Libc: "glibc 2.36"}, meta: map[string]*archive.Meta{
		"msgpack-python-1.0.8-h0.conda": {
			Index: archive.Index{Name: "msgpack-python", Version: "1.0.8", Build: "h0"},
			Paths: []archive.Path{{Path: "lib/python3.11/site-packages/msgpack-1.0.8.dist-info/METADATA"}, {Path: "lib/python3.11/site-packages/msgpack/__init__.py"}},
		},
	}}
	w.channel(t, "c", "linux-64/python-3.11.9-h0_cpython t=1", "linux-aarch64/python-3.11.9-h0_cpython t=1", "noarch/urllib3-2.2-py t=1: python", "noarch/tzdata-2024a-h0 t=1",
		"linux-64/msgpack-python-1.0.8-h0 t=1: python_abi", "linux-aarch64/msgpack-python-1.0.8-h0 t=1: python_abi",
		"noarch/python_abi-3.11-cp311 t=1", "linux-64/python-3.12.1-h0_cpython t=1", "noarch/newer-1-0 t=1: python >=3.12", "noarch/own-1-0 t=1")
	w.files["environment.yml"] = strings.Replace(w.files["environment.yml"], "- python\n", "- python 3.11.*\n", 1)
	return w
}

var pipAnswers = map[string]string{
	"amd64": pylock("numpy-2.4-cp311-cp311-manylinux_2_17_x86_64.whl", "numpy-2.4-cp311-cp311-manylinux_2_28_x86_64.whl", "requests-2.32-py3-none-any.whl", "tzdata-2024.1-py3-none-any.whl"),
	"arm64": pylock("numpy-2.4-cp311-cp311-manylinux_2_28_aarch64.whl", "requests-2.32-py3-none-any.whl", "requests-2.32-1-py3-none-any.whl", "requests-2.32-1b-py2-none-any.whl", "tzdata-2024.1-py3-none-any.whl"),
}

func TestPip(t *testing.T) {
	w := pipWorld(t, "numpy >=2", "Requests[socks]", `win; sys_platform == "win32"`)
	w.wheels = map[string]*wheel.Meta{
		"requests-2.32-py3-none-any.whl":   {Requires: []string{"urllib3>=1.21", `PySocks; extra == "socks"`, `idna; extra == "other"`}, RequiresPython: ">=3.8"},
		"requests-2.32-1-py3-none-any.whl": {Requires: []string{"urllib3<2", "numpy>2.4", "charset_normalizer", "bad one"}},
		"tzdata-2024.1-py3-none-any.whl":   {Requires: []string{`nothing; python_version < "3"`}, RequiresPython: ">=3.8.*"},
	}
	r := request(t, pipToml)
	r.UV = scriptedUV(t, pipAnswers)
	var notes []string
	r.Note = func(text string) { notes = append(notes, text) }
	l, text := resolved(t, w, r)
	if got, want := rows(l, linux), "numpy-2.4-cp311-cp311-manylinux_2_28_x86_64.whl* requests-2.32-py3-none-any.whl* tzdata-2024.1-py3-none-any.whl"; got != want {
		t.Errorf("amd64: %s, want %s", got, want)
	}
	if got, want := rows(l, arm), "numpy-2.4-cp311-cp311-manylinux_2_28_aarch64.whl* requests-2.32-1-py3-none-any.whl* tzdata-2024.1-py3-none-any.whl"; got != want {
		t.Errorf("arm64: %s, want %s", got, want)
	}
	pure := l.For("", linux).Wheels[2]
	want := lock.Wheel{
		Envs: []string{""}, Platforms: []platforms.Platform{linux, arm}, Name: "tzdata", Version: "2024.1", URL: wheelURL + "tzdata-2024.1-py3-none-any.whl",
		SHA256: strings.TrimPrefix(sha("tzdata-2024.1-py3-none-any.whl"), "sha256:"), Size: 500,
		Requires: []string{`nothing; python_version < "3"`}, RequiresPython: ">=3.8.*",
	}
	if diff := cmp.Diff(want, pure); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantNotes := []string{
		`wheel requests 2.32 requires "PySocks; extra == \"socks\"", which neither a wheel nor a conda package provides`,
		`wheel requests 2.32 requires "bad one", which cannot be read`,
		`wheel requests 2.32 requires "charset_normalizer", which neither a wheel nor a conda package provides`,
		`wheel requests 2.32 requires "numpy>2.4", and the environment has numpy 2.4`,
		`wheel requests 2.32 requires "urllib3<2", and the environment has urllib3 2.2`,
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	asked := `numpy >=2
Requests[socks]
win; sys_platform == "win32"
msgpack @ ./msgpack-1.0.8-py3-none-any.whl
python @ ./python-3.11.9-py3-none-any.whl
python-abi @ ./python_abi-3.11-py3-none-any.whl
urllib3 @ ./urllib3-2.2-py3-none-any.whl
`
	asked = strings.Replace(asked, "python-abi @ ./python_abi-3.11-py3-none-any.whl\n", "", 1) // it needs no python
	if diff := cmp.Diff(asked, askedUV(t, r.UV, "amd64")); diff != "" {
		t.Errorf("uv was asked (-want +got):\n%s", diff)
	}

	w.questions()
	forgetUV(t, r.UV)
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil || askedUV(t, r.UV, "arm64") != "" {
		t.Errorf("a second lock asks, or changes:\n%s", cmp.Diff(text, again))
	}
}

// TestPipAgain checks when uv is asked again, and with which preferences.
func TestPipAgain(t *testing.T) {
	w := pipWorld(t, "numpy")
	r := request(t, pipToml)
	r.UV = scriptedUV(t, pipAnswers)
	l, _ := resolved(t, w, r)
	const old = "name = \"numpy\"\nversion = \"2.4\"\nname = \"requests\"\nversion = \"2.32\"\nname = \"tzdata\"\nversion = \"2024.1\"\n"
	for name, tt := range map[string]struct {
		change func(w *world, r *resolve.Request)
		want   string // what uv prefers; "" means that it is not asked
	}{
		"nothing":           {func(*world, *resolve.Request) {}, ""},
		"another package":   {func(_ *world, r *resolve.Request) { r.Update = only("other", "base", "go") }, ""},
		"update of a wheel": {func(_ *world, r *resolve.Request) { r.Update = only("numpy") }, old[strings.Index(old, "name = \"requests\""):]},
		"anew":              {func(_ *world, r *resolve.Request) { r.Anew = true }, old},
		"another base":      {func(w *world, r *resolve.Request) { w.base.Libc = "glibc 2.41"; r.Update = only("base") }, old},
		"another request":   {func(w *world, _ *resolve.Request) { w.files["environment.yml"] += "  - more\n" }, old},
		"more conda": {func(w *world, _ *resolve.Request) {
			w.files["environment.yml"] = strings.Replace(w.files["environment.yml"], "- tz", "- own\n- tz", 1)
		}, old},
		"conda's own change": {func(w *world, r *resolve.Request) {
			w.channel(t, "c", "linux-64/python-3.11.10-h0_cpython", "linux-aarch64/python-3.11.10-h0_cpython", "noarch/urllib3-2.2-py: python", "noarch/tzdata-2024a-h0", "linux-64/msgpack-python-1.0.8-h0", "linux-aarch64/msgpack-python-1.0.8-h0")
			r.Update = only("python")
		}, old},
	} {
		t.Run(name, func(t *testing.T) {
			forgetUV(t, r.UV)
			w := pipWorld(t, "numpy")
			again := r
			again.Old = l
			tt.change(w, &again)
			next, _ := resolved(t, w, again)
			asked := askedUV(t, r.UV, "amd64")
			if tt.want == "" && asked != "" || !strings.HasSuffix(asked, tt.want) || strings.Count(asked, "version = ") != strings.Count(tt.want, "version = ") {
				t.Errorf("uv was asked %q, want %q", asked, tt.want)
			}
			if rows(next, linux) != rows(l, linux) {
				t.Errorf("%s, want %s", rows(next, linux), rows(l, linux))
			}
			if wheels := slices.DeleteFunc(w.questions(), func(q string) bool { return !strings.HasPrefix(q, "wheel ") }); len(wheels) > 0 && name != "update of a wheel" {
				t.Errorf("wheels were fetched again: %v", wheels)
			}
		})
	}
	t.Run("cutoff", func(t *testing.T) {
		c := request(t, pipToml+"exclude-newer = \"2024-06-01\"\n")
		c.UV = r.UV
		w := pipWorld(t, "numpy")
		resolved(t, w, c)
		if asked := askedUV(t, r.UV, "arm64"); !strings.HasSuffix(asked, "\nexclude-newer 2024-06-01T00:00:00Z\n") {
			t.Errorf("uv was asked %q", asked)
		}
	})
}

func TestPylock(t *testing.T) {
	const toml = "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"b\"\n[conda]\nlock = \"env.txt\"\nwheels = \"locks/pylock.toml\"\n"
	python := "noarch/tzdata-2024a-h0.conda#" + strings.Repeat("1", 32) + hash("1")[:32]
	conda := explicit("linux-64/python-3.11.9-h0_cpython.conda#"+hash("3"), python)
	w := &world{base: lock.Facts{Libc: "glibc 2.36"}, files: map[string]string{
		"env.txt":           conda,
		"locks/pylock.toml": pylock("numpy-2.4-cp311-cp311-manylinux_2_28_x86_64.whl", "numpy-2.4-cp312-cp312-manylinux_2_28_x86_64.whl", "tzdata-2024.1-py3-none-any.whl"),
	}}
	r := request(t, toml)
	l, text := resolved(t, w, r)
	if got, want := rows(l, linux), "numpy-2.4-cp311-cp311-manylinux_2_28_x86_64.whl tzdata-2024.1-py3-none-any.whl"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.questions()
	r.Old = l
	if _, again := resolved(t, w, r); again != text || w.questions() != nil {
		t.Errorf("a second lock asks, or changes:\n%s", cmp.Diff(text, again))
	}
}

// TestCondaLockWheels installs what the pip section of a conda-lock.yml has.
func TestCondaLockWheels(t *testing.T) {
	const numpy = "numpy-2.4-cp311-cp311-manylinux_2_28_x86_64.whl"
	text := fmt.Sprintf(`version: 1
metadata: {content_hash: {linux-64: x}, channels: [], platforms: [linux-64], sources: []}
package:
- {name: python, version: 3.11.9, manager: conda, platform: linux-64, dependencies: {}, category: main, optional: false, url: "%slinux-64/python-3.11.9-h0_cpython.conda", hash: {sha256: %q}}
- {name: numpy, version: "2.4", manager: pip, platform: linux-64, dependencies: {}, category: main, optional: false, url: "%s", hash: {sha256: %q}}
`, channel, hash("1"), wheelURL+numpy, hash("2"))
	w := &world{base: lock.Facts{Libc: "glibc 2.36"}, files: map[string]string{"conda-lock.yml": text}}
	toml := "[image]\nname = \"x\"\nplatforms = [\"linux/amd64\"]\n[base]\nimage = \"b\"\n[conda]\nlock = \"conda-lock.yml\"\n"
	l, _ := resolved(t, w, request(t, toml))
	if got := rows(l, linux); got != numpy {
		t.Errorf("%q", got)
	}
	w.files["pylock.toml"] = pylock(numpy)
	_, err := resolve.Lock(t.Context(), w, request(t, toml+"wheels = \"pylock.toml\"\n"))
	wantError(t, err, fault.Usage, "conda-lock.yml: it has wheels, so that [conda] wheels cannot name others", "remove wheels")
}

// TestPipAgrees checks that platforms get one version where uv has one for all.
func TestPipAgrees(t *testing.T) {
	const note = "wheel numpy: no version suits all platforms: 2.5 on linux/amd64, 2.4 on linux/arm64"
	for name, tt := range map[string]struct {
		answers map[string]string
		want    string // version on amd64
		notes   []string
	}{
		"they do": {map[string]string{
			"amd64": pylock("numpy-2.5-py3-none-any.whl"), "arm64": pylock("numpy-2.4-py3-none-any.whl"),
			"amd64.when": "2.4\"", "amd64.then": pylock("numpy-2.4-py3-none-any.whl"),
		}, "2.4", nil},
		"they cannot": {map[string]string{
			"amd64": pylock("numpy-2.5-py3-none-any.whl"), "arm64": pylock("numpy-2.4-py3-none-any.whl"),
		}, "2.5", []string{note}},
		"the second follows the first": {map[string]string{
			"amd64": pylock("numpy-2.4-py3-none-any.whl"), "arm64": pylock("numpy-2.5-py3-none-any.whl"),
			"arm64.when": "2.4\"", "arm64.then": pylock("numpy-2.4-py3-none-any.whl"),
		}, "2.4", nil},
		"worse": {map[string]string{
			"amd64": pylock("numpy-2.5-py3-none-any.whl", "six-1-py3-none-any.whl"), "arm64": pylock("numpy-2.4-py3-none-any.whl", "six-1-py3-none-any.whl"),
			"amd64.when": "2.4\"", "amd64.then": pylock("numpy-2.3-py3-none-any.whl", "six-0.9-py3-none-any.whl"),
		}, "2.5", []string{note}},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, pipToml)
			r.UV = scriptedUV(t, tt.answers)
			var notes []string
			r.Note = func(text string) { notes = append(notes, text) }
			l, _ := resolved(t, pipWorld(t, "numpy"), r)
			if got := l.For("", linux).Wheels[0].Version; got != tt.want {
				t.Errorf("amd64 has %s, want %s", got, tt.want)
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}
