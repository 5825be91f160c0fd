package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// badFile is a file that Read refuses, and how.
type badFile struct {
	name, text string
	want, hint string
}

func (b badFile) check(t *testing.T) {
	t.Helper()
	_, err := Read("gophersnake.toml", []byte(b.text))
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want %s", err, b.want)
	}
	if got := f.Error(); got != "gophersnake.toml:"+b.want {
		t.Errorf("error:\n got %s\nwant gophersnake.toml:%s", got, b.want)
	}
	if f.Hint() != b.hint {
		t.Errorf("hint:\n got %s\nwant %s", f.Hint(), b.hint)
	}
	if f.Class() != "usage" {
		t.Errorf("class %s", f.Class())
	}
	if !strings.HasPrefix(b.want, strings.TrimPrefix(f.Where(), "gophersnake.toml:")) {
		t.Errorf("where: %s", f.Where())
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "K%d = \"\"\n", i)
	}
	return b.String()
}

func TestSyntax(t *testing.T) {
	for _, b := range []badFile{
		{"A01 empty", "", "1:1: the configuration is empty", "gophersnake init writes one"},
		{"A01 comments only", "# nothing\n\n", "1:1: the configuration is empty", "gophersnake init writes one"},
		{"A02 no value", "version = 1\n[image]\nname = \n", "3:8: not TOML: unexpected character U+000A at start of value", ""},
		{"A02 unterminated", "version = 1\n[image]\nname = \"x\n", "3:10: not TOML: basic strings cannot have new lines", ""},
		{
			"A02 mark", "\xef\xbb\xbfversion = 1\n", "1:1: not TOML: invalid character at start of key: U+00EF 'ï'",
			"the file begins with a byte order mark: save it as UTF-8 without one",
		},
		{
			"A02 merge", "version = 1\n<<<<<<< ours\n", "2:1: not TOML: invalid character at start of key: U+003C '<'",
			"the file has merge marks: settle the conflict",
		},
		{
			"A05 key", "version = 1\n[image]\nname = \"a\"\nuser = \"b\"\nname = \"c\"\n",
			`5:1: key "name" is set twice, first on line 3`, "keep one of the two",
		},
		{"A05 table", "version = 1\n[image]\n[conda]\n[image]\n", `4:2: key "image" is set twice, first on line 2`, "keep one of the two"},
		{"A05 dotted", "version = 1\ngo.versions = []\n[go]\nversions = []\n", `4:1: key "versions" is set twice, first on line 2`, "keep one of the two"},
		{"A05 value as table", "version = 1\n[env.a]\ngo = 1\ngo.versions = []\n", `4:1: key "go" is set twice, first on line 3`, "keep one of the two"},
		{"A05 list", "version = 1\n[files]\n[[files]]\n", `3:3: key "files" is set twice, first on line 2`, "keep one of the two"},
		{"A05 inline", "version = 1\nimage = { name = \"a\", name = \"b\" }\n", `2:23: key "name" is set twice, first on line 2`, "keep one of the two"},
		{"deep key", "version = 1\n" + strings.Repeat("a.", 70) + "a = 1\n", "2:1: a key of 71 parts; at most 64 are read", ""},
		{"many keys", "version = 1\n[image.env]\n" + strings.Repeat("A", 9) + "=\"\"\n" + manyKeys(20_000), "20000:1: more than 20000 keys and tables", ""},
		{"deep value", "version = 1\na = " + strings.Repeat("[", 70) + strings.Repeat("]", 70), "2:5: values nest more than 64 deep", ""},
	} {
		t.Run(b.name, b.check)
	}
}

func TestVersion(t *testing.T) {
	for _, b := range []badFile{
		{"missing", "[image]\n", "1:1: version is missing", "begin the file with: version = 1"},
		{"newer, with keys of its own", "version = 2\nnews = true\n", "1:11: version 2 is newer than this gophersnake reads (1)", "use a newer gophersnake"},
		{"huge", "version = 9223372036854775807\n", "1:11: version 9223372036854775807 is newer than this gophersnake reads (1)", "use a newer gophersnake"},
		{"zero", "version = 0\n", "1:11: version 0 does not exist", "write: version = 1"},
		{"string", "version = \"1\"\n", "1:11: version: want a number, got a string", "write: version = 1"},
	} {
		t.Run(b.name, b.check)
	}
}

