package importer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// Versions of pixi.lock that are read.
const (
	oldestPixi = 4
	newestPixi = 7
)

// PixiOptions says which packages of a pixi.lock are wanted.
type PixiOptions struct {
	Platforms   []platforms.Platform // none: all of the environment's that gophersnake knows
	Environment string               // "": "default"
}

// Pixi reads a pixi.lock of version 4, 5, 6 or 7. It returns an environment's
// conda packages and, apart, its wheels.
//
// The file lists packages once, and names them by URL or path for each
// environment and platform. Since version 7 a platform may have a name of its
// own besides its subdir; a file with several platforms of one subdir, of which
// none is called like the subdir, is refused. What an entry leaves out is in its
// URL, and the build number is the digits at the end of the build, as rattler
// reads it. Packages that have to be built are refused if they are wanted.
func Pixi(fileName string, data []byte, o PixiOptions) (conda, wheels []Imported, err error) {
	top, err := parseYAML(fileName, data)
	if err != nil {
		return nil, nil, err
	}
	return readPixi(top, o)
}

func readPixi(top yamltree.Mapping, o PixiOptions) (conda, wheels []Imported, err error) {
	r := &pixiReader{file: top.File, platforms: o.Platforms}
	if r.version, err = pixiVersion(top); err != nil {
		return nil, nil, err
	}
	lists, err := r.environment(top, o.Environment)
	if err != nil {
		return nil, nil, err
	}
	if err := r.index(top); err != nil {
		return nil, nil, err
	}
	for _, l := range lists {
		for _, n := range l.nodes {
			if err := r.add(l.platform, n); err != nil {
				return nil, nil, err
			}
		}
	}
	if r.conda, err = unique(r.file, r.conda); err != nil {
		return nil, nil, err
	}
	r.wheels, err = unique(r.file, r.wheels)
	return r.conda, r.wheels, err
}

// pixiVersion returns the version of the format.
func pixiVersion(top yamltree.Mapping) (int, error) {
	text, err := top.Text("the file", "version")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	switch line := yamltree.LineOf(top.At["version"]); {
	case err != nil || n < 1:
		return 0, top.File.Usage(line, "version %q is not a positive whole number", text)
	case n < oldestPixi:
		return 0, top.File.Usage(line, "version %d of pixi.lock is too old: %d is the first that this tool knows", n, oldestPixi).
			WithHint("run `pixi lock`, which writes the file anew")
	case n > newestPixi:
		return 0, top.File.Usage(line, "version %d of pixi.lock is newer than this tool knows (%d)", n, newestPixi).
			WithHint("`pixi workspace export conda-explicit-spec` writes a file that this tool reads")
	}
	return n, nil
}

// pixiReader is what adding packages needs to know.
type pixiReader struct {
	file      yamltree.File
	version   int
	platforms []platforms.Platform

	entries       map[string]yamltree.Mapping // packages by kind and place: "conda https://…"
	conda, wheels []Imported
}

// pixiList is what an environment says about a platform.
type pixiList struct {
	platform platforms.Platform
	nodes    []ast.Node
}

// environment returns an environment's lists for the platforms that are wanted.
func (r *pixiReader) environment(top yamltree.Mapping, name string) ([]pixiList, error) {
	if name == "" {
		name = "default"
	}
	if _, there := top.At["environments"]; !there {
		return nil, r.file.Usage(0, "file has no environments: it is not a pixi.lock")
	}
	all, err := yamltree.AsMapping(r.file, "environments", top.At["environments"])
	if err != nil {
		return nil, err
	}
	node, there := all.At[name]
	if !there {
		known := slices.Sorted(slices.Values(all.Keys))
		return nil, r.file.Usage(all.Line, "file has no environment %q; there are %s", name, strings.Join(known, ", "))
	}
	what := "environment " + strconv.Quote(name)
	env, err := yamltree.AsMapping(r.file, what, node)
	if err != nil {
		return nil, err
	}
	if _, there := env.At["packages"]; !there {
		return nil, r.file.Usage(env.Line, "%s has no packages", what)
	}
	packages, err := yamltree.AsMapping(r.file, what+": packages", env.At["packages"])
	if err != nil {
		return nil, err
	}
	subdirs, err := r.subdirs(top, packages.Keys)
	if err != nil {
		return nil, err
	}
	return r.lists(what, packages, subdirs)
}

// lists chooses among an environment's platforms, whose subdirs are given by
// name.
func (r *pixiReader) lists(what string, packages yamltree.Mapping, subdirs map[string]string) ([]pixiList, error) {
	wanted := r.platforms
	if len(wanted) == 0 {
		wanted = slices.DeleteFunc(platforms.All(), func(p platforms.Platform) bool {
			return !slices.ContainsFunc(packages.Keys, func(name string) bool { return subdirs[name] == p.Subdir() })
		})
	}
	var lists []pixiList
	for _, p := range wanted {
		var names []string
		for _, name := range packages.Keys {
			if subdirs[name] == p.Subdir() {
				names = append(names, name)
			}
		}
		if slices.Contains(names, p.Subdir()) {
			names = []string{p.Subdir()}
		}
		switch len(names) {
		case 0:
			return nil, fault.New(fault.Stale, r.file.At(packages.Line), "%s is for %s, not for %s", what, orNothing(packages.Keys), p.Subdir()).
				WithHint("pixi workspace platform add %s adds it", p.Subdir())
		case 1:
		default:
			return nil, r.file.Usage(packages.Line, "%s has several platforms for %s: %s", what, p.Subdir(), strings.Join(names, ", "))
		}
		l := pixiList{platform: p}
		if node := packages.At[names[0]]; !yamltree.IsNull(node) {
			seq, ok := node.(*ast.SequenceNode)
			if !ok {
				return nil, r.file.Usage(yamltree.LineOf(node), "%s: packages of %s are not a list", what, names[0])
			}
			l.nodes = seq.Values
		}
		lists = append(lists, l)
	}
	return lists, nil
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "no platform"
	}
	return strings.Join(names, ", ")
}

// subdirs returns the subdirs of platforms by name: what the list of platforms
// says, which files have since version 7, or the name.
func (r *pixiReader) subdirs(top yamltree.Mapping, names []string) (map[string]string, error) {
	subdirs := map[string]string{}
	for _, name := range names {
		subdirs[name] = name
	}
	if yamltree.IsNull(top.At["platforms"]) {
		return subdirs, nil
	}
	list, ok := top.At["platforms"].(*ast.SequenceNode)
	if !ok {
		return nil, r.file.Usage(yamltree.LineOf(top.At["platforms"]), "platforms is not a list")
	}
	for _, n := range list.Values {
		m, err := yamltree.AsMapping(r.file, "an entry of platforms", n)
		if err != nil {
			return nil, err
		}
		name, err := m.Text("an entry of platforms", "name")
		if err != nil {
			return nil, err
		}
		subdir, err := m.Optional("platform "+strconv.Quote(name), "subdir")
		if err != nil {
			return nil, err
		}
		if subdir != "" {
			subdirs[name] = subdir
		}
	}
	return subdirs, nil
}
