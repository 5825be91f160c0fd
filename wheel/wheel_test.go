package wheel_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

var text = wheeltest.Text

// full has a file for every rule.
func full() wheeltest.Wheel {
	return wheeltest.Wheel{
		Name: "Full_Wheel", Version: "1.2", Tag: "cp311-cp311-linux_x86_64", Deflate: true,
		Metadata:    "Requires-Dist: numpy (>=1.2)\nRequires-Dist: six; extra == 'old'\nRequires-Python: >=3.8\n\nThe description: none.",
		EntryPoints: "# commands\n[console_scripts]\nfull = full.cli:main [extra]\nfull.sub=full.cli:App.run\n\n[gui_scripts]\nfull-gui = full.gui:main\n\n[other]\nx y = z\n",
		Files: []wheeltest.File{
			text("full/__init__.py", "x = 1\n"),
			{Name: "full/_ext.so", Body: "\x7fELF", Mode: 0o100755, ModTime: 1700000001},
			text("full/ä.txt", "a\n"),
			{Name: "full/sub/", Mode: 0o040755},
			text("Full_Wheel-1.2.data/purelib/pure.py", "pure\n"),
			text("Full_Wheel-1.2.data/platlib/full/plat.py", "plat\n"),
			{Name: "Full_Wheel-1.2.data/scripts/run", Body: "#!python -E\nprint(1)\n", Mode: 0o100755},
			{Name: "Full_Wheel-1.2.data/scripts/gui", Body: "#!pythonw\r\nprint(2)\r\n", Mode: 0o100755},
			{Name: "Full_Wheel-1.2.data/scripts/sh", Body: "#!/bin/sh\n", Mode: 0o100755},
			{Name: "Full_Wheel-1.2.data/scripts/full", Body: "#!python\nloses\n", Mode: 0o100755},
			text("Full_Wheel-1.2.data/headers/full.h", "#define X\n"),
			text("Full_Wheel-1.2.data/data/share/full/data,1.txt", "data\n"),
			text("Full_Wheel-1.2.dist-info/INSTALLER", "other\n"),
			{Name: "Full_Wheel-1.2.dist-info/RECORD.jws", Body: "signature", Hash: "none"},
		},
	}
}

func open(t *testing.T, w wheeltest.Wheel) (*wheel.Wheel, string) {
	t.Helper()
	file, data := w.Make()
	got, err := wheel.Open(bytes.NewReader(data), int64(len(data)), file, wheel.Limits{})
	must(t, err)
	return got, fmt.Sprintf("%x", sha256.Sum256(data))
}

var env = wheel.Environment{System: "linux", Prefix: "/opt/conda", Python: "3.11.9"}

func describe(t *testing.T, w wheeltest.Wheel, e wheel.Environment) (*wheel.Wheel, *wheel.Description) {
	t.Helper()
	opened, sum := open(t, w)
	d, err := opened.Describe(t.Context(), e, wheel.Install{SHA256: sum, Requested: true})
	must(t, err)
	return opened, d
}

// written is a file of a fragment.
type written struct {
	mode int64
	time int64
	body string
}

func write(t *testing.T, d *wheel.Description, w *wheel.Wheel) (files map[string]written, order []string) {
	t.Helper()
	var tarball bytes.Buffer
	out := tree.NewWriter(io.Discard, tree.Options{Tar: &tarball})
	must(t, wheel.Write(t.Context(), d, w, out))
	must(t, out.Close())
	files = map[string]written{}
	for r := tar.NewReader(&tarball); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return files, order
		}
		must(t, err)
		body, err := io.ReadAll(r)
		must(t, err)
		files[h.Name] = written{h.Mode, h.ModTime.Unix(), string(body)}
		order = append(order, h.Name)
	}
}

