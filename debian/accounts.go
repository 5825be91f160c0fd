package debian

import (
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// names reads the accounts that Debian numbers, so that files that packages
// give to them by name get the right owner.
func (r *assembly) names() {
	r.users, r.groups = map[string]int{"root": 0}, map[string]int{"root": 0}
	m := r.meta("base-passwd")
	if m == nil {
		return
	}
	r.passwd = m.Texts["usr/share/base-passwd/passwd.master"]
	r.group = m.Texts["usr/share/base-passwd/group.master"]
	number(r.passwd, r.users)
	number(r.group, r.groups)
}

// number reads NAME:PASSWORD:NUMBER lines.
func number(text string, to map[string]int) {
	for line := range strings.SplitSeq(text, "\n") {
		f := strings.Split(line, ":")
		if len(f) < 3 {
			continue
		}
		if n, err := strconv.Atoi(f[2]); err == nil {
			to[f[0]] = n
		}
	}
}

// accounts makes the account files of base-passwd, with shadow files where
// packages are there that read them. Passwords are locked, and no day of a
// change is told: it would be that of the build.
func (r *assembly) accounts() {
	if r.passwd == "" || r.group == "" {
		return
	}
	if r.meta("passwd") != nil || r.meta("login") != nil {
		var shadow, gshadow string
		r.passwd, shadow = shadowed(r.passwd, "*::0:99999:7:::\n")
		r.group, gshadow = shadowed(r.group, "*::\n")
		for path, text := range map[string]string{"etc/shadow": shadow, "etc/gshadow": gshadow} {
			r.owned("passwd", tree.Header{Path: path, Mode: 0o640, GID: r.groups["shadow"], Size: int64(len(text))}, text)
		}
	}
	r.file("base-passwd", "etc/passwd", 0o644, r.passwd)
	r.file("base-passwd", "etc/group", 0o644, r.group)
}

// shadowed moves the second field of all lines into another file.
func shadowed(text, rest string) (open, shadow string) {
	for line := range strings.Lines(text) {
		name, after, ok := strings.Cut(line, ":")
		_, after, second := strings.Cut(after, ":")
		if !ok || !second {
			continue
		}
		open += name + ":x:" + after
		shadow += name + ":" + rest
	}
	return open, shadow
}
