package release

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/mod/modfile"
)

// Asked is what a go.mod or a go.work asks of Go. Versions are as written,
// without "go": "1.26" or "1.26.8"; "" where the line is absent.
type Asked struct {
	Go, Toolchain         string
	GoLine, ToolchainLine int // from 1
}

// ReadMod reads the go and toolchain lines of a go.mod, or of a go.work if the
// name's last element is that (Go Modules Reference, "go.mod files" and
// "Workspaces"). A line "toolchain default" asks for nothing. Errors are of
// class "usage" and name the file's line.
func ReadMod(name string, data []byte) (Asked, error) {
	var goLine *modfile.Go
	var toolchain *modfile.Toolchain
	if path.Base(name) == "go.work" {
		f, err := modfile.ParseWork(name, data, nil)
		if err != nil {
			return Asked{}, badMod(name, err)
		}
		goLine, toolchain = f.Go, f.Toolchain
	} else {
		f, err := modfile.Parse(name, data, nil) // ParseLax passes over toolchain lines
		if err != nil {
			return Asked{}, badMod(name, err)
		}
		goLine, toolchain = f.Go, f.Toolchain
	}
	var a Asked
	if goLine != nil {
		a.Go, a.GoLine = goLine.Version, goLine.Syntax.Start.Line
	}
	if toolchain != nil && toolchain.Name != "default" {
		a.Toolchain, a.ToolchainLine = strings.TrimPrefix(toolchain.Name, "go"), toolchain.Syntax.Start.Line
	}
	return a, nil
}

// badMod says where a go.mod or go.work is wrong.
func badMod(name string, err error) error {
	var list modfile.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return newError("usage", name, "%w", err)
	}
	e := list[0]
	return newError("usage", fmt.Sprintf("%s:%d", name, e.Pos.Line), "%w", e.Err)
}

// FileWishes returns the wishes that a file expresses, the first one first:
//
//	go.mod, go.work   the toolchain line, else the go line
//	.go-version       its only line: 1.26.8, go1.26.8 or 1.26
//	.tool-versions    the words after "golang" or "go" on their line
//
// Blank lines, and what follows #, count for nothing in the last two. Errors
// are of class "usage" and name the file's line.
func FileWishes(name string, data []byte) ([]string, error) {
	switch path.Base(name) {
	case ".go-version":
		return goVersionFile(name, string(data))
	case ".tool-versions":
		return toolVersions(name, string(data))
	}
	a, err := ReadMod(name, data)
	switch {
	case err != nil:
		return nil, err
	case a.Toolchain != "":
		return []string{a.Toolchain}, nil
	case a.Go != "":
		return []string{a.Go}, nil
	}
	return nil, newError("usage", name, "no go line").advise("add one, or set [go] versions")
}

func goVersionFile(name, text string) ([]string, error) {
	var found []string
	for n, words := range fields(text) {
		for _, word := range words {
			if len(found) == 1 {
				return nil, newError("usage", place(name, n), "a second version").advise("keep one; several stand in [go] versions")
			}
			v, err := plainVersion(name, n, word)
			if err != nil {
				return nil, err
			}
			found = append(found, v)
		}
	}
	if found == nil {
		return nil, newError("usage", name, "no version").advise(`write one, such as "1.26.8"`)
	}
	return found, nil
}

func toolVersions(name, text string) ([]string, error) {
	var found []string
	first := 0
	for n, words := range fields(text) {
		if words[0] != "golang" && words[0] != "go" {
			continue
		}
		if first > 0 {
			return nil, newError("usage", place(name, n), "Go is set twice, first on line %d", first).advise("keep one of the two")
		}
		first = n
		if len(words) == 1 {
			return nil, newError("usage", place(name, n), "%s has no version", words[0]).advise(`write one, such as "1.26.8"`)
		}
		for _, word := range words[1:] {
			v, err := plainVersion(name, n, word)
			if err != nil {
				return nil, err
			}
			found = append(found, v)
		}
	}
	if found == nil {
		return nil, newError("usage", name, "no golang line").advise("add one, or set [go] versions")
	}
	return found, nil
}

// fields yields the words of each line that has any, with its number.
func fields(text string) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line, _, _ = strings.Cut(line, "#")
			if words := strings.Fields(line); len(words) > 0 && !yield(n, words) {
				return
			}
		}
	}
}

// plainVersion refuses what is no version: "latest", "system", "ref:…".
func plainVersion(name string, n int, word string) (string, error) {
	if v := goVersion(word); v != "" {
		return strings.TrimPrefix(v, "go"), nil
	}
	return "", newError("usage", place(name, n), "%q is not a version of Go", word).advise(`write "1.26.8" or "1.26"`)
}

func place(name string, line int) string { return fmt.Sprintf("%s:%d", name, line) }
