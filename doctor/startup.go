package doctor

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Statements of start-up files. They are told line by line, since a file may be
// in any shell's language: sh, bash and zsh assign with "=", fish with "set",
// zsh has the array "path" beside PATH.
var (
	posixSets = regexp.MustCompile(`(?:^|[;&|]|\bthen|\belse|\bdo)\s*(?:(?:export|typeset|declare)\s+(?:-\w+\s+)*)?(PATH|GOROOT)=(.*)$`)
	fishSets  = regexp.MustCompile(`(?:^|[;&|])\s*set\s+(?:-{1,2}[a-z]+\s+)*(PATH|GOROOT)\s+(.*)$`)
	zshArray  = regexp.MustCompile(`^\s*(?:export\s+)?path=\((.*)\)`)
	keepsPath = regexp.MustCompile(`\$\{?\w*(?:PATH|paths?)\b|\$\(|` + "`")
	goPath    = regexp.MustCompile(`\$\{?GOPATH\b\}?`)
)

// statement is a line of a start-up file that sets PATH or GOROOT.
type statement struct {
	name, value string
	at          string // "FILE:LINE"
}

// statements returns the assignments of PATH and GOROOT in a file.
func statements(s Startup) []statement {
	var all []statement
	number := 0
	for line := range strings.Lines(s.Text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		at := fmt.Sprintf("%s:%d", s.Path, number)
		if m := zshArray.FindStringSubmatch(line); m != nil {
			all = append(all, statement{"PATH", m[1], at})
			continue
		}
		if m := posixSets.FindStringSubmatch(line); m != nil {
			if value, alone := word(m[2]); alone {
				all = append(all, statement{m[1], value, at})
			}
			continue
		}
		if m := fishSets.FindStringSubmatch(line); m != nil {
			all = append(all, statement{m[1], m[2], at})
		}
	}
	return all
}

// word returns the word that a text begins with, and whether the command ends
// there: "PATH=/bin ls" sets PATH for ls alone.
func word(text string) (value string, alone bool) {
	quote, depth := byte(0), 0
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\\' && quote != '\'':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '"' || b == '`':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			depth--
		case depth == 0 && strings.IndexByte(" \t;&|", b) >= 0:
			rest := strings.TrimSpace(text[i:])
			after := rest == "" || strings.HasPrefix(rest, "#") || strings.IndexByte(";&|", rest[0]) >= 0
			return text[:i], after || exports(rest)
		}
	}
	return text, true
}

// exports reports whether what follows an assignment is one more, as in
// "export PATH=/bin LANG=C".
func exports(rest string) bool {
	name, _, ok := strings.Cut(strings.Fields(rest)[0], "=")
	return ok && name != "" && !strings.ContainsAny(name, `/"'$`)
}

// forgets reports whether a new PATH leaves the old one out. Variables whose
// names end in PATH may hold it, and so may what a command prints.
func (s statement) forgets() bool {
	if s.name != "PATH" || strings.TrimSpace(s.value) == "" {
		return false
	}
	return !keepsPath.MatchString(goPath.ReplaceAllString(s.value, ""))
}

// sets returns the first line of a start-up file that sets a variable.
func (c *check) sets(name string) (at string, ok bool) {
	for _, file := range c.Startup {
		for _, s := range statements(file) {
			if s.name == name {
				return s.at, true
			}
		}
	}
	return "", false
}

// startup judges the start-up files of shells. /etc/profile of Debian sets PATH
// before it reads /etc/profile.d, so that is for [check.profile] to judge.
func (c *check) startup() {
	for _, file := range c.Startup {
		for _, s := range statements(file) {
			switch {
			case s.forgets() && !systemProfile(file.Path) && !c.repeats(file.Text):
				c.found(Error, "startup-path", s.at, "append "+oldPath(file.Path)+" to the new value", "sets PATH and forgets the old one, so shells that read it lose the environment")
			case s.name == "GOROOT" && !c.told("goroot-env"):
				c.found(Warning, "startup-goroot", s.at, "delete the line", "sets GOROOT, which every other toolchain would take for its own")
			}
		}
	}
}

// repeats reports whether a file names every directory of PATH itself.
func (c *check) repeats(text string) bool {
	for _, dir := range c.Path {
		if !strings.Contains(text, dir) {
			return false
		}
	}
	return len(c.Path) > 0
}

// oldPath is the PATH before, as the language of a file writes it.
func oldPath(file string) string {
	if path.Ext(file) == ".fish" {
		return "$PATH"
	}
	return ":$PATH"
}

// systemProfile reports whether a file sets PATH for the first time by right.
func systemProfile(file string) bool {
	switch file {
	case "/etc/profile", "/etc/login.defs", "/etc/environment", "/etc/zsh/zshenv", "/etc/zshenv":
		return true
	}
	return false
}

// HomeFiles are the start-up files of shells below a user's home.
func HomeFiles() []string {
	return []string{
		".profile", ".bash_profile", ".bash_login", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin", ".kshrc", ".config/fish/config.fish",
	}
}

// SystemFiles are those that count for all users, as patterns.
func SystemFiles() []string {
	return []string{
		"/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zshenv", "/etc/zshrc", "/etc/zprofile",
		"/etc/zsh/zshenv", "/etc/zsh/zprofile", "/etc/zsh/zshrc", "/etc/fish/config.fish", "/etc/fish/conf.d/*.fish",
	}
}
