package exporter_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/lock/exporter"
	"github.com/gophersnake/gophersnake/platforms"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
	both  = []platforms.Platform{amd64, arm64}
)

// sample is a lock with all that exports tell apart: a cycle, a package at a
// path, one without MD5, wheels, two dependencies on one name, and questions
// that differ.
func sample(t *testing.T) *lock.Lock {
	t.Helper()
	conda := func(name, version, subdir string, ps []platforms.Platform, depends ...string) lock.Conda {
		c := lock.Conda{
			Envs: []string{""}, Platforms: ps, Name: name, Version: version, Build: "h1_0", Subdir: subdir,
			URL: "https://channel.example/main/" + subdir + "/" + name + "-" + version + "-h1_0.conda", Channel: "https://channel.example/main",
			SHA256: strings.Repeat("5e", 32), MD5: strings.Repeat("7f", 16), Size: 100, Depends: depends,
		}
		if subdir == "noarch" {
			c.Noarch = "generic"
		}
		return c
	}
	on := func(p platforms.Platform) []platforms.Platform { return []platforms.Platform{p} }
	tool := conda("tool", "1.0", "noarch", both, "python >=3.8", "python <4", "python 3.12.* *_cp312", "zlib[version='>=1']", "aaa", "aaa >=1|0.5", "aaa <2")
	tool.URL, tool.MD5 = "channel/noarch/tool-1.0-h1_0.conda", ""
	l := &lock.Lock{
		Version: lock.Version, LayerFormat: lock.LayerFormat, InputHash: "sha256:" + strings.Repeat("12", 32),
		Conda: []lock.Conda{
			conda("aaa", "1.0", "noarch", both, "pip", "__unix"),
			conda("pip", "24.2", "noarch", both, "python >=3.8"),
			conda("python", "3.12.7", "linux-64", on(amd64), "zlib >=1.3,<2", "pip", "__glibc >=2.17"),
			conda("python", "3.12.7", "linux-aarch64", on(arm64), "zlib >=1.3,<2", "pip"),
			tool,
			conda("zlib", "1.3", "linux-64", on(amd64)),
			conda("zlib", "1.3", "linux-aarch64", on(arm64)),
		},
		Wheel: []lock.Wheel{
			{
				Envs: []string{""}, Platforms: both, Name: "attrs", Version: "24.2.0", URL: "https://wheels.example/attrs-24.2.0-py3-none-any.whl",
				SHA256: strings.Repeat("a1", 32), Size: 1, Requested: true,
				Requires: []string{`MarkupSafe[x] >= 2.0, <4; python_version < "4"`, `pytest; extra == "test"`, "pip @ https://wheels.example/pip.whl"},
			},
			{
				Envs: []string{""}, Platforms: both, Name: "markupsafe", Version: "3.0.2", URL: "wheels/MarkupSafe-3.0.2-py3-none-any.whl",
				SHA256: strings.Repeat("0e", 32), Size: 1,
			},
		},
		Go: []lock.Toolchain{{
			Envs: []string{""}, Platform: amd64, Version: "1.21.6", Source: "module", Module: "golang.org/toolchain@v0.0.1-go1.21.6.linux-amd64",
			H1: "h1:" + strings.Repeat("A", 43) + "=", ZipSHA256: strings.Repeat("c1", 32), Size: 1, Image: true, Host: true,
		}},
	}
	for _, p := range both {
		q := lock.Solve{
			Envs: []string{""}, Platform: p, Channels: []string{"./channel", "https://channel.example/main"}, Priority: "strict",
			Specs: []string{"python 3.12.*", "tool[version='>=1']", "zlib"}, Pip: []string{`attrs>=24; python_version >= "3.8"`},
			Variables: []string{"DEBUG=true", "EMPTY=", "TEXT=it's: a # test"},
		}
		if p == arm64 {
			q.Specs = []string{"python 3.12.*", "aaa >=1", "zlib"}
			q.Pip = append(q.Pip, "markupsafe")
			q.Variables[0] = "DEBUG=false"
		}
		l.Solve = append(l.Solve, q)
	}
	data, err := lock.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = lock.Unmarshal("gophersnake.lock", data); err != nil {
		t.Fatal(err)
	}
	return l
}

