package link

import (
	"path"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// entryPointMode is the mode that rattler gives to entry points.
const entryPointMode = 0o775

// entryPoint is one line of a noarch package's link.json:
// "command = module:function".
type entryPoint struct {
	command, module, function string
}

// parseEntryPoint reads one entry point. The command must be a file name,
// module and function dotted Python names, so that neither leaves bin nor
// writes code (promises X25). Extras, "[x]" behind the function, are ignored
// as pip ignores them.
func parseEntryPoint(s string) (entryPoint, error) {
	command, object, ok := strings.Cut(s, "=")
	module, function, ok2 := strings.Cut(object, ":")
	if i := strings.IndexByte(function, '['); i >= 0 {
		function = function[:i]
	}
	e := entryPoint{strings.TrimSpace(command), strings.TrimSpace(module), strings.TrimSpace(function)}
	switch {
	case strings.ContainsAny(s, "\n\r\x00"):
		return e, tree.NewError("", "entry point %q has a line break", s)
	case !ok || !ok2:
		return e, tree.NewError("", "entry point %q is not of the form command = module:function", s)
	case tree.CheckPath(e.command) != nil || strings.ContainsAny(e.command, `/\`) || strings.HasPrefix(e.command, "#!"):
		return e, tree.NewError("", "entry point %q: command %q is not a file name", s, e.command)
	case !isDotted(e.module):
		return e, tree.NewError("", "entry point %q: %q is not a Python module", s, e.module)
	case !isDotted(e.function):
		return e, tree.NewError("", "entry point %q: %q is not a Python name", s, e.function)
	}
	return e, nil
}

// isDotted reports whether s is Python names joined by dots. Letters beyond
// ASCII are left to Python to judge.
func isDotted(s string) bool {
	for name := range strings.SplitSeq(s, ".") {
		bad := strings.IndexFunc(name, func(r rune) bool {
			return r < 0x80 && r != '_' && !isLetter(r) && (r < '0' || r > '9')
		})
		if name == "" || bad >= 0 || name[0] >= '0' && name[0] <= '9' {
			return false
		}
	}
	return true
}

func isLetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

// script returns the text of an entry point, byte for byte as rattler writes
// it: the body is indented with tabs.
func (t *target) script(e entryPoint) string {
	name, _, _ := strings.Cut(e.function, ".")
	return t.pythonShebang() + "\n" +
		"# -*- coding: utf-8 -*-\n" +
		"import re\n" +
		"import sys\n\n" +
		"from " + e.module + " import " + name + "\n\n" +
		"if __name__ == '__main__':\n" +
		"\tsys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n" +
		"\tsys.exit(" + e.function + "())\n"
}

// pythonShebang returns the first line of a script for the environment's
// Python.
func (t *target) pythonShebang() string {
	exe := path.Join(t.prefix, "bin", "python"+t.python.Version)
	if len("#!")+len(exe) > maxShebangLinux || strings.Contains(exe, " ") {
		return shExec(exe, "")
	}
	return "#!" + exe
}
