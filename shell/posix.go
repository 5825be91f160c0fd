package shell

import (
	"fmt"
	"strings"
)

// posix is the dialect of sh, bash and zsh. It works with set -e and set -u, and
// a backslash keeps aliases away.
type posix struct{}

func (posix) quote(value string) (string, error) {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'", nil
}

func (posix) set(s Step, quoted string) string {
	text := fmt.Sprintf("\\export %s=%s\n", s.Name, quoted)
	if s.Keep != "" {
		text = fmt.Sprintf("if [ \"${%s+set}\" = set ]; then %s=$%s; fi\n", s.Name, s.Keep, s.Name) + text
	}
	return text
}

// unset names variables with -v: bash would take the name for a function's where
// it is no variable's.
func (p posix) unset(s Step) string {
	text := fmt.Sprintf("\\unset -v %s\n", s.Name)
	if s.Keep != "" {
		text += p.back(s.Name, s.Keep)
	}
	return text
}

// back gives a variable the value that was kept, if one was.
func (posix) back(name, keep string) string {
	return fmt.Sprintf("if [ \"${%s+set}\" = set ]; then %s=$%s; \\unset -v %s; fi\n", keep, name, keep, keep)
}

func (p posix) prompt(s Step) string {
	quoted, _ := p.quote(s.Value) // never fails
	return fmt.Sprintf("if [ \"${PS1+set}\" = set ]; then %s=$PS1; PS1=%s$PS1; fi\n", s.Keep, quoted)
}

func (p posix) promptBack(s Step) string { return p.back("PS1", s.Keep) }

func (posix) source(quoted string) string {
	return fmt.Sprintf("if [ -r %s ]; then . %s; fi\n", quoted, quoted)
}

func (posix) frame(script string) string { return script }
