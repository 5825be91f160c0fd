package shell

import (
	"fmt"
	"strings"
)

// fishHook is for fish. Only global variables are kept: others show again when
// the hook's own are erased.
type fishHook struct{ fish }

func (d fishHook) activate(h Hook, values []string) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if test \"$%s\" != on\n", h.kept("ACTIVE"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, `    if set -qgx %[1]s
        set -gx %[2]s "$%[1]s"
    else if set -qg %[1]s
        set -g %[3]s $%[1]s
    end
`, name, h.kept(name), h.own(name))
	}
	fmt.Fprintf(&b, "    set -gx %s on\n", h.kept("ACTIVE"))
	for i := len(h.Path) - 1; i >= 0; i-- { // see posixHook.addPath
		dir, _ := d.quote(h.Path[i]) // never fails
		fmt.Fprintf(&b, `    set -l at (contains -i -- "$CONDA_PREFIX/bin" $PATH; or echo 1)
    contains -- %[1]s $PATH[1..$at]; or set -gx PATH %[1]s $PATH
`, dir)
	}
	b.WriteString("end\n")
	for _, name := range h.Unset {
		fmt.Fprintf(&b, "set -eg %s\n", name)
	}
	for i, v := range h.Vars {
		fmt.Fprintf(&b, "set -eg %s\nset -gx %s %s\n", v.Name, v.Name, values[i])
	}
	return b.String()
}

func (d fishHook) deactivate(h Hook) string {
	var b strings.Builder
	b.WriteString(posixHead)
	fmt.Fprintf(&b, "if test \"$%s\" = on\n", h.kept("ACTIVE"))
	for _, name := range h.names() {
		fmt.Fprintf(&b, `    set -eg %[1]s
    if set -qg %[2]s
        set -qx %[1]s; and test "$%[1]s" = "$%[2]s"; or set -gx %[1]s "$%[2]s"
        set -eg %[2]s
    else if set -qg %[3]s
        set -g %[1]s $%[3]s
        set -eg %[3]s
    end
`, name, h.kept(name), h.own(name))
	}
	for _, dir := range h.Path {
		quoted, _ := d.quote(dir) // never fails
		fmt.Fprintf(&b, `    if set -l at (contains -i -- %s $PATH)
        set -e PATH[$at]
    end
`, quoted)
	}
	fmt.Fprintf(&b, "    set -eg %s\nend\n", h.kept("ACTIVE"))
	return b.String()
}