// export returns what an exporter writes.
func export(t *testing.T, write func(w io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exports are the sample's exports by file name.
func exports(t *testing.T, l *lock.Lock) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"conda-linux-64.lock":      export(t, func(w io.Writer) error { return exporter.Explicit(w, l, "", amd64) }),
		"conda-linux-aarch64.lock": export(t, func(w io.Writer) error { return exporter.Explicit(w, l, "default", arm64) }),
		"conda-lock.yml":           export(t, func(w io.Writer) error { return exporter.CondaLock(w, l, "", both) }),
		"environment.yml":          export(t, func(w io.Writer) error { return exporter.Environment(w, l, "", both) }),
	}
}

func TestGolden(t *testing.T) {
	for name, got := range exports(t, sample(t)) {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestOrder compares the order of packages with every dependency, which a
// cycle alone may break.
func TestOrder(t *testing.T) {
	text := string(exports(t, sample(t))["conda-linux-64.lock"])
	at := func(name string) int { return strings.Index(text, "/"+name+"-") }
	names := []string{"zlib", "python", "pip", "aaa", "tool"}
	if !slices.IsSortedFunc(names, func(a, b string) int { return at(a) - at(b) }) {
		t.Errorf("not in the order %q:\n%s", names, text)
	}
}

// TestVariant exports an environment that has a name, and pip's packages alone.
func TestVariant(t *testing.T) {
	l := sample(t)
	l.Conda, l.Wheel[0].Envs, l.Solve = nil, []string{"k8s"}, []lock.Solve{{Envs: []string{"k8s"}, Platform: amd64, Pip: []string{"attrs"}}}
	got := string(export(t, func(w io.Writer) error { return exporter.Environment(w, l, "k8s", both[:1]) }))
	want := "# Generated by gophersnake from gophersnake.lock.\nname: k8s\nchannels:\n- nodefaults\ndependencies:\n- pip:\n  - attrs\nplatforms:\n- linux-64\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMoved(t *testing.T) {
	l := sample(t)
	text := string(export(t, func(w io.Writer) error { return exporter.Explicit(w, exporter.Moved(l, "../project"), "", amd64) }))
	for _, want := range []string{"\n../project/channel/noarch/tool-1.0", " @ ../project/wheels/MarkupSafe-3.0.2", "\nhttps://channel.example/main/noarch/pip-"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if d := cmp.Diff(sample(t), l); d != "" {
		t.Errorf("the lock itself changed: %s", d)
	}
}

func TestErrors(t *testing.T) {
	l := sample(t)
	l.Solve[1].From = "conda-lock.yml"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"environment": {exporter.Explicit(io.Discard, l, "k8s", amd64), `usage gophersnake.lock: no packages of environment "k8s" for linux/amd64`},
		"platform":    {exporter.CondaLock(io.Discard, l, "", platforms.All()), `usage gophersnake.lock: no packages of environment "default" for darwin/amd64`},
		"no question": {
			exporter.Environment(io.Discard, l, "", both),
			`usage gophersnake.lock: environment "default" was taken from a lock file, which does not say what was asked for | --export conda-lock or explicit tells the packages`,
		},
		"writer": {exporter.Explicit(full{}, l, "", amd64), "failed the disk is full"},
	} {
		if got := problem(tt.err); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// problem returns an error as "class text | hint".
func problem(err error) string {
	if err == nil {
		return "no error"
	}
	s := string(fault.ClassOf(err)) + " " + err.Error()
	var f *fault.Error
	if errors.As(err, &f) && f.Hint() != "" {
		s += " | " + f.Hint()
	}
	return s
}
