package link

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Longest first lines that kernels read as the name of an interpreter: Linux
// (BINPRM_BUF_SIZE) and XNU (IMG_SHSIZE).
const (
	maxShebangLinux = 127
	maxShebangOSX   = 512
)

// maxFirstLine is the longest first line that is treated as a shebang; a
// longer one has its placeholders replaced as the rest of the file has.
const maxFirstLine = 64 << 10

// relocateText returns a reader of a text file with its placeholders replaced,
// the first line by the rules for interpreters where there is one. It is done
// with b when it has been read.
func relocateText(src io.Reader, r replacement, system string, b *buffers) io.Reader {
	if b.text == nil {
		b.text = bufio.NewReaderSize(nil, maxFirstLine)
	}
	body := b.text
	body.Reset(src)
	head, _ := body.Peek(2)
	if r.placeholder == "" || system == windows || string(head) != "#!" {
		return newRelocator(body, r, false, b)
	}
	line, err := body.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		first := bytes.NewReader(bytes.Clone(line))
		return newRelocator(io.MultiReader(first, body), r, false, b)
	}
	text, ended := strings.CutSuffix(string(line), "\n")
	text = replaceShebang(text, r.placeholder, r.prefix, system)
	if ended {
		text += "\n"
	}
	return io.MultiReader(strings.NewReader(text), newRelocator(body, r, false, b))
}

// replaceShebang replaces the placeholder in a first line that begins with
// "#!". A line that becomes too long for the system's kernel, or has a prefix
// with a space, finds its interpreter by other means.
func replaceShebang(line, placeholder, prefix, system string) string {
	if strings.Contains(prefix, " ") {
		if !strings.Contains(line, placeholder) {
			return line
		}
		return strings.ReplaceAll(indirectShebang(line), placeholder, prefix)
	}
	line = strings.ReplaceAll(line, placeholder, prefix)
	limit := maxShebangLinux
	if system == osx {
		limit = maxShebangOSX
	}
	if len(line) <= limit || !strings.HasPrefix(line, "#!") {
		return line
	}
	return indirectShebang(line)
}

// indirectShebang rewrites "#!/path/exe options" for an interpreter whose path
// a kernel cannot take: Python reads the sh form as a string and sh executes
// it; other interpreters are looked up in PATH.
func indirectShebang(line string) string {
	rest := strings.TrimLeft(line[len("#!"):], " ")
	if !strings.HasPrefix(rest, "/") {
		return line
	}
	end := interpreterEnd(rest)
	exe, options := rest[:end], rest[end:]
	name := exe[strings.LastIndexByte(exe, '/')+1:]
	if isPython(name) {
		return shExec(exe, options)
	}
	return "#!/usr/bin/env " + name + options
}

// interpreterEnd returns the length of a path that ends before white space. A
// space behind a backslash belongs to the path.
func interpreterEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case ' ':
			if s[i-1] != '\\' {
				return i
			}
		case '\t', '\r', '\n':
			return i
		}
	}
	return len(s)
}

// shExec is a first line that both sh and Python read: sh replaces itself by
// the interpreter, Python sees a string.
func shExec(exe, options string) string {
	return "#!/bin/sh\n'''exec' \"" + exe + "\"" + options + " \"$0\" \"$@\" #'''"
}

// isPython reports whether a name is python, pythonX or pythonX.Y.
func isPython(name string) bool {
	version, ok := strings.CutPrefix(name, "python")
	if !ok || version == "" {
		return ok
	}
	major, minor, dotted := strings.Cut(version, ".")
	return isDigits(major) && (!dotted || isDigits(minor))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