func TestInstall(t *testing.T) {
	w, d := describe(t, full(), env)
	files, order := write(t, d, w)
	var list strings.Builder
	for _, name := range order {
		fmt.Fprintf(&list, "%o %d %s\n", files[name].mode, files[name].time, strings.Replace(name, "opt/conda/lib/python3.11/site-packages", "SP", 1))
	}
	if diff := cmp.Diff(`755 0 opt/conda/bin/full
755 0 opt/conda/bin/full-gui
755 0 opt/conda/bin/full.sub
755 1580601600 opt/conda/bin/gui
755 1580601600 opt/conda/bin/run
755 1580601600 opt/conda/bin/sh
644 1580601600 opt/conda/include/python3.11/full-wheel/full.h
644 0 SP/Full_Wheel-1.2.dist-info/INSTALLER
644 1580601600 SP/Full_Wheel-1.2.dist-info/METADATA
644 0 SP/Full_Wheel-1.2.dist-info/RECORD
644 0 SP/Full_Wheel-1.2.dist-info/REQUESTED
644 1580601600 SP/Full_Wheel-1.2.dist-info/WHEEL
644 1580601600 SP/Full_Wheel-1.2.dist-info/entry_points.txt
644 1580601600 SP/full/__init__.py
755 1700000000 SP/full/_ext.so
644 1580601600 SP/full/plat.py
644 1580601600 SP/full/ä.txt
644 1580601600 SP/pure.py
644 1580601600 opt/conda/share/full/data,1.txt
`, list.String()); diff != "" {
		t.Errorf("files: -want +got:\n%s", diff)
	}
	const bin, info = "opt/conda/bin/", "opt/conda/lib/python3.11/site-packages/Full_Wheel-1.2.dist-info/"
	for name, want := range map[string]string{
		bin + "full":       "#!/opt/conda/bin/python3.11\nimport sys\n\nfrom full.cli import main\n\nif __name__ == \"__main__\":\n    sys.exit(main())\n",
		bin + "full.sub":   "#!/opt/conda/bin/python3.11\nimport sys\n\nfrom full.cli import App\n\nif __name__ == \"__main__\":\n    sys.exit(App.run())\n",
		bin + "run":        "#!/opt/conda/bin/python3.11 -E\nprint(1)\n",
		bin + "gui":        "#!/opt/conda/bin/python3.11\nprint(2)\r\n",
		bin + "sh":         "#!/bin/sh\n",
		info + "INSTALLER": "gophersnake\n",
		info + "REQUESTED": "",
	} {
		if files[name].body != want {
			t.Errorf("%s: %q, want %q", name, files[name].body, want)
		}
	}
	checkRecord(t, files, info)
	if dirs := d.Dirs(); !slices.IsSorted(dirs) || !slices.Contains(dirs, "opt/conda/share/full") || dirs[0] != "opt" {
		t.Errorf("directories %q", dirs)
	}
}

// checkRecord compares RECORD with the files that were written, and its order
// with the wheel's.
func checkRecord(t *testing.T, files map[string]written, info string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(files[info+"RECORD"].body), "\n")
	if len(lines) != len(files) {
		t.Errorf("RECORD has %d lines for %d files", len(lines), len(files))
	}
	var paths []string
	for _, line := range lines {
		path, hash, _ := strings.Cut(line, ",sha256=")
		paths = append(paths, path)
		if hash == "" {
			continue
		}
		full := "opt/conda/" + strings.TrimPrefix(strings.Trim(path, `"`), "../../../")
		if !strings.HasPrefix(strings.Trim(path, `"`), "../../../") {
			full = "opt/conda/lib/python3.11/site-packages/" + path
		}
		body := files[full].body
		if want := fmt.Sprintf("%s,%d", base64Sum(body), len(body)); hash != want {
			t.Errorf("%s: %s, want %s", full, hash, want)
		}
	}
	if diff := cmp.Diff([]string{
		"full/__init__.py", "full/_ext.so", "full/ä.txt", "pure.py", "full/plat.py", "../../../bin/run", "../../../bin/gui", "../../../bin/sh",
		"../../../include/python3.11/full-wheel/full.h", `"../../../share/full/data,1.txt"`,
		"Full_Wheel-1.2.dist-info/METADATA", "Full_Wheel-1.2.dist-info/WHEEL", "Full_Wheel-1.2.dist-info/entry_points.txt",
		"../../../bin/full", "../../../bin/full.sub", "../../../bin/full-gui",
		"Full_Wheel-1.2.dist-info/INSTALLER", "Full_Wheel-1.2.dist-info/REQUESTED", "Full_Wheel-1.2.dist-info/RECORD,,",
	}, paths); diff != "" {
		t.Errorf("RECORD: -want +got:\n%s", diff)
	}
}

