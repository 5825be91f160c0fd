package importer

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

const condaLock = `# made by hand
version: 1
metadata:
  channels:
    - url: main
      used_env_vars: []
  platforms: [linux-64, linux-aarch64, linux-ppc64le]
package:
- name: a
  version: 1.10
  manager: conda
  platform: linux-64
  dependencies: {b: '', c: '>=3,<4'}
  url: https://user:secret@h.example/main/linux-64/a-1.10-0.conda
  hash: {md5: ` + md5 + `, sha256: ` + sha256 + `}
  category: main
  optional: false
  size: 42
- name: a
  version: 1.10
  manager: conda
  platform: linux-64
  url: https://h.example/main/linux-64/a-1.10-0.conda
  hash: {md5: ` + md5 + `, sha256: ` + sha256 + `}
  category: dev
- name: b
  version: '2'
  manager: conda
  platform: linux-aarch64
  dependencies: []
  url: https://h.example/main/noarch/b-2-py_0.tar.bz2
  hash: {md5: ` + md5 + `}
- name: d
  version: '2'
  manager: conda
  platform: linux-64
  url: https://h.example/main/noarch/d-2-py_0.tar.bz2
  hash: {md5: ` + md5 + `}
  category: [dev, docs]
- name: e
  version: '2'
  manager: conda
  platform: linux-ppc64le
  url: https://h.example/main/linux-ppc64le/e-2-0.tar.bz2
  hash: {md5: ` + md5 + `}
- name: __glibc
  version: '2.17'
  manager: conda
  platform: linux-64
- name: six
  version: 1.16.0
  manager: pip
  platform: linux-64
  dependencies: {}
  url: https://w.example/six-1.16.0-py2.py3-none-any.whl
  hash: {sha256: ` + sha256 + `}
- name: Zope.Interface
  version: 1.0.0
  manager: pip
  platform: linux-64
  dependencies: {six: '*', setuptools: '>=40'}
  url: https://user:secret@w.example/zope_interface-1.0-cp311-cp311-manylinux_2_17_x86_64.whl#sha256=` + sha256 + `
`

func TestCondaLock(t *testing.T) {
	a := Imported{Platform: amd64, URL: "https://h.example/main/linux-64/a-1.10-0.conda", MD5: md5, SHA256: sha256, Name: "a", Version: "1.10", Build: "0", Subdir: "linux-64", Size: 42, Depends: []string{"b", "c >=3,<4"}, Channel: "https://h.example/main", Line: 9}
	b := Imported{Platform: arm64, URL: "https://h.example/main/noarch/b-2-py_0.tar.bz2", MD5: md5, Name: "b", Version: "2", Build: "py_0", Subdir: "noarch", Channel: "https://h.example/main", Line: 26}
	d := Imported{Platform: amd64, URL: "https://h.example/main/noarch/d-2-py_0.tar.bz2", MD5: md5, Name: "d", Version: "2", Build: "py_0", Subdir: "noarch", Channel: "https://h.example/main", Line: 33}
	six := Imported{Platform: amd64, URL: "https://w.example/six-1.16.0-py2.py3-none-any.whl", SHA256: sha256, Name: "six", Version: "1.16.0", Line: 50}
	zope := Imported{Platform: amd64, URL: "https://w.example/zope_interface-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", SHA256: sha256, Name: "zope-interface", Version: "1.0", Requires: []string{"six", "setuptools >=40"}, Line: 57}
	for _, tt := range []struct {
		name       string
		o          CondaLockOptions
		conda, pip []Imported
	}{
		{"all", CondaLockOptions{}, []Imported{a, b}, []Imported{six, zope}},
		{"one platform", CondaLockOptions{Platforms: []platforms.Platform{arm64}}, []Imported{b}, nil},
		{"two categories", CondaLockOptions{Categories: []string{"main", "dev"}}, []Imported{a, b, d}, []Imported{six, zope}},
		{"docs", CondaLockOptions{Categories: []string{"docs"}}, []Imported{d}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conda, pip, err := CondaLock("conda-lock.yml", []byte(condaLock), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.conda, conda); d != "" {
				t.Errorf("conda (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.pip, pip); d != "" {
				t.Errorf("pip (-want +got):\n%s", d)
			}
		})
	}
	if _, _, err := CondaLock("f", []byte(strings.Replace(condaLock, "version: 1\n", "", 1)), CondaLockOptions{}); err != nil {
		t.Errorf("without a version: %v", err)
	}
}

