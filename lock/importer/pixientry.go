package importer

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// index finds the packages by what environments call them. Entries say their
// kind and place in two keys ("kind", and "url" or "path") until version 5, and
// in one ("conda", "conda_source" or "pypi") since.
func (r *pixiReader) index(top yamltree.Mapping) error {
	node, there := top.At["packages"]
	if !there {
		return r.file.Usage(0, "file has no list of packages: it is not a pixi.lock")
	}
	r.entries = map[string]yamltree.Mapping{}
	if yamltree.IsNull(node) {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return r.file.Usage(yamltree.LineOf(node), "packages is not a list")
	}
	for _, n := range list.Values {
		m, err := yamltree.AsMapping(r.file, "an entry of packages", n)
		if err != nil {
			return err
		}
		kind, place, err := r.entryKey(m)
		if err != nil {
			return err
		}
		key := kind + " " + place
		if was, twice := r.entries[key]; twice && differ(was, m) {
			return r.file.Usage(m.Line, "%q is listed twice, first in line %d", shown(place), was.Line)
		}
		r.entries[key] = m
	}
	return nil
}

// differ tells whether two entries of one place mean different files.
func differ(a, b yamltree.Mapping) bool {
	for _, key := range []string{"sha256", "md5"} {
		x, _ := yamltree.Scalar(a.At[key])
		y, _ := yamltree.Scalar(b.At[key])
		if x != y && x != "" && y != "" {
			return true
		}
	}
	return false
}

func (r *pixiReader) entryKey(m yamltree.Mapping) (kind, place string, err error) {
	const what = "an entry of packages"
	if r.version > 5 {
		return kindOf(m, what)
	}
	if kind, err = m.Text(what, "kind"); err != nil {
		return "", "", err
	}
	if kind != "conda" && kind != "pypi" {
		return "", "", r.file.Usage(yamltree.LineOf(m.At["kind"]), "kind %q is neither conda nor pypi", kind)
	}
	if yamltree.IsNull(m.At["url"]) {
		place, err = m.Text(what, "path")
	} else {
		place, err = m.Text(what, "url")
	}
	return kind, place, err
}

// kindOf returns the key and the value that tell what a mapping is about.
func kindOf(m yamltree.Mapping, what string) (kind, place string, err error) {
	for _, kind = range []string{"conda", "conda_source", "pypi"} {
		if _, there := m.At[kind]; there {
			place, err = m.Text(what, kind)
			return kind, place, err
		}
	}
	return "", "", m.File.Usage(m.Line, "%s is neither of conda nor of pypi", what)
}

// add adds the package that an environment names.
func (r *pixiReader) add(p platforms.Platform, n ast.Node) error {
	named, err := yamltree.AsMapping(r.file, "a package of an environment", n)
	if err != nil {
		return err
	}
	kind, place, err := kindOf(named, "a package of an environment")
	if err != nil {
		return err
	}
	if kind == "conda_source" || kind == "conda" && !strings.HasSuffix(place, ".conda") && !strings.HasSuffix(place, ".tar.bz2") {
		name, from, both := strings.Cut(place, " @ ")
		if place = shown(place); both {
			place = name + " @ " + shown(from)
		}
		return r.file.Usage(named.Line, "package %q has to be built from source: gophersnake installs packages only", place).
			WithHint("put the built package into a channel, or choose an environment without it")
	}
	entry, there := r.entries[kind+" "+place]
	if !there {
		return r.file.Usage(named.Line, "%q is not in the list of packages", shown(place))
	}
	i := Imported{Platform: p, Line: entry.Line}
	if kind == "pypi" {
		err = r.wheel(entry, place, &i)
		r.wheels = append(r.wheels, i)
	} else {
		err = r.details(entry, place, &i)
		r.conda = append(r.conda, i)
	}
	return err
}

// details reads a conda package. The file has all of its repodata record that
// is not empty, or is not in the URL. The URL alone tells the subdir: files of
// version 4 give noarch packages those of platforms.
func (r *pixiReader) details(m yamltree.Mapping, place string, i *Imported) error {
	if err := i.setURL(r.file, place); err != nil {
		return err
	}
	for _, k := range []struct {
		key string
		to  *string
	}{{"name", &i.Name}, {"version", &i.Version}, {"build", &i.Build}} {
		said, err := m.Optional(quote(i.Name), k.key)
		if err != nil {
			return err
		}
		if said != "" && said != *k.to {
			return r.file.Usage(yamltree.LineOf(m.At[k.key]), "%s: %s is %q, but %q in the URL", quote(i.Name), k.key, said, *k.to)
		}
	}
	subdir, err := m.Optional(quote(i.Name), "subdir")
	if err != nil {
		return err
	}
	if i.Subdir == "" {
		i.Subdir = subdir
	}
	if err := i.setHashes(m); err != nil {
		return err
	}
	if err := i.setSize(m); err != nil {
		return err
	}
	if err := r.channel(m, i); err != nil {
		return err
	}
	if err := r.record(m, i); err != nil {
		return err
	}
	return i.fits(r.file)
}

// record reads what a URL cannot tell.
func (r *pixiReader) record(m yamltree.Mapping, i *Imported) error {
	number, err := m.Optional(quote(i.Name), "build_number")
	if err != nil {
		return err
	}
	if number == "" {
		number = i.Build[len(strings.TrimRight(i.Build, "0123456789")):]
		i.BuildNumber, _ = strconv.ParseUint(number, 10, 64) // 0 where there are no digits, or too many
	} else if i.BuildNumber, err = strconv.ParseUint(number, 10, 64); err != nil {
		return r.file.Usage(yamltree.LineOf(m.At["build_number"]), "%s: build_number %q is not a whole number", quote(i.Name), number)
	}
	for _, k := range []struct {
		key string
		to  *[]string
	}{{"depends", &i.Depends}, {"constrains", &i.Constrains}} {
		list, err := m.List(quote(i.Name), k.key)
		if err != nil {
			return err
		}
		*k.to = append([]string{}, stripAll(list)...)
	}
	return nil
}

// channel reads the channel where it is not the one of the URL.
func (r *pixiReader) channel(m yamltree.Mapping, i *Imported) error {
	node, there := m.At["channel"]
	if !there {
		return nil
	}
	said, err := m.Optional(quote(i.Name), "channel")
	if err != nil {
		return err
	}
	i.Channel = strings.TrimRight(stripSecrets(said), "/")
	if said != "" && !strings.Contains(said, "://") {
		return r.file.Usage(yamltree.LineOf(node), "%s: channel %q is not a URL", quote(i.Name), said)
	}
	return nil
}

// wheel reads a Python package.
func (r *pixiReader) wheel(m yamltree.Mapping, place string, i *Imported) (err error) {
	if i.Name, err = m.Text("an entry of packages", "name"); err != nil {
		return err
	}
	what := quote(i.Name)
	version, err := m.Optional(what, "version")
	if err != nil {
		return err
	}
	if editable, err := m.Optional(what, "editable"); err != nil {
		return err
	} else if editable == "true" {
		return notWheel(r.file, m.Line, i.Name, place, "installed as editable")
	}
	requires, err := m.List(what, "requires_dist")
	if err != nil {
		return err
	}
	i.Requires = append([]string{}, stripAll(requires)...)
	if i.RequiresPython, err = m.Optional(what, "requires_python"); err != nil {
		return err
	}
	if err := i.setHashes(m); err != nil {
		return err
	}
	return i.setWheel(r.file, place, version)
}
