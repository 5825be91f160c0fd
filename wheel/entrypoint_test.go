package wheel

import (
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/tree"
)

// FuzzEntryPoints checks that no command leaves bin, and that no script has a
// line or a character of code that the entry point brought.
func FuzzEntryPoints(f *testing.F) {
	f.Add([]byte("[console_scripts]\r\na = b.c:d.e [x]\n; comment\n[gui_scripts]\ng=h:i\n[other]\n"))
	f.Add([]byte("\ufeff[console_scripts]\nä = ö:ü\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseEntryPoints(text)
		if err != nil {
			return
		}
		for _, e := range all {
			if tree.CheckPath(e.command) != nil || strings.ContainsAny(e.command, `/\`) {
				t.Errorf("command %q", e.command)
			}
			if s := e.script("#!x\n"); strings.Count(s, "\n") != 7 || strings.ContainsAny(e.module+e.function, "\r\n\x00;()'\"#\\ ") {
				t.Errorf("script %q", s)
			}
		}
	})
}
