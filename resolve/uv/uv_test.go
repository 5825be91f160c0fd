package uv_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/resolve/uv"
	"github.com/gophersnake/gophersnake/wheel"
)

// index is a package index (PEP 691) of wheels that are made from their names.
type index struct {
	*httptest.Server
	files    map[string][]byte
	uploaded map[string]string
	password string
}

// newIndex makes an index of "FILE.whl requirement; requirement…". What is no
// wheel is a file that cannot be read.
func newIndex(t *testing.T, files map[string][]string) *index {
	t.Helper()
	x := &index{files: map[string][]byte{}, uploaded: map[string]string{}}
	for file, requires := range files {
		x.files[file] = []byte("not a wheel")
		if n, err := wheel.ParseName(file); err == nil {
			x.files[file] = makeWheel(t, n, requires)
		}
	}
	x.Server = httptest.NewServer(x)
	t.Cleanup(x.Close)
	return x
}

func makeWheel(t *testing.T, n wheel.Name, requires []string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", n.Distribution, n.Version)
	for _, r := range requires {
		metadata += "Requires-Dist: " + r + "\n"
	}
	for name, text := range map[string]string{"METADATA": metadata, "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n", "RECORD": ""} {
		w, err := z.Create(n.Distribution + "-" + n.Version + ".dist-info/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, password, _ := r.BasicAuth(); password != x.password {
		w.Header().Set("WWW-Authenticate", "Basic")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	dir, name, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	if dir == "files" {
		http.ServeContent(w, r, name, testTime, bytes.NewReader(x.files[name]))
		return
	}
	var list []map[string]any
	for file, data := range x.files {
		if project(file) == name {
			f := map[string]any{
				"filename": file, "url": "/files/" + file, "size": len(data),
				"hashes": map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(data))},
			}
			if x.uploaded[file] != "" {
				f["upload-time"] = x.uploaded[file]
			}
			list = append(list, f)
		}
	}
	if list == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.1"}, "name": name, "files": list})
}

func project(file string) string {
	name, _, _ := strings.Cut(file, "-")
	return wheel.Normalize(name)
}

// options returns the uv of this machine, with this index alone.
func options(t *testing.T, indexURL string) uv.Options {
	t.Helper()
	program, err := exec.LookPath("uv")
	if err != nil {
		t.Skip("no uv")
	}
	env := []string{"UV_DEFAULT_INDEX=" + indexURL, "UV_HTTP_RETRIES=0", "HOME=" + t.TempDir()}
	for _, v := range uv.Environ(os.Environ()) {
		if !strings.HasPrefix(v, "UV_") && !strings.HasPrefix(v, "HOME=") && !strings.Contains(strings.ToLower(v), "proxy") {
			env = append(env, v)
		}
	}
	return uv.Options{Path: program, Env: env, Dir: filepath.Join(t.TempDir(), "uv")}
}

func question(requirements ...string) uv.Question {
	q := uv.Question{For: "linux/arm64", Python: "3.11.9", Arch: "arm64", Glibc: "2.36"}
	for i, r := range requirements {
		q.Requirements = append(q.Requirements, uv.Requirement{Text: r, Where: fmt.Sprintf("environment.yml:%d", 7+i)})
	}
	return q
}

var urls = regexp.MustCompile(`url = "http://[^/]+/files/([^"]+)"`)

// files returns the names of the files of an answer.
func files(t *testing.T, data []byte) []string {
	t.Helper()
	var names []string
	for _, m := range urls.FindAllSubmatch(data, -1) {
		names = append(names, string(m[1]))
	}
	slices.Sort(names)
	if n := bytes.Count(data, []byte("sha256 = ")); n != len(names) {
		t.Errorf("%d hashes for %d files in\n%s", n, len(names), data)
	}
	return names
}

