package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/platforms"
)

// environment checks what must agree within one environment.
func (r *report) environment(s *Spec, name string) {
	root := s.merged[name]
	var v Variant
	r.decode("", root, reflect.ValueOf(&v).Elem())
	r.platforms(root, v)
	r.suffixedTags(s, root, name)
	r.base(root)
	r.conda(root, v.Conda)
	r.path(root.get("image", "env"), "image.env")
	r.path(root.get("go", "env"), "go.env")
	r.golang(root, v)
	r.accounts(root, v.Accounts)
	r.user(root, v, "image", "user")
	r.user(root, v, "devcontainer", "remote-user")
	r.programs(root, v.CLI)
	r.metadataLabel(root)
}

// path checks that a PATH keeps the one it stands over.
func (r *report) path(env *node, subject string) {
	n := env.get("PATH")
	if n == nil || slices.ContainsFunc(strings.Split(n.text, ":"), func(p string) bool { return p == "$PATH" || p == "${PATH}" }) {
		return
	}
	r.add(n.value, flawf("%s.PATH: %q does not contain $PATH", subject, n.text).
		hinted("without it conda and Go are not found: PATH = %q", n.text+":$PATH"))
}

// platforms checks that images are for linux, and that no platform is listed
// twice.
func (r *report) platforms(root *node, v Variant) {
	list := root.get("image", "platforms")
	for i, p := range v.Image.Platforms {
		if !p.Image() {
			r.add(list.items[i].value, flawf("image.platforms: %q cannot be the platform of an image", p).
				hinted("images are linux/amd64 or linux/arm64; programs for other platforms stand in [[cli]]"))
		}
		r.repeated("image.platforms", list, v.Image.Platforms, i)
	}
	if list != nil && len(list.items) == 0 {
		r.add(list.value, flawf("image.platforms: the list is empty").hinted("remove it for linux/amd64 and linux/arm64"))
	}
	for i, c := range v.CLI {
		list := root.get("cli").items[i].get("platforms")
		for j := range c.Platforms {
			r.repeated("cli.platforms", list, c.Platforms, j)
		}
	}
}

func (r *report) repeated(subject string, list *node, all []platforms.Platform, i int) {
	if slices.Contains(all[:i], all[i]) {
		r.add(list.items[i].value, flawf("%s: %q is listed twice", subject, all[i]))
	}
}

// platformFlaw adds what may be meant to an unknown platform.
func platformFlaw(subject, text string, err error) flaw {
	var known []string
	for _, p := range platforms.All() {
		known = append(known, p.String())
	}
	f := flawf("%s: %v", subject, err).suggest(text, known)
	if text == "windows/arm" || text == "linux/arm" { // Go has these, conda has not
		return f.hinted("conda has no such subdir")
	}
	return f
}

// suffixedTags checks the tags that a variant inherits with its name added.
func (r *report) suffixedTags(s *Spec, root *node, name string) {
	tags := root.get("image", "tags")
	if name == "" || tags == nil || s.root.get("env", name, "image", "tags") != nil {
		return
	}
	for _, n := range tags.items {
		if f := checkTagTemplate(n.text+"-"+name, ""); f.problem != "" {
			r.add(n.value, flaw{fmt.Sprintf("image.tags of [env.%s]: %s", name, f.problem), f.hint})
		}
	}
}

// programs checks that no two programs have one name: their archives would.
func (r *report) programs(root *node, all []CLI) {
	first := map[string]int{}
	for i, c := range all {
		n, name := root.get("cli").items[i], cliName(c.Package, c.Name)
		if c.Name == "" {
			if f := checkFileName(name, ""); f.problem != "" {
				r.add(n.get("package").value, flawf("cli.package: %q gives no name to the program", c.Package).hinted("set name"))
			}
		}
		if j, ok := first[name]; ok {
			r.add(n.key, flawf("cli: %q is the name of two programs, first on line %d", name, root.get("cli").items[j].key.line).
				hinted("set name"))
			continue
		}
		first[name] = i
	}
}

// base checks that one kind of base is asked for.
func (r *report) base(root *node) {
	debian := root.get("base", "debian")
	if debian == nil {
		return
	}
	if root.get("base", "image") != nil {
		r.add(debian.key, flawf("base: image and debian exclude each other").hinted("keep one of the two"))
	}
	if debian.get("preset") == nil && debian.get("suite") == nil {
		r.add(debian.key, flawf("base.debian: suite is missing").hinted(`set suite = "bookworm", or preset = "glibc"`))
	}
}

// conda checks that a lock file stands alone and that its selectors have one.
func (r *report) conda(root *node, c Conda) {
	n := root.get("conda")
	if n == nil {
		return
	}
	locked := c.Lock != ""
	for _, subdir := range n.get("target").keysOrNone() {
		locked = locked || c.Target[subdir].Lock != ""
	}
	for _, key := range []string{"file", "channels", "dependencies"} {
		if child := n.get(key); locked && child != nil {
			r.add(child.key, flawf("conda: lock and %s exclude each other", key).hinted("a lock file names every package: remove %s", key))
		}
	}
	for _, key := range []string{"environment", "categories"} {
		if child := n.get(key); !locked && child != nil {
			r.add(child.key, flawf("conda: %s is read with lock only", key))
		}
	}
	if c.Environment != "" && c.Categories != nil {
		r.add(n.get("categories").key, flawf("conda: environment and categories exclude each other").
			hinted("environment is for a pixi.lock, categories are for a conda-lock.yml"))
	}
	for _, subdir := range n.get("target").keysOrNone() {
		if d := n.get("target", subdir, "dependencies"); locked && d != nil {
			r.add(d.key, flawf("conda.target.%s: lock and dependencies exclude each other", subdir))
		}
	}
}

// keysOrNone returns a table's keys. It may be called on nil.
func (n *node) keysOrNone() []string {
	if n == nil {
		return nil
	}
	return n.keys
}

// itemsOrNone returns a list's items. It may be called on nil.
func (n *node) itemsOrNone() []*node {
	if n == nil {
		return nil
	}
	return n.items
}