func TestCondaLockErrors(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(condaLock, old) {
			t.Fatalf("the sample lacks %q", old)
		}
		return strings.Replace(condaLock, old, new, 1)
	}
	for _, tt := range []struct {
		name, text, want string
		o                CondaLockOptions
	}{
		{name: "empty", text: "", want: "usage f: file holds 0 YAML documents with content, not one"},
		{name: "two documents", text: "a: 1\n---\nb: 2\n", want: "usage f: file holds 2 YAML documents with content, not one"},
		{name: "syntax", text: "a: [1\n", want: "usage f:1: sequence end token ']' not found"},
		{name: "list", text: "- a\n", want: "usage f:1: the file is not a mapping"},
		{name: "newer", text: replace("version: 1\n", "version: 2\n"), want: "usage f:2: version 2 is newer than this tool knows (1) | conda-lock writes version 1; other numbers are those of pixi.lock"},
		{name: "negative", text: replace("version: 1\n", "version: -1\n"), want: `usage f:2: version "-1" is not a positive whole number`},
		{name: "pixi", text: "version: 6\nenvironments: {}\npackages: []\n", want: "usage f:1: file is a pixi.lock, not a conda-lock.yml"},
		{name: "alias", text: "a: &x [1]\nb: *x\n", want: "usage f:1: anchors, aliases, merge keys, tags and directives are not read"},
		{name: "tag", text: "a: !!binary x\n", want: "usage f:1: anchors, aliases, merge keys, tags and directives are not read"},
		{name: "nested", text: strings.Repeat("[", 1000), want: "usage f:1: line holds too much"},
		{name: "indented", text: "a:\n" + strings.Repeat("- ", 1000), want: "usage f:2: line is indented by more than 64"},
		{name: "many tokens", text: strings.Repeat(`"\n"`, 9000), want: "usage f:1: line holds too much"},
		{name: "duplicate key", text: "a: 1\na: 2\n", want: `usage f:2: mapping key "a" already defined at [1:1]`},
		{name: "no metadata", text: "version: 1\npackage: []\n", want: "usage f: file has no metadata: it is not a conda-lock.yml"},
		{name: "metadata", text: "metadata: x\npackage: []\n", want: "usage f:1: metadata is not a mapping"},
		{name: "no packages", text: "metadata: {platforms: []}\n", want: "usage f: file has no list of packages: it is not a conda-lock.yml"},
		{name: "packages", text: "metadata: {platforms: []}\npackage: x\n", want: "usage f:2: package is not a list"},
		{name: "entry", text: "metadata: {platforms: []}\npackage:\n- x\n", want: "usage f:3: an entry of package is not a mapping"},
		{name: "no name", text: replace("- name: a\n", "- nome: a\n"), want: "usage f:9: an entry of package has no name"},
		{name: "no manager", text: replace("  manager: conda\n", ""), want: `usage f:9: package "a" has no manager`},
		{name: "manager", text: replace("manager: conda", "manager: npm"), want: `usage f:11: package "a": manager "npm" is neither conda nor pip`},
		{name: "no platform", text: replace("  platform: linux-64\n", ""), want: `usage f:9: package "a" has no platform`},
		{name: "platform", text: replace("platform: linux-64", "platform: linux"), want: `usage f:12: package "a": subdir "linux" is not one of linux-64, linux-aarch64, osx-64, osx-arm64, win-64, win-arm64`},
		{name: "no url", text: replace("  url: https://user", "  uri: https://user"), want: `usage f:9: package "a" has no url`},
		{name: "url", text: replace("/a-1.10-0.conda", "/../a-1.10-0.conda"), want: `verification f:14: "https://h.example/main/linux-64/../a-1.10-0.conda" holds the path element ".."`},
		{name: "other file", text: replace("/a-1.10-0.conda", "/a-1.1-0.conda"), want: `usage f:14: package "a" 1.10 has a file of "a" 1.1`},
		{name: "other subdir", text: replace("linux-64/a-1.10", "win-64/a-1.10"), want: `stale f:14: package "a" is for win-64, not for linux-64`},
		{name: "no hash", text: replace("  hash: {md5: "+md5+", sha256", "  hsh: {md5: "+md5+", sha256"), want: `usage f:9: package "a" has no hash`},
		{name: "empty hash", text: replace("{md5: "+md5+", sha256: "+sha256+"}", "{}"), want: `usage f:9: package "a" has no hash`},
		{name: "hash", text: replace(md5, "abc"), want: `usage f:15: package "a": md5 "abc" is not 32 lower-case hex digits`},
		{name: "size", text: replace("size: 42", "size: -1"), want: `usage f:18: package "a": size "-1" is not a number of bytes`},
		{name: "dependencies", text: replace("{b: '', c: '>=3,<4'}", "x"), want: `usage f:13: package "a": dependencies is not a mapping`},
		{name: "constraint", text: replace("{b: '', c: '>=3,<4'}", "{b: [1]}"), want: `usage f:13: package "a": dependencies: b is not text`},
		{name: "category", text: replace("category: main", "category: {a: b}"), want: `usage f:16: package "a": category is not a list`},
		{name: "other platform", text: condaLock, o: CondaLockOptions{Platforms: []platforms.Platform{win}}, want: "stale f:4: file is for linux-64, linux-aarch64, linux-ppc64le, not for win-64 | conda-lock lock --platform win-64 adds it"},
		{name: "other category", text: condaLock, o: CondaLockOptions{Categories: []string{"test"}}, want: `usage f: no package has the category "test"; there are dev, docs, main`},
		{name: "two answers", text: strings.Replace(condaLock, "linux-64/a-1.10-0.conda\n  hash: {md5: "+md5+", sha256: "+sha256+"}\n  category: dev", "linux-64/a-1.10-1.conda\n  hash: {md5: "+md5+"}", 1), want: `usage f:19: package "a" is listed twice for linux/amd64, first in line 9`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := CondaLock("f", []byte(tt.text), tt.o)
			if got := problem(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestRealCondaLock reads every conda-lock.yml of the shared data. Those that
// are refused are so for the reason given.
func TestRealCondaLock(t *testing.T) {
	refused := map[string]string{
		"conda-lock-v1-invalid-metadata-type.yml":     "2: metadata is not a mapping",
		"conda-lock-v1-missing-metadata.yml":          " file has no metadata: it is not a conda-lock.yml",
		"conda-lock-v1-missing-package.yml":           " file has no list of packages: it is not a conda-lock.yml",
		"bad_package-lock.yaml":                       " file has no metadata: it is not a conda-lock.yml",
		"bad_version-lock.yaml":                       `1: version "-1" is not a positive whole number`,
		"good_overlap_categories-lock.yaml":           ` no package has the category "main"; there are bar, foo`,
		"forward-compatible-lock.yml":                 "11: version 1000 is newer than this tool knows (1)",
		"robostack-turtlesim-conda-lock.yml":          "1: version 3 is newer than this tool knows (1)",
		"test-lockfile/conda-lock.yml":                `5493: package "pydashi": "https://github.com/IceCube-SPNO/dashi/archive/refs/tags/v2.0.0-alpha.0.tar.gz" is a source distribution: gophersnake installs wheels only`,
		"test-pypi-resolve-gh155/conda-lock.yml":      `numpy-1.22.2.zip" is a source distribution: gophersnake installs wheels only`,
		"pypi-matplotlib-conda-lock.yml":              `numpy-1.22.2.zip" is a source distribution: gophersnake installs wheels only`,
		"test-v2-to-v3-upgrade/conda-lock-v2.5.8.yml": `v6.1.tar.gz" is a source distribution: gophersnake installs wheels only`,
		"test-v2-to-v3-upgrade/conda-lock-v3.0.2.yml": `v6.1.tar.gz" is a source distribution: gophersnake installs wheels only`,
		"test-v2-to-v3-upgrade/conda-lock-v3.0.3.yml": `v6.1.tar.gz" is a source distribution: gophersnake installs wheels only`,
		"mamba/test-env-lock-pip-git-https.yaml":      `540: package "python-dateutil": "git+https://github.com/dateutil/dateutil@9eaa5de584f9f374c6e4943069925cc53522ad61" is a repository: gophersnake installs wheels only`,
		"mamba/test-env-pip-lock.yaml":                `Checkm-0.4.tar.gz" is a source distribution: gophersnake installs wheels only`,
	}
	reason := func(name string) string {
		for file, why := range refused {
			if strings.HasSuffix(name, "/"+file) {
				return why
			}
		}
		return ""
	}
	files := sharedFiles(t, func(name, text string) bool {
		if strings.Contains(text, "\nenvironments:") || path.Ext(name) == ".json" || path.Base(name) == "meta.yaml" {
			return false
		}
		return strings.Contains(text, "\npackage:") || reason(name) != ""
	})
	read, conda, pip := 0, 0, 0
	for name, data := range files {
		c, p, err := CondaLock(name, data, CondaLockOptions{})
		if why := reason(name); why != "" {
			if err == nil || !strings.HasPrefix(err.Error(), name+":") || !strings.HasSuffix(err.Error(), why) {
				t.Errorf("%s: %v, want %s", name, err, why)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		checkImported(t, c)
		checkWheels(t, p)
		read, conda, pip = read+1, conda+len(c), pip+len(p)
	}
	t.Logf("%d files with %d conda and %d pip packages; %d files refused", read, conda, pip, len(files)-read)
	if read < 24 || len(files)-read != len(refused) {
		t.Errorf("%d files read, %d refused of %d: some are missing", read, len(files)-read, len(refused))
	}
}

func FuzzCondaLock(f *testing.F) {
	f.Add([]byte(condaLock))
	f.Add([]byte("version: 1\nmetadata: {platforms: [linux-64]}\npackage:\n"))
	f.Add([]byte("? a\n: |\n  b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		conda, wheels, err := CondaLock("f", data, CondaLockOptions{})
		if err == nil {
			checkImported(t, conda)
			checkWheels(t, wheels)
		}
	})
}
