package spec

import (
	"path"
	"strings"
)

// addLists are the lists that a variant adds to, with the name by which an
// entry takes the place of an inherited one. All other values are replaced.
// "*" stands for any key.
func addLists() map[string]func(*node) string {
	text := func(name func(string) string) func(*node) string {
		return func(n *node) string { return name(n.text) }
	}
	return map[string]func(*node) string{
		"conda.dependencies":          text(specName),
		"conda.target.*.dependencies": text(specName),
		"go.tools":                    text(toolName),
		"base.debian.packages":        text(debianName),
		"devcontainer.extensions":     text(strings.ToLower),
		"devcontainer.cap-add":        text(Capability),
		"devcontainer.security-opt":   text(func(s string) string { return s }),
		"devcontainer.mounts":         text(mountTarget),
		"cli":                         func(n *node) string { return cliName(n.str("package"), n.str("name")) },
		"files":                       func(n *node) string { return n.str("src") + "\x00" + n.str("dest") },
		"accounts":                    func(n *node) string { return n.str("name") },
	}
}

// rivals are keys that exclude each other: a variant that sets the first drops
// the others it inherits.
func rivals() map[string][]string {
	return map[string][]string{
		"base.image":  {"debian"},
		"base.debian": {"image"},
		"conda.lock":  {"file", "channels", "dependencies"},
	}
}

// variant returns the top level merged with [env.NAME], or the top level alone
// for "". It shares nodes with root, which is not changed.
func variant(root *node, name string) *node {
	top := *root
	top.keys, top.table = append([]string(nil), root.keys...), copyTable(root.table)
	top.drop("version")
	top.drop("env")
	over := root.get("env", name)
	if name == "" || over == nil {
		return &top
	}
	return merge("", &top, over)
}

func copyTable(t map[string]*node) map[string]*node {
	c := make(map[string]*node, len(t))
	for k, v := range t {
		c[k] = v
	}
	return c
}

// merge returns what a variant's value makes of the inherited one. Pattern is
// the dotted key of both, with "*" for a subdir.
func merge(pattern string, under, over *node) *node {
	switch {
	case under == nil:
		return over
	case under.kind == tableKind && over.kind == tableKind:
		return mergeTables(pattern, under, over)
	case under.kind == listKind && over.kind == listKind:
		if name, ok := addLists()[pattern]; ok {
			return mergeLists(under, over, name)
		}
	}
	return over
}

func mergeTables(pattern string, under, over *node) *node {
	n := *over
	n.keys, n.table = append([]string(nil), under.keys...), copyTable(under.table)
	for _, key := range over.keys {
		for _, rival := range rivals()[strings.TrimPrefix(pattern+"."+key, ".")] {
			n.drop(rival)
		}
	}
	for _, key := range over.keys {
		below := strings.TrimPrefix(pattern+"."+key, ".")
		if pattern == "conda.target" {
			below = pattern + ".*"
		}
		n.set(key, merge(below, n.table[key], over.table[key]))
	}
	return &n
}

// mergeLists puts an entry in the place of the inherited one of its name and
// appends the others. Tables of one name are merged by key.
func mergeLists(under, over *node, name func(*node) string) *node {
	news := map[string][]*node{}
	for _, item := range over.items {
		news[name(item)] = append(news[name(item)], item)
	}
	n := *over
	n.items = nil
	placed := map[string]bool{}
	for _, item := range under.items {
		id := name(item)
		switch {
		case len(news[id]) == 0:
			n.items = append(n.items, item)
		case !placed[id]:
			n.items = append(n.items, merge("", item, news[id][0]))
			n.items = append(n.items, news[id][1:]...)
			placed[id] = true
		}
	}
	for _, item := range over.items {
		if !placed[name(item)] {
			n.items = append(n.items, item)
		}
	}
	return &n
}

// specName returns the package name of a match spec (CEP 29), in lower case;
// the spec itself where it names a file.
func specName(spec string) string {
	s := strings.TrimSpace(spec)
	if strings.Contains(s, "://") && !strings.Contains(s, "::") {
		return s
	}
	if i := strings.LastIndex(s, "::"); i >= 0 {
		s = s[i+2:]
	}
	if i := strings.IndexAny(s, " \t=<>!~[,|"); i >= 0 {
		s = s[:i]
	}
	return strings.ToLower(s)
}

// toolName returns the package of PACKAGE@VERSION.
func toolName(tool string) string {
	name, _, _ := strings.Cut(tool, "@")
	return name
}

// cliName returns the file name of a program: its own, or its package's last
// element.
func cliName(pkg, name string) string {
	if name == "" && pkg != "" {
		return path.Base(path.Clean(pkg))
	}
	return name
}
