package wheels_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/archive/archivetest"
	"github.com/gophersnake/gophersnake/conda/link"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/layers"
	"github.com/gophersnake/gophersnake/layers/condaenv"
	"github.com/gophersnake/gophersnake/layers/wheels"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

var text = wheeltest.Text

// tool has a command, and one file that python has too.
func tool() wheeltest.Wheel {
	return wheeltest.Wheel{Name: "Tool", EntryPoints: "[console_scripts]\ntool = tool:main\n", Files: []wheeltest.File{
		text("tool.py", "def main(): pass\n"), text("shared.txt", "shared"),
	}}
}

func other() wheeltest.Wheel {
	return wheeltest.Wheel{Name: "other", Files: []wheeltest.File{text("other.py", "x"), text("Tool-1.0.txt", "y")}}
}

func TestLayer(t *testing.T) {
	a := &archives{}
	l := mustLayer(t, newEnv(a, a.wheel(tool()), a.wheel(other())))
	if a.asked != 0 || l.Kind != "wheels" || l.Name != "other tool" {
		t.Errorf("layer %s %q, opened %d times", l.Kind, l.Name, a.asked)
	}
	want := []string{
		"opt/ 755", "opt/conda/ 755", "opt/conda/bin/ 755", "opt/conda/lib/ 755", "opt/conda/lib/python3.12/ 755", "SP/ 755",
		"SP/Tool-1.0.dist-info/ 755", "SP/other-1.0.dist-info/ 755",
		"SP/Tool-1.0.txt 644", "SP/other-1.0.dist-info/INSTALLER 644", "SP/other-1.0.dist-info/METADATA 644", "SP/other-1.0.dist-info/RECORD 644",
		"SP/other-1.0.dist-info/WHEEL 644", "SP/other.py 644",
		"opt/conda/bin/tool 755", "SP/Tool-1.0.dist-info/INSTALLER 644", "SP/Tool-1.0.dist-info/METADATA 644", "SP/Tool-1.0.dist-info/RECORD 644",
		"SP/Tool-1.0.dist-info/WHEEL 644", "SP/Tool-1.0.dist-info/entry_points.txt 644", "SP/tool.py 644",
	}
	got := makeLayer(t, l, tree.Gzip).names
	for i := range got {
		got[i] = strings.Replace(got[i], "opt/conda/lib/python3.12/site-packages/", "SP/", 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNone(t *testing.T) {
	if ls, err := wheels.Layers(wheels.Env{Conda: condaenv.New(condaenv.Env{})}); ls != nil || err != nil {
		t.Errorf("%v, %v", ls, err)
	}
}

// TestKey says what makes another layer.
func TestKey(t *testing.T) {
	a := &archives{}
	base := func() wheels.Env { return newEnv(a, a.wheel(tool()), a.wheel(other())) }
	key := mustLayer(t, base()).Key
	for _, tc := range []struct {
		name   string
		change func(*wheels.Env)
		same   bool
	}{
		{"nothing", func(*wheels.Env) {}, true},
		{"order", func(e *wheels.Env) { e.Wheels[0], e.Wheels[1] = e.Wheels[1], e.Wheels[0] }, true},
		{"who uses a wheel", func(e *wheels.Env) { e.Wheels[0].Envs = []string{"x"} }, true},
		{"where it is", func(e *wheels.Env) { e.Wheels[0].URL = "https://mirror.example/Tool-1.0-py3-none-any.whl" }, true},
		{"bytes", func(e *wheels.Env) { e.Wheels[0].SHA256 = strings.Repeat("0", 64) }, false},
		{"requested", func(e *wheels.Env) { e.Wheels[0].Requested = true }, false},
		{"one less", func(e *wheels.Env) { e.Wheels = e.Wheels[:1] }, false},
		{"prefix", func(e *wheels.Env) { e.Conda.Prefix = "/opt/c" }, false},
		{"platform", func(e *wheels.Env) { e.Conda.Platform = arm64 }, false},
		{"python", func(e *wheels.Env) { e.Conda.Packages[0].Version = "3.13.1" }, false},
		{"compression", func(e *wheels.Env) { e.Conda.Compression = tree.Zstd }, false},
		{"a mode of the base", func(e *wheels.Env) { e.Conda.Base = &lock.Facts{Dirs: []lock.Dir{{Path: "opt", Mode: 0o711}}} }, false},
	} {
		e := base()
		tc.change(&e)
		if same := mustLayer(t, e).Key == key; same != tc.same {
			t.Errorf("%s: the key is the same: %v", tc.name, same)
		}
	}
}

func TestErrors(t *testing.T) {
	a := &archives{}
	e := newEnv(a, a.wheel(tool()))
	e.Conda.Packages = nil
	_, err := wheels.Layers(e)
	wantError(t, err, fault.Usage, `gophersnake.lock: wheel "tool" needs a Python, and the conda environment for linux/amd64 has none`)

	content := func(e wheels.Env) error {
		_, err := mustLayer(t, e).Content(t.Context())
		return err
	}
	renamed := a.wheel(tool())
	renamed.Name = "else"
	wantError(t, content(newEnv(a, renamed)), fault.Verification, `wheel else: the locked file is a wheel of "tool"`)

	for name, want := range map[string]string{
		"README.txt":                       "lib/python3.12/site-packages/README.txt: the conda package python-3.12.1-0 has other bytes at this path",
		"Tool-1.0.data/data/share/patched": "share/patched: the conda package python-3.12.1-0 has other bytes at this path",
		"Tool-1.0.data/data/bin/python/x":  "bin/python/x: lies below bin/python, which is a symbolic link of the conda package python-3.12.1-0",
		"Tool-1.0.data/data/share":         "share: is a directory of the conda package python-3.12.1-0",
	} {
		w := tool()
		w.Files = append(w.Files, text(name, "tool's"))
		wantError(t, content(newEnv(a, a.wheel(w))), fault.Usage, "wheel tool 1.0: "+want)
	}
	a.fail = errors.New("no network")
	if err := content(newEnv(a, a.wheel(tool()))); !errors.Is(err, a.fail) {
		t.Errorf("error %v", err)
	}
}

// TestOwned leaves a command to a conda package that has the same one, and
// refuses another.
func TestOwned(t *testing.T) {
	a := &archives{}
	noarch := archivetest.Package{Name: "cli", Version: "1.0", Build: "0", Noarch: "python", EntryPoints: []string{"cli = cli:main"}, Files: []archivetest.Entry{
		archivetest.File("site-packages/cli.py", "def main(): pass\n"),
	}}
	layer := func(files ...wheeltest.File) layers.Layer {
		e := newEnv(a, a.wheel(wheeltest.Wheel{Name: "tool", Files: files}))
		p := a.conda(noarch)
		p.Noarch = "python"
		e.Conda.Packages = append(e.Conda.Packages, p)
		return mustLayer(t, e)
	}
	e := newEnv(a)
	p := a.conda(noarch)
	e.Conda.Packages = append(e.Conda.Packages, p)
	plan, err := e.Conda.Plan(t.Context())
	must(t, err)
	i := slices.IndexFunc(plan.Descriptions[0].Files, func(f link.File) bool { return f.Path == "bin/cli" })
	script := text("tool-1.0.data/data/bin/cli", plan.Descriptions[0].Files[i].Script)
	for _, name := range makeLayer(t, layer(script), tree.Gzip).names {
		if strings.HasPrefix(name, "opt/conda/bin") {
			t.Errorf("%s is there twice", name)
		}
	}
	_, err = layer(text("tool-1.0.data/data/bin/cli", "#!/bin/sh\n")).Content(t.Context())
	wantError(t, err, fault.Usage, "wheel tool 1.0: bin/cli: the conda package cli-1.0-0 has other bytes at this path")
}

// TestAgain shows that a failure is not kept.
func TestAgain(t *testing.T) {
	a := &archives{fail: errors.New("no network")}
	l := mustLayer(t, newEnv(a, a.wheel(tool())))
	if _, err := l.Content(t.Context()); !errors.Is(err, a.fail) {
		t.Errorf("error %v", err)
	}
	a.fail = nil
	c, err := l.Content(t.Context())
	must(t, err)
	a.fail = errors.New("gone")
	w := tree.NewWriter(io.Discard, tree.Options{})
	defer w.Close()
	if err := c.Fragments[0].Write(t.Context(), w); !errors.Is(err, a.fail) {
		t.Errorf("error %v", err)
	}
}

func wantError(t *testing.T, err error, class fault.Class, want string) {
	t.Helper()
	if err == nil || err.Error() != want || fault.ClassOf(err) != class {
		t.Errorf("error %v,\nwant  %s", err, want)
	}
}
