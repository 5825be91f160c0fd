package exporter

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
)

// CondaLock writes an environment on several platforms as a conda-lock.yml of
// version 1. Errors are of class usage, or the writer's.
func CondaLock(w io.Writer, l *lock.Lock, env string, on []platforms.Platform) error {
	all, err := parts(l, env, on)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(head)
	if slices.ContainsFunc(all, func(p part) bool { return p.hasPaths() }) {
		b.WriteString(paths)
	}
	if names := withoutMD5(all); names != nil {
		b.WriteString("# conda-lock itself wants an MD5, which is not known of " + strings.Join(names, ", ") + ".\n")
	}
	metadata(&b, l, all)
	b.WriteString("package:\n")
	for _, e := range entries(all) {
		e.write(&b)
	}
	return write(w, b.String())
}

// withoutMD5 returns the names of conda packages of which no MD5 is known.
func withoutMD5(all []part) []string {
	names := map[string]bool{}
	for _, p := range all {
		for _, c := range p.Conda {
			if c.MD5 == "" {
				names[c.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func metadata(b *strings.Builder, l *lock.Lock, all []part) {
	hash := strings.TrimPrefix(l.InputHash, "sha256:")
	b.WriteString("version: 1\nmetadata:\n  content_hash:\n")
	for _, p := range all {
		fmt.Fprintf(b, "    %s: %s\n", p.platform.Subdir(), scalar(hash))
	}
	var urls []string
	for _, p := range all {
		urls = append(urls, p.channels()...)
	}
	b.WriteString("  channels:\n")
	for _, url := range unique(urls) {
		fmt.Fprintf(b, "  - url: %s\n    used_env_vars: []\n", scalar(url))
	}
	b.WriteString("  platforms:\n")
	for _, p := range all {
		fmt.Fprintf(b, "  - %s\n", p.platform.Subdir())
	}
	b.WriteString("  sources:\n  - " + source + "\n")
}

// channels returns the channels that were asked, or those of the packages where
// nobody was.
func (p *part) channels() []string {
	if p.Solve != nil && len(p.Solve.Channels) > 0 {
		return p.Solve.Channels
	}
	var all []string
	for _, c := range p.Conda {
		if c.Channel != "" {
			all = append(all, c.Channel)
		}
	}
	return all
}

// unique returns texts once each, in the order of their first appearance.
func unique(texts []string) []string {
	var all []string
	for _, s := range texts {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// entry is one entry of the list of packages.
type entry struct {
	name, version, manager, subdir, url string
	needs                               map[string]string
	md5, sha256                         string
}

// entries returns the packages in the order of the file.
func entries(all []part) []entry {
	var list []entry
	for _, p := range all {
		subdir := p.platform.Subdir()
		for _, c := range p.Conda {
			list = append(list, entry{c.Name, c.Version, "conda", subdir, c.URL, constraints(c.Depends), c.MD5, c.SHA256})
		}
		for _, w := range p.Wheels {
			list = append(list, entry{w.Name, w.Version, "pip", subdir, w.URL, p.requirements(w.Requires), "", w.SHA256})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		return slices.Compare([]string{a.manager, a.name, a.subdir}, []string{b.manager, b.name, b.subdir})
	})
	return list
}

func (e *entry) write(b *strings.Builder) {
	fmt.Fprintf(b, "- name: %s\n  version: %s\n  manager: %s\n  platform: %s\n", scalar(e.name), scalar(e.version), e.manager, e.subdir)
	if len(e.needs) == 0 {
		b.WriteString("  dependencies: {}\n")
	} else {
		b.WriteString("  dependencies:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(e.needs)) {
		fmt.Fprintf(b, "    %s: %s\n", scalar(name), scalar(e.needs[name]))
	}
	fmt.Fprintf(b, "  url: %s\n  hash:\n", scalar(e.url))
	if e.md5 != "" {
		fmt.Fprintf(b, "    md5: %s\n", scalar(e.md5))
	}
	fmt.Fprintf(b, "    sha256: %s\n  category: main\n  optional: false\n", scalar(e.sha256))
}

// constraints returns match specs by name.
func constraints(specs []string) map[string]string {
	all := map[string]string{}
	for _, s := range specs {
		name, c := splitSpec(s)
		all[name] = joined(all[name], c)
	}
	return all
}

// withBuild is a constraint that is more than a version: "1.0 build",
// "=1.0=build" or one in brackets.
var withBuild = regexp.MustCompile(`[ \[]|[^=<>!~ ]=`)

// joined returns two constraints as one. Only bare versions can be joined.
func joined(a, b string) string {
	bare := func(s string) bool { return !withBuild.MatchString(strings.ReplaceAll(s, ", ", ",")) }
	switch {
	case a == b || b == "":
		return a
	case a == "" || !bare(b):
		return b
	case !bare(a):
		return a
	}
	group := func(s string) string {
		if s = strings.ReplaceAll(s, ", ", ","); strings.Contains(s, "|") {
			return "(" + s + ")"
		}
		return s
	}
	return group(a) + "," + group(b)
}

// requirement is the beginning of a requirement (PEP 508): its name, without
// extras, and a list of version specifiers.
var requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;()@]*)`)

// separators are the characters that names of Python packages do not differ by
// (PEP 503).
var separators = regexp.MustCompile(`[-_.]+`)

// requirements returns those requirements of a wheel that the part holds, by
// name.
func (p *part) requirements(list []string) map[string]string {
	held := map[string]bool{}
	for _, c := range p.Conda {
		held[c.Name] = true
	}
	for _, w := range p.Wheels {
		held[w.Name] = true
	}
	all := map[string]string{}
	for _, text := range list {
		m := requirement.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		name := separators.ReplaceAllString(strings.ToLower(m[1]), "-")
		if held[name] {
			all[name] = joined(all[name], strings.ReplaceAll(m[2], " ", ""))
		}
	}
	return all
}
