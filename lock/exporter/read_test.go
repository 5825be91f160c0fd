package exporter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/exporter"
	"github.com/gophersnake/gophersnake/lock/importer"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec/envfile"
)

// plainSample is the sample without what some readers refuse: paths, packages
// without MD5, and variables that differ.
func plainSample(t *testing.T) *lock.Lock {
	t.Helper()
	l := sample(t)
	for i := range l.Conda {
		if c := &l.Conda[i]; c.Name == "tool" {
			c.URL, c.MD5 = "https://channel.example/main/noarch/tool-1.0-h1_0.conda", strings.Repeat("ab", 16)
		}
	}
	for i := range l.Wheel {
		l.Wheel[i].URL = "https://wheels.example/" + filepath.Base(l.Wheel[i].URL)
	}
	for i := range l.Solve {
		l.Solve[i].Variables = []string{"DEBUG=true", "EMPTY=", "TEXT=it's: a # test"}
	}
	return l
}

// withReal adds a lock of the packages of a real conda-lock.yml to others, where
// that is at hand.
func withReal(t *testing.T, locks map[string]*lock.Lock) map[string]*lock.Lock {
	t.Helper()
	file := "../../../shared/data/channels/cpython/locks/conda-lock.yml"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Logf("without a real lock file: %v", err)
		return locks
	}
	conda, _, err := importer.CondaLock(file, data, importer.CondaLockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l := &lock.Lock{Version: lock.Version, LayerFormat: lock.LayerFormat, InputHash: "sha256:" + strings.Repeat("e1", 32)}
	for _, i := range conda {
		l.Conda = append(l.Conda, lock.Conda{
			Envs: []string{""}, Platforms: []platforms.Platform{i.Platform}, Name: i.Name, Version: i.Version, Build: i.Build,
			Subdir: i.Subdir, URL: i.URL, Channel: i.Channel, SHA256: i.SHA256, MD5: i.MD5, Depends: i.Depends,
		})
	}
	for _, p := range both {
		l.Solve = append(l.Solve, lock.Solve{
			Envs: []string{""}, Platform: p, Channels: []string{"https://channel.example/cpython"},
			Specs: []string{"python=3.11.*", "requests", "pip"},
		})
	}
	if _, err := lock.Marshal(l); err != nil {
		t.Fatal(err)
	}
	locks["real"] = l
	return locks
}

// TestExplicitReadBack reads @EXPLICIT files with our own reader.
func TestExplicitReadBack(t *testing.T) {
	for name, l := range withReal(t, map[string]*lock.Lock{"sample": sample(t)}) {
		l.Wheel = nil
		for _, p := range both {
			data := export(t, func(w io.Writer) error { return exporter.Explicit(w, l, "", p) })
			got, err := importer.Explicit("x", data, platforms.Platform{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].Line = 0
			}
			want := imported(l, p)
			for i := range want {
				want[i].MD5, want[i].Depends = "", nil
			}
			if d := cmp.Diff(want, got, byName); d != "" {
				t.Errorf("%s, %s: %s", name, p, d)
			}
			dependenciesFirst(t, l.For("", p).Conda, got)
		}
	}
	_, err := importer.Explicit("x", exports(t, sample(t))["conda-linux-64.lock"], amd64)
	want := "usage x:10: a wheel of conda-lock, which an explicit file cannot lock | import the conda-lock.yml that the file was made from"
	if problem(err) != want {
		t.Errorf("wheels: %s, want %s", problem(err), want)
	}
}

var byName = cmpopts.SortSlices(func(a, b importer.Imported) bool { return a.Name < b.Name })

// imported is what a reader must find of a lock's conda packages.
func imported(l *lock.Lock, p platforms.Platform) []importer.Imported {
	var all []importer.Imported
	for _, c := range l.For("", p).Conda {
		i := importer.Imported{
			Platform: p, URL: c.URL, MD5: c.MD5, SHA256: c.SHA256, Name: c.Name, Version: c.Version, Build: c.Build,
			Subdir: c.Subdir, Depends: c.Depends, Channel: c.Channel,
		}
		if !strings.Contains(c.URL, "://") {
			i.Channel = ""
		}
		all = append(all, i)
	}
	return all
}