// projects is a small world: app needs lib, lib has machine code.
var projects = map[string][]string{
	"app-1.0-py3-none-any.whl":                                    {"lib>=2", `windows-only; sys_platform == "win32"`, `fast; extra == "speed"`},
	"app-1.1-py3-none-any.whl":                                    {"lib>=2"},
	"lib-2.0-cp311-cp311-manylinux_2_28_aarch64.whl":              nil,
	"lib-2.0-cp311-cp311-manylinux_2_17_aarch64.whl":              nil,
	"lib-2.0-cp311-cp311-manylinux_2_28_x86_64.whl":               nil,
	"lib-2.0-cp312-cp312-manylinux_2_28_aarch64.whl":              nil,
	"lib-2.0-cp311-cp311-musllinux_1_2_aarch64.whl":               nil,
	"lib-2.1-cp311-cp311-manylinux_2_39_aarch64.whl":              nil,
	"fast-1.0-py3-none-any.whl":                                   nil,
	"source_only-1.0.tar.gz":                                      nil,
	"needs_source-1.0-py3-none-any.whl":                           {"source-only"},
	"Old.Style-0.1-py2.py3-none-any.whl":                          nil,
	"lib-3.0-cp311-cp311-macosx_11_0_arm64.whl":                   nil,
	"modern-1.0-cp313-cp313-manylinux_2_17_aarch64.whl":           nil,
	"modern-0.9-cp37-abi3-manylinux_2_17_aarch64.whl":             nil,
	"exact-1.0-py3-none-any.whl":                                  {"lib==9.9"},
	"unnormal-1.0-cp311-cp311-manylinux2014_aarch64.whl":          nil,
	"unnormal-1.0-cp311-cp311-manylinux2014_x86_64.whl":           nil,
	"unnormal-1.0-cp311-cp311-manylinux2014_aarch64.whl.metadata": nil,
}

func TestCompile(t *testing.T) {
	x := newIndex(t, projects)
	x.uploaded["app-1.0-py3-none-any.whl"] = "2024-01-01T00:00:00Z"
	x.uploaded["app-1.1-py3-none-any.whl"] = "2025-01-01T00:00:00Z"
	for _, f := range []string{"17", "28"} {
		x.uploaded["lib-2.0-cp311-cp311-manylinux_2_"+f+"_aarch64.whl"] = "2024-01-01T00:00:00Z"
	}
	o := options(t, x.URL+"/simple")
	lib := []string{"lib-2.0-cp311-cp311-manylinux_2_17_aarch64.whl", "lib-2.0-cp311-cp311-manylinux_2_28_aarch64.whl"}
	for name, tt := range map[string]struct {
		requires []string
		change   func(q *uv.Question)
		want     []string
	}{
		"closure":     {[]string{"app"}, nil, append([]string{"app-1.1-py3-none-any.whl"}, lib...)},
		"extra":       {[]string{"app[speed]==1.0"}, nil, append([]string{"app-1.0-py3-none-any.whl", "fast-1.0-py3-none-any.whl"}, lib...)},
		"newer glibc": {[]string{"lib"}, func(q *uv.Question) { q.Glibc = "2.41" }, []string{"lib-2.1-cp311-cp311-manylinux_2_39_aarch64.whl"}},
		"older glibc": {[]string{"lib"}, func(q *uv.Question) { q.Glibc = "2.27" }, lib[:1]},
		"amd64":       {[]string{"lib"}, func(q *uv.Question) { q.Arch = "amd64" }, []string{"lib-2.0-cp311-cp311-manylinux_2_28_x86_64.whl"}},
		"python":      {[]string{"modern"}, func(q *uv.Question) { q.Python = "3.13.0" }, []string{"modern-1.0-cp313-cp313-manylinux_2_17_aarch64.whl"}},
		"abi3":        {[]string{"modern"}, nil, []string{"modern-0.9-cp37-abi3-manylinux_2_17_aarch64.whl"}},
		"preferred":   {[]string{"app"}, func(q *uv.Question) { q.Preferred = []uv.Package{{"app", "1.0"}, {"gone", "x"}} }, append([]string{"app-1.0-py3-none-any.whl"}, lib...)},
		"cutoff":      {[]string{"app"}, func(q *uv.Question) { q.Cutoff = "2024-06-01T00:00:00Z" }, append([]string{"app-1.0-py3-none-any.whl"}, lib...)},
		"normalised":  {[]string{"old-style"}, nil, []string{"Old.Style-0.1-py2.py3-none-any.whl"}},
		"provided by conda, a version that the index lacks": {
			[]string{"app"}, func(q *uv.Question) { q.Provided = []uv.Package{{"lib", "2.5.0"}} }, []string{"app-1.1-py3-none-any.whl"},
		},
		"provided by conda, of no version that uv knows": {
			[]string{"app"}, func(q *uv.Question) { q.Provided = []uv.Package{{"lib", "2024a_x"}} }, append([]string{"app-1.1-py3-none-any.whl"}, lib...),
		},
		"provided by conda, where there are sources only": {
			[]string{"needs-source"}, func(q *uv.Question) { q.Provided = []uv.Package{{"source-only", "1.0"}} }, []string{"needs_source-1.0-py3-none-any.whl"},
		},
		"a wheel's URL":      {[]string{"fast @ " + x.URL + "/files/fast-1.0-py3-none-any.whl"}, nil, []string{"fast-1.0-py3-none-any.whl"}},
		"for another system": {[]string{`lib; sys_platform == "win32"`}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := question(tt.requires...)
			if tt.change != nil {
				tt.change(&q)
			}
			data, err := uv.Compile(t.Context(), o, q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, files(t, data)); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, data)
			}
		})
	}
	if runs, err := filepath.Glob(filepath.Join(o.Dir, "run-*")); err != nil || len(runs) > 0 {
		t.Errorf("left behind: %v, %v", runs, err)
	}
}

