package importer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/platforms"
)

const pixiLock = `version: 7
platforms:
- name: linux-64
- name: gpu
  subdir: linux-aarch64
  virtual-packages:
  - __cuda >=12
- name: linux-ppc64le
environments:
  default:
    channels:
    - url: https://h.example/main/
    indexes:
    - https://w.example/simple
    packages:
      linux-64:
      - conda: https://user:secret@h.example/main/linux-64/a-1.10-h1_12.conda
      - conda: https://h.example/main/noarch/b-2-py_0.tar.bz2
      - pypi: https://user:secret@w.example/Six-1.16.0-py2.py3-none-any.whl
      - pypi: ./wheels/tool-1.0+x-py3-none-any.whl
      gpu:
      - conda: https://h.example/main/noarch/b-2-py_0.tar.bz2
      - conda_source: mine[01234567] @ git+https://user:secret@g.example/mine.git
      linux-ppc64le:
      - conda: https://h.example/main/noarch/unlisted-1-0.conda
  empty:
    channels: []
    packages: {}
packages:
- conda: https://user:secret@h.example/main/linux-64/a-1.10-h1_12.conda
  sha256: ` + sha256 + `
  md5: ` + md5 + `
  depends:
  - b >=1,<3
  constrains:
  - c 1.*
  channel: https://user:secret@mirror.example/main/
  license: MIT
  size: 42
  timestamp: 1696321871976
- conda: https://h.example/main/noarch/b-2-py_0.tar.bz2
  build_number: 1000
  md5: ` + md5 + `
- conda_source: mine[01234567] @ git+https://user:secret@g.example/mine.git
  version: 0.1.0
- pypi: https://user:secret@w.example/Six-1.16.0-py2.py3-none-any.whl
  name: six
  version: 1.16.0
  sha256: ` + sha256 + `
  requires_dist:
  - x>=1 ; extra == 'y'
  requires_python: '>=3.8'
- pypi: ./wheels/tool-1.0+x-py3-none-any.whl
  name: Tool
`

var (
	pixiA    = Imported{Platform: amd64, URL: "https://h.example/main/linux-64/a-1.10-h1_12.conda", MD5: md5, SHA256: sha256, Size: 42, Name: "a", Version: "1.10", Build: "h1_12", BuildNumber: 12, Subdir: "linux-64", Depends: []string{"b >=1,<3"}, Constrains: []string{"c 1.*"}, Channel: "https://mirror.example/main", Line: 30}
	pixiB    = Imported{Platform: amd64, URL: "https://h.example/main/noarch/b-2-py_0.tar.bz2", MD5: md5, Name: "b", Version: "2", Build: "py_0", BuildNumber: 1000, Subdir: "noarch", Depends: []string{}, Constrains: []string{}, Channel: "https://h.example/main", Line: 41}
	pixiSix  = Imported{Platform: amd64, URL: "https://w.example/Six-1.16.0-py2.py3-none-any.whl", SHA256: sha256, Name: "six", Version: "1.16.0", Requires: []string{"x>=1 ; extra == 'y'"}, RequiresPython: ">=3.8", Line: 46}
	pixiTool = Imported{Platform: amd64, URL: "./wheels/tool-1.0+x-py3-none-any.whl", Name: "tool", Version: "1.0+x", Requires: []string{}, Line: 53}
)

// pixiV5 says the same as a part of pixiLock, in the form of versions 4 and 5.
const pixiV5 = `version: 5
environments:
  default:
    channels: []
    packages:
      linux-64:
      - conda: https://h.example/main/linux-64/a-1.10-h1_12.conda
      - pypi: direct+https://w.example/Six-1.16.0-py2.py3-none-any.whl
      - pypi: ./wheels/tool-1.0+x-py3-none-any.whl
        extras: [fast]
packages:
- kind: conda
  name: a
  version: '1.10'
  build: h1_12
  subdir: linux-64
  url: https://h.example/main/linux-64/a-1.10-h1_12.conda
  sha256: ` + sha256 + `
  md5: ` + md5 + `
  depends:
  - b >=1,<3
  constrains:
  - c 1.*
  channel: https://mirror.example/main/
  size: 42
- kind: pypi
  name: six
  version: 1.16.0
  url: direct+https://w.example/Six-1.16.0-py2.py3-none-any.whl
  sha256: ` + sha256 + `
  requires_dist: ["x>=1 ; extra == 'y'"]
  requires_python: '>=3.8'
- kind: pypi
  name: tool
  version: 1.0+x
  path: ./wheels/tool-1.0+x-py3-none-any.whl
  editable: false
`

