package archive

import (
	"fmt"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// defaultPlaceholder is the prefix that packages were built with before
// info/has_prefix named it.
const defaultPlaceholder = "/opt/anaconda1anaconda2anaconda3"

// derivePaths makes the list of paths of a package without info/paths.json:
// info/files, or else the archive's payload, with what info/has_prefix and
// info/no_link say about them. Hashes are unknown.
func (p *Package) derivePaths() ([]Path, error) {
	byPath := make(map[string]Path, len(p.entries))
	var names []string
	for _, e := range p.entries {
		d := Path{Path: e.Path, Type: HardLink, Size: e.Size}
		if e.Kind == tree.Symlink {
			d.Type, d.Size = SoftLink, -1
		}
		byPath[e.Path] = d
		names = append(names, e.Path)
	}
	if list, ok := p.files[filesFile]; ok {
		names = payloadLines(list)
	}
	prefixes, err := parseHasPrefix(p.files[prefixFile])
	if err != nil {
		return nil, p.errorIn(prefixFile, "%w", err)
	}
	noLink := map[string]bool{}
	for _, name := range payloadLines(p.files[noLinkFile]) {
		noLink[name] = true
	}
	var paths []Path
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		d, ok := byPath[name]
		if !ok {
			return nil, p.errorIn(filesFile, "path %q is not in the archive", name)
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		d.NoLink = noLink[name]
		if r, ok := prefixes[name]; ok {
			d.FileMode, d.Placeholder = r.mode, r.placeholder
		}
		paths = append(paths, d)
	}
	return paths, nil
}

// payloadLines returns the lines of a list of files, without empty ones and
// those below info/.
func payloadLines(list []byte) []string {
	var names []string
	for line := range strings.Lines(string(list)) {
		name := cutDot(strings.TrimRight(line, "\r\n"))
		if name != "" && !strings.HasPrefix(name, "info/") {
			names = append(names, name)
		}
	}
	return names
}

// replacement says how the build prefix in a file is to be replaced.
type replacement struct{ placeholder, mode string }

// parseHasPrefix reads info/has_prefix. A line is
//
//	PATH
//	PLACEHOLDER MODE PATH
//
// where MODE is text or binary, and PLACEHOLDER and PATH may stand in single
// or double quotes. The first form means the default placeholder and text.
func parseHasPrefix(list []byte) (map[string]replacement, error) {
	found := map[string]replacement{}
	n := 0
	for line := range strings.Lines(string(list)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		r, path := replacement{defaultPlaceholder, modeText}, line
		placeholder, rest := cutWord(line)
		mode, last := cutWord(rest)
		if mode == modeText || mode == modeBinary {
			r, path = replacement{placeholder, mode}, last
		}
		path = strings.ReplaceAll(unquote(path), `\`, "/") // builders on Windows
		if err := tree.CheckPath(path); err != nil || r.placeholder == "" {
			return nil, fmt.Errorf("line %d is not valid: %q", n, line)
		}
		found[path] = r
	}
	return found, nil
}

// cutWord returns the first word of a line, which may be quoted, and what
// follows it.
func cutWord(line string) (word, rest string) {
	line = strings.TrimLeft(line, " \t")
	if line == "" {
		return "", ""
	}
	if quote := line[0]; quote == '"' || quote == '\'' {
		if word, rest, ok := strings.Cut(line[1:], string(quote)); ok {
			return word, strings.TrimLeft(rest, " \t")
		}
	}
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimLeft(line[i:], " \t")
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
