package spec

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// Values are what templates stand for.
type Values struct {
	Version     string            // of the project, without a leading v
	Commit      string            // revision of the project's repository
	CondaPrefix string            // where the conda environment lies in the image
	Env         map[string]string // the environment variables of EnvNames
}

// Expand replaces the templates of a string: {{.Version}}, {{.Commit}},
// {{.CondaPrefix}} and {{.Env.NAME}}. Spaces may stand inside the braces. An
// unknown template, or a variable that Env does not hold, is an error of class
// usage.
func Expand(s string, v Values) (string, error) {
	out, f := expand(s, func(name string) (string, flaw) {
		switch name {
		case "Version":
			return v.Version, flaw{}
		case "Commit":
			return v.Commit, flaw{}
		case "CondaPrefix":
			return v.CondaPrefix, flaw{}
		}
		variable := strings.TrimPrefix(name, "Env.")
		if value, ok := v.Env[variable]; ok {
			return value, flaw{}
		}
		return "", flawf("template {{.%s}}: the environment variable is not set", name).hinted("set %s, or remove the template", variable)
	})
	if f.problem != "" {
		return "", fault.New(fault.Usage, "", "%s", f.problem).WithHint("%s", f.hint)
	}
	return out, nil
}

// expand replaces each template by what lookup returns for its field path
// without the leading dot, which is always a known one.
func expand(s string, lookup func(name string) (string, flaw)) (string, flaw) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{{")
		out.WriteString(before)
		if !found {
			return out.String(), flaw{}
		}
		field, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return "", flawf("template {{%s: }} is missing", rest).hinted("%s", templateHint)
		}
		field = strings.TrimSpace(field)
		name, dot := strings.CutPrefix(field, ".")
		if !dot || !isTemplate(name) {
			return "", flawf("unknown template {{%s}}", field).hinted("%s", templateHint)
		}
		value, f := lookup(name)
		if f.problem != "" {
			return "", f
		}
		out.WriteString(value)
		s = after
	}
}

const templateHint = "templates are {{.Version}}, {{.Commit}}, {{.CondaPrefix}} and {{.Env.NAME}}"

func isTemplate(name string) bool {
	if variable, ok := strings.CutPrefix(name, "Env."); ok {
		return isVariable(variable)
	}
	return name == "Version" || name == "Commit" || name == "CondaPrefix"
}

// isVariable reports whether a name can be an environment variable's:
// [A-Za-z_][A-Za-z0-9_]*.
func isVariable(name string) bool {
	return name != "" && isBare(name) && !strings.Contains(name, "-") && (name[0] < '0' || name[0] > '9')
}

// EnvNames returns the environment variables that templates of the file read,
// sorted.
func (s *Spec) EnvNames() []string {
	var names []string
	walk("", s.root, func(_ string, n *node) {
		expand(n.text, func(name string) (string, flaw) {
			if variable, ok := strings.CutPrefix(name, "Env."); ok {
				names = append(names, variable)
			}
			return "", flaw{}
		})
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// walk calls f for each string with its dotted key, list indexes left out.
func walk(path string, n *node, f func(path string, n *node)) {
	switch n.kind {
	case tableKind:
		for _, key := range n.keys {
			walk(joinKey(path, key), n.table[key], f)
		}
	case listKind:
		for _, item := range n.items {
			walk(path, item, f)
		}
	case stringKind:
		f(path, n)
	}
}

// templates notes templates that are misspelt or stand where none is read.
func (r *report) templates(root *node) {
	walk("", root, func(path string, n *node) {
		if !strings.Contains(n.text, "{{") {
			return
		}
		if !mayHoldTemplate(path) {
			r.add(n.value, flawf("%s: templates are not read here", path).
				hinted("they stand in image.tags, image.labels, image.annotations and ldflags of [[cli]]"))
			return
		}
		if _, f := expand(n.text, func(string) (string, flaw) { return "", flaw{} }); f.problem != "" {
			r.add(n.value, flaw{path + ": " + f.problem, f.hint})
		}
	})
}

func mayHoldTemplate(path string) bool {
	if env, ok := strings.CutPrefix(path, "env."); ok {
		_, path, _ = strings.Cut(env, ".") // names of variants hold no dot: see checkVariantName
	}
	return path == "image.tags" || path == "cli.ldflags" ||
		strings.HasPrefix(path, "image.labels.") || strings.HasPrefix(path, "image.annotations.")
}