func TestMeta(t *testing.T) {
	w, _ := open(t, full())
	want := &wheel.Meta{Name: "Full_Wheel", Version: "1.2", Requires: []string{"numpy (>=1.2)", "six; extra == 'old'"}, RequiresPython: ">=3.8"}
	if diff := cmp.Diff(want, w.Meta()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	folded, _ := open(t, wheeltest.Wheel{Name: "a", Metadata: "Requires-Dist: b\n  >=1\nREQUIRES-DIST: c\r\nSummary: x: y\n"})
	if diff := cmp.Diff([]string{"b >=1", "c"}, folded.Meta().Requires); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := folded.Name().Project(); got != "a" {
		t.Errorf("project %q", got)
	}
}

func TestLongPrefix(t *testing.T) {
	long := "/opt/" + strings.Repeat("x", 110)
	for _, tc := range []struct{ system, prefix, want string }{
		{"linux", "/opt/conda", "#!/opt/conda/bin/python3.11 -E\n"},
		{"linux", long, "#!/bin/sh\n'''exec' \"" + long + "/bin/python3.11\" -E \"$0\" \"$@\" #'''\n"},
		{"osx", long, "#!" + long + "/bin/python3.11 -E\n"},
		{"linux", "/opt/a b", "#!/bin/sh\n'''exec' \"/opt/a b/bin/python3.11\" -E \"$0\" \"$@\" #'''\n"},
	} {
		e := env
		e.System, e.Prefix, e.Root = tc.system, tc.prefix, "p"
		w, d := describe(t, full(), e)
		files, _ := write(t, d, w)
		if got := files["p/bin/run"].body; got != tc.want+"print(1)\n" {
			t.Errorf("%s %s: %q", tc.system, tc.prefix, got)
		}
	}
}

// TestShebangs leaves lines alone that do not ask for Python.
func TestShebangs(t *testing.T) {
	for in, want := range map[string]string{
		"#!python":                               "#!/opt/conda/bin/python3.11\n",
		"#!python3 -u\nx":                        "#!/opt/conda/bin/python3.11 -u\nx",
		"#!/usr/bin/env python\n":                "#!/usr/bin/env python\n",
		"":                                       "",
		"print('#!python')\n#!python\n":          "print('#!python')\n#!python\n",
		"#!python \xff\n":                        "#!python \xff\n",
		"#!python " + strings.Repeat("x", 1<<17): "#!python " + strings.Repeat("x", 1<<17),
	} {
		w, d := describe(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{text("a-1.0.data/scripts/s", in)}}, env)
		files, _ := write(t, d, w)
		if got := files["opt/conda/bin/s"].body; got != want {
			t.Errorf("%.40q: %.80q, want %.80q", in, got, want)
		}
	}
}

