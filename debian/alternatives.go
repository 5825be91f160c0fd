package debian

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// alternative is one program for a generic name (update-alternatives(1)).
type alternative struct {
	path     string // "usr/bin/mawk"
	priority int
	slaves   map[string]string // path by slave's name
}

// choice is a generic name with its programs.
type choice struct {
	name   string
	link   string            // "usr/bin/awk"
	slaves map[string]string // link by slave's name
	order  []string          // slaves' names as first seen
	all    []alternative
}

// alternatives registers what the packages' postinst scripts register with
// arguments that are plain words, picks the highest priority and makes the
// links.
func (r *assembly) alternatives() error {
	choices := map[string]*choice{}
	for _, m := range r.metas {
		for _, args := range installs(m.Area["postinst"]) {
			if err := register(choices, args); err != nil {
				return tree.NewError("package "+m.Name(), "postinst: %w", err)
			}
		}
	}
	for _, name := range sortedKeys(choices) {
		r.choose(choices[name])
	}
	return nil
}

// installs returns the arguments behind --install of all calls in a script.
func installs(script string) (calls [][]string) {
	script = strings.ReplaceAll(script, "\\\n", " ")
	for line := range strings.Lines(script) {
		words := strings.Fields(line)
		at := slices.Index(words, "update-alternatives")
		if at != 0 {
			continue
		}
		install := slices.Index(words, "--install")
		if install < 0 {
			continue
		}
		args := words[install+1:]
		if end := slices.IndexFunc(args, func(w string) bool { return strings.ContainsAny(w, "|&;") }); end >= 0 {
			args = args[:end]
		}
		if !slices.ContainsFunc(args, func(w string) bool { return strings.ContainsAny(w, "$`\"'*?<>(){}") }) {
			calls = append(calls, args)
		}
	}
	return calls
}

// register reads LINK NAME PATH PRIORITY [--slave LINK NAME PATH]…
func register(choices map[string]*choice, args []string) error {
	if len(args) < 4 {
		return tree.NewError("", "update-alternatives --install has %d arguments", len(args))
	}
	priority, err := strconv.Atoi(args[3])
	if err != nil {
		return tree.NewError("", "update-alternatives: priority %q is no number", args[3])
	}
	link, name, target := args[0], args[1], args[2]
	a := alternative{path: target, priority: priority, slaves: map[string]string{}}
	c := choices[name]
	if c == nil {
		c = &choice{name: name, link: link, slaves: map[string]string{}}
		choices[name] = c
	}
	for rest := args[4:]; len(rest) >= 4 && rest[0] == "--slave"; rest = rest[4:] {
		if _, seen := c.slaves[rest[2]]; !seen {
			c.order = append(c.order, rest[2])
		}
		c.slaves[rest[2]], a.slaves[rest[2]] = rest[1], rest[3]
	}
	for _, p := range append([]string{link, target}, sortedValues(c.slaves, a.slaves)...) {
		if !strings.HasPrefix(p, "/") || tree.CheckPath(p[1:]) != nil {
			return tree.NewError("", "update-alternatives: %q is no path", p)
		}
	}
	if path.Base(name) != name {
		return tree.NewError("", "update-alternatives: %q is no name", name)
	}
	c.all = append(c.all, a)
	return nil
}

func sortedValues(maps ...map[string]string) (all []string) {
	for _, m := range maps {
		for _, k := range sortedKeys(m) {
			all = append(all, m[k])
		}
	}
	return all
}

// choose makes the links of the best alternative that is there, and the record
// that update-alternatives reads.
func (r *assembly) choose(c *choice) {
	c.all = slices.DeleteFunc(c.all, func(a alternative) bool { return !r.has(merged(a.path[1:])) })
	if len(c.all) == 0 {
		return
	}
	slices.SortStableFunc(c.all, func(a, b alternative) int { return cmp.Compare(a.path, b.path) })
	best := c.all[0]
	for _, a := range c.all {
		if a.priority > best.priority {
			best = a
		}
	}
	slices.Sort(c.order)
	r.alternative(c.name, c.link, best.path)
	for _, s := range c.order {
		if to := best.slaves[s]; to != "" && r.has(merged(to[1:])) {
			r.alternative(s, c.slaves[s], to)
		}
	}
	r.file("alternatives", "var/lib/dpkg/alternatives/"+c.name, 0o644, c.record())
}

func (r *assembly) alternative(name, link, target string) {
	r.link("alternatives", merged(link[1:]), "/etc/alternatives/"+name)
	r.link("alternatives", "etc/alternatives/"+name, target)
}

// record returns the text of /var/lib/dpkg/alternatives/NAME.
func (c *choice) record() string {
	var b strings.Builder
	fmt.Fprintf(&b, "auto\n%s\n", c.link)
	for _, s := range c.order {
		fmt.Fprintf(&b, "%s\n%s\n", s, c.slaves[s])
	}
	b.WriteByte('\n')
	for _, a := range c.all {
		fmt.Fprintf(&b, "%s\n%d\n", a.path, a.priority)
		for _, s := range c.order {
			fmt.Fprintln(&b, a.slaves[s])
		}
	}
	b.WriteByte('\n')
	return b.String()
}
