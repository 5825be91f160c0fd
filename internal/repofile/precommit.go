package repofile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
)

// MaxSize is the most bytes of a .pre-commit-config.yaml that is read.
const MaxSize = 1 << 20

// The marks around our hooks, as lines without their indentation.
const (
	begin = "# gophersnake export pre-commit: begin. What stands in between is written anew."
	end   = "# gophersnake export pre-commit: end"
)

// Lines of a .pre-commit-config.yaml. Compiled expressions are never changed.
var (
	reposForm = regexp.MustCompile(`^(?:repos|"repos"|'repos')[ \t]*:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?$`)
	keyForm   = regexp.MustCompile(`^(?:repos|"repos"|'repos')[ \t]*:`)
	itemForm  = regexp.MustCompile(`^([ ]*)-(?:[ \t]|$)`)
	otherForm = regexp.MustCompile(`^[ \t]*(#.*)?$`) // blank, or a comment
)

// PreCommit returns data, a .pre-commit-config.yaml called file, with the hooks
// of a project; no data is a new file. Errors are of class usage and tell the
// line.
func (p Project) PreCommit(file string, data []byte) ([]byte, error) {
	if len(data) > MaxSize {
		return nil, fault.New(fault.Usage, file, "is %d bytes; at most %d are read", len(data), MaxSize)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return []byte("repos:\n" + strings.Join(p.block("  "), "\n") + "\n"), nil
	}
	if i := bytes.IndexByte(bytes.ReplaceAll(data, []byte("\r\n"), []byte(" \n")), '\r'); i >= 0 {
		// YAML calls it an end of line, editors do not.
		return nil, fault.New(fault.Usage, at(file, bytes.Count(data[:i], []byte("\n"))), "a carriage return stands in the middle of a line").
			WithHint("end lines with a line feed")
	}
	if _, err := repos(file, data); err != nil {
		return nil, err
	}
	lines, err := p.merge(file, strings.Split(string(data), "\n"))
	if err != nil {
		return nil, err
	}
	if bytes.Contains(data, []byte("\r\n")) {
		for i := range lines[:len(lines)-1] {
			lines[i] = strings.TrimSuffix(lines[i], "\r") + "\r"
		}
	}
	merged := strings.Join(lines, "\n")
	mark := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) == begin })
	if at, err := repos(file, []byte(strings.ReplaceAll(merged, "\r\n", "\n"))); err != nil || !slices.Contains(at, mark+2) { // the line after it, from 1
		return nil, fault.New(fault.Usage, file, "the hooks find no place in it").WithHint("write them to another file with -o, and copy them")
	}
	return []byte(merged), nil
}

// repos returns the lines at which the repos of a file begin. It wants a
// mapping, or nothing but comments.
func repos(file string, data []byte) (lines []int, err error) {
	empty := true
	for line := range bytes.Lines(data) {
		empty = empty && otherForm.Match(bytes.TrimSpace(line))
	}
	if empty {
		return nil, nil
	}
	f := yamltree.File(file)
	root, err := yamltree.Parse(f, data)
	if err != nil {
		return nil, err
	}
	m, err := yamltree.AsMapping(f, "the file", root)
	if err != nil {
		return nil, err
	}
	list := m.At["repos"]
	if yamltree.IsNull(list) {
		return nil, nil
	}
	seq, ok := list.(*ast.SequenceNode)
	if !ok {
		return nil, f.Usage(m.LineOf("repos"), "repos is not a list")
	}
	for _, item := range seq.Values {
		lines = append(lines, yamltree.LineOf(item))
	}
	return lines, nil
}

// merge puts the block into a file's lines.
func (p Project) merge(file string, lines []string) ([]string, error) {
	from, err := one(file, lines, begin)
	if err != nil {
		return nil, err
	}
	to, err := one(file, lines, end)
	if err != nil {
		return nil, err
	}
	switch {
	case from >= 0 && to > from:
		indent := lines[from][:strings.Index(lines[from], "#")]
		return splice(lines, from, to+1, p.block(indent)), nil
	case from >= 0 || to >= 0:
		return nil, fault.New(fault.Usage, at(file, max(from, to)), "one of the marks of gophersnake export pre-commit is missing").
			WithHint("remove the other one and the hooks beside it")
	}
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if !keyForm.MatchString(line) {
			continue
		}
		if !reposForm.MatchString(line) {
			return nil, fault.New(fault.Usage, at(file, i), "repos is written in one line").WithHint("write each repo on lines of its own, beginning with -")
		}
		lines[i] = strings.NewReplacer("[]", "", "[ ]", "").Replace(line)
		return splice(lines, i+1, i+1, p.block(indentation(lines[i+1:]))), nil
	}
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return append(append(append(lines, "repos:"), p.block("  ")...), ""), nil
}

