package debian

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// database makes dpkg's records of what is installed, so that dpkg, apt and
// scanners know the packages (dpkg(1), FILES).
func (r *assembly) database() error {
	var status strings.Builder
	for _, m := range r.byName() {
		m.status(&status)
		status.WriteByte('\n')
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
	for _, name := range []string{"available", "diversions"} {
		r.file("dpkg", "var/lib/dpkg/"+name, 0o644, "")
	}
	files, named := r.triggers()
	r.file("dpkg", "var/lib/dpkg/triggers/File", 0o644, files)
	for _, name := range sortedKeys(named) {
		r.file("dpkg", "var/lib/dpkg/triggers/"+name, 0o644, named[name])
	}
	if r.meta("apt") != nil {
		r.file("apt", "var/lib/dpkg/cmethopt", 0o644, "apt apt\n")
	}
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

// statusOrder is the order of fields in dpkg's status file; others follow as
// they come.
const statusOrder = " Package Essential Protected Status Priority Section Installed-Size Origin Maintainer Bugs" +
	" Architecture Multi-Arch Source Version Replaces Provides Depends Pre-Depends Recommends Suggests Breaks Conflicts" +
	" Enhances Conffiles Description "

// status writes the package's stanza of dpkg's status file.
func (m *Meta) status(b *strings.Builder) {
	fields := slices.DeleteFunc(slices.Clone(m.Control), func(f Field) bool {
		return strings.EqualFold(f.Name, "Status") || strings.EqualFold(f.Name, "Conffiles")
	})
	fields = append(fields, Field{"Status", "install ok installed"})
	if c := m.conffiles(); c != "" {
		fields = append(fields, Field{"Conffiles", c})
	}
	rank := func(f Field) int {
		if i := strings.Index(statusOrder, " "+f.Name+" "); i >= 0 {
			return i
		}
		return len(statusOrder)
	}
	slices.SortStableFunc(fields, func(x, y Field) int { return cmp.Compare(rank(x), rank(y)) })
	for _, f := range fields {
		blank := " "
		if strings.HasPrefix(f.Value, "\n") {
			blank = ""
		}
		fmt.Fprintf(b, "%s:%s%s\n", f.Name, blank, strings.ReplaceAll(f.Value, "\n", "\n "))
	}
}

// conffiles returns the field that tells dpkg which files the user owns.
func (m *Meta) conffiles() (value string) {
	for line := range strings.SplitSeq(m.Area["conffiles"], "\n") {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "/")
		if sum := m.Conf[path]; ok && sum != "" {
			value += "\n/" + path + " " + sum
		}
	}
	return value
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

// triggers returns what packages are interested in: files, as one list, and
// names, each with a list of packages.
func (r *assembly) triggers() (files string, named map[string]string) {
	var lines []string
	named = map[string]string{}
	for _, m := range r.byName() {
		for line := range strings.SplitSeq(m.Area["triggers"], "\n") {
			f := strings.Fields(line)
			if len(f) != 2 || !strings.HasPrefix(f[0], "interest") {
				continue
			}
			who := m.Name()
			if strings.HasSuffix(f[0], "-noawait") {
				who += "/noawait"
			}
			switch {
			case strings.HasPrefix(f[1], "/"):
				lines = append(lines, f[1]+" "+who+"\n")
			case isName(f[1]):
				named[f[1]] += who + "\n"
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ""), named
}
