package lock

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// problemOf returns an error as "class text | hint", the usual hint left out.
func problemOf(err error) string {
	var f *fault.Error
	switch {
	case err == nil:
		return "no error"
	case !errors.As(err, &f):
		return "not a fault: " + err.Error()
	case f.Hint() == "" || f.Hint() == repair:
		return f.Class() + " " + err.Error()
	}
	return f.Class() + " " + err.Error() + " | " + f.Hint()
}

func TestUnmarshalErrors(t *testing.T) {
	text := mustMarshal(t, small())
	for _, tt := range []struct{ name, old, new, want string }{
		// The file as a whole.
		{"newer", "version = 1", "version = 2\nnew = 1", "usage f:3:1: version 2 is newer than this tool knows (1) | use the gophersnake that wrote the lock, or a newer one"},
		{"newer layers", "layer-format = 1", "layer-format = 7", "usage f:4:1: layer-format 7 is newer than this tool knows (1) | use the gophersnake that wrote the lock, or a newer one"},
		{"no version", "version = 1\n", "", "usage f:1:1: version is missing"},
		{"no layer format", "layer-format = 1\n", "", "usage f:1:1: layer-format is missing"},
		{"version text", "version = 1", `version = "1"`, "usage f:3:1: version is not a positive whole number"},
		{"version zero", "version = 1", "version = 0", "usage f:3:1: version is not a positive whole number"},
		{"merge", "[[go]]", "<<<<<<< ours\n[[go]]", "usage f:213: lock has merge marks | run gophersnake lock"},
		{"merge half", "[[go]]", "=======\n[[go]]", "usage f:213: lock has merge marks | run gophersnake lock"},
		{"syntax", `subdir = "linux-64"`, `subdir = linux-64`, "usage f:119:10: unexpected character U+006C 'l' at start of value"},
		{"unknown key", `subdir = "linux-64"`, `subdirs = "linux-64"`, `usage f:119:1: unknown key "conda.subdirs"`},
		{"unknown block", "[[go]]", "[[golang]]", `usage f:213:3: unknown key "golang"`},
		{"key twice", `subdir = "linux-64"`, "subdir = \"linux-64\"\nsubdir = \"x\"", "usage f:120:1: key subdir is already defined"},
		{"wrong kind", "size = 1000", `size = "1000"`, "usage f:124:8: conda.size is not the right kind of value"},
		{"platform", `platforms = ["linux/amd64"]`, `platforms = ["linux/amd46"]`, `usage f:114:14: platform "linux/amd46" is not one of linux/amd64, linux/arm64, darwin/amd64, darwin/arm64, windows/amd64, windows/arm64`},
		{"input hash", `input-hash = "sha256:`, `input-hash = "md5:`, `usage f:5:1: lock: input-hash "md5:` + hex64("a") + `" is not sha256: and 64 lower-case hex digits`},

		// Blocks.
		{"no envs", "envs = [\n  \"default\",\n  \"k8s\",\n]\nplatform =", "platform =", "usage f:7:3: base for linux/amd64: envs is missing or empty"},
		{"env name", `"k8s"`, `"k/s"`, `usage f:8:1: base for linux/amd64: envs holds "k/s", which is not the name of an environment`},
		{"env twice", `"k8s"`, `"default"`, `usage f:8:1: base for linux/amd64: envs names "default" twice`},
		{"base platform", `platform = "linux/amd64"`, `platform = "darwin/amd64"`, `usage f:12:1: base for darwin/amd64: platform "darwin/amd64" cannot be the platform of an image`},
		{"no platform", `platform = "linux/amd64"` + "\n", "", `usage f:7:3: base for /: platform is missing`},
		{"no image", `image = "debian:12-slim"`, `image = ""`, "usage f:13:1: base for linux/amd64: image is missing"},
		{"manifest", sha("b"), "sha256:B", `usage f:14:1: base for linux/amd64: manifest "sha256:B" is not sha256: and 64 lower-case hex digits`},
		{"upper case", sha("c"), strings.ToUpper(sha("c")), `usage f:15:1: base for linux/amd64: config "` + strings.ToUpper(sha("c")) + `" is not sha256: and 64 lower-case hex digits`},
		{"base layer", sha("e"), "x", `usage f:37:1: base for linux/amd64, layer 1: diff-id "x" is not sha256: and 64 lower-case hex digits`},
		{"base layer size", "size = 28000000", "size = -1", "usage f:38:1: base for linux/amd64, layer 1: size -1 is negative"},
		{"base env", `"LANG=C.UTF-8"`, `"LANG"`, `usage f:16:1: base for linux/amd64: env holds "LANG", which is not KEY=value`},
		{"link", `target = "usr/lib"`, `target = "../lib"`, `verification f:47:1: base for linux/amd64, link 2: target "../lib" is not a clean path relative to the root`},
		{"link path", `path = "lib"`, `path = "/lib"`, `verification f:46:1: base for linux/amd64, link 2: path "/lib" is not a clean path relative to the root`},
		{"mode", "mode = 0o1777", "mode = 0o177777", "usage f:51:1: base for linux/amd64, directory 1: mode 0177777 is not permission bits"},
		{"uid", "uid = 0", "uid = -1", "usage f:52:1: base for linux/amd64, directory 1: uid -1 is negative"},

		// Packages.
		{"name", `name = "python"`, `name = "../python"`, `verification f:115:1: package "../python": name "../python" holds a path`},
		{"build", `build = "h0_0_cpython"`, `build = "a/b"`, `verification f:117:1: package "python": build "a/b" holds a path`},
		{"space", `build = "h0_0_cpython"`, `build = "a b"`, `verification f:117:1: package "python": build "a b" holds a space or a control character`},
		{"no version of a package", `version = "3.12.7"` + "\n", "", `usage f:109:3: package "python": version is missing`},
		{"sha256", hex64("1"), "1234", `usage f:122:1: package "python": sha256 "1234" is not 64 lower-case hex digits`},
		{"no sha256", `sha256 = "` + hex64("1") + `"` + "\n", "", `usage f:109:3: package "python": sha256 is missing`},
		{"md5", strings.Repeat("9", 32), "99", `usage f:123:1: package "python": md5 "99" is not 32 lower-case hex digits`},
		{"package size", "size = 1000", "size = -5", `usage f:124:1: package "python": size -5 is negative`},
		{"noarch", `noarch = "generic"`, `noarch = "true"`, `usage f:184:1: package "tzdata": noarch "true" is not python or generic`},
		{"subdir", `subdir = "linux-64"`, `subdir = "win-64"`, `usage f:119:1: package "python": subdir "win-64" is neither noarch nor linux/amd64's linux-64`},
		{"platform twice", `"linux/arm64",` + "\n]\nname", `"linux/amd64",` + "\n]\nname", `usage f:171:1: package "tzdata": platforms names linux/amd64 twice`},
		{"url up", "/main/linux-64/python", "/main/../linux-64/python", `verification f:120:1: package "python": url "https://channel.example/main/../linux-64/python-3.12.7-h0_0_cpython.conda" holds the path element ".."`},
		{"url secret", "https://channel.example/main/linux-64/", "https://user:secret@channel.example/main/linux-64/", `usage f:120:1: package "python": url of channel.example holds a user name, password or token`},
		{"relative url", "../channel/linux-64", "../channel/../linux-64", `verification f:158:1: package "pyyaml": url "../channel/../linux-64/pyyaml-6.0.2-py312_1.conda" is not a clean path`},

		// Debian packages.
		{"suite and image", `suite = "bookworm"`, `suite = "bookworm"` + "\nimage = \"x\"", `usage f:61:1: base for linux/arm64: suite stands beside an image`},
		{"deb name", `name = "bash"`, `name = "Bash"`, `usage f:79:1: package "Bash": name is none of Debian's`},
		{"deb version", `version = "5.2.15-2+b13"`, `version = "v5"`, `usage f:80:1: package "bash": version "v5" is none of Debian's`},
		{"deb architecture", `architecture = "arm64"`, `architecture = "amd64"`, `usage f:81:1: package "bash": architecture "amd64" is neither all nor linux/arm64's arm64`},
		{"deb path", `path = "pool/main`, `path = "../pool/main`, `verification f:83:1: package "bash": path "../pool/main/b/bash/bash_5.2.15-2+b13_arm64.deb" is not a clean path relative to the root`},

		// The question, and wheels.
		{"priority", `channel-priority = "strict"`, `channel-priority = "loose"`, `usage f:94:1: solve for linux/amd64: channel-priority "loose" is not strict, flexible or disabled`},
		{"cutoff", `cutoff = "2026-11-01T00:00:00Z"`, `cutoff = "7d"`, `usage f:105:1: solve for linux/amd64: cutoff "7d" is not a time in UTC (RFC 3339)`},
		{"channel secret", `"https://channel.example/main"]`, `"https://channel.example/t/secret/main"]`, `usage f:93:1: solve for linux/amd64: channels holds a user name, password or token`},
		{"wheel name", `name = "markupsafe"`, `name = "MarkupSafe"`, `usage f:207:1: wheel "MarkupSafe": name is not normalised (PEP 503)`},
		{"wheel url", `py3-none-any.whl`, `py3-none-any.tar.gz`, `usage f:198:1: wheel "attrs": url: file "attrs-24.2.0-py3-none-any.tar.gz" does not end in .whl`},
		{"wheel twice", `name = "markupsafe"`, `name = "attrs"`, `usage f:207:1: environment k8s has wheel "attrs" for linux/amd64 twice`},

		// Go.
		{"go version", `version = "1.26.8"`, `version = "latest"`, `usage f:219:1: go latest for linux/amd64: version "latest" is not a version of Go`},
		{"source", `source = "module"`, `source = "web"`, `usage f:220:1: go 1.26.8 for linux/amd64: source "web" is not module, release or conda`},
		{"module", "go1.26.8.linux-amd64", "go1.26.8.linux-arm64", `usage f:221:1: go 1.26.8 for linux/amd64: module "golang.org/toolchain@v0.0.1-go1.26.8.linux-arm64" is not golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64`},
		{"h1", h1(7), "h1:abc", `usage f:222:1: go 1.26.8 for linux/amd64: h1 "h1:abc" is not h1: and a SHA-256 in base64`},
		{"no zip", `zip-sha256 = "` + hex64("5") + `"` + "\n", "", "usage f:213:3: go 1.26.8 for linux/amd64: zip-sha256 is missing"},

		// Tools.
		{"tool package", `package = "honnef.co/go`, `package = "../go`, `verification f:261:1: tool "../go/tools/cmd/staticcheck": package is not an import path`},
		{"tool module", `module = "honnef.co/go/tools"`, `module = "honnef.co/go/tool"`, `verification f:262:1: tool "honnef.co/go/tools/cmd/staticcheck": module "honnef.co/go/tool" does not hold it`},
		{"tool version", `version = "v0.8.2"`, `version = "latest"`, `verification f:263:1: tool "honnef.co/go/tools/cmd/staticcheck": version "latest" is not a version of a module`},
		{"tool h1", h1(8), "", `usage f:264:1: tool "honnef.co/go/tools/cmd/staticcheck": h1 "" is not h1: and a SHA-256 in base64`},
		{"tool needs", `needs = "1.26.0"`, `needs = "new"`, `usage f:265:1: tool "honnef.co/go/tools/cmd/staticcheck": needs "new" is not a version of Go`},
		{"tool go", `go = "1.26.8"`, `go = "1"`, `usage f:266:1: tool "honnef.co/go/tools/cmd/staticcheck": go "1" is not a version of Go`},
		{"tool compiler", `go = "1.26.8"`, `go = "1.26.9"`, `usage f:266:1: tool "honnef.co/go/tools/cmd/staticcheck" is compiled by go 1.26.9, which the lock has not`},
		{"tool twice", "[[activation]]", toolAgain(text) + "\n[[activation]]", `usage f:273:1: environment default has tool "honnef.co/go/tools/cmd/staticcheck" twice`},

		// What blocks say together.
		{"two bases", "[[conda]]", baseAgain(text) + "\n[[conda]]", "usage f:114:1: environment default has a base for linux/amd64 twice"},
		{"package twice", `name = "pyyaml"`, `name = "python"`, `usage f:153:1: environment k8s has package "python" for linux/amd64 twice`},
		{"plan twice", `packages = ["tzdata"]`, `packages = ["python"]`, `usage f:291:1: package "python" is in two groups of the plan`},
		{"plan unknown", `packages = ["pyyaml"]`, `packages = ["numpy"]`, `usage f:295:1: plan group 3 holds "numpy", which the lock has not`},
		{"not in plan", "[[plan]]\nenvs = [\"k8s\"]\npackages = [\"pyyaml\"]\n", "", `usage f:153:1: package "pyyaml" is in no group of the plan`},
		{"layer twice", sha("6"), sha("f"), "usage f:304:1: layer " + sha("f") + " is in the lock twice"},
		{"layer digest", sha("8"), "sha256:8", `usage f:300:1: layer row 1: digest "sha256:8" is not sha256: and 64 lower-case hex digits`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(text, tt.old) {
				t.Fatalf("the sample lacks %q", tt.old)
			}
			_, err := Unmarshal("f", []byte(strings.Replace(text, tt.old, tt.new, 1)))
			if got := problemOf(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// baseAgain returns the base's block.
func baseAgain(text string) string {
	return text[strings.Index(text, "[[base]]"):strings.Index(text, "[[conda]]")]
}

// toolAgain returns the tool's block.
func toolAgain(text string) string {
	return text[strings.Index(text, "[[tool]]"):strings.Index(text, "[[activation]]")]
}

func TestMarshalErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Lock)
		want   string
	}{
		{"not UTF-8", func(l *Lock) { l.Base[0].Passwd = "r\xf6ot" }, "usage passwd is not UTF-8 text"},
		{"build number", func(l *Lock) { l.Conda[0].BuildNumber = 1 << 63 }, `usage package "tzdata": build-number 9223372036854775808 is too large`},
		{"no environment", func(l *Lock) { l.Conda[0].Envs = nil }, `usage package "tzdata": envs is missing or empty`},
		{"two answers", func(l *Lock) { l.Conda[1] = l.Conda[3]; l.Conda[1].Build = "other" }, `usage environment default has package "python" for linux/amd64 twice`},
		{"two defaults", func(l *Lock) {
			l.Go[0].Default = true
			other := l.Go[0]
			other.Version, other.Module = "1.25.0", strings.Replace(other.Module, other.Version, "1.25.0", 1)
			l.Go = append(l.Go, other)
		}, `usage environment default has a default Go for darwin/arm64 twice`},
		{"absolute path", func(l *Lock) { l.Conda[0].URL = "/home/user/x-1-0.conda" }, `usage package "tzdata": url "/home/user/x-1-0.conda" is an absolute path`},
	} {
		l := small()
		tt.change(l)
		if _, err := Marshal(l); problemOf(err) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, problemOf(err), tt.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for _, good := range []string{
		"https://h.example/c/noarch/x-1-0.conda",
		"http://localhost:8080/c/linux-64/x-1!2.0+a-0.tar.bz2",
		"oci://h.example/c/linux-64/x-1-0.conda",
		"channel/noarch/x-1-0.conda",
		"../../channel/noarch/x-1-0.conda",
		"https://h.example/a%20b/t/noarch/x-1-0.conda",
	} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, tt := range []struct{ url, want string }{
		{"ftp://h.example/x.conda", `usage url has the scheme "ftp", which is not https, http or oci`},
		{"file:///srv/x.conda", `usage url has the scheme "file", which is not https, http or oci`},
		{"https://h.example/x.conda?token=secret", "usage url has a query or a fragment"},
		{"https:///x.conda", "usage url is not valid"},
		{"https://user:secret@h.example:port/x.conda", "usage url is not valid"},
		{"https://user@h.example/x.conda", "usage url of h.example holds a user name, password or token"},
		{"https://h.example/t/tk-1/c/noarch/x.conda", "usage url of h.example holds a user name, password or token"},
		{"https://h.example/c/%2e%2e/x.conda", `verification url "https://h.example/c/%2e%2e/x.conda" holds the path element "%2e%2e"`},
		{"https://h.example/c/..%5Cx.conda", `verification url "https://h.example/c/..%5Cx.conda" holds the path element "..%5Cx.conda"`},
		{"https://h.example/c/%0Ax.conda", `verification url "/c/\nx.conda" holds a control character`},
		{"https://h.example/c/x.zip", `usage url: file "x.zip" does not end in .conda or .tar.bz2`},
		{"/srv/x.conda", `usage url "/srv/x.conda" is an absolute path`},
		{"C:/srv/x.conda", `usage url "C:/srv/x.conda" is neither a URL nor a relative path with slashes`},
		{`a\x.conda`, `usage url "a\\x.conda" is neither a URL nor a relative path with slashes`},
		{"./x.conda", `verification url "./x.conda" is not a clean path`},
		{"a/../../x.conda", `verification url "a/../../x.conda" is not a clean path`},
	} {
		if err := CheckURL(tt.url); problemOf(err) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.url, problemOf(err), tt.want)
		}
	}
}

