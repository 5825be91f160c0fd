package debian

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pamProfile is a file of /usr/share/pam-configs (pam-auth-update(8)).
type pamProfile struct {
	name     string
	priority int
	fields   Stanza
}

// pam makes the common files of libpam-runtime from the profiles that are on
// by default.
func (r *assembly) pam() {
	m := r.meta("libpam-runtime")
	if m == nil {
		return
	}
	r.file("libpam-runtime", "etc/environment", 0o644, "")
	if r.meta("libpam-modules") != nil {
		r.file("libpam-modules", "etc/security/opasswd", 0o600, "")
	}
	profiles := r.pamProfiles()
	for _, kind := range []string{"account", "auth", "password", "session", "session-noninteractive"} {
		template := m.Texts["usr/share/pam/common-"+kind]
		if template == "" {
			continue
		}
		module, _, _ := strings.Cut(kind, "-")
		title := strings.ToUpper(module[:1]) + module[1:]
		text := strings.NewReplacer(
			"$"+module+"_primary\n", pamBlock(profiles, title, "Primary", kind),
			"$"+module+"_additional\n", pamBlock(profiles, title, "Additional", kind),
			"$session_nonint_primary\n", pamBlock(profiles, title, "Primary", kind),
			"$session_nonint_additional\n", pamBlock(profiles, title, "Additional", kind),
		).Replace(template)
		r.file("libpam-runtime", "etc/pam.d/common-"+kind, 0o644, text)
	}
}

// pamProfiles returns the profiles of all packages, the most important first.
func (r *assembly) pamProfiles() (all []pamProfile) {
	for _, m := range r.metas {
		for _, path := range sortedKeys(m.Texts) {
			if !strings.HasPrefix(path, "usr/share/pam-configs/") {
				continue
			}
			s, err := NewControl(strings.NewReader(m.Texts[path]), path).Next()
			if err != nil || s.Get("Default") != "yes" {
				continue
			}
			priority, _ := strconv.Atoi(s.Get("Priority"))
			all = append(all, pamProfile{path, priority, s})
		}
	}
	slices.SortStableFunc(all, func(a, b pamProfile) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.name, b.name))
	})
	return all
}

// pamLine returns a profile's line as pam-auth-update writes it: with a blank
// before the module's arguments, also where there are none.
func pamLine(line string) string {
	line = strings.TrimSpace(line)
	control, module, ok := strings.Cut(line, "]")
	if !ok {
		control, module, _ = strings.Cut(line, "\t")
	}
	if len(strings.Fields(module)) == 1 && control != "" {
		return line + " "
	}
	return line
}

// pamBlock returns the lines of one kind. "end" is the number of lines that a
// success skips: what follows in the block, and the line that denies.
func pamBlock(profiles []pamProfile, title, block, kind string) string {
	var lines []string
	for _, p := range profiles {
		if p.fields.Get(title+"-Type") != block || kind == "session-noninteractive" && p.fields.Get("Session-Interactive-Only") == "yes" {
			continue
		}
		text := p.fields.Get(title)
		if initial := p.fields.Get(title + "-Initial"); len(lines) == 0 && initial != "" {
			text = initial
		}
		for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' }) {
			lines = append(lines, pamLine(line))
		}
	}
	module, _, _ := strings.Cut(kind, "-")
	var b strings.Builder
	if block == "Primary" && !strings.Contains(strings.Join(lines, ""), "=end") {
		b.WriteString(module + "\t[default=1]\t\t\tpam_permit.so\n")
	}
	for i, line := range lines {
		b.WriteString(module + "\t" + strings.ReplaceAll(line, "=end", fmt.Sprintf("=%d", len(lines)-i)) + "\n")
	}
	return b.String()
}
