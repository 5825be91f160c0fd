package output_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/output"
	"github.com/gophersnake/gophersnake/output/outputtest"
)

// TestEveryOperationFails: promise P5. Whichever operation on a file fails, the
// error is of class disk and names a path of the output, what was there before
// is as it was or whole in its new form, and the next write succeeds.
func TestEveryOperationFails(t *testing.T) {
	causes := []error{syscall.EIO, syscall.ENOSPC, syscall.EMFILE, syscall.EACCES, syscall.EROFS}
	img := output.Image{Tags: []string{"v1"}, Index: outputtest.Index(t, []string{"linux/amd64"}, outputtest.NewLayer(t, "f", noise(70<<10)))}
	old := output.Image{Tags: []string{"v0"}, Index: outputtest.Index(t, []string{"linux/arm64"})}
	for _, scheme := range []string{"oci:", "oci-archive:"} {
		for _, before := range []string{"nothing", "another image", "a killed process"} {
			t.Run(scheme+before, func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					f := &failing{n: n, cause: causes[n%len(causes)], dest: scheme + filepath.Join(t.TempDir(), "out")}
					f.prepare(t, before, old, img)
					if !f.run(t, img) {
						t.Logf("%d operations", n-1)
						break
					}
				}
			})
		}
	}
}

// failing is a write whose n-th operation fails.
type failing struct {
	n     int
	cause error
	dest  string
}

func (f *failing) path() string { return f.dest[strings.Index(f.dest, ":")+1:] }

// prepare puts something where the output is to be.
func (f *failing) prepare(t *testing.T, before string, old, img output.Image) {
	t.Helper()
	switch before {
	case "another image":
		write(t, f.dest, old, output.Options{})
	case "a killed process":
		write(t, f.dest, img, output.Options{})
		tmp := filepath.Join(filepath.Dir(f.path()), ".gophersnake-out.tmp")
		if info, err := os.Stat(f.path()); err == nil && info.IsDir() {
			tmp = filepath.Join(f.path(), ".gophersnake-x.tmp")
			must(t, os.Remove(filepath.Join(f.path(), "index.json")))
		}
		must(t, os.WriteFile(tmp, []byte("half"), 0o644))
	}
}

// run reports whether there is an n-th operation.
func (f *failing) run(t *testing.T, img output.Image) bool {
	t.Helper()
	root := filepath.Dir(f.path())
	before := readAll(t, root)
	ops, failed := 0, ""
	o := output.Options{Clock: newClock(), Jobs: 1, Hook: func(op, path string) error {
		if ops++; ops == f.n {
			failed = op + " " + path
			return f.cause
		}
		return nil
	}}
	_, err := output.Write(t.Context(), parse(t, f.dest), img, o)
	if failed == "" {
		must(t, err)
		return false
	}
	var e *output.Error
	if !errors.As(err, &e) || e.Class() != "disk" || !errors.Is(err, f.cause) || !strings.HasPrefix(e.Where(), root) || strings.Contains(e.Where(), ".tmp") && !strings.HasPrefix(failed, "remove ") {
		t.Errorf("operation %d, %s: %v", f.n, failed, err)
	}
	if full := f.cause == syscall.ENOSPC; full != (hintOf(err) == "free some space there, or write to another place") {
		t.Errorf("operation %d, %s: hint %q", f.n, failed, hintOf(err))
	}
	f.unharmed(t, failed, before)
	write(t, f.dest, img, output.Options{})
	for name := range readAll(t, root) {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("operation %d, %s: then again: left %s", f.n, failed, name)
		}
	}
	if strings.HasPrefix(f.dest, "oci:") && tagged(t, f.path())["v1"] != digest(t, img.Index) {
		t.Errorf("operation %d, %s: then again: the tag is another image", f.n, failed)
	}
	return true
}

// unharmed checks what a failed write left: what was there, or all of the new.
func (f *failing) unharmed(t *testing.T, failed string, before map[string]string) {
	t.Helper()
	after := readAll(t, filepath.Dir(f.path()))
	visible := func(files map[string]string) map[string]string {
		files = maps.Clone(files)
		maps.DeleteFunc(files, func(name, _ string) bool { return strings.Contains(name, ".gophersnake-") })
		return files
	}
	if !strings.HasPrefix(failed, "sync "+filepath.Dir(f.path())) { // after a rename
		if diff := cmp.Diff(visible(before), visible(after)); diff != "" {
			t.Errorf("operation %d, %s: changed: %s", f.n, failed, diff)
		}
	}
	for name := range after {
		if strings.HasSuffix(name, ".tmp") && !strings.HasPrefix(failed, "remove ") && before[name] == "" {
			t.Errorf("operation %d, %s: left %s", f.n, failed, name)
		}
	}
}