func TestPixi(t *testing.T) {
	linux := PixiOptions{Platforms: []platforms.Platform{amd64}}
	for _, tt := range []struct {
		name, text    string
		o             PixiOptions
		conda, wheels []Imported
	}{
		{"version 7", pixiLock, linux, []Imported{pixiA, pixiB}, []Imported{pixiSix, pixiTool}},
		{"version 6", strings.Replace(pixiLock, "version: 7", "version: 6", 1), linux, []Imported{pixiA, pixiB}, []Imported{pixiSix, pixiTool}},
		{"version 5", pixiV5, linux, []Imported{pixiA}, []Imported{pixiSix, pixiTool}},
		{"version 4", strings.Replace(pixiV5, "version: 5", "version: 4", 1), PixiOptions{}, []Imported{pixiA}, []Imported{pixiSix, pixiTool}},
		{"empty", pixiLock, PixiOptions{Environment: "empty"}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conda, wheels, err := Pixi("pixi.lock", []byte(tt.text), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []string{cmp.Diff(tt.conda, conda, ignoreLines(tt.text != pixiLock)), cmp.Diff(tt.wheels, wheels, ignoreLines(tt.text != pixiLock))} {
				if d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
		})
	}
}

func ignoreLines(yes bool) cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { return yes && p.Last().String() == ".Line" }, cmp.Ignore())
}

