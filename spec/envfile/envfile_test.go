package envfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

var (
	amd64 = platforms.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platforms.Platform{OS: "linux", Arch: "arm64"}
	mac   = platforms.Platform{OS: "darwin", Arch: "arm64"}
	win   = platforms.Platform{OS: "windows", Arch: "amd64"}
)

const whole = `# the team's environment
# go_version: go1.21.6
name: tools
prefix: /home/somebody/tools
channels:
  - https://channel.example/cpython
  - defaults
  - nodefaults
dependencies:
  - python=3.11.*
  - 'numpy[version=">=1.26"]'  # the array [of numbers]
  - clang     # [osx]
  - gcc >=12  # [linux and not aarch64]
  - sel(win): m2-base
  - sel(unix): make
  - pip:
    - requests[socks]>=2; python_version < "4"
    - pywin32  # [win]
  - pip:     # [win64]
    - colorama
variables:
  LEVEL: 1.10
  DEBUG: true
  GREETING: "a # [win] b"
  SHELL: sh   # [unix]
  SHELL: cmd  # [win]
platforms: [linux-64, linux-aarch64, osx-arm64, win-64, linux-ppc64le]
category: dev
chanels: []
pip-repositories: []
`

func TestRead(t *testing.T) {
	f, err := Read("e.yml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name != "tools" || f.GoVersion != "1.21.6" {
		t.Errorf("name %q, Go %q", f.Name, f.GoVersion)
	}
	if d := cmp.Diff([]string{
		"e.yml:4: prefix is not used: [conda] prefix of gophersnake.toml says where the environment lies in the image",
		`e.yml:28: category "dev" is not used: all dependencies are taken`,
		`e.yml:29: key "chanels" is unknown and not used; did you mean "channels"?`,
		`e.yml:30: key "pip-repositories" is unknown and not used; known keys: name, prefix, channels, dependencies, variables, platforms, category`,
	}, f.Warnings); d != "" {
		t.Error(d)
	}
	deps := func(all ...string) (list []Dependency) {
		for i := 0; i < len(all); i += 2 {
			list = append(list, Dependency{all[i], "e.yml:" + all[i+1]})
		}
		return list
	}
	python, numpy, requests := []string{"python=3.11.*", "10"}, []string{`numpy[version=">=1.26"]`, "11"}, []string{`requests[socks]>=2; python_version < "4"`, "17"}
	base := append(python, numpy...)
	for p, want := range map[platforms.Platform]Part{
		amd64: {Dependencies: deps(append(base, "gcc >=12", "13", "make", "15")...), Pip: deps(requests...)},
		arm64: {Dependencies: deps(append(base, "make", "15")...), Pip: deps(requests...)},
		mac:   {Dependencies: deps(append(base, "clang", "12", "make", "15")...), Pip: deps(requests...)},
		win:   {Dependencies: deps(append(base, "m2-base", "14")...), Pip: deps(append(requests, "pywin32", "18", "colorama", "20")...)},
	} {
		want.Channels, want.NoDefaults = []string{"https://channel.example/cpython"}, true
		want.Variables = map[string]string{"LEVEL": "1.10", "DEBUG": "true", "GREETING": "a # [win] b", "SHELL": "sh"}
		if p == win {
			want.Variables["SHELL"] = "cmd"
		}
		got, err := f.For(p)
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", p, d)
		}
	}
	_, err = f.For(platforms.Platform{OS: "darwin", Arch: "amd64"})
	want := "usage e.yml:27: platforms has linux-64, linux-aarch64, osx-arm64, win-64, linux-ppc64le, not osx-64" +
		" | add osx-64 to platforms, or take it out of [image] platforms"
	if problem(err) != want {
		t.Errorf("osx-64: %s, want %s", problem(err), want)
	}
}

