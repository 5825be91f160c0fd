package shell

import (
	"fmt"
	"slices"
	"strings"
)

// Shell is a shell's name.
type Shell string

// The shells.
const (
	Posix      Shell = "sh" // dash, ash, ksh: IEEE Std 1003.1, Shell Command Language
	Bash       Shell = "bash"
	Zsh        Shell = "zsh"
	Fish       Shell = "fish"
	PowerShell Shell = "pwsh"
	Cmd        Shell = "cmd"
)

// All returns the shells, as they are listed for people.
func All() []Shell { return []Shell{Bash, Zsh, Fish, Posix, PowerShell, Cmd} }

// Parse returns the shell of a name, or of the path of its program as $SHELL
// has it.
func Parse(name string) (Shell, error) {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	base = strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(base), ".exe"), "-") // a login shell's name begins with -
	switch base {
	case "dash", "ash", "ksh", "mksh", "posix":
		return Posix, nil
	case "powershell":
		return PowerShell, nil
	}
	if s := Shell(base); slices.Contains(All(), s) {
		return s, nil
	}
	return "", fmt.Errorf("shell %q is not one of bash, zsh, fish, sh, pwsh, cmd", name)
}

// Sources reports whether the shell can run scripts for sh in itself, as those
// of conda packages are.
func (s Shell) Sources() bool { return s == Posix || s == Bash || s == Zsh }

// Eval returns the command that people type, or put into a start-up file, to
// evaluate what a command prints.
func (s Shell) Eval(command string) string {
	switch s {
	case Fish:
		return command + " | source"
	case PowerShell:
		return command + " | Out-String | Invoke-Expression"
	case Cmd:
		return command + ` > "%TEMP%\gophersnake.bat" && call "%TEMP%\gophersnake.bat"`
	}
	return `eval "$(` + command + `)"`
}

// dialect spells steps. Every method returns whole lines.
type dialect interface {
	quote(value string) (string, error) // as one word, or as much of one as set needs
	set(step Step, quoted string) string
	unset(step Step) string
	prompt(step Step) string
	promptBack(step Step) string
	source(quoted string) string
	frame(script string) string // around the whole, which is not empty
}

func (s Shell) dialect() dialect {
	switch s {
	case Fish:
		return fish{}
	case PowerShell:
		return powerShell{}
	case Cmd:
		return cmd{}
	}
	return posix{}
}

// Script returns the text that a shell evaluates to take the steps. What the
// shell cannot hold is an error, and so is a name that is no variable's. Shells
// that do not run scripts for sh leave out Source.
func (s Shell) Script(steps []Step) (string, error) {
	d := s.dialect()
	var b strings.Builder
	for _, step := range steps {
		if step.Name != "" && !IsName(step.Name) {
			return "", fmt.Errorf("%q is no name of a variable", step.Name)
		}
		quoted, err := d.quote(step.Value)
		if err != nil {
			return "", fmt.Errorf("%s cannot hold %s: %w", s, step.subject(), err)
		}
		switch step.Op {
		case Set, Restore:
			if s == Cmd && len(step.Name)+len(quoted) > maxLine {
				return "", fmt.Errorf("%s cannot hold %s: the line is longer than %d characters", s, step.subject(), maxLine)
			}
			b.WriteString(d.set(step, quoted))
		case Unset:
			b.WriteString(d.unset(step))
		case Prompt:
			b.WriteString(d.prompt(step))
		case PromptBack:
			b.WriteString(d.promptBack(step))
		case Source:
			if s.Sources() {
				b.WriteString(d.source(quoted))
			}
		}
	}
	if b.Len() == 0 {
		return "", nil
	}
	return d.frame(b.String()), nil
}

// IsName reports whether every shell takes a name for a variable's: letters,
// digits and underscores, and no digit first.
func IsName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
