package importer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// CondaLockOptions says which packages of a conda-lock.yml are wanted.
type CondaLockOptions struct {
	Platforms  []platforms.Platform // none: all of the file's that gophersnake knows
	Categories []string             // none: "main"
}

// CondaLock reads a conda-lock.yml of version 1 (CEP 37), or one from before
// there were versions. It returns the conda packages and, apart, the pip ones,
// which have a name, a version, a URL and hashes at most. A package that
// several of the wanted categories hold is returned once; virtual packages
// ("__glibc"), which old versions of conda-lock wrote into the file, are left
// out. A package whose file has another name or version is refused.
func CondaLock(fileName string, data []byte, o CondaLockOptions) (conda, pip []Imported, err error) {
	f := file(fileName)
	body, err := parseYAML(f, data)
	if err != nil {
		return nil, nil, err
	}
	top, err := asMapping(f, "the file", body)
	if err != nil {
		return nil, nil, err
	}
	if err := checkVersion(top); err != nil {
		return nil, nil, err
	}
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
func checkVersion(top mapping) error {
	if _, pixi := top.at["environments"]; pixi {
		return top.file.usage(top.line, "file is a pixi.lock, not a conda-lock.yml")
	}
	version, err := top.optional("the file", "version")
	if err != nil || version == "" {
		return err
	}
	n, err := strconv.Atoi(version)
	switch line := lineOf(top.at["version"]); {
	case err != nil || n < 1:
		return top.file.usage(line, "version %q is not a positive whole number", version)
	case n > 1:
		return top.file.usage(line, "version %d is newer than this tool knows (1)", n).
			WithHint("conda-lock writes version 1; other numbers are those of pixi.lock")
	}
	return nil
}

type condaLockReader struct {
	file       file
	options    CondaLockOptions
	found      map[string]bool // categories of all packages
	conda, pip []Imported
}

// metadata checks that the file was made for the platforms that are wanted.
func (r *condaLockReader) metadata(top mapping) error {
	if isNull(top.at["metadata"]) {
		return r.file.usage(0, "file has no metadata: it is not a conda-lock.yml")
	}
	meta, err := asMapping(r.file, "metadata", top.at["metadata"])
	if err != nil {
		return err
	}
	subdirs, err := meta.list("metadata", "platforms")
	if err != nil {
		return err
	}
	for _, p := range r.options.Platforms {
		if !slices.Contains(subdirs, p.Subdir()) {
			return fault.New(fault.Stale, r.file.at(meta.line), "file is for %s, not for %s", strings.Join(subdirs, ", "), p.Subdir()).
				WithHint("conda-lock lock --platform %s adds it", p.Subdir())
		}
	}
	return nil
}

func (r *condaLockReader) packages(top mapping) error {
	node, there := top.at["package"]
	if !there {
		return r.file.usage(0, "file has no list of packages: it is not a conda-lock.yml")
	}
	if isNull(node) {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return r.file.usage(lineOf(node), "package is not a list")
	}
	for _, v := range list.Values {
		if err := r.entry(v); err != nil {
			return err
		}
	}
	for _, c := range r.options.Categories {
		if len(r.found) > 0 && !r.found[c] {
			return r.file.usage(0, "no package has the category %q; there are %s", c, strings.Join(sortedKeys(r.found), ", "))
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
	m, err := asMapping(r.file, "an entry of package", n)
	if err != nil {
		return err
	}
	i := Imported{Line: m.line}
	if i.Name, err = m.text("an entry of package", "name"); err != nil {
		return err
	}
	wanted, err := r.wanted(m, &i)
	if err != nil || !wanted {
		return err
	}
	manager, err := m.text(quote(i.Name), "manager")
	if err != nil {
		return err
	}
	if manager != "conda" && manager != "pip" {
		return r.file.usage(lineOf(m.at["manager"]), "%s: manager %q is neither conda nor pip", quote(i.Name), manager)
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

// wheel reads an entry of pip's. Its hash may be that of a commit, or absent:
// then it has none for us.
func (r *condaLockReader) wheel(m mapping, i *Imported) (err error) {
	if i.Version, err = m.text(quote(i.Name), "version"); err != nil {
		return err
	}
	if i.URL, err = m.text(quote(i.Name), "url"); err != nil {
		return err
	}
	i.URL = stripSecrets(i.URL)
	if vcs, _, _ := strings.Cut(i.URL, "://"); !strings.Contains(vcs, "+") && !isNull(m.at["hash"]) {
		err = r.hashes(m, i)
	}
	return err
}

// wanted tells whether a package is of a platform and a category asked for.
func (r *condaLockReader) wanted(m mapping, i *Imported) (bool, error) {
	categories, err := m.list(quote(i.Name), "category")
	if err != nil {
		return false, err
	}
	more, err := m.list(quote(i.Name), "categories")
	if err != nil {
		return false, err
	}
	if categories = append(categories, more...); len(categories) == 0 {
		categories = []string{"main"}
	}
	for _, c := range categories {
		r.found[c] = true
	}
	subdir, err := m.text(quote(i.Name), "platform")
	if err != nil {
		return false, err
	}
	if i.Platform, err = platforms.BySubdir(subdir); err != nil {
		if !subdirs.MatchString(subdir) {
			return false, r.file.usage(lineOf(m.at["platform"]), "%s: %w", quote(i.Name), err)
		}
		return false, nil // one that conda knows and we do not
	}
	of := r.options
	return (len(of.Platforms) == 0 || slices.Contains(of.Platforms, i.Platform)) &&
		slices.ContainsFunc(categories, func(c string) bool { return slices.Contains(of.Categories, c) }), nil
}

// details reads what is left of a conda package: version, URL, hashes, size
// and dependencies.
func (r *condaLockReader) details(m mapping, i *Imported) error {
	name := i.Name
	version, err := m.text(quote(name), "version")
	if err != nil {
		return err
	}
	raw, err := m.text(quote(name), "url")
	if err != nil {
		return err
	}
	if err := r.hashes(m, i); err != nil {
		return err
	}
	if size, err := m.optional(quote(name), "size"); err != nil {
		return err
	} else if size != "" {
		if i.Size, err = strconv.ParseInt(size, 10, 64); err != nil || i.Size < 0 {
			return r.file.usage(lineOf(m.at["size"]), "%s: size %q is not a number of bytes", quote(name), size)
		}
	}
	if i.Depends, err = r.dependencies(m, name); err != nil {
		return err
	}
	i.Line = lineOf(m.at["url"])
	if err := i.setURL(r.file, raw); err != nil {
		return err
	}
	if i.Name != name || i.Version != version {
		return r.file.usage(i.Line, "%s %s has a file of %q %s", quote(name), version, i.Name, i.Version)
	}
	err = i.fits(r.file)
	i.Line = m.line
	return err
}

func (r *condaLockReader) hashes(m mapping, i *Imported) error {
	if isNull(m.at["hash"]) {
		return r.file.usage(m.line, "%s has no hash", quote(i.Name))
	}
	h, err := asMapping(r.file, quote(i.Name)+": hash", m.at["hash"])
	if err != nil {
		return err
	}
	for _, k := range []struct {
		key    string
		digits int
		to     *string
	}{{"md5", 32, &i.MD5}, {"sha256", 64, &i.SHA256}} {
		if *k.to, err = h.optional(quote(i.Name), k.key); err != nil {
			return err
		}
		if *k.to != "" && !isHex(*k.to, k.digits) {
			return r.file.usage(lineOf(h.at[k.key]), "%s: %s %q is not %d lower-case hex digits", quote(i.Name), k.key, *k.to, k.digits)
		}
	}
	if i.MD5 == "" && i.SHA256 == "" {
		return r.file.usage(m.line, "%s has no hash", quote(i.Name))
	}
	return nil
}

// dependencies returns match specs, from a mapping of names to constraints, or
// from a list as some tools write it.
func (r *condaLockReader) dependencies(m mapping, name string) ([]string, error) {
	n := m.at["dependencies"]
	if isNull(n) {
		return nil, nil
	}
	if _, ok := n.(*ast.SequenceNode); ok {
		return m.list(quote(name), "dependencies")
	}
	d, err := asMapping(r.file, quote(name)+": dependencies", n)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, key := range d.keys {
		constraint, err := d.optional(quote(name)+": dependencies", key)
		if err != nil {
			return nil, err
		}
		all = append(all, strings.TrimSpace(key+" "+constraint))
	}
	return all, nil
}