func TestMergeMarks(t *testing.T) {
	for text, want := range map[string]bool{
		"a\n<<<<<<< HEAD\n":    true,
		"=======\n":            true,
		"a\r\n>>>>>>> x\r\n":   true,
		"||||||| base\n":       true,
		"=======":              true,
		"========\n":           false,
		" <<<<<<< HEAD\n":      false,
		"a = '<<<<<<< HEAD'\n": false,
		"":                     false,
	} {
		if got := HasMergeMarks([]byte(text)); got != want {
			t.Errorf("HasMergeMarks(%q) = %v", text, got)
		}
	}
}

func TestTooLarge(t *testing.T) {
	_, err := Unmarshal("f", make([]byte, MaxSize+1))
	if want := "usage f: lock has more than 16 MiB"; problemOf(err) != want {
		t.Errorf("got %s, want %s", problemOf(err), want)
	}
}

// FuzzUnmarshal: what is read writes a text that reads the same, and errors
// are of our classes.
func FuzzUnmarshal(f *testing.F) {
	text, err := Marshal(small())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(fmt.Sprintf("version = 1\nlayer-format = 1\ninput-hash = %q\n", sha("0"))))
	f.Add([]byte("version = 1\nlayer-format = 1\n[[base]]\nlayers = [{digest = 'x'}]\nenvs = ['']\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Unmarshal("f", data)
		if err != nil {
			if c := fault.ClassOf(err); c != fault.Usage && c != fault.Verification {
				t.Errorf("class %s of %v", c, err)
			}
			return
		}
		first, err := Marshal(l)
		if err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
		again, err := Unmarshal("f", first)
		if err != nil {
			t.Fatalf("written, but not read: %v\n%s", err, first)
		}
		if second, err := Marshal(again); err != nil || string(second) != string(first) {
			t.Errorf("two texts (%v):\n%s\n%s", err, first, second)
		}
	})
}
