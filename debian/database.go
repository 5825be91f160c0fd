package debian

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// database makes dpkg's records of what is installed, so that dpkg, apt and
// scanners know the packages (dpkg(1), FILES).
func (r *assembly) database() error {
	var status strings.Builder
	for i, m := range r.byName() {
		if i > 0 {
			status.WriteByte('\n')
		}
		if err := m.status(&status); err != nil {
			return err
		}
		base := "var/lib/dpkg/info/" + m.infoName()
		r.file("dpkg", base+".list", 0o644, m.list())
		for _, name := range sortedKeys(m.Area) {
			if tree.CheckPath(name) != nil || strings.Contains(name, "/") {
				return tree.NewError("package "+m.Name(), "%q is no name of a control file", name)
			}
			mode := int64(0o644)
			if slices.Contains([]string{"preinst", "postinst", "prerm", "postrm", "config"}, name) {
				mode = 0o755
			}
			r.file("dpkg", base+"."+name, mode, m.Area[name])
		}
	}
	r.file("dpkg", "var/lib/dpkg/status", 0o644, status.String())
	r.file("dpkg", "var/lib/dpkg/info/format", 0o644, "1\n")
	for _, name := range []string{"available", "diversions", "statoverride"} {
		r.file("dpkg", "var/lib/dpkg/"+name, 0o644, "")
	}
	r.file("dpkg", "var/lib/dpkg/triggers/File", 0o644, r.triggers())
	r.file("dpkg", "var/lib/dpkg/triggers/Unincorp", 0o644, "")
	for _, dir := range []string{"var/lib/dpkg/updates", "var/lib/dpkg/parts", "var/lib/dpkg/triggers", "var/lib/dpkg/info"} {
		r.mkdir(dir, 0o755, "")
	}
	return nil
}

func (r *assembly) byName() []*Meta {
	list := slices.Clone(r.metas)
	slices.SortFunc(list, func(a, b *Meta) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// infoName is NAME, or NAME:ARCH where several architectures may be installed
// side by side.
func (m *Meta) infoName() string {
	if m.Control.Get("Multi-Arch") == "same" {
		return m.Name() + ":" + m.Control.Get("Architecture")
	}
	return m.Name()
}

// status writes the package's stanza of dpkg's status file.
func (m *Meta) status(b *strings.Builder) error {
	fmt.Fprintf(b, "Package: %s\nStatus: install ok installed\n", m.Name())
	for _, f := range m.Control {
		switch {
		case strings.EqualFold(f.Name, "Package"), strings.EqualFold(f.Name, "Status"), strings.EqualFold(f.Name, "Conffiles"):
			continue
		case strings.EqualFold(f.Name, "Description"):
			m.conffiles(b)
		}
		fmt.Fprintf(b, "%s: %s\n", f.Name, strings.ReplaceAll(f.Value, "\n", "\n "))
	}
	return nil
}

// conffiles writes the field that tells dpkg which files the user owns.
func (m *Meta) conffiles(b *strings.Builder) {
	first := true
	for line := range strings.SplitSeq(m.Area["conffiles"], "\n") {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "/")
		sum := m.Conf[path]
		if !ok || sum == "" {
			continue
		}
		if first {
			b.WriteString("Conffiles:\n")
			first = false
		}
		fmt.Fprintf(b, " /%s %s\n", path, sum)
	}
}

// list returns the paths of a package as dpkg lists them.
func (m *Meta) list() string {
	var b strings.Builder
	b.WriteString("/.\n")
	for _, e := range m.Entries {
		b.WriteString("/" + e.Path + "\n")
	}
	return b.String()
}

// triggers returns the file triggers that packages are interested in.
func (r *assembly) triggers() string {
	var lines []string
	for _, m := range r.metas {
		for line := range strings.SplitSeq(m.Area["triggers"], "\n") {
			f := strings.Fields(line)
			if len(f) == 2 && strings.HasPrefix(f[0], "interest") && strings.HasPrefix(f[1], "/") {
				suffix := ""
				if strings.HasSuffix(f[0], "-noawait") {
					suffix = "/noawait"
				}
				lines = append(lines, f[1]+" "+m.Name()+suffix+"\n")
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
