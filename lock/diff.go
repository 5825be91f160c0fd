package lock

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/platforms"
)

// Change is one difference between two locks that people care about: a base, a
// package, a wheel, a toolchain or a tool.
type Change struct {
	Kind      string               // "base", "deb", "conda", "wheel", "go" or "tool"
	Name      string               // of a package; a Go release line such as "1.26"; the base's "image" or "debian"
	Envs      []string             // where; the top level is DefaultEnv
	Platforms []platforms.Platform // where
	Old       string               // what it was, "" for something added
	New       string               // what it is, "" for something removed
}

// String returns the change as one line for people:
//
//	~ conda numpy 2.0.1 py312_0 -> 2.0.2 py312_0 (linux/amd64, linux/arm64)
//	+ go 1.26 1.26.8 (linux/amd64) in k8s
func (c Change) String() string {
	var b strings.Builder
	switch {
	case c.Old == "":
		fmt.Fprintf(&b, "+ %s %s %s", c.Kind, c.Name, c.New)
	case c.New == "":
		fmt.Fprintf(&b, "- %s %s %s", c.Kind, c.Name, c.Old)
	default:
		fmt.Fprintf(&b, "~ %s %s %s -> %s", c.Kind, c.Name, c.Old, c.New)
	}
	var names []string
	for _, p := range c.Platforms {
		names = append(names, p.String())
	}
	if c.Kind != "tool" { // all platforms have it
		fmt.Fprintf(&b, " (%s)", strings.Join(names, ", "))
	}
	if !slices.Equal(c.Envs, []string{DefaultEnv}) {
		fmt.Fprintf(&b, " in %s", strings.Join(c.Envs, ", "))
	}
	return b.String()
}

// Diff returns what changed between two locks, by kind and name. A change that
// is the same in several environments or on several platforms is told once.
// Neither lock is checked; nil means a lock with nothing in it.
func Diff(old, new *Lock) []Change {
	was, is := items(old), items(new)
	places := map[place]bool{}
	for p := range was {
		places[p] = true
	}
	for p := range is {
		places[p] = true
	}
	told := map[string]*Change{}
	uses := map[string]map[string][]platforms.Platform{}
	for p := range places {
		for _, c := range compare(p, was[p], is[p]) {
			id := strings.Join([]string{c.Kind, c.Name, c.Old, c.New}, "\x00")
			told[id] = &c
			if uses[id] == nil {
				uses[id] = map[string][]platforms.Platform{}
			}
			uses[id][p.env] = append(uses[id][p.env], p.platform)
		}
	}
	var all []Change
	for _, id := range sortedKeys(told) {
		for _, u := range split(uses[id], DefaultEnv) {
			c := *told[id]
			c.Envs, c.Platforms = u.envs, u.platforms
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// place is where an item can be replaced by another.
type place struct {
	kind, name, env string
	platform        platforms.Platform
}

// item is what lies at a place: text for people and all that counts.
type item struct{ text, digest, all string }

func items(l *Lock) map[place][]item {
	at := map[place][]item{}
	if l == nil {
		return at
	}
	add := func(kind, name string, envs []string, p platforms.Platform, it item) {
		for _, env := range sortEnvs(envs, "") {
			at[place{kind, name, env, p}] = append(at[place{kind, name, env, p}], it)
		}
	}
	for _, b := range l.Base {
		envs := b.Envs
		b.Envs = nil
		if b.Suite != "" {
			add("base", "debian", envs, b.Platform, item{b.Suite + " " + b.Release, "", block(b)})
			continue
		}
		add("base", "image", envs, b.Platform, item{b.Image, b.Manifest, block(b)})
	}
	for _, d := range l.Deb {
		envs := d.Envs
		d.Envs = nil
		add("deb", d.Name, envs, d.Platform, item{d.Version, "sha256:" + d.SHA256, block(d)})
	}
	for _, c := range l.Conda {
		envs, ps := c.Envs, c.Platforms
		c.Envs, c.Platforms = nil, nil
		for _, p := range ps {
			add("conda", c.Name, envs, p, item{c.Version + " " + c.Build, "sha256:" + c.SHA256, block(c)})
		}
	}
	for _, w := range l.Wheel {
		envs, ps := w.Envs, w.Platforms
		w.Envs, w.Platforms = nil, nil
		for _, p := range ps {
			add("wheel", w.Name, envs, p, item{w.Version, "sha256:" + w.SHA256, block(w)})
		}
	}
	for _, t := range l.Go {
		envs := t.Envs
		t.Envs = nil
		add("go", line(t.Version), envs, t.Platform, item{t.Version, t.Hash(), block(t)})
	}
	for _, t := range l.Tool {
		envs := t.Envs
		t.Envs = nil
		add("tool", t.Package, envs, platforms.Platform{}, item{t.Version + " by go " + t.Go, "", block(t)})
	}
	return at
}

// line returns the release line of a Go version: "1.26" of "1.26.8".
func line(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// compare pairs what went with what came at one place.
func compare(p place, was, is []item) []Change {
	gone := slices.DeleteFunc(slices.Clone(was), func(i item) bool { return slices.Contains(is, i) })
	came := slices.DeleteFunc(slices.Clone(is), func(i item) bool { return slices.Contains(was, i) })
	if len(gone) == 1 && len(came) == 1 {
		from, to := tell(gone[0], came[0])
		return []Change{{Kind: p.kind, Name: p.name, Old: from, New: to}}
	}
	var changes []Change
	for _, i := range gone {
		changes = append(changes, Change{Kind: p.kind, Name: p.name, Old: i.text})
	}
	for _, i := range came {
		changes = append(changes, Change{Kind: p.kind, Name: p.name, New: i.text})
	}
	return changes
}

// tell returns texts that differ: digests where names are equal, and words
// where only facts beside the bytes changed.
func tell(from, to item) (string, string) {
	switch {
	case from.text != to.text:
		return from.text, to.text
	case from.digest != to.digest && from.digest != "":
		return from.text + " " + short(from.digest), to.text + " " + short(to.digest)
	}
	return from.text, to.text + " with other facts"
}

// short returns enough of a digest to tell two apart.
func short(digest string) string { return digest[:min(len(digest), len("sha256:")+12)] }
