package repofile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/internal/fault"
)

var project = Project{File: "gophersnake.toml", Go: true, Staticcheck: true, Coverage: 80}

const wantNew = `repos:
  # gophersnake export pre-commit: begin. What stands in between is written anew.
  - repo: local
    hooks:
      - id: gophersnake-check
        name: gophersnake.lock is in step
        entry: gophersnake check
        language: system
        files: (^|/)(gophersnake\.(toml|lock)|go\.(mod|sum|work)|\.go-version|\.tool-versions|.*\.ya?ml|.*\.lock|pylock\..*toml)$
        pass_filenames: false
      - id: gofmt
        name: gofmt of the lock
        entry: gophersnake run -- gofmt -l -w
        language: system
        types_or: [go]
      - id: staticcheck
        name: staticcheck of the lock
        entry: gophersnake run -- staticcheck ./...
        language: system
        types_or: [go, go-mod, go-sum]
        pass_filenames: false
      - id: go-test-coverage
        name: go test, covering 80% of statements
        entry: sh
        args:
          - -c
          - |
            profile=$(mktemp) || exit 1
            trap 'rm -f "$profile"' EXIT
            gophersnake run -- go test -coverprofile="$profile" ./... || exit 1
            awk -v want=80 '
              NR > 1 { all += $2; if ($3 > 0) covered += $2 }
              END {
                got = all ? 100 * covered / all : 100
                printf "%.1f%% of statements are covered, %d%% are wanted\n", got, want
                exit (got < want)
              }' "$profile"
        language: system
        types_or: [go, go-mod, go-sum]
        pass_filenames: false
  # gophersnake export pre-commit: end
`

func TestNewPreCommit(t *testing.T) {
	got, err := project.PreCommit("f", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantNew, string(got)); diff != "" {
		t.Error(diff)
	}
	if again, err := project.PreCommit("f", got); err != nil || string(again) != string(got) {
		t.Errorf("a second time: %v\n%s", err, again)
	}
}

// TestHooks shows command lines of other projects.
func TestHooks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		p     Project
		has   []string
		hasNo []string
	}{
		{"no Go", Project{File: "gophersnake.toml"}, []string{"entry: gophersnake check\n"}, []string{"gofmt", "go test"}},
		{"no staticcheck", Project{File: "gophersnake.toml", Go: true}, []string{"id: go-vet", "entry: gophersnake run -- go vet ./...\n"}, []string{"staticcheck"}},
		{
			"in the image",
			Project{File: "gophersnake.toml", Go: true, Staticcheck: true, Direct: true, Coverage: 5},
			[]string{"entry: gofmt -l -w\n", "entry: staticcheck ./...\n", "  go test -coverprofile=", "awk -v want=5 ", "covering 5% of", "entry: gophersnake check"},
			[]string{"gophersnake run"},
		},
		{
			"below the root, by another name",
			Project{Dir: "it's/sub dir", File: "x.toml", Go: true, Staticcheck: true},
			[]string{
				`entry: "gophersnake -f 'it'\\''s/sub dir/x.toml' check"`,
				`entry: "gophersnake -f 'it'\\''s/sub dir/x.toml' run -- gofmt -l -w"`,
				`cd 'it'\''s/sub dir' && exec gophersnake -f x.toml run -- staticcheck ./...` + "\n",
				`cd 'it'\''s/sub dir' || exit 1` + "\n", `  gophersnake -f x.toml run -- go test -coverprofile=`,
			},
			nil,
		},
	} {
		got, err := tt.p.PreCommit("f", nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, s := range tt.has {
			if !strings.Contains(string(got), s) {
				t.Errorf("%s: no %q in\n%s", tt.name, s, got)
			}
		}
		for _, s := range tt.hasNo {
			if strings.Contains(string(got), s) {
				t.Errorf("%s: %q in\n%s", tt.name, s, got)
			}
		}
	}
}

// blockAt returns the block of a project without Go, with an indentation.
func blockAt(indent string) string {
	return strings.Join(Project{File: "gophersnake.toml"}.block(indent), "\n") + "\n"
}