// dependenciesFirst checks an order. The only cycle is that of python and pip.
func dependenciesFirst(t *testing.T, packages []lock.Conda, order []importer.Imported) {
	t.Helper()
	at := map[string]int{}
	for i, p := range order {
		at[p.Name] = i
	}
	for _, c := range packages {
		for _, d := range c.Depends {
			name := regexp.MustCompile(`^[a-z0-9_.-]+`).FindString(d)
			if i, held := at[name]; held && i > at[c.Name] && !(c.Name == "python" && name == "pip") {
				t.Errorf("%s comes before %s", c.Name, name)
			}
		}
	}
}

// TestCondaLockReadBack reads conda-lock.yml with our own reader.
func TestCondaLockReadBack(t *testing.T) {
	for name, l := range withReal(t, map[string]*lock.Lock{"sample": sample(t)}) {
		data := export(t, func(w io.Writer) error { return exporter.CondaLock(w, l, "", both) })
		conda, pip, err := importer.CondaLock("x", data, importer.CondaLockOptions{Platforms: both})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range both {
			var got []importer.Imported
			for _, i := range conda {
				if i.Line = 0; i.Platform == p {
					got = append(got, i)
				}
			}
			want := imported(l, p)
			for i := range want {
				slices.Sort(want[i].Depends)
				if want[i].Name == "tool" {
					want[i].Depends = []string{"aaa (>=1|0.5),<2", "python 3.12.* *_cp312", "zlib [version='>=1']"}
				}
			}
			if d := cmp.Diff(want, got, byName); d != "" {
				t.Errorf("%s, %s: %s", name, p, d)
			}
		}
		var wheels []string
		for _, i := range pip {
			wheels = append(wheels, fmt.Sprint(i.Platform, " ", i.Name, " ", i.Version, " ", i.URL, " ", i.SHA256[:4]))
		}
		want := []string{
			"linux/amd64 attrs 24.2.0 https://wheels.example/attrs-24.2.0-py3-none-any.whl a1a1",
			"linux/arm64 attrs 24.2.0 https://wheels.example/attrs-24.2.0-py3-none-any.whl a1a1",
			"linux/amd64 markupsafe 3.0.2 wheels/MarkupSafe-3.0.2-py3-none-any.whl 0e0e",
			"linux/arm64 markupsafe 3.0.2 wheels/MarkupSafe-3.0.2-py3-none-any.whl 0e0e",
		}
		if l.Wheel == nil {
			want = nil
		}
		if d := cmp.Diff(want, wheels); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestEnvironmentReadBack reads environment.yml with our own reader.
func TestEnvironmentReadBack(t *testing.T) {
	for name, l := range withReal(t, map[string]*lock.Lock{"sample": sample(t), "plain": plainSample(t)}) {
		data := export(t, func(w io.Writer) error { return exporter.Environment(w, l, "", both) })
		f, err := envfile.Read("x", data)
		if err != nil {
			t.Fatal(err)
		}
		if f.Warnings != nil || name != "real" && f.GoVersion != "1.21.6" {
			t.Errorf("%s: %q, Go %q", name, f.Warnings, f.GoVersion)
		}
		for _, p := range both {
			part, err := f.For(p)
			if err != nil {
				t.Fatal(err)
			}
			got := lock.Solve{Envs: []string{""}, Platform: p, Channels: part.Channels}
			for _, d := range part.Dependencies {
				got.Specs = append(got.Specs, d.Text)
			}
			for _, d := range part.Pip {
				got.Pip = append(got.Pip, d.Text)
			}
			for key, value := range part.Variables {
				got.Variables = append(got.Variables, key+"="+value)
			}
			slices.Sort(got.Variables)
			want := *l.For("", p).Solve
			want.Envs, want.Priority = []string{""}, ""
			if d := cmp.Diff(want, got); d != "" || !part.NoDefaults {
				t.Errorf("%s, %s: %s", name, p, d)
			}
		}
	}
}

// answer is what another tool's readers found.
type answer struct {
	Explicit    map[string][]string `json:"explicit"`
	Lock        [][]string          `json:"lock"`
	Environment map[string]document `json:"environment"`
	Conda       document            `json:"conda"`
}

type document struct {
	Channels     []string          `json:"channels"`
	Dependencies []any             `json:"dependencies"`
	Variables    map[string]string `json:"variables"`
}

// ask exports a lock and lets a tool read the files.
func ask(t *testing.T, tool string, l *lock.Lock) (answer, map[string][]byte) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to run " + tool + " with")
	}
	dir, files := t.TempDir(), exports(t, l)
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, "testdata/oracle.py", tool, dir).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 9 {
		t.Skip("python3 has no " + tool)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, exit.Stderr)
	}
	var a answer
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a, files
}

