package wheel_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/wheel"
)

// TestLikeInstallers installs a wheel as pip and uv do, and compares the files.
// What differs is listed in the package's comment: the text of commands, the
// options of "#!python", INSTALLER, direct_url.json, RECORD's signature and
// order. Besides, uv keeps the rows of files in RECORD that it replaces.
func TestLikeInstallers(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"pip", []string{"python3", "-m", "pip", "--python", "VENV", "install", "--no-deps", "--no-compile", "--no-index", "--disable-pip-version-check", "WHEEL"}},
		{"uv", []string{"uv", "pip", "install", "--python", "VENV", "--offline", "--no-index", "--no-deps", "--no-cache", "WHEEL"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			venv, python := newVenv(t)
			w := full()
			w.Tag = "py3-none-any"
			file, data := w.Make()
			path := filepath.Join(t.TempDir(), file)
			must(t, os.WriteFile(path, data, 0o644))
			for i, arg := range tc.args {
				tc.args[i] = strings.NewReplacer("VENV", venv, "WHEEL", path).Replace(arg)
			}
			if _, err := exec.LookPath(tc.args[0]); err != nil {
				t.Skip("there is no " + tc.args[0])
			}
			before := listing(t, venv)
			if out, err := exec.Command(tc.args[0], tc.args[1:]...).CombinedOutput(); err != nil {
				if strings.Contains(string(out), "No module named pip") || strings.Contains(string(out), "no such option: --python") {
					t.Skip("there is no pip that installs into other environments")
				}
				t.Fatalf("%v\n%s", err, out)
			}
			want := map[string]string{}
			for name, body := range listing(t, venv) {
				if _, ok := before[name]; !ok {
					want[comparable(name, python)] = body
				}
			}
			opened, d := describe(t, w, wheel.Environment{System: "linux", Prefix: venv, Root: "p", Python: python})
			files, _ := write(t, d, opened)
			got := map[string]string{}
			for name, f := range files {
				got[comparable(strings.TrimPrefix(name, "p/"), python)] = fmt.Sprintf("%o %s", f.mode, f.body)
			}
			if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
				t.Errorf("-%s +gophersnake:\n%s", tc.name, diff)
			}
		})
	}
}

// newVenv makes an environment and returns its Python's version.
func newVenv(t *testing.T) (dir, python string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "v") // short, for first lines
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	if out, err := exec.Command("python3", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Skipf("there is no python3 that makes environments: %v %s", err, out)
	}
	out, err := exec.Command("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
	must(t, err)
	return dir, strings.TrimSpace(string(out))
}

// listing returns the files below a directory: mode and content.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		must(t, err)
		body, err := os.ReadFile(p)
		must(t, err)
		name, err := filepath.Rel(dir, p)
		all[filepath.ToSlash(name)] = fmt.Sprintf("%o %s", info.Mode().Perm(), body)
		return err
	}))
	return all
}

// comparable gives headers one place: that of an environment with a Python of
// its own, and not one that borrows another's.
func comparable(name, python string) string {
	return regexp.MustCompile(`^include/site/`).ReplaceAllString(name, "include/")
}

// normal leaves out what is known to differ.
func normal(files map[string]string) map[string]string {
	out := map[string]string{}
	for name, body := range files {
		base := name[strings.LastIndexByte(name, '/')+1:]
		switch {
		case slices.Contains([]string{"direct_url.json", "RECORD.jws", "uv_cache.json", "uv_build.json", ".lock"}, base):
			continue
		case base == "INSTALLER":
			body = "644 us\n"
		case base == "RECORD":
			body = normalRecord(body)
		case strings.HasPrefix(name, "bin/full"):
			mode, _, _ := strings.Cut(body, " ")
			body = fmt.Sprintf("%s, imports %v", mode, regexp.MustCompile(`from full.*`).FindString(body))
		case strings.HasPrefix(name, "bin/"):
			first, rest, _ := strings.Cut(body, "\n")
			first = regexp.MustCompile(`/bin/python.*`).ReplaceAllString(first, "/bin/python")
			body = first + "\n" + rest
		}
		name = strings.Replace(name, "/Full-Wheel/", "/full-wheel/", 1) // pip names the directory of headers as it was asked for
		out[name] = body
	}
	return out
}

// normalRecord sorts the rows and leaves hashes of what differs out.
func normalRecord(text string) string {
	var rows []string
	for line := range strings.Lines(text) {
		line = strings.Replace(line, "include/site/", "include/", 1)
		line = strings.Replace(line, "/Full-Wheel/", "/full-wheel/", 1)
		line = strings.TrimRight(line, "\r\n")
		path, _, _ := strings.Cut(line, ",sha256=")
		switch {
		case strings.Contains(path, "direct_url.json") || strings.Contains(path, "RECORD.jws") || strings.Contains(path, "uv_"), strings.Contains(path, ".data/"):
			continue
		case strings.Contains(path, "INSTALLER") || strings.Contains(path, "/bin/"):
			line = path
		}
		rows = append(rows, strings.TrimPrefix(line, "644 "))
	}
	slices.Sort(rows)
	return strings.Join(slices.Compact(rows), "\n")
}
