package wheel

import (
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// Meta is what a wheel says of its project (core metadata).
type Meta struct {
	Name           string   // as written
	Version        string   // as written
	Requires       []string // Requires-Dist: PEP 508, in the wheel's order
	RequiresPython string   // PEP 440, or ""
}

// fields are the header fields of a file in the form of an e-mail (RFC 822),
// by lower-case name.
type fields map[string][]string

func (f fields) get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// parseFields reads header fields up to the first empty line. A line that
// begins with white space goes on with the one before.
func parseFields(text []byte) (fields, error) {
	f := fields{}
	last := ""
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if v := f[last]; len(v) > 0 {
				v[len(v)-1] += "\n" + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, tree.NewError("", "line %q is no header field", line)
		}
		last = strings.ToLower(name)
		f[last] = append(f[last], strings.TrimSpace(value))
	}
	return f, nil
}

// parseMeta reads METADATA and compares it with the file's name.
func parseMeta(text []byte, n Name) (*Meta, error) {
	f, err := parseFields(text)
	if err != nil {
		return nil, err
	}
	m := &Meta{Name: f.get("name"), Version: f.get("version"), Requires: f["requires-dist"], RequiresPython: f.get("requires-python")}
	switch {
	case Normalize(m.Name) != n.Project():
		return nil, tree.NewError("", "the project's name is %q, but the file's name says %q", m.Name, n.Distribution)
	case !n.SameVersion(m.Version):
		return nil, tree.NewError("", "the version is %q, but the file's name says %q", m.Version, n.Version)
	}
	for _, r := range append([]string{m.RequiresPython}, m.Requires...) {
		if strings.ContainsFunc(r, func(r rune) bool { return r < 0x20 && r != '\n' || r == 0x7f }) {
			return nil, tree.NewError("", "requirement %q has a control character", r)
		}
	}
	for i, r := range m.Requires {
		m.Requires[i] = strings.ReplaceAll(r, "\n", " ")
	}
	m.RequiresPython = strings.ReplaceAll(m.RequiresPython, "\n", " ")
	return m, nil
}

// checkFormat reads the file WHEEL. Root-Is-Purelib is not needed: conda's
// Python has both kinds of libraries in one directory.
func checkFormat(text []byte) error {
	f, err := parseFields(text)
	if err != nil {
		return err
	}
	v := f.get("wheel-version")
	major, minor, ok := versionPair(v)
	switch {
	case !ok || major < 1 || minor < 0:
		return tree.NewError("", "Wheel-Version %q is none", v)
	case major > 1:
		return tree.NewError("", "Wheel-Version %s is not supported, only 1.x", v).WithClass("usage")
	}
	return nil
}