// rows are a lock's packages as the oracle prints them.
func rows(l *lock.Lock) [][]string {
	var all [][]string
	for _, p := range both {
		s := l.For("", p)
		for _, c := range s.Conda {
			all = append(all, []string{p.Subdir(), "conda", c.Name, c.Version, c.URL, c.SHA256})
		}
		for _, w := range s.Wheels {
			all = append(all, []string{p.Subdir(), "pip", w.Name, w.Version, w.URL, w.SHA256})
		}
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

// TestRattler lets py-rattler read what we write.
func TestRattler(t *testing.T) {
	for name, l := range withReal(t, map[string]*lock.Lock{"plain": plainSample(t)}) {
		a, files := ask(t, "rattler", l)
		if d := cmp.Diff(rows(l), a.Lock); d != "" {
			t.Errorf("%s: conda-lock.yml: %s", name, d)
		}
		for _, p := range both {
			var want []string
			for line := range strings.Lines(string(files["conda-"+p.Subdir()+".lock"])) {
				if line[0] != '#' && line[0] != '@' {
					want = append(want, strings.TrimSpace(line))
				}
			}
			if d := cmp.Diff(want, a.Explicit[p.Subdir()]); d != "" || len(want) < 4 {
				t.Errorf("%s, %s: %s", name, p, d)
			}
		}
	}
}

// TestCondaLockTool lets conda-lock, and the conda that it brings along, read
// what we write. conda knows no selectors, and adds pip itself.
func TestCondaLockTool(t *testing.T) {
	for name, l := range withReal(t, map[string]*lock.Lock{"plain": plainSample(t)}) {
		a, _ := ask(t, "conda-lock", l)
		if d := cmp.Diff(rows(l), a.Lock); d != "" {
			t.Errorf("%s: conda-lock.yml: %s", name, d)
		}
		for _, p := range both {
			if d := cmp.Diff(want(*l.For("", p).Solve), a.Environment[p.Subdir()], cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s, %s: environment.yml: %s", name, p, d)
			}
		}
		all := want(*l.For("", amd64).Solve)
		if name == "plain" {
			all.Dependencies = []any{
				"pip", "python 3.12.*", "aaa >=1", "tool[version='>=1']", "zlib",
				map[string]any{"pip": []any{`attrs>=24; python_version >= "3.8"`, "markupsafe"}},
			}
		}
		if d := cmp.Diff(all, a.Conda, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: conda: %s", name, d)
		}
	}
}

// want is a question as other tools tell it.
func want(q lock.Solve) document {
	d := document{Channels: append(slices.Clone(q.Channels), "nodefaults"), Variables: map[string]string{}}
	for _, s := range q.Specs {
		d.Dependencies = append(d.Dependencies, s)
	}
	var pip []any
	for _, s := range q.Pip {
		pip = append(pip, s)
	}
	if pip != nil {
		d.Dependencies = append(d.Dependencies, map[string]any{"pip": pip})
	}
	for _, v := range q.Variables {
		key, value, _ := strings.Cut(v, "=")
		d.Variables[key] = value
	}
	return d
}

// TestExplicitLines compares lines with the expression that CEP 23 gives, which
// is the one of conda since 24.9.
func TestExplicitLines(t *testing.T) {
	cep23 := regexp.MustCompile(`^(?:(?P<url_p>.+)(?:[/\\]))?(?P<fn>[^/\\#]+(?:\.tar\.bz2|\.conda))(?:#((?P<md5>[0-9a-f]{32})|((sha256:)?(?P<sha256>[0-9a-f]{64}))))?$`)
	for line := range strings.Lines(string(exports(t, sample(t))["conda-linux-64.lock"])) {
		m := cep23.FindStringSubmatch(strings.TrimSpace(line))
		switch {
		case line[0] == '#' || line[0] == '@':
		case m == nil || m[cep23.SubexpIndex("sha256")] == "":
			t.Errorf("%q is no line of CEP 23", line)
		}
	}
}