func TestUnsatisfiable(t *testing.T) {
	x := newIndex(t, projects)
	o := options(t, x.URL+"/simple")
	for _, tt := range []struct {
		requires   string
		provided   []uv.Package
		text, hint string
	}{
		{"app>5", nil, "Because only app<=1.1 is available and you require app>5, we can conclude that your requirements are unsatisfiable.", ""},
		{
			"source-only", nil, "",
			"packages are never built from source: take them from a conda channel, or ask for a version that has wheels",
		},
		{"nothing", nil, "Because nothing was not found in the package registry and you require nothing, we can conclude that your requirements are unsatisfiable.", ""},
		{"exact", []uv.Package{{"lib", "2.5"}, {"other", "1"}}, "", "conda provides lib 2.5"},
	} {
		q := question(tt.requires)
		q.Provided = tt.provided
		_, err := uv.Compile(t.Context(), o, q)
		var h interface{ Hint() string }
		if fault.ClassOf(err) != fault.Unsatisfiable || !errors.As(err, &h) || h.Hint() != tt.hint {
			t.Errorf("%s: %s error %v with another hint", tt.requires, fault.ClassOf(err), err)
			continue
		}
		text, ok := strings.CutPrefix(err.Error(), "pip for linux/arm64: no wheels fulfil the requirements: ")
		if !ok || text != tt.text && tt.text != "" || !strings.HasSuffix(text, "your requirements are unsatisfiable.") {
			t.Errorf("%s: %v", tt.requires, err)
		}
	}
}

// TestPassword asks an index that wants a password, which must be in no error.
func TestPassword(t *testing.T) {
	x := newIndex(t, projects)
	x.password = "hunter2"
	with := strings.Replace(x.URL, "://", "://somebody:hunter2@", 1) + "/simple"
	data, err := uv.Compile(t.Context(), options(t, with), question("fast"))
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, bytes.ReplaceAll(data, []byte("somebody:hunter2@"), nil)); len(got) != 1 {
		t.Errorf("%s", data)
	}
	x.password = "changed"
	_, err = uv.Compile(t.Context(), options(t, with), question("fast"))
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "somebody") {
		t.Errorf("error %v", err)
	}
}

func TestNetwork(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer s.Close()
	_, err := uv.Compile(t.Context(), options(t, s.URL), question("fast"))
	if fault.ClassOf(err) != fault.Network || !strings.HasPrefix(err.Error(), "pip for linux/arm64: uv: Failed to fetch: "+s.URL+"/fast/\n") {
		t.Errorf("%s error %v", fault.ClassOf(err), err)
	}
}

// TestOffline checks that what is known stays known, and that nobody is asked.
func TestOffline(t *testing.T) {
	x := newIndex(t, projects)
	o := options(t, x.URL+"/simple")
	o.Offline = true
	if _, err := uv.Compile(t.Context(), o, question("fast")); fault.ClassOf(err) != fault.Network ||
		err.Error() != "pip for linux/arm64: --offline forbids to ask the indexes, and uv's cache has not all that is needed" {
		t.Errorf("%s error %v", fault.ClassOf(err), err)
	}
	o.Offline = false
	if _, err := uv.Compile(t.Context(), o, question("fast")); err != nil {
		t.Fatal(err)
	}
	x.Close()
	o.Offline = true
	data, err := uv.Compile(t.Context(), o, question("fast"))
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, data); len(got) != 1 {
		t.Errorf("%s", data)
	}
}
