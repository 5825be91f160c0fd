package importer

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pylock = `lock-version = '1.0'
environments = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
requires-python = '>=3.9'
extras = ['Fast']
dependency-groups = ['dev', 'docs']
default-groups = ['main']
created-by = 'hand'

[[packages]]
name = 'attrs'
version = '25.1'
requires-python = '>=3.8'
wheels = [
  {name = 'attrs-25.1.0-py3-none-any.whl', upload-time = 2025-01-25T11:30:10.164985+00:00, url = 'https://user:secret@w.example/attrs-25.1.0-py3-none-any.whl', size = 63152, hashes = {sha256 = '` + sha256 + `'}},
]

[[packages]]
name = 'numpy'
version = '2.0.0'
sdist = {url = 'https://w.example/numpy-2.0.0.tar.gz', hashes = {sha256 = '` + sha256 + `'}}

[[packages.wheels]]
url = 'https://w.example/numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl'
hashes = {md5 = '` + md5 + `', sha512 = 'abc'}

[[packages.wheels]]
path = '../wheels/numpy-2.0.0-cp311-cp311-win_amd64.whl'
hashes = {}

[[packages]]
name = 'Direct.Link'
marker = "'main' in dependency_groups"
archive = {url = 'https://w.example/direct_link-1-py3-none-any.whl#egg=x', hashes = {sha256 = '` + sha256 + `'}}

[[packages]]
name = 'windows'
version = '1'
marker = "sys_platform == 'win32'"
sdist = {url = 'https://w.example/windows-1.tar.gz', hashes = {}}

[[packages]]
name = 'speed'
version = '1'
marker = "'fast' in extras and platform_machine != 'aarch64'"
wheels = [{url = 'https://w.example/speed-1-py3-none-any.whl', hashes = {}}]

[[packages]]
name = 'docs'
version = '1'
marker = "'docs' in dependency_groups or python_version < '3.10'"
directory = {path = './docs', editable = true}
`