func TestMergePreCommit(t *testing.T) {
	p := Project{File: "gophersnake.toml"}
	const other = "- repo: https://git.example.com/hooks # theirs\n  rev: v1\n  hooks: [{id: x}]\n"
	for _, tt := range []struct{ name, data, want string }{
		{"comments alone", "# mine\n", "# mine\nrepos:\n" + blockAt("  ")},
		{"no repos", "fail_fast: true\n# last", "fail_fast: true\n# last\nrepos:\n" + blockAt("  ")},
		{"no list", "repos: # mine\nfail_fast: true\n", "repos: # mine\n" + blockAt("  ") + "fail_fast: true\n"},
		{"empty list", "repos: []\n", "repos: \n" + blockAt("  ")},
		{"no indentation", "# top\nrepos:\n# first\n" + other + "ci: {}\n", "# top\nrepos:\n" + blockAt("") + "# first\n" + other + "ci: {}\n"},
		{"in quotes", "\"repos\":\n" + other, "\"repos\":\n" + blockAt("") + other},
		{"four blanks", "repos:\n\n    - repo: meta\n      hooks: []\n", "repos:\n" + blockAt("    ") + "\n    - repo: meta\n      hooks: []\n"},
		{
			"marks in the middle", "repos:\n" + other + begin + "\n- repo: local\n  hooks: []\n" + end + "\n" + other,
			"repos:\n" + other + blockAt("") + other,
		},
		{"windows", "repos:\r\n- repo: meta\r\n  hooks: []\r\n", "repos:\r\n" + strings.ReplaceAll(blockAt(""), "\n", "\r\n") + "- repo: meta\r\n  hooks: []\r\n"},
		{"a word that looks alike", "repository: x\nrepos:\n" + other, "repository: x\nrepos:\n" + blockAt("") + other},
	} {
		got, err := p.PreCommit("f", []byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if again, err := p.PreCommit("f", got); err != nil || string(again) != string(got) {
			t.Errorf("%s: a second time: %v\n%s", tt.name, err, again)
		}
	}
}

func TestBadPreCommit(t *testing.T) {
	for _, tt := range []struct{ name, data, want, hint string }{
		{"syntax", "repos:\n  - a: [\n", "f:2: sequence end token ']' not found", ""},
		{"a list", "- a\n", "f:1: the file is not a mapping", ""},
		{"a mapping", "a: 1\nrepos: {}\n", "f:2: repos is not a list", ""},
		{"in one line", "repos: [{repo: meta, hooks: []}]\n", "f:1: repos is written in one line", "write each repo on lines of its own, beginning with -"},
		{"anchors", "repos: &a\n- repo: meta\n", "f:1: anchors, aliases, merge keys, tags and directives are not read", ""},
		{"no end", "repos:\n" + begin + "\n- repo: meta\n", "f:2: one of the marks of gophersnake export pre-commit is missing", "remove the other one and the hooks beside it"},
		{"end first", "repos:\n" + end + "\n" + begin + "\n", "f:3: one of the marks of gophersnake export pre-commit is missing", "remove the other one and the hooks beside it"},
		{"two", "repos:\n" + begin + "\n" + begin + "\n" + end + "\n", "f:3: a mark of gophersnake export pre-commit stands twice, first on line 2", "remove one of the two and the hooks beside it"},
		{"elsewhere", "repos: []\na:\n  " + begin + "\n  " + end + "\n", "f: the hooks find no place in it", "write them to another file with -o, and copy them"},
		{"carriage return", "a: 1\r\nb:\n x\r\r\n", "f:3: a carriage return stands in the middle of a line", "end lines with a line feed"},
		{"large", strings.Repeat("#", MaxSize+1), "f: is 1048577 bytes; at most 1048576 are read", ""},
	} {
		_, err := project.PreCommit("f", []byte(tt.data))
		var f *fault.Error
		if !errors.As(err, &f) || f.Error() != tt.want || f.Hint() != tt.hint || f.Class() != "usage" {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// FuzzPreCommit shows that a merge keeps every line that it did not write, and
// that merging again changes nothing.
func FuzzPreCommit(f *testing.F) {
	for _, seed := range []string{"", "repos: []\n", "repos:\n- repo: meta\n", "a: 1\n", wantNew, "repos:\n  - x: |\n      repos:\n", "# c\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		got, err := project.PreCommit("f", []byte(data))
		if err != nil {
			return
		}
		if again, err := project.PreCommit("f", got); err != nil || string(again) != string(got) {
			t.Fatalf("%q, then %q: %v\n%s", data, got, err, again)
		}
		from, to := strings.Index(string(got), begin), strings.Index(string(got), end)
		kept := string(got[:from]) + string(got[to:])
		if strings.Contains(data, begin) {
			return
		}
		for line := range strings.Lines(data) {
			if l := strings.TrimSpace(line); l != "" && !keyForm.MatchString(l) && !strings.Contains(kept, l) {
				t.Fatalf("%q lost %q:\n%s", data, l, got)
			}
		}
	})
}