func TestKeysAndTypes(t *testing.T) {
	for _, b := range []badFile{
		{
			"A03 near", "version = 1\n[base.debian]\nsuite = \"bookworm\"\npakages = []\n",
			`4:1: unknown key "pakages" in base.debian`, `did you mean "packages"?`,
		},
		{"A03 table", "version = 1\n[imgae]\n", `2:2: unknown key "imgae"`, `did you mean "image"?`},
		{"A03 far", "version = 1\n[layers]\nbananas = 1\n", `3:1: unknown key "bananas" in layers`, "known keys: budget, compression"},
		{"A03 in a list", "version = 1\n[[cli]]\npackage = \"./a\"\nldflag = \"\"\n", `4:1: unknown key "ldflag" in cli`, `did you mean "ldflags"?`},
		{"A03 in a variant", "version = 1\n[env.k8s]\ngo.version = [\"1.25\"]\n", `3:4: unknown key "version" in env.k8s.go`, `did you mean "versions"?`},
		{
			"A03 in a host", "version = 1\n[registry.\"r.example.com:5000\"]\nplain_http = true\n",
			`3:1: unknown key "plain_http" in registry."r.example.com:5000"`, `did you mean "plain-http"?`,
		},
		{
			"A03 the first in the file", "version = 1\n[conda]\nzzz = 1\n[image]\nzzz = 1\n", `3:1: unknown key "zzz" in conda`,
			"known keys: categories, channel-priority, channels, dependencies, environment, exclude-newer, file, lock, prefix, pyc, scripts, target, virtual-packages, wheels",
		},
		{"A04 list", "version = 1\n[image]\ntags = \"latest\"\n", "3:8: image.tags: want a list of strings, got a string", `put it in brackets: tags = ["latest"]`},
		{
			"A04 list in quotes keeps secrets", "version = 1\n[conda]\nchannels = \"https://u:secret@c.example.com\"\n",
			"3:12: conda.channels: want a list of strings, got a string", `put it in brackets: channels = ["https://c.example.com"]`,
		},
		{"A04 item", "version = 1\n[go]\nversions = [\"1.25\", 1.26]\n", "3:21: go.versions: want a string, got a number", `put it in quotes: "1.26"`},
		{"A04 value of a table", "version = 1\n[image.env]\nPORT = 8080\n", "3:8: image.env.PORT: want a string, got a number", `put it in quotes: "8080"`},
		{"A04 platform", "version = 1\n[image]\nplatforms = [1]\n", "3:14: image.platforms: want a string, got a number", `put it in quotes: "1"`},
		{"A04 table", "version = 1\nimage = \"x\"\n", "2:9: image: want a table, got a string", ""},
		{"A04 list of tables", "version = 1\n[files]\nsrc = \"a\"\n", "2:2: files: want a list of tables, got a table", "write the header as [[files]]"},
		{"A04 not a list of tables", "version = 1\n[[image]]\n", "2:3: image: want a table, got a list", ""},
		{"A04 boolean", "version = 1\n[registry.h]\nplain-http = \"yes\"\n", "3:14: registry.h.plain-http: want true or false, got a string", "write true or false without quotes"},
		{"A04 number", "version = 1\n[layers]\nbudget = true\n", "3:10: layers.budget: want a number, got true", ""},
		{"A04 owner", "version = 1\n[image]\nuser = 1.5\n", "3:8: image.user: want a name or a number, got a number", `put it in quotes: "1.5"`},
		{"A04 cutoff", "version = 1\n[conda]\nexclude-newer = 7\n", "3:17: conda.exclude-newer: want a duration or a date, got a number", `put it in quotes: "7"`},
		{"A04 date", "version = 1\n[image]\nname = 2026-01-01\n", "3:8: image.name: want a string, got a date", `put it in quotes: "2026-01-01"`},
		{"missing", "version = 1\n[[files]]\nsrc = \"a\"\n", "2:3: files: dest is missing", ""},
		{"enum", "version = 1\n[layers]\ncompression = \"xz\"\n", `3:15: layers.compression: "xz" is not gzip or zstd`, ""},
		{"enum, near", "version = 1\n[conda]\nscripts = \"know\"\n", `3:11: conda.scripts: "know" is not deny, skip or known`, `did you mean "known"?`},
		{"budget", "version = 1\n[layers]\nbudget = 127\n", "3:10: layers.budget: 127 is not between 1 and 126", ""},
		{"budget zero", "version = 1\n[layers]\nbudget = 0\n", "3:10: layers.budget: 0 is not between 1 and 126", ""},
		{"uid", "version = 1\n[[accounts]]\nname = \"dev\"\nuid = 0\n", "4:7: accounts.uid: 0 is not between 1 and 2147483647", ""},
		{"source", "version = 1\n[go]\nsource = \"dl\"\n", `3:10: go.source: "dl" is not module, release, conda or auto`, ""},
	} {
		t.Run(b.name, b.check)
	}
}
