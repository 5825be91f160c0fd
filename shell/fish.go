package shell

import (
	"fmt"
	"strings"
)

// fish is the dialect of fish from 3.1 on. What is set is global: it hides a
// universal variable of the name, which shows again when it is erased.
type fish struct{}

func (fish) quote(value string) (string, error) {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'", nil
}

func (fish) set(s Step, quoted string) string {
	text := fmt.Sprintf("set -gx %s %s\n", s.Name, quoted)
	switch {
	case s.Op == Restore && s.Name != pathVar:
		// Where erasing shows the old value, there is none to set.
		return fmt.Sprintf("set -eg %s\nset -qx %s; and test \"$%s\" = %s; or %s", s.Name, s.Name, s.Name, quoted, text)
	case s.Keep != "":
		return fmt.Sprintf("set -qg %s; and set -g %s $%s\nset -eg %s\n", s.Name, s.Keep, s.Name, s.Name) + text
	}
	return text
}

func (fish) unset(s Step) string {
	text := fmt.Sprintf("set -eg %s\n", s.Name)
	if s.Keep != "" {
		text += fmt.Sprintf("if set -qg %s; set -g %s $%s; set -eg %s; end\n", s.Keep, s.Name, s.Keep, s.Keep)
	}
	return text
}

// prompt calls the old prompt first, which may show the last command's status.
func (f fish) prompt(s Step) string {
	quoted, _ := f.quote(s.Value) // never fails
	return fmt.Sprintf(`if functions -q fish_prompt
functions -c fish_prompt %[1]s
function fish_prompt
set -l text (%[1]s | string collect)
printf '%%s%%s' %[2]s $text
end
end
`, s.Keep, quoted)
}

func (fish) promptBack(s Step) string {
	return fmt.Sprintf(`if functions -q %[1]s
functions -e fish_prompt
functions -c %[1]s fish_prompt
functions -e %[1]s
end
`, s.Keep)
}

func (fish) source(string) string       { return "" } // a script for sh
func (fish) frame(script string) string { return script }
