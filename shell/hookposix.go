package shell

import (
	"fmt"
	"strings"
)

// posixHook is for sh, bash and zsh. Whether a variable is exported is asked of
// "export -p", which writes "export NAME=" or "declare -x NAME=".
type posixHook struct{ posix }

const posixHead = "# The Go of this environment, by gophersnake. Sourced by conda, mamba and micromamba.\n"

func (d posixHook) activate(h Hook, values []string) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if [ \"${%s:-}\" != on ]; then\n", h.kept("ACTIVE"))
	fmt.Fprintf(&b, "  %s=$(\\export -p)\n", h.own("exported"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, `  if [ "${%[1]s+set}" = set ]; then
    case "$%[2]s" in
      *"export %[1]s="* | *"declare -x %[1]s="* | *"typeset -x %[1]s="*) \export %[3]s="$%[1]s" ;;
      *) %[4]s=$%[1]s ;;
    esac
  fi
`, name, h.own("exported"), h.kept(name), h.own(name))
	}
	fmt.Fprintf(&b, "  \\unset -v %s\n  \\export %s=on\n", h.own("exported"), h.kept("ACTIVE"))
	d.addPath(&b, h)
	b.WriteString("fi\n")
	for _, name := range h.Unset {
		fmt.Fprintf(&b, "\\unset -v %s\n", name)
	}
	for i, v := range h.Vars {
		fmt.Fprintf(&b, "\\export %s=%s\n", v.Name, values[i])
	}
	return b.String()
}

// addPath adds directories to PATH, unless they stand before conda's own: there
// they were left by conda, see Hook.
func (d posixHook) addPath(b *strings.Builder, h Hook) {
	if len(h.Path) == 0 {
		return
	}
	fmt.Fprintf(b, `  case ":$PATH:" in
    *":$CONDA_PREFIX/bin:"*) %[1]s=:${PATH%%%%"$CONDA_PREFIX/bin"*} ;;
    *) %[1]s=: ;;
  esac
`, h.own("path"))
	for i := len(h.Path) - 1; i >= 0; i-- {
		dir, _ := d.quote(h.Path[i]) // never fails
		fmt.Fprintf(b, `  %[2]s=%[3]s
  case "$%[1]s" in
    *":$%[2]s:"*) ;;
    *) \export PATH="$%[2]s${PATH:+:$PATH}" ;;
  esac
`, h.own("path"), h.own("dir"), dir) // and no empty element
	}
	fmt.Fprintf(b, "  \\unset -v %s %s\n", h.own("dir"), h.own("path"))
}

func (d posixHook) deactivate(h Hook) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if [ \"${%s:-}\" = on ]; then\n", h.kept("ACTIVE"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, `  \unset -v %[1]s
  if [ "${%[2]s+set}" = set ]; then
    \export %[1]s="$%[2]s"
  elif [ "${%[3]s+set}" = set ]; then
    %[1]s=$%[3]s
  fi
  \unset -v %[2]s %[3]s
`, name, h.kept(name), h.own(name))
	}
	for _, dir := range h.Path {
		quoted, _ := d.quote(dir) // never fails
		fmt.Fprintf(&b, `  %[1]s=%[3]s
  %[2]s=:$PATH:
  case "$%[2]s" in
    *":$%[1]s:"*)
      %[2]s=${%[2]s%%%%":$%[1]s:"*}:${%[2]s#*":$%[1]s:"}
      PATH=${%[2]s#:}
      PATH=${PATH%%:}
      ;;
  esac
`, h.own("dir"), h.own("path"), quoted)
	}
	if len(h.Path) > 0 {
		fmt.Fprintf(&b, "  \\unset -v %s %s\n", h.own("dir"), h.own("path"))
	}
	fmt.Fprintf(&b, "  \\unset -v %s\nfi\n", h.kept("ACTIVE"))
	return b.String()
}
