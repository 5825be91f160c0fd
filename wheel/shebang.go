package wheel

import (
	"bufio"
	"bytes"
	"path"
	"strings"
	"unicode/utf8"
)

// Longest first lines that kernels read as the name of an interpreter: Linux
// (BINPRM_BUF_SIZE) and XNU (IMG_SHSIZE).
const (
	maxShebangLinux = 127
	maxShebangOSX   = 512
)

// maxFirstLine is the longest first line that is read as one.
const maxFirstLine = 64 << 10

// replaceShebang returns the first line that a script gets instead of its own,
// and the length of its own. A line that begins with "#!python" stands for the
// environment's Python (PEP 427), with the same options; other scripts keep
// theirs, and the result is "".
func (t *target) replaceShebang(r *bufio.Reader) (old int, shebang string) {
	head, _ := r.Peek(maxFirstLine)
	if !bytes.HasPrefix(head, []byte("#!python")) {
		return 0, ""
	}
	line, _, ended := bytes.Cut(head, []byte("\n"))
	old = len(line)
	if ended {
		old++
	} else if len(head) == maxFirstLine {
		return 0, ""
	}
	if !utf8.Valid(line) {
		return 0, ""
	}
	options := ""
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		options = strings.TrimSpace(string(line[i:]))
	}
	return old, t.shebang(options)
}

// shebang returns the first line of a script for the environment's Python. One
// that a kernel does not read, or that has a prefix with a space, is made for
// sh: sh replaces itself by the interpreter, Python sees a string.
func (t *target) shebang(options string) string {
	exe := path.Join(t.Prefix, "bin", "python"+t.xy)
	if options != "" {
		options = " " + options
	}
	limit := maxShebangLinux
	if t.System == osx {
		limit = maxShebangOSX
	}
	if line := "#!" + exe + options; len(line) <= limit && !strings.Contains(exe, " ") {
		return line + "\n"
	}
	return "#!/bin/sh\n'''exec' \"" + exe + "\"" + options + " \"$0\" \"$@\" #'''\n"
}