func TestPylock(t *testing.T) {
	attrs := Imported{Platform: amd64, URL: "https://w.example/attrs-25.1.0-py3-none-any.whl", SHA256: sha256, Size: 63152, Name: "attrs", Version: "25.1.0", Line: 14, RequiresPython: ">=3.8"}
	linux := Imported{Platform: amd64, URL: "https://w.example/numpy-2.0.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", MD5: md5, Name: "numpy", Version: "2.0.0", Line: 22}
	windows := Imported{Platform: amd64, URL: "../wheels/numpy-2.0.0-cp311-cp311-win_amd64.whl", Name: "numpy", Version: "2.0.0", Line: 26}
	direct := Imported{Platform: amd64, URL: "https://w.example/direct_link-1-py3-none-any.whl", SHA256: sha256, Name: "direct-link", Version: "1", Line: 30}
	speed := Imported{Platform: amd64, URL: "https://w.example/speed-1-py3-none-any.whl", Name: "speed", Version: "1", Line: 45}
	for _, tt := range []struct {
		name string
		o    PylockOptions
		want []Imported
	}{
		{"default", PylockOptions{}, []Imported{attrs, linux, windows, direct}},
		{"extra", PylockOptions{Extras: []string{"fast"}}, []Imported{attrs, linux, windows, direct, speed}},
		{"group", PylockOptions{Groups: []string{"dev"}}, []Imported{attrs, linux, windows}},
		{"two groups", PylockOptions{Groups: []string{"DEV", "main"}}, []Imported{attrs, linux, windows, direct}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Python, tt.o.Platform = "3.11.9", amd64
			for _, text := range []string{pylock, strings.Replace(pylock, "'1.0'", "'1.7'\nnews = {a = 1}", 1)} {
				got, err := Pylock("pylock.toml", []byte(text), tt.o)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(text, "news") {
					for n := range got {
						got[n].Line--
					}
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
		})
	}
}

func TestPylockErrors(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(pylock, old) {
			t.Fatalf("the sample lacks %q", old)
		}
		return strings.Replace(pylock, old, new, 1)
	}
	again := " | lock again for Python 3.11.9 on linux/amd64"
	only := " | lock a version that has a wheel, or take the package from a conda channel"
	for _, tt := range []struct {
		name, text, want string
		o                PylockOptions
	}{
		{name: "empty", text: "", want: "usage f: file has no lock-version: it is not a pylock.toml"},
		{name: "syntax", text: "a = [1\n", want: "usage f:1: not a pylock.toml: array is incomplete"},
		{name: "wrong type", text: replace("extras = ['Fast']", "extras = 'Fast'"), want: "usage f:4: not a pylock.toml: extras is not the right kind of value"},
		{name: "wrong size", text: replace("63152", "'big'"), want: "usage f:14: not a pylock.toml: packages.wheels is not the right kind of value"},
		{name: "wrong package", text: "lock-version = '1.0'\npackages = 1\n", want: "usage f:2: not a pylock.toml: packages is not the right kind of value"},
		{name: "number", text: replace("'1.0'", "1.0"), want: "usage f:1: lock-version is not a text of two numbers such as 1.0"},
		{name: "version", text: replace("'1.0'", "'1'"), want: "usage f:1: lock-version is not a text of two numbers such as 1.0"},
		{name: "newer", text: replace("'1.0'", "'2.1'"), want: "usage f:1: lock-version 2.1 is not one that this tool knows (1.0)"},
		{name: "python", text: pylock, o: PylockOptions{Python: "three"}, want: `usage f: Python: "three" is not a version (PEP 440)`},
		{name: "windows", text: pylock, o: PylockOptions{Platform: win}, want: "usage f: wheels for windows/amd64 are not chosen from a pylock.toml"},
		{name: "extra", text: pylock, o: PylockOptions{Extras: []string{"slow"}}, want: `usage f: file has no extra "slow"; there are Fast`},
		{name: "group", text: pylock, o: PylockOptions{Groups: []string{"test"}}, want: `usage f: file has no dependency group "test"; there are dev, docs, main`},
		{name: "no groups", text: "lock-version = '1.0'\n", o: PylockOptions{Groups: []string{"test"}}, want: `usage f: file has no dependency group "test"; there are none`},
		{name: "other python", text: replace(">=3.9", ">=3.12"), want: "stale f:3: file requires Python >=3.12, not 3.11.9" + again},
		{name: "specifiers", text: replace(">=3.9", "=>3.9"), want: `usage f:3: requires-python: "=>3.9" is not a version specifier (PEP 440)`},
		{name: "other system", text: replace("sys_platform == 'linux'", "sys_platform == 'darwin'"), want: "stale f:2: file is for other environments than Python 3.11.9 on linux-64: sys_platform == 'darwin', or sys_platform == 'win32'" + again},
		{name: "environment", text: replace("sys_platform == 'linux'", "platform = 'linux'"), want: `usage f:2: marker: "package ; platform = 'linux'" is not a requirement (PEP 508): the marker has "platform" where a variable or a quoted text is due`},
		{name: "no name", text: replace("name = 'numpy'\n", ""), want: "usage f:17: an entry of packages has no name"},
		{name: "marker", text: replace("'main' in dependency_groups", "'main' in groups"), want: `usage f:30: marker: "package ; 'main' in groups" is not a requirement (PEP 508): the marker has "groups" where a variable or a quoted text is due`},
		{name: "package's python", text: replace(">=3.8", ">=3.12"), want: `stale f:9: package "attrs" requires Python >=3.12, not 3.11.9` + again},
		{name: "package's specifiers", text: replace(">=3.8", "3.8+"), want: `usage f:9: requires-python: "3.8+" is not a version specifier (PEP 440)`},
		{name: "twice", text: replace("name = 'numpy'\n", "name = 'Attrs'\n"), want: `usage f:17: package "Attrs" is listed twice for linux/amd64, first in line 9`},
		{name: "directory", text: pylock, o: PylockOptions{Groups: []string{"docs"}}, want: `usage f:47: package "docs": "./docs" is a source directory: gophersnake installs wheels only` + only},
		{name: "repository", text: replace("archive = {url = 'https://w.example/direct_link-1-py3-none-any.whl#egg=x'", "vcs = {type = 'git', url = 'https://u:p@g.example/x.git'"), want: `usage f:30: package "Direct.Link": "https://g.example/x.git" is a repository: gophersnake installs wheels only` + only},
		{name: "archive", text: replace("direct_link-1-py3-none-any.whl#egg=x", "direct_link-1.tar.gz"), want: `usage f:30: package "Direct.Link": "https://w.example/direct_link-1.tar.gz" is a source distribution: gophersnake installs wheels only` + only},
		{name: "sdist", text: replace("marker = \"sys_platform == 'win32'\"\n", ""), want: `usage f:35: package "windows": "https://w.example/windows-1.tar.gz" is a source distribution: gophersnake installs wheels only` + only},
		{name: "nothing", text: replace("archive = ", "other = "), want: `usage f:30: package "Direct.Link" has no wheel`},
		{name: "no place", text: replace("path = '../wheels/numpy", "pth = '../wheels/numpy"), want: `usage f:26: package "numpy" has a wheel without URL and path`},
		{name: "size", text: replace("63152", "-1"), want: `usage f:14: package "attrs": size -1 is not a number of bytes`},
		{name: "sha256", text: replace(sha256, "abc"), want: `usage f:14: package "attrs": sha256 "abc" is not 64 lower-case hex digits`},
		{name: "md5", text: replace(md5, "ABC"), want: `usage f:22: package "numpy": md5 "ABC" is not 32 lower-case hex digits`},
		{name: "other name", text: replace("example/attrs-", "example/attr-"), want: `usage f:14: package "attrs" has a file of "attr"`},
		{name: "other version", text: replace("version = '25.1'", "version = '25.2'"), want: `usage f:14: package "attrs" 25.2 has a file of version 25.1.0`},
		{name: "no tags", text: replace("https://user:secret@w.example/attrs-25.1.0-py3-none-any.whl", "https://w.example/attrs-25.1.0.whl"), want: `usage f:14: wheel file name "attrs-25.1.0.whl" does not have 5 or 6 parts that are joined by "-"`},
		{name: "up", text: replace("w.example/attrs", "w.example/../attrs"), want: `verification f:14: "https://w.example/../attrs-25.1.0-py3-none-any.whl" holds the path element ".."`},
		{name: "scheme", text: replace("https://user:secret@w", "ftp://w"), want: `usage f:14: "ftp://w.example/attrs-25.1.0-py3-none-any.whl" has the scheme "ftp", which is not https, http, oci or file`},
		{name: "query", text: replace("-none-any.whl', size", "-none-any.whl?token=secret', size"), want: `usage f:14: "https://w.example/attrs-25.1.0-py3-none-any.whl" has a query, which is no part of a package's URL`},
		{name: "upper case", text: replace("https://user", "HTTPS://user"), want: `usage f:14: "HTTPS://w.example/attrs-25.1.0-py3-none-any.whl" has the scheme "HTTPS", which is not https, http, oci or file`},
		{name: "secret of a source", text: replace("attrs-25.1.0-py3-none-any.whl', size", "attrs.zip?token=secret', size"), want: `usage f:14: package "attrs": "https://w.example/attrs.zip" is a source distribution: gophersnake installs wheels only` + only},
		{name: "no archive", text: replace("attrs-25.1.0-py3-none-any.whl', size", "attrs', size"), want: `usage f:14: package "attrs": "https://w.example/attrs" is no wheel: gophersnake installs wheels only` + only},
		{name: "long key", text: "a.b.c.d.e.f.g.h.i = 1\n", want: "usage f:1: file holds too much"},
		{name: "many keys", text: "a = 1\n" + strings.Repeat("[[a]]\n", 4000), want: "usage f:4001: file holds too much"},
		{name: "many inline keys", text: "a = [{b = {c = 1" + strings.Repeat(", d = 2", 4000) + "}}]\n", want: "usage f:1: file holds too much"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.o.Python == "" {
				tt.o.Python = "3.11.9"
			}
			if tt.o.Platform == none {
				tt.o.Platform = amd64
			}
			_, err := Pylock("f", []byte(tt.text), tt.o)
			if got := problem(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	_, err := Pylock("f", []byte(pylock), PylockOptions{Platform: amd64})
	if got, want := problem(err), "usage f: a pylock.toml cannot be read before the version of Python is known | add python to the dependencies"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestPylockOfUV reads what uv wrote for Python 3.10 and newer.
func TestPylockOfUV(t *testing.T) {
	data, err := os.ReadFile("testdata/pylock.uv.toml")
	if err != nil {
		t.Fatal(err)
	}
	for python, want := range map[string]map[string]int{
		"3.10.4": {"idna": 1, "importlib-metadata": 1, "markupsafe": 30, "tqdm": 1, "zipp": 1},
		"3.11.0": {"idna": 1, "markupsafe": 30, "tqdm": 1},
	} {
		conda, wheels, err := Read("pylock.uv.toml", data, Options{Platform: arm64, Python: python})
		if err != nil || conda != nil {
			t.Fatal(conda, err)
		}
		got := map[string]int{}
		for n, w := range wheels {
			got[w.Name]++
			if w.SHA256 == "" || w.Size == 0 || n > 0 && w.Line <= wheels[n-1].Line {
				t.Errorf("%+v", w)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", python, d)
		}
	}
}

func FuzzPylock(f *testing.F) {
	f.Add([]byte(pylock))
	f.Add([]byte("lock-version = '1.0'\npackages = [{name = 'a', wheels = [{path = 'a-1-py3-none-any.whl'}]}]\n"))
	f.Add([]byte("packages.a = 1\n[[packages]]\n[[packages.wheels]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		wheels, err := Pylock("f", data, PylockOptions{Python: "3.11.9", Platform: amd64})
		if err == nil {
			checkWheels(t, wheels)
		}
	})
}