func TestUnknownPlatform(t *testing.T) {
	f, err := Read("e.yml", []byte("dependencies: [a]\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.For(platforms.Platform{OS: "plan9", Arch: "arm"})
	if want := `usage platform "plan9/arm" is none that gophersnake knows`; problem(err) != want {
		t.Errorf("%s, want %s", problem(err), want)
	}
}

func TestWindowsText(t *testing.T) {
	f, err := Read("e.yml", []byte("\uFEFFdependencies:\r\n- a  # [win]\r\n- b c\r\nvariables:\r\n  X: |\r\n    1\r\n    2\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.For(amd64)
	want := Part{Dependencies: []Dependency{{"b c", "e.yml:3"}}, Variables: map[string]string{"X": "1\n2\n"}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

// TestMistakeOfOnePlatform reads a file that is wrong on Windows alone.
func TestMistakeOfOnePlatform(t *testing.T) {
	f, err := Read("e.yml", []byte("dependencies:\n- a\n- pip:  # [win]\n  - -e .\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := f.For(amd64); err != nil || len(p.Dependencies) != 1 {
		t.Error(p, err)
	}
	if _, err := f.For(win); err == nil || err.Error() != `e.yml:4: "-e ." is an option of pip, not a requirement` {
		t.Error(err)
	}
}

// problem returns an error as "class text | hint".
func problem(err error) string {
	if err == nil {
		return "no error"
	}
	s := string(fault.ClassOf(err)) + " " + err.Error()
	var f *fault.Error
	if errors.As(err, &f) && f.Hint() != "" {
		s += " | " + f.Hint()
	}
	return s
}

func TestErrors(t *testing.T) {
	const names = " | names are linux, osx, win, unix, linux64, aarch64, osx64, arm64, win64, x86_64, x86, joined by not, and, or and parentheses"
	for _, tt := range []struct{ text, want string }{
		{"", "e.yml: file holds 0 YAML documents with content, not one"},
		{"- a\n", "e.yml:1: the file is not a mapping"},
		{"a: 1\nb: 2\na: 3\n", `e.yml:3: mapping key "a" already defined at [1:1]`},
		{"x: &a 1\n", "e.yml:1: anchors, aliases, merge keys, tags and directives are not read"},
		{"\xff\xfea\x00", "e.yml:1: file is UTF-16, not UTF-8 | save it as UTF-8"},
		{"a: 1\nb: \xff\n", "e.yml:2: line is not UTF-8 text"},
		{"a: 1\nb: \x1b\n", "e.yml:2: line holds a control character"},
		{"dependencies:\n\t- a\n", "e.yml:2: line is indented with a tab, which YAML does not allow | indent with spaces"},
		{strings.Repeat("#", MaxSize+1), "e.yml: file has more than 1 MiB"},
		{"channels: x\n", "e.yml:1: channels is not a list"},
		{"channels:\n- {url: x}\n", "e.yml:2: channels holds something that is not text"},
		{"name: [x]\n", "e.yml:1: the file: name is not text"},
		{"dependencies: a\n", "e.yml:1: dependencies is not a list"},
		{"dependencies:\n- a\n- ''\n", "e.yml:3: dependencies holds an empty item"},
		{"dependencies:\n- a\n-\n", "e.yml:3: dependencies holds an empty item"},
		{"dependencies:\n- [a]\n", "e.yml:2: an item of dependencies is not a mapping"},
		{"dependencies:\n- npm: [a]\n", `e.yml:2: key "npm" in dependencies is neither pip nor sel(…) | a specification with a colon and a space needs quotes`},
		{"dependencies:\n- sel(bsd): a\n", `e.yml:2: "sel(bsd)" in dependencies: the selector is not one of unix, linux, osx and win`},
		{"dependencies:\n- sel(unix): ''\n- sel(win): ''\n", "e.yml:2: sel(unix) holds an empty item"},
		{"dependencies:\n- pip: a\n", "e.yml:2: pip is not a list"},
		{"dependencies:\n- pip:\n  - {a: b}\n", "e.yml:3: pip holds something that is not text"},
		{"dependencies:\n- pip:\n  - -r x.txt\n", `e.yml:3: "-r x.txt" is an option of pip, not a requirement | write the file's requirements here`},
		{"dependencies:\n- pip:\n  - --editable=.\n", `e.yml:3: "--editable=." is an option of pip, not a requirement | only wheels are installed; a directory of your own belongs in [[files]]`},
		{"dependencies:\n- pip:\n  - a --no-deps\n", `e.yml:3: "--no-deps" is an option of pip, not a requirement | options belong in pip's configuration; hashes are written to gophersnake.lock`},
		{"dependencies:\n- pip\n  - a\n", `e.yml:3: "pip - a" is one item of dependencies | items stand one below the other; a list of requirements for pip stands below "- pip:"`},
		{"variables: [a]\n", "e.yml:1: variables is not a mapping"},
		{"variables:\n  A:\n", `e.yml:2: variables: A has no value | write A: "" for an empty one`},
		{"variables:\n  A: 1\n  GOROOT: /usr/lib/go\n", "e.yml:3: variables.GOROOT: GOROOT is never exported | each toolchain finds its own: remove it"},
		{
			"variables:\n  GOPROXY: https://u:secret@p.example.com,direct\n",
			"e.yml:2: variables.GOPROXY: the URL holds credentials | remove them: credentials come from the container configuration, .netrc or the environment",
		},
		{
			"variables:\n  PIP_INDEX_URL: https://u:secret@p.example.com/simple\n",
			"e.yml:2: variables.PIP_INDEX_URL: the URL holds credentials | remove them: credentials come from the container configuration, .netrc or the environment",
		},
		{"variables:\n  CGO_ENABLED: true\n", `e.yml:2: variables.CGO_ENABLED: "true" is neither 0 nor 1`},
		{"variables:\n  A: [1]\n", "e.yml:2: variables: A is not text"},
		{"variables:\n  A=B: 1\n", `e.yml:2: variables: "A=B" is not a name of a variable`},
		{"platforms: linux-64\n", "e.yml:1: platforms is not a list"},
		{"platforms: [noarch]\n", "e.yml:1: platforms has noarch, not linux-64 | add linux-64 to platforms, or take it out of [image] platforms"},
		{"# go_version: latest\n", `e.yml:1: go_version "latest" is not a Go version | write one such as go1.21.6`},
		{"# go_version: 1.21.6\n#go_version: go1.22\n", "e.yml:2: go_version is 1.22 here and 1.21.6 in line 1"},
		{"a: 1\nb: 2  # [py38]\n", `e.yml:2:10: selector has "py38", which is not a name of a platform` + names},
		{"a: 1  # [linux\n", "e.yml:1:9: selector has no closing bracket" + names},
		{"a: 1  # []\n", "e.yml:1:10: selector ends where a name is missing" + names},
		{"a: 1  # [linux osx]\n", `e.yml:1:16: selector has "osx" where it could end` + names},
		{"a: 1  # [(linux]\n", "e.yml:1:16: selector lacks a closing parenthesis" + names},
		{"a: 1  # [linux] [osx]\n", "e.yml:1:17: selector is the second of its line" + names},
		{"a: 1  # [" + strings.Repeat("(", 65) + "linux]\n", "e.yml:1:74: selector is nested more than 64 deep" + names},
	} {
		if _, err := Read("e.yml", []byte(tt.text)); problem(err) != "usage "+tt.want {
			t.Errorf("%.60q: %s, want %s", tt.text, problem(err), tt.want)
		}
	}
}

func TestSelectors(t *testing.T) {
	for text, want := range map[string]string{
		"linux":                       "linux-64 linux-aarch64",
		"not linux":                   "osx-64 osx-arm64 win-64 win-arm64",
		"linux64 or osx":              "linux-64 osx-64 osx-arm64",
		"unix and not (osx or arm64)": "linux-64 linux-aarch64",
		"osx and arm64":               "osx-arm64",
		"arm64":                       "osx-arm64 win-arm64",
		"aarch64":                     "linux-aarch64",
		"x86_64":                      "linux-64 osx-64 win-64",
		"win or linux and aarch64":    "linux-aarch64 win-64 win-arm64",
		"not not win64":               "win-64",
		"ppc64le or win32":            "",
	} {
		c, err := parseSelector(text)
		if err != nil {
			t.Errorf("%s: %v", text, err.problem)
			continue
		}
		var on []string
		for _, p := range platforms.All() {
			if c(p) {
				on = append(on, p.Subdir())
			}
		}
		if got := strings.Join(on, " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestComment(t *testing.T) {
	for line, want := range map[string]int{
		"- a # b":          4,
		"# b":              0,
		"- a#b":            -1,
		"- it's # b":       7,
		"- 'a # b' # c":    10,
		`- "a \" # b" # c`: 13,
		"k: 'a # b'":       -1,
		"":                 -1,
	} {
		if got := comment(line); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("dependencies:\n- a # [linux or (win)]\n- pip: [x]\n"))
	f.Add([]byte("\uFEFFplatforms:\r\n- linux-64\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Read("e.yml", data)
		if err != nil {
			if fault.ClassOf(err) != fault.Usage || !strings.HasPrefix(err.Error(), "e.yml:") {
				t.Errorf("%s", problem(err))
			}
			return
		}
		for _, p := range platforms.All() {
			part, err := e.For(p)
			if err != nil && fault.ClassOf(err) != fault.Usage {
				t.Errorf("%s", problem(err))
			}
			for _, d := range append(part.Dependencies, part.Pip...) {
				if strings.TrimSpace(d.Text) == "" || !strings.HasPrefix(d.Where, "e.yml:") {
					t.Errorf("%+v", d)
				}
			}
		}
	})
}
