package wheel

import (
	"strings"
	"unicode/utf8"

	"github.com/gophersnake/gophersnake/tree"
)

// entryPoint is a command that a wheel asks for: a function of a module.
type entryPoint struct {
	command, module, function string
}

// parseEntryPoints reads the commands of entry_points.txt (entry points
// specification): those of the groups console_scripts and gui_scripts, which
// are the same but on Windows. Lines that begin with "#" or ";" are comments.
func parseEntryPoints(text []byte) ([]entryPoint, error) {
	if !utf8.Valid(text) {
		return nil, tree.NewError("", "is not UTF-8")
	}
	var all []entryPoint
	seen := map[string]entryPoint{}
	group := ""
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			name, ok := strings.CutSuffix(line[1:], "]")
			if !ok {
				return nil, tree.NewError("", "line %q is no group", line)
			}
			group = strings.TrimSpace(name)
			continue
		case group != "console_scripts" && group != "gui_scripts":
			continue
		}
		e, err := parseEntryPoint(line)
		if err != nil {
			return nil, err
		}
		if old, ok := seen[e.command]; ok {
			if old != e {
				return nil, tree.NewError("", "command %q occurs twice, and differs", e.command)
			}
			continue
		}
		seen[e.command] = e
		all = append(all, e)
	}
	return all, nil
}

// parseEntryPoint reads "command = module:function". The command must be a
// file name, module and function dotted Python names, so that neither leaves
// bin nor writes code (promises X25). Extras, "[x]" behind the function, are
// ignored as pip ignores them.
func parseEntryPoint(line string) (entryPoint, error) {
	command, object, ok := strings.Cut(line, "=")
	module, function, ok2 := strings.Cut(object, ":")
	if i := strings.IndexByte(function, '['); i >= 0 {
		function = function[:i]
	}
	e := entryPoint{strings.TrimSpace(command), strings.TrimSpace(module), strings.TrimSpace(function)}
	switch {
	case !ok || !ok2:
		return e, tree.NewError("", "entry point %q is not of the form command = module:function", line)
	case tree.CheckPath(e.command) != nil || strings.ContainsAny(e.command, `/\`) || strings.HasPrefix(e.command, "#!"):
		return e, tree.NewError("", "entry point %q: command %q is not a file name", line, e.command)
	case !isDotted(e.module):
		return e, tree.NewError("", "entry point %q: %q is not a Python module", line, e.module)
	case !isDotted(e.function):
		return e, tree.NewError("", "entry point %q: %q is not a Python name", line, e.function)
	}
	return e, nil
}

// isDotted reports whether s is Python names joined by dots. Letters beyond
// ASCII are left to Python to judge.
func isDotted(s string) bool {
	for name := range strings.SplitSeq(s, ".") {
		bad := strings.IndexFunc(name, func(r rune) bool {
			return r < 0x80 && r != '_' && (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9')
		})
		if name == "" || bad >= 0 || name[0] >= '0' && name[0] <= '9' {
			return false
		}
	}
	return true
}

// script returns the text of a command.
func (e entryPoint) script(shebang string) string {
	name, _, _ := strings.Cut(e.function, ".")
	return shebang +
		"import sys\n\n" +
		"from " + e.module + " import " + name + "\n\n" +
		"if __name__ == \"__main__\":\n" +
		"    sys.exit(" + e.function + "())\n"
}