// one returns the index of the line that is a mark, or -1.
func one(file string, lines []string, mark string) (int, error) {
	found := -1
	for i, line := range lines {
		if strings.TrimSpace(line) != mark {
			continue
		}
		if found >= 0 {
			return 0, fault.New(fault.Usage, at(file, i), "a mark of gophersnake export pre-commit stands twice, first on line %d", found+1).
				WithHint("remove one of the two and the hooks beside it")
		}
		found = i
	}
	return found, nil
}

func at(file string, line int) string { return yamltree.File(file).At(line + 1) }

// indentation returns that of the first item of a list, two blanks without one.
func indentation(lines []string) string {
	for _, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if m := itemForm.FindStringSubmatch(line); m != nil {
			return m[1]
		}
		if !otherForm.MatchString(line) {
			break
		}
	}
	return "  "
}

func splice(lines []string, from, to int, block []string) []string {
	return append(append(append([]string(nil), lines[:from]...), block...), lines[to:]...)
}

// block returns the lines of the marks and of the hooks.
func (p Project) block(indent string) []string {
	lines := []string{begin, "- repo: local", "  hooks:"}
	for _, h := range p.hooks() {
		for i, line := range h.lines() {
			lines = append(lines, map[bool]string{true: "    - ", false: "      "}[i == 0]+line)
		}
	}
	lines = append(lines, end)
	for i := range lines {
		lines[i] = indent + lines[i]
	}
	return lines
}

// A hook is one hook of pre-commit.
type hook struct {
	id, name string
	entry    string // words as shlex splits them
	script   string // for sh -c, instead of entry
	files    string // regular expression, or
	types    string // list of tags of files
	names    bool   // files are given as arguments
}

func (h hook) lines() []string {
	lines := []string{"id: " + h.id, "name: " + h.name}
	if h.script == "" {
		lines = append(lines, "entry: "+text(h.entry))
	} else {
		lines = append(lines, "entry: sh", "args:", "  - -c", "  - |")
		for line := range strings.Lines(h.script) {
			lines = append(lines, "    "+strings.TrimSuffix(line, "\n"))
		}
	}
	lines = append(lines, "language: system")
	if h.files != "" {
		lines = append(lines, "files: "+h.files)
	} else {
		lines = append(lines, "types_or: "+h.types)
	}
	if !h.names {
		lines = append(lines, "pass_filenames: false")
	}
	return lines
}

// text returns a scalar of YAML, in quotes where it may mean something else
// without them.
func text(s string) string {
	if strings.ContainsAny(s, "'\"\\#&*!|>%@`{}[]?\t\n") || strings.Contains(s, ": ") {
		return strconv.Quote(s)
	}
	return s
}

func (p Project) hooks() []hook {
	all := []hook{{
		id: "gophersnake-check", name: "gophersnake.lock is in step", entry: p.gophersnake(false) + " check",
		files: `(^|/)(gophersnake\.(toml|lock)|go\.(mod|sum|work)|\.go-version|\.tool-versions|.*\.ya?ml|.*\.lock|pylock\..*toml)$`,
	}}
	if !p.Go {
		return all
	}
	const goFiles, modules = "[go]", "[go, go-mod, go-sum]"
	all = append(all, hook{id: "gofmt", name: "gofmt of the lock", entry: p.tool("gofmt -l -w", false), types: goFiles, names: true})
	checker, name := "go vet ./...", "go vet"
	if p.Staticcheck {
		checker, name = "staticcheck ./...", "staticcheck"
	}
	check := hook{id: strings.ReplaceAll(name, " ", "-"), name: name + " of the lock", types: modules}
	if p.Dir == "" {
		check.entry = p.tool(checker, false)
	} else {
		check.script = "cd " + quote(p.Dir) + " && exec " + p.tool(checker, true) + "\n"
	}
	return append(all, check, hook{
		id: "go-test-coverage", name: fmt.Sprintf("go test, covering %d%% of statements", p.Coverage), script: p.coverage(), types: modules,
	})
}

// coverage returns a script that runs the tests and fails where they cover too
// little. It reads the profile itself: each line but the first ends with the
// number of statements of a block and how often it ran (cmd/cover).
func (p Project) coverage() string {
	script := ""
	if p.Dir != "" {
		script = "cd " + quote(p.Dir) + " || exit 1\n"
	}
	return script + fmt.Sprintf(`profile=$(mktemp) || exit 1
trap 'rm -f "$profile"' EXIT
%s -coverprofile="$profile" ./... || exit 1
awk -v want=%d '
  NR > 1 { all += $2; if ($3 > 0) covered += $2 }
  END {
    got = all ? 100 * covered / all : 100
    printf "%%.1f%%%% of statements are covered, %%d%%%% are wanted\n", got, want
    exit (got < want)
  }' "$profile"
`, p.tool("go test", true), p.Coverage)
}