func TestEnvironmentErrors(t *testing.T) {
	w, sum := open(t, wheeltest.Wheel{Name: "a"})
	for want, e := range map[string]wheel.Environment{
		`wheels cannot be installed for the system "win"`: {System: "win", Prefix: "/p", Python: "3.11"},
		`prefix "p" is not a clean absolute path below /`: {System: "linux", Prefix: "p", Python: "3.11"},
		`prefix "/" is not a clean absolute path below /`: {System: "linux", Prefix: "/", Python: "3.11"},
		`prefix: path "../p" leaves its root`:             {System: "linux", Prefix: "/p", Root: "../p", Python: "3.11"},
		`python version "3" has no minor version`:         {System: "linux", Prefix: "/p", Python: "3"},
		`site-packages: path "/lib" is absolute`:          {System: "linux", Prefix: "/p", Python: "3.11", SitePackages: "/lib"},
	} {
		_, err := w.Describe(t.Context(), e, wheel.Install{SHA256: sum})
		wantError(t, err, "usage", want)
	}
	_, err := w.Describe(t.Context(), env, wheel.Install{SHA256: "x"})
	wantError(t, err, "verification", `a-1.0-py3-none-any.whl: sha256 "x" is not one`)
}

func TestDescribeErrors(t *testing.T) {
	for want, w := range map[string]wheeltest.Wheel{
		"conda-meta/x.json: conda-meta belongs to conda packages":                            {Files: []wheeltest.File{text("a-1.0.data/data/conda-meta/x.json", "{}")}},
		"lib/python3.11/site-packages/x.py: the wheel has this path twice":                   {Files: []wheeltest.File{text("x.py", ""), text("a-1.0.data/platlib/x.py", "")}},
		`a-1.0.data/other/x: "other" is no scheme of a data directory`:                       {Files: []wheeltest.File{text("a-1.0.data/other/x", "")}},
		"a-1.0.data/x: lies in no scheme of the data directory":                              {Files: []wheeltest.File{text("a-1.0.data/x", "")}},
		"a-1.0.data/scripts/s: its bytes are not those that RECORD has the hash and size of": {Files: []wheeltest.File{{Name: "a-1.0.data/scripts/s", Body: "#!python\n", Hash: wrongHash}}},
	} {
		w.Name = "a"
		opened, sum := open(t, w)
		_, err := opened.Describe(t.Context(), env, wheel.Install{SHA256: sum})
		wantError(t, err, "verification", "a-1.0-py3-none-any.whl: "+want)
	}
	// A file of site-packages in the way of a directory of the data scheme.
	opened, sum := open(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{
		text("x", ""), text("a-1.0.data/data/lib/python3.11/site-packages/x/y", ""),
	}})
	_, err := opened.Describe(t.Context(), env, wheel.Install{SHA256: sum})
	wantError(t, err, "verification", "a-1.0-py3-none-any.whl: lib/python3.11/site-packages/x/y: lies below lib/python3.11/site-packages/x, which the wheel has as a file")
}

func TestWriteChecksRecord(t *testing.T) {
	w, d := describe(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{{Name: "x.py", Body: "x", Hash: wrongHash}}}, env)
	out := tree.NewWriter(io.Discard, tree.Options{})
	defer out.Close()
	wantError(t, wheel.Write(t.Context(), d, w, out), "verification",
		"a-1.0-py3-none-any.whl: x.py: its bytes are not those that RECORD has the hash and size of")
}

// TestBetterHashes accepts what is better than SHA-256.
func TestBetterHashes(t *testing.T) {
	const sha512 = "sha512=z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg" // of nothing
	w, d := describe(t, wheeltest.Wheel{Name: "a", Files: []wheeltest.File{{Name: "x.py", Hash: sha512}}}, env)
	files, _ := write(t, d, w)
	if record := files["opt/conda/lib/python3.11/site-packages/a-1.0.dist-info/RECORD"].body; !strings.HasPrefix(record, "x.py,"+sha512+",0\n") {
		t.Errorf("RECORD:\n%s", record)
	}
}

func TestKey(t *testing.T) {
	_, d := describe(t, full(), env)
	_, again := describe(t, full(), env)
	if d.Key() != again.Key() || !strings.HasPrefix(d.Key(), "sha256:") {
		t.Errorf("keys %s and %s", d.Key(), again.Key())
	}
	other := env
	other.Prefix = "/opt/other"
	other.Root = "opt/conda"
	if _, moved := describe(t, full(), other); moved.Key() == d.Key() {
		t.Error("the prefix is not in the key")
	}
}
