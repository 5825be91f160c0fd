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

// CondaLockOptions says which packages of a conda-lock.yml are wanted.
type CondaLockOptions struct {
	Platforms  []platforms.Platform // none: all of the file's that gophersnake knows
	Categories []string             // none: "main"
}

// CondaLock reads a conda-lock.yml of version 1 (CEP 37), or one from before
// there were versions. It returns the conda packages and, apart, the wheels of
// its pip part. A package that several of the wanted categories hold is returned
// once; virtual packages ("__glibc"), which old versions of conda-lock wrote
// into the file, are left out. A package whose file has another name or version
// is refused, as is one of pip's that is no wheel.
func CondaLock(fileName string, data []byte, o CondaLockOptions) (conda, wheels []Imported, err error) {
	top, err := parseYAML(fileName, data)
	if err != nil {
		return nil, nil, err
	}
	return readCondaLock(top, o)
}

func readCondaLock(top yamltree.Mapping, o CondaLockOptions) (conda, wheels []Imported, err error) {
	if err := checkVersion(top); err != nil {
		return nil, nil, err
	}
	f := top.File
	r := &condaLockReader{file: f, options: o, found: map[string]bool{}}
	if len(o.Categories) == 0 {
		r.options.Categories = []string{"main"}
	}
	if err := r.metadata(top); err != nil {
		return nil, nil, err
	}
	if err := r.packages(top); err != nil {
		return nil, nil, err
	}
	if r.conda, err = unique(f, r.conda); err != nil {
		return nil, nil, err
	}
	r.pip, err = unique(f, r.pip)
	return r.conda, r.pip, err
}

// checkVersion tells other formats that share the file's look from this one.
func checkVersion(top yamltree.Mapping) error {
	if _, pixi := top.At["environments"]; pixi {
		return top.File.Usage(top.Line, "file is a pixi.lock, not a conda-lock.yml")
	}
	version, err := top.Optional("the file", "version")
	if err != nil || version == "" {
		return err
	}
	n, err := strconv.Atoi(version)
	switch line := yamltree.LineOf(top.At["version"]); {
	case err != nil || n < 1:
		return top.File.Usage(line, "version %q is not a positive whole number", version)
	case n > 1:
		return top.File.Usage(line, "version %d is newer than this tool knows (1)", n).
			WithHint("conda-lock writes version 1; other numbers are those of pixi.lock")
	}
	return nil
}

type condaLockReader struct {
	file       yamltree.File
	options    CondaLockOptions
	found      map[string]bool // categories of all packages
	conda, pip []Imported
}

// metadata checks that the file was made for the platforms that are wanted.
func (r *condaLockReader) metadata(top yamltree.Mapping) error {
	if yamltree.IsNull(top.At["metadata"]) {
		return r.file.Usage(0, "file has no metadata: it is not a conda-lock.yml")
	}
	meta, err := yamltree.AsMapping(r.file, "metadata", top.At["metadata"])
	if err != nil {
		return err
	}
	subdirs, err := meta.List("metadata", "platforms")
	if err != nil {
		return err
	}
	for _, p := range r.options.Platforms {
		if !slices.Contains(subdirs, p.Subdir()) {
			return fault.New(fault.Stale, r.file.At(meta.Line), "file is for %s, not for %s", strings.Join(subdirs, ", "), p.Subdir()).
				WithHint("conda-lock lock --platform %s adds it", p.Subdir())
		}
	}
	return nil
}

func (r *condaLockReader) packages(top yamltree.Mapping) error {
	node, there := top.At["package"]
	if !there {
		return r.file.Usage(0, "file has no list of packages: it is not a conda-lock.yml")
	}
	if yamltree.IsNull(node) {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return r.file.Usage(yamltree.LineOf(node), "package is not a list")
	}
	for _, v := range list.Values {
		if err := r.entry(v); err != nil {
			return err
		}
	}
	for _, c := range r.options.Categories {
		if len(r.found) > 0 && !r.found[c] {
			return r.file.Usage(0, "no package has the category %q; there are %s", c, strings.Join(sortedKeys(r.found), ", "))
		}
	}
	return nil
}

func sortedKeys(m map[string]bool) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// entry reads one package, and keeps it if it is wanted.
func (r *condaLockReader) entry(n ast.Node) error {
	m, err := yamltree.AsMapping(r.file, "an entry of package", n)
	if err != nil {
		return err
	}
	i := Imported{Line: m.Line}
	if i.Name, err = m.Text("an entry of package", "name"); err != nil {
		return err
	}
	wanted, err := r.wanted(m, &i)
	if err != nil || !wanted {
		return err
	}
	manager, err := m.Text(quote(i.Name), "manager")
	if err != nil {
		return err
	}
	if manager != "conda" && manager != "pip" {
		return r.file.Usage(yamltree.LineOf(m.At["manager"]), "%s: manager %q is neither conda nor pip", quote(i.Name), manager)
	}
	if manager == "pip" {
		err = r.wheel(m, &i)
		r.pip = append(r.pip, i)
	} else if !strings.HasPrefix(i.Name, "__") {
		err = r.details(m, &i)
		r.conda = append(r.conda, i)
	}
	return err
}

