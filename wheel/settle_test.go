package wheel_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/tree"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/wheeltest"
)

const sp = "lib/python3.11/site-packages/"

// describeFiles returns the description of a wheel with some files.
func describeFiles(t *testing.T, name, system string, files ...wheeltest.File) *wheel.Description {
	t.Helper()
	e := env
	e.System = system
	_, d := describe(t, wheeltest.Wheel{Name: name, Files: files}, e)
	return d
}

// elsewhere returns the paths that a description leaves to others.
func elsewhere(d *wheel.Description) string {
	var paths []string
	for _, f := range d.Files {
		if f.Elsewhere {
			paths = append(paths, f.Path)
		}
	}
	return strings.Join(paths, " ")
}

func TestSettleEqual(t *testing.T) {
	a := describeFiles(t, "a", "linux", text("ns/__init__.py", ""), text("ns/a.py", "a"))
	b := describeFiles(t, "b", "linux", text("ns/__init__.py", ""), text("ns/b.py", "b"))
	owned := []wheel.Owned{
		{Path: sp + "ns/b.py", Owner: "conda package x-1-0", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("b")))},
		{Path: "share", Owner: "conda package x-1-0", Kind: tree.Dir},
	}
	ds, err := wheel.Settle([]*wheel.Description{b, a}, owned)
	must(t, err)
	if ds[0].Project != "a" || elsewhere(ds[0]) != "" || elsewhere(ds[1]) != sp+"ns/__init__.py "+sp+"ns/b.py" {
		t.Errorf("%s leaves out %q, %s %q", ds[0].Project, elsewhere(ds[0]), ds[1].Project, elsewhere(ds[1]))
	}
	if elsewhere(b) != "" || ds[1].Key() == b.Key() || ds[0].Key() != a.Key() {
		t.Error("descriptions are immutable, and their keys tell what is left out")
	}
	for _, dir := range ds[1].Dirs() {
		if strings.HasSuffix(dir, "/ns") {
			t.Errorf("directory %s has no file", dir)
		}
	}
	w, _ := open(t, wheeltest.Wheel{Name: "b", Files: []wheeltest.File{text("ns/__init__.py", ""), text("ns/b.py", "b")}})
	files, _ := write(t, ds[1], w)
	if _, ok := files["opt/conda/"+sp+"ns/b.py"]; ok || len(files) != 5 {
		t.Errorf("wrote %d files, b.py %v", len(files), ok)
	}
	if record := files["opt/conda/"+sp+"b-1.0.dist-info/RECORD"].body; !strings.Contains(record, "ns/b.py,") {
		t.Errorf("RECORD lacks a file of the wheel:\n%s", record)
	}
}

func TestSettleErrors(t *testing.T) {
	const conda = "conda package x-1-0"
	x := text("x.py", "x")
	for _, tc := range []struct {
		want   string
		system string
		second []wheeltest.File
		others []wheel.Owned
	}{
		{"x.py: the wheel a 1.0 has other bytes at this path", "linux", []wheeltest.File{text("x.py", "y")}, nil},
		{"x.py/y: lies below " + sp + "x.py, which is a file of the wheel a 1.0", "linux", []wheeltest.File{text("x.py/y", "")}, nil},
		{"d: is a directory of the conda package x-1-0", "linux", []wheeltest.File{text("d", "")}, []wheel.Owned{{Path: sp + "d/e", Owner: conda}}},
		{"d: is a directory of the conda package x-1-0", "linux", []wheeltest.File{text("d", "")}, []wheel.Owned{{Path: sp + "d", Owner: conda, Kind: tree.Dir}}},
		{"z: the conda package x-1-0 has other bytes at this path", "linux", []wheeltest.File{text("z", "")}, []wheel.Owned{{Path: sp + "z", Owner: conda}}},
		{"z: the conda package x-1-0 has other bytes at this path", "linux", []wheeltest.File{text("z", "")}, []wheel.Owned{{Path: sp + "z", Owner: conda, Kind: tree.Symlink}}},
		{
			"d/z: lies below " + sp + "d, which is a symbolic link of the conda package x-1-0", "linux",
			[]wheeltest.File{text("d/z", "")},
			[]wheel.Owned{{Path: sp + "d", Owner: conda, Kind: tree.Symlink}},
		},
		{"X.py: differs from " + sp + "x.py of the wheel a 1.0 in letter case only, which file systems of osx do not tell apart", "osx", []wheeltest.File{text("X.py", "x")}, nil},
		{
			"D/z: " + sp + "D differs from " + sp + "d of the conda package x-1-0 in letter case only, which file systems of osx do not tell apart", "osx",
			[]wheeltest.File{text("D/z", "")},
			[]wheel.Owned{{Path: sp + "d/y", Owner: conda}},
		},
	} {
		a := describeFiles(t, "a", tc.system, x)
		b := describeFiles(t, "b", tc.system, tc.second...)
		_, err := wheel.Settle([]*wheel.Description{a, b}, tc.others)
		wantError(t, err, "usage", "wheel b 1.0: "+sp+tc.want)
		var hinted interface{ Hint() string }
		if !errors.As(err, &hinted) || hinted.Hint() != "a wheel never overwrites a file: leave one of the two out, or take both from conda" {
			t.Errorf("hint of %v", err)
		}
	}
	a := describeFiles(t, "a", "linux", x)
	_, err := wheel.Settle([]*wheel.Description{a, a}, nil)
	wantError(t, err, "usage", "a 1.0: the wheel a 1.0 is there too")
	if _, err := wheel.Settle([]*wheel.Description{a, describeFiles(t, "b", "linux", text("X.py", "x"))}, nil); err != nil {
		t.Errorf("linux tells letter case apart: %v", err)
	}
}
