package envfile

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 1 << 20

// File is the content of an environment.yml.
type File struct {
	Name      string   // "" where the file has none
	GoVersion string   // "1.21.6" of the line "# go_version: go1.21.6", or ""
	Warnings  []string // "file:line: text": what is in the file and has no effect

	parts map[platforms.Platform]outcome
}

// Part is what a file says for one platform.
type Part struct {
	Channels     []string // as written, the first one first
	NoDefaults   bool     // the file says "nodefaults"
	Dependencies []Dependency
	Pip          []Dependency
	Variables    map[string]string
}

// Dependency is a match specification, or a requirement for pip.
type Dependency struct {
	Text  string // as written, never empty
	Where string // "file:line"
}

type outcome struct {
	part Part
	err  error
}

// Read reads an environment.yml; name is for errors. A mistake in lines that
// only some platforms have is an error of [File.For] for them.
func Read(name string, data []byte) (*File, error) {
	f := yamltree.File(name)
	lines, err := split(f, data)
	if err != nil {
		return nil, err
	}
	e := &File{parts: map[platforms.Platform]outcome{}}
	if e.GoVersion, err = goVersion(f, lines); err != nil {
		return nil, err
	}
	selectors, err := readSelectors(f, lines)
	if err != nil {
		return nil, err
	}
	bad := 0
	for _, p := range platforms.All() {
		r := &reader{file: f, platform: p, lines: lines}
		err := r.read(choose(lines, selectors, p))
		e.parts[p] = outcome{r.part, err}
		if err != nil {
			bad++
		}
		for _, w := range r.warnings {
			if !slices.Contains(e.Warnings, w) {
				e.Warnings = append(e.Warnings, w)
			}
		}
		if e.Name == "" {
			e.Name = r.name
		}
	}
	if all := platforms.All(); bad == len(all) {
		return nil, e.parts[all[0]].err
	}
	return e, nil
}

// For returns what the file says for a platform. A platform that the file's
// own list of platforms lacks is an error of class usage.
func (e *File) For(p platforms.Platform) (Part, error) {
	o, ok := e.parts[p]
	if !ok {
		return Part{}, fault.New(fault.Usage, "", "platform %q is none that gophersnake knows", p)
	}
	return o.part, o.err
}

// split returns the lines of a file, without their ends.
func split(f yamltree.File, data []byte) ([]string, error) {
	if len(data) > MaxSize {
		return nil, f.Usage(0, "file has more than %d MiB", MaxSize>>20)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, f.Usage(1, "file is UTF-16, not UTF-8").WithHint("save it as UTF-8")
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		switch {
		case !utf8.ValidString(line):
			return nil, f.Usage(i+1, "line is not UTF-8 text")
		case strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			return nil, f.Usage(i+1, "line holds a control character")
		case strings.Contains(line[:indent(line)], "\t") && strings.TrimSpace(line) != "":
			return nil, f.Usage(i+1, "line is indented with a tab, which YAML does not allow").WithHint("indent with spaces")
		}
	}
	return lines, nil
}

// indent returns how many spaces and tabs a line starts with.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

var (
	goVersionLine = regexp.MustCompile(`^#\s*go_version\s*:\s*(.*?)\s*$`)
	goVersionText = regexp.MustCompile(`^(?:go)?([1-9][0-9]{0,3}(?:\.(?:0|[1-9][0-9]{0,3})){1,2})$`)
)

// goVersion finds the line "# go_version: go1.21.6".
func goVersion(f yamltree.File, lines []string) (string, error) {
	found, at := "", 0
	for i, line := range lines {
		m := goVersionLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		v := goVersionText.FindStringSubmatch(m[1])
		if v == nil {
			return "", f.Usage(i+1, "go_version %q is not a Go version", m[1]).WithHint("write one such as go1.21.6")
		}
		if found != "" && found != v[1] {
			return "", f.Usage(i+1, "go_version is %s here and %s in line %d", v[1], found, at)
		}
		found, at = v[1], i+1
	}
	return found, nil
}