// wheel reads an entry of pip's. Its dependencies are those that its platform
// has need of.
func (r *condaLockReader) wheel(m yamltree.Mapping, i *Imported) error {
	name := i.Name
	version, err := m.Text(quote(name), "version")
	if err != nil {
		return err
	}
	raw, err := m.Text(quote(name), "url")
	if err != nil {
		return err
	}
	if i.Requires, err = r.dependencies(m, name); err != nil {
		return err
	}
	for n, requirement := range i.Requires {
		i.Requires[n] = strings.TrimSuffix(requirement, " *") // which PEP 508 does not know
	}
	i.Line = yamltree.LineOf(m.At["url"])
	if err = i.setWheel(r.file, raw, version); err == nil && !yamltree.IsNull(m.At["hash"]) {
		err = r.hashes(m, i)
	}
	i.Line = m.Line
	return err
}

// wanted tells whether a package is of a platform and a category asked for.
func (r *condaLockReader) wanted(m yamltree.Mapping, i *Imported) (bool, error) {
	categories, err := m.List(quote(i.Name), "category")
	if err != nil {
		return false, err
	}
	more, err := m.List(quote(i.Name), "categories")
	if err != nil {
		return false, err
	}
	if categories = append(categories, more...); len(categories) == 0 {
		categories = []string{"main"}
	}
	for _, c := range categories {
		r.found[c] = true
	}
	subdir, err := m.Text(quote(i.Name), "platform")
	if err != nil {
		return false, err
	}
	if i.Platform, err = platforms.BySubdir(subdir); err != nil {
		if !subdirs.MatchString(subdir) {
			return false, r.file.Usage(yamltree.LineOf(m.At["platform"]), "%s: %w", quote(i.Name), err)
		}
		return false, nil // one that conda knows and we do not
	}
	of := r.options
	return (len(of.Platforms) == 0 || slices.Contains(of.Platforms, i.Platform)) &&
		slices.ContainsFunc(categories, func(c string) bool { return slices.Contains(of.Categories, c) }), nil
}

// details reads what is left of a conda package: version, URL, hashes, size
// and dependencies.
func (r *condaLockReader) details(m yamltree.Mapping, i *Imported) error {
	name := i.Name
	version, err := m.Text(quote(name), "version")
	if err != nil {
		return err
	}
	raw, err := m.Text(quote(name), "url")
	if err != nil {
		return err
	}
	if err := r.hashes(m, i); err != nil {
		return err
	}
	if err := i.setSize(m); err != nil {
		return err
	}
	if i.Depends, err = r.dependencies(m, name); err != nil {
		return err
	}
	i.Line = yamltree.LineOf(m.At["url"])
	if err := i.setURL(r.file, raw); err != nil {
		return err
	}
	if i.Name != name || i.Version != version {
		return r.file.Usage(i.Line, "%s %s has a file of %q %s", quote(name), version, i.Name, i.Version)
	}
	err = i.fits(r.file)
	i.Line = m.Line
	return err
}

// hashes reads the hashes, of which there must be one.
func (r *condaLockReader) hashes(m yamltree.Mapping, i *Imported) error {
	if !yamltree.IsNull(m.At["hash"]) {
		h, err := yamltree.AsMapping(r.file, quote(i.Name)+": hash", m.At["hash"])
		if err != nil {
			return err
		}
		if err := i.setHashes(h); err != nil {
			return err
		}
	}
	if i.MD5 == "" && i.SHA256 == "" {
		return r.file.Usage(m.Line, "%s has no hash", quote(i.Name))
	}
	return nil
}

// dependencies returns match specs, from a mapping of names to constraints, or
// from a list as some tools write it.
func (r *condaLockReader) dependencies(m yamltree.Mapping, name string) ([]string, error) {
	n := m.At["dependencies"]
	if yamltree.IsNull(n) {
		return nil, nil
	}
	if _, ok := n.(*ast.SequenceNode); ok {
		all, err := m.List(quote(name), "dependencies")
		return stripAll(all), err
	}
	d, err := yamltree.AsMapping(r.file, quote(name)+": dependencies", n)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, key := range d.Keys {
		constraint, err := d.Optional(quote(name)+": dependencies", key)
		if err != nil {
			return nil, err
		}
		all = append(all, strings.TrimSpace(key+" "+constraint))
	}
	return stripAll(all), nil
}