// TestPixiPlatforms chooses among platforms with names of their own.
func TestPixiPlatforms(t *testing.T) {
	const head = "version: 7\nplatforms: [{name: linux-64}, {name: cuda, subdir: linux-64}, {name: old, subdir: linux-64}]\n"
	file := func(keys ...string) string {
		text := head + "environments:\n  default:\n    packages:\n"
		for _, key := range keys {
			text += "      " + key + ":\n      - conda: https://h.example/main/noarch/" + key + "-1-0.conda\n"
		}
		text += "packages:\n"
		for _, key := range keys {
			text += "- conda: https://h.example/main/noarch/" + key + "-1-0.conda\n"
		}
		return text
	}
	for _, tt := range []struct{ text, want string }{
		{file("linux-64", "cuda"), "linux-64"},
		{file("cuda"), "cuda"},
		{file("cuda", "old"), `usage f:6: environment "default" has several platforms for linux-64: cuda, old`},
		{file("win-64"), `stale f:6: environment "default" is for win-64, not for linux-64 | pixi workspace platform add linux-64 adds it`},
		{head + "environments: {default: {packages: {}}}\npackages: []\n", `stale f:3: environment "default" is for no platform, not for linux-64 | pixi workspace platform add linux-64 adds it`},
	} {
		conda, _, err := Pixi("f", []byte(tt.text), PixiOptions{Platforms: []platforms.Platform{amd64}})
		got := problem(err)
		if err == nil {
			got = strings.Join(names(conda), " ")
		}
		if got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestPixiErrors(t *testing.T) {
	replaceIn := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("the sample lacks %q", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	replace := func(old, new string) string { return replaceIn(pixiLock, old, new) }
	export := " | `pixi workspace export conda-explicit-spec` writes a file that this tool reads"
	source := " | put the built package into a channel, or choose an environment without it"
	only := " | lock a version that has a wheel, or take the package from a conda channel"
	arm := PixiOptions{Platforms: []platforms.Platform{arm64}}
	for _, tt := range []struct {
		name, text, want string
		o                PixiOptions
	}{
		{name: "list", text: "- a\n", want: "usage f:1: the file is not a mapping"},
		{name: "no version", text: "environments: {}\n", want: "usage f:1: the file has no version"},
		{name: "version", text: "version: x\n", want: `usage f:1: version "x" is not a positive whole number`},
		{name: "old", text: "version: 3\n", want: "usage f:1: version 3 of pixi.lock is too old: 4 is the first that this tool knows | run `pixi lock`, which writes the file anew"},
		{name: "new", text: replace("version: 7", "version: 8"), want: "usage f:1: version 8 of pixi.lock is newer than this tool knows (7)" + export},
		{name: "no environments", text: "version: 6\npackages: []\n", want: "usage f: file has no environments: it is not a pixi.lock"},
		{name: "environments", text: "version: 6\nenvironments: x\n", want: "usage f:2: environments is not a mapping"},
		{name: "unknown environment", text: pixiLock, o: PixiOptions{Environment: "prod"}, want: `usage f:10: file has no environment "prod"; there are default, empty`},
		{name: "environment", text: "version: 6\nenvironments: {default: x}\n", want: `usage f:2: environment "default" is not a mapping`},
		{name: "no packages of an environment", text: "version: 6\nenvironments: {default: {a: b}}\n", want: `usage f:2: environment "default" has no packages`},
		{name: "packages of an environment", text: "version: 6\nenvironments: {default: {packages: [x]}}\n", want: `usage f:2: environment "default": packages is not a mapping`},
		{name: "packages of a platform", text: "version: 6\nenvironments: {default: {packages: {linux-64: x}}}\npackages: []\n", want: `usage f:2: environment "default": packages of linux-64 are not a list`},
		{name: "no packages", text: "version: 6\nenvironments: {default: {packages: {}}}\n", o: PixiOptions{}, want: "usage f: file has no list of packages: it is not a pixi.lock"},
		{name: "packages", text: "version: 6\nenvironments: {default: {packages: {}}}\npackages: x\n", want: "usage f:3: packages is not a list"},
		{name: "entry", text: "version: 6\nenvironments: {default: {packages: {}}}\npackages: [x]\n", want: "usage f:3: an entry of packages is not a mapping"},
		{name: "kind of entry", text: "version: 6\nenvironments: {default: {packages: {}}}\npackages: [{deb: x}]\n", want: "usage f:3: an entry of packages is neither of conda nor of pypi"},
		{name: "no kind", text: replaceIn(pixiV5, "- kind: conda", "- kin: conda"), want: "usage f:12: an entry of packages has no kind"},
		{name: "kind", text: replaceIn(pixiV5, "- kind: conda", "- kind: deb"), want: `usage f:12: kind "deb" is neither conda nor pypi`},
		{name: "no place", text: replaceIn(pixiV5, "  path: ", "  pth: "), want: "usage f:33: an entry of packages has no path"},
		{name: "platforms", text: replace("platforms:\n", "platforms: {}\nx:\n"), want: "usage f:2: platforms is not a list"},
		{name: "platform", text: replace("- name: linux-64\n", "- x\n"), want: "usage f:3: an entry of platforms is not a mapping"},
		{name: "no name of a platform", text: replace("- name: linux-64\n", "- nome: x\n"), want: "usage f:3: an entry of platforms has no name"},
		{name: "subdir of a platform", text: replace("subdir: linux-aarch64", "subdir: [x]"), want: `usage f:5: platform "gpu": subdir is not text`},
		{name: "package of an environment", text: replace("- conda: https://user", "- deb: https://user"), want: "usage f:17: a package of an environment is neither of conda nor of pypi"},
		{name: "not in the list", text: replace("- conda: https://user:secret@h.example/main/linux-64/a-1.10-", "- conda: https://user:secret@h.example/main/linux-64/a-1.11-"), want: `usage f:17: "https://h.example/main/linux-64/a-1.11-h1_12.conda" is not in the list of packages`},
		{name: "twice in the list", text: pixiLock + "- conda: https://h.example/main/noarch/b-2-py_0.tar.bz2\n  md5: " + strings.Repeat("0", 32) + "\n", want: `usage f:55: "https://h.example/main/noarch/b-2-py_0.tar.bz2" is listed twice, first in line 41`},
		{name: "source", text: pixiLock, o: arm, want: `usage f:23: package "mine[01234567] @ git+https://g.example/mine.git" has to be built from source: gophersnake installs packages only` + source},
		{name: "source of version 6", text: replace("- conda: https://user:secret@h.example/main/linux-64/a-1.10-h1_12.conda", "- conda: ../a"), want: `usage f:17: package "../a" has to be built from source: gophersnake installs packages only` + source},
		{name: "name", text: replaceIn(pixiV5, "name: a\n", "name: b\n"), want: `usage f:13: package "a": name is "b", but "a" in the URL`},
		{name: "version of a package", text: replaceIn(pixiV5, "'1.10'", "1.1"), want: `usage f:14: package "a": version is "1.1", but "1.10" in the URL`},
		{name: "build", text: replaceIn(pixiV5, "build: h1_12", "build: h1_2"), want: `usage f:15: package "a": build is "h1_2", but "h1_12" in the URL`},
		{name: "build number", text: replace("build_number: 1000", "build_number: -1"), want: `usage f:42: package "b": build_number "-1" is not a whole number`},
		{name: "sha256", text: replace(sha256, "abc"), want: `usage f:31: package "a": sha256 "abc" is not 64 lower-case hex digits`},
		{name: "size", text: replace("size: 42", "size: 4.2"), want: `usage f:39: package "a": size "4.2" is not a number of bytes`},
		{name: "depends", text: replace("depends:\n  - b >=1,<3", "depends: {b: 1}"), want: `usage f:33: package "a": depends is not a list`},
		{name: "channel", text: replace("https://user:secret@mirror.example/main/", "main"), want: `usage f:37: package "a": channel "main" is not a URL`},
		{name: "other subdir", text: strings.ReplaceAll(pixiLock, "main/linux-64/a", "main/win-64/a"), want: `stale f:30: package "a" is for win-64, not for linux-64`},
		{name: "up", text: strings.ReplaceAll(pixiLock, "main/linux-64/a", "main/../linux-64/a"), want: `verification f:30: "https://h.example/main/../linux-64/a-1.10-h1_12.conda" holds the path element ".."`},
		{name: "two of a name", text: strings.ReplaceAll(pixiLock, "noarch/b-2", "noarch/a-2"), want: `usage f:41: package "a" is listed twice for linux/amd64, first in line 30`},
		{name: "wheel without name", text: replace("  name: Tool\n", "  nam: Tool\n"), want: "usage f:53: an entry of packages has no name"},
		{name: "other wheel", text: replace("name: Tool", "name: tools"), want: `usage f:53: package "tools" has a file of "tool"`},
		{name: "other version of a wheel", text: replace("version: 1.16.0", "version: 1.16.1"), want: `usage f:46: package "six" 1.16.1 has a file of version 1.16.0`},
		{name: "editable", text: replaceIn(pixiV5, "editable: false", "editable: true"), want: `usage f:33: package "tool": "./wheels/tool-1.0+x-py3-none-any.whl" is installed as editable: gophersnake installs wheels only` + only},
		{name: "directory", text: strings.ReplaceAll(pixiLock, "./wheels/tool-1.0+x-py3-none-any.whl", "./tool"), want: `usage f:53: package "Tool": "./tool" is a source directory: gophersnake installs wheels only` + only},
		{name: "repository", text: strings.ReplaceAll(pixiLock, "./wheels/tool-1.0+x-py3-none-any.whl", "git+ssh://git@g.example/t.git@0123"), want: `usage f:53: package "Tool": "git+ssh://g.example/t.git@0123" is a repository: gophersnake installs wheels only` + only},
		{name: "sdist", text: strings.ReplaceAll(pixiLock, "./wheels/tool-1.0+x-py3-none-any.whl", "https://w.example/tool-1.tar.gz#sha256=0"), want: `usage f:53: package "Tool": "https://w.example/tool-1.tar.gz" is a source distribution: gophersnake installs wheels only` + only},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.o.Platforms == nil && !strings.Contains(tt.text, "packages: {}}}") {
				tt.o.Platforms = []platforms.Platform{amd64}
			}
			_, _, err := Pixi("f", []byte(tt.text), tt.o)
			if got := problem(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func FuzzPixi(f *testing.F) {
	f.Add([]byte(pixiLock))
	f.Add([]byte(pixiV5))
	f.Add([]byte("version: 6\nenvironments: {default: {packages: {linux-64: [{pypi: a-1-py3-none-any.whl}]}}}\npackages: [{pypi: a-1-py3-none-any.whl, name: A}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		conda, wheels, err := Pixi("f", data, PixiOptions{})
		if err == nil {
			checkImported(t, conda)
			checkWheels(t, wheels)
		}
	})
}
