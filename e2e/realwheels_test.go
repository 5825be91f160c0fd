//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/wheel"
)

// realWheels are wheels of several builders and times: compiled ones, programs
// without Python, the data and scripts schemes, old metadata.
var realWheels = []string{
	"PyYAML==6.0.2", "cffi==1.17.1", "ruff==0.9.1", "jupyterlab_widgets==3.0.13", "notebook==5.0.0", "protobuf==5.29.3",
	"docutils==0.12", "six==1.5.2", "Sphinx==1.3", "setuptools==75.8.0",
}

// TestRealWheels installs real wheels as uv does: the same files with the same
// bytes, but for those that every installer writes in its own words.
func TestRealWheels(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, "python3", append([]string{
		"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", dir,
		"--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none",
		"--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any",
	}, realWheels...)...)
	files, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(files) != len(realWheels) {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { compareInstalled(t, file) })
	}
}

func compareInstalled(t *testing.T, file string) {
	prefix := filepath.Join(t.TempDir(), "p")
	run(t, "uv", "venv", "--quiet", prefix)
	python := strings.TrimSpace(run(t, filepath.Join(prefix, "bin", "python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"))
	before := regular(t, prefix)
	run(t, "uv", "pip", "install", "--quiet", "--python", prefix, "--no-index", "--no-deps", "--no-cache", file)
	theirs := regular(t, prefix)

	data := []byte(readFile(t, file))
	w, err := wheel.Open(bytes.NewReader(data), int64(len(data)), filepath.Base(file), wheel.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := w.Describe(t.Context(), wheel.Environment{System: "linux", Prefix: prefix, Python: python},
		wheel.Install{SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Requested: true})
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for _, f := range d.Files {
		name := strings.Replace(f.Path, "include/python", "include/site/python", 1) // uv's venv borrows a Python
		ours[name] = true
		info, ok := theirs[name]
		switch {
		case strings.HasSuffix(name, ".pya"): // easy_install of old: uv reads no such names
		case !ok:
			t.Errorf("%s: uv does not install it", name)
		case f.Source != "" && f.Shebang == "" && fmt.Sprintf("%x", sha256.Sum256([]byte(readFile(t, filepath.Join(prefix, name))))) != f.SHA256:
			t.Errorf("%s: other bytes", name)
		case f.Executable && info.Mode()&0o111 == 0: // uv finds more to be executable than pip and we do
			t.Errorf("%s: uv gives it the mode %v", name, info.Mode())
		}
	}
	for name := range theirs {
		_, old := before[name]
		own := path.Base(name) == "direct_url.json" || path.Base(name) == "uv_cache.json" || name == ".lock"
		if !old && !own && !ours[name] {
			t.Errorf("%s: only uv installs it", name)
		}
	}
}

// regular returns the regular files below a directory.
func regular(t *testing.T, dir string) map[string]fs.FileInfo {
	t.Helper()
	all := map[string]fs.FileInfo{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		all[name], err = e.Info()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
