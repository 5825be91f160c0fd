package importer

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/wheel"
	"github.com/gophersnake/gophersnake/wheel/pypi"
)

// PylockOptions says which packages of a pylock.toml are wanted.
type PylockOptions struct {
	Python   string             // "3.11.9": a CPython
	Platform platforms.Platform // one that images can have
	Extras   []string           // extras of the project that was locked
	Groups   []string           // its dependency groups; none: the file's default groups
}

// Pylock reads a pylock.toml of version 1 (PEP 751). Of a later 1.x it reads
// what 1.0 has.
//
// It returns the wheels of the packages whose markers hold for the target. A
// package may have many wheels, for all sorts of systems: they stand side by
// side, in the order of the file, and whoever installs takes the one that fits
// best (PEP 425). A package is refused if it has no wheel at all or is listed
// twice for the target.
func Pylock(fileName string, data []byte, o PylockOptions) ([]Imported, error) {
	f := yamltree.File(fileName)
	lines, err := readPylockLines(f, data)
	if err != nil {
		return nil, err
	}
	var content pylockFile
	if err := toml.Unmarshal(data, &content); err != nil {
		return nil, tomlError(f, err)
	}
	r := &pylockReader{file: f, lines: lines, content: &content, options: o}
	if err := r.target(); err != nil {
		return nil, err
	}
	return r.wheels()
}

// tomlError names the line. The library's text for a value of the wrong type
// names types of this package.
func tomlError(f yamltree.File, err error) error {
	text, bad := strings.TrimPrefix(err.Error(), "toml: "), new(toml.DecodeError)
	if !errors.As(err, &bad) {
		return f.Usage(0, "not a pylock.toml: %s", text)
	}
	if strings.Contains(text, "importer.") || strings.Contains(text, "int64") || strings.Contains(text, "[]") {
		text = fmt.Sprintf("%s is not the right kind of value", strings.Join(bad.Key(), "."))
	}
	line, _ := bad.Position()
	return f.Usage(line, "not a pylock.toml: %s", text)
}

// pylockFile is the part of PEP 751's file that choosing wheels needs.
type pylockFile struct {
	LockVersion      any             `toml:"lock-version"`
	Environments     []string        `toml:"environments"`
	RequiresPython   string          `toml:"requires-python"`
	Extras           []string        `toml:"extras"`
	DependencyGroups []string        `toml:"dependency-groups"`
	DefaultGroups    []string        `toml:"default-groups"`
	Packages         []pylockPackage `toml:"packages"`
}

type pylockPackage struct {
	Name           string           `toml:"name"`
	Version        string           `toml:"version"`
	Marker         string           `toml:"marker"`
	RequiresPython string           `toml:"requires-python"`
	VCS            *pylockArtifact  `toml:"vcs"`
	Directory      *pylockArtifact  `toml:"directory"`
	Archive        *pylockArtifact  `toml:"archive"` // of any kind, a wheel too
	Sdist          *pylockArtifact  `toml:"sdist"`
	Wheels         []pylockArtifact `toml:"wheels"`
}

type pylockArtifact struct {
	URL    string            `toml:"url"`
	Path   string            `toml:"path"`
	Size   int64             `toml:"size"`
	Hashes map[string]string `toml:"hashes"`
}

// place returns the URL, or else the path.
func (a *pylockArtifact) place() string { return cmp.Or(a.URL, a.Path) }

type pylockReader struct {
	file    yamltree.File
	lines   pylockLines
	content *pylockFile
	options PylockOptions
	python  pypi.Version
	env     pypi.Environment
}

var lockVersion = regexp.MustCompile(`^([0-9]+)\.[0-9]+$`)

// target checks that the file can be for the target at all.
func (r *pylockReader) target() (err error) {
	c, o := r.content, r.options
	version, ok := c.LockVersion.(string)
	m := lockVersion.FindStringSubmatch(version)
	switch {
	case c.LockVersion == nil:
		return r.file.Usage(0, "file has no lock-version: it is not a pylock.toml")
	case !ok || m == nil:
		return r.file.Usage(r.lines.key("lock-version"), "lock-version is not a text of two numbers such as 1.0")
	case m[1] != "1":
		return r.file.Usage(r.lines.key("lock-version"), "lock-version %s is not one that this tool knows (1.0)", version)
	case o.Python == "":
		return r.file.Usage(0, "a pylock.toml cannot be read before the version of Python is known").
			WithHint("add python to the dependencies")
	}
	if r.python, err = pypi.ParseVersion(o.Python); err != nil {
		return fault.New(fault.Usage, string(r.file), "Python: %w", err)
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[o.Platform.Arch]
	if o.Platform.OS != "linux" || machine == "" {
		return r.file.Usage(0, "wheels for %s are not chosen from a pylock.toml", o.Platform)
	}
	groups := o.Groups
	if len(groups) == 0 {
		groups = c.DefaultGroups
	}
	if err := r.known("extra", o.Extras, c.Extras); err != nil {
		return err
	}
	if err := r.known("dependency group", groups, slices.Concat(c.DependencyGroups, c.DefaultGroups)); err != nil {
		return err
	}
	r.env = pypi.Linux(o.Python, machine)
	r.env["extras"], r.env["dependency_groups"] = normalized(o.Extras), normalized(groups)
	if ok, err := r.allows(c.RequiresPython, r.lines.key("requires-python")); err != nil {
		return err
	} else if !ok {
		return r.stale(r.lines.key("requires-python"), "file requires Python %s, not %s", c.RequiresPython, o.Python)
	}
	return r.environments()
}

// environments checks that the file was made for the target, if it says for
// what it was made.
func (r *pylockReader) environments() error {
	line := r.lines.key("environments")
	for _, marker := range r.content.Environments {
		if ok, err := r.holds(marker, line); ok || err != nil {
			return err
		}
	}
	if len(r.content.Environments) == 0 {
		return nil
	}
	return r.stale(line, "file is for other environments than Python %s on %s: %s", r.options.Python, r.options.Platform.Subdir(), strings.Join(r.content.Environments, ", or "))
}

func (r *pylockReader) stale(line int, format string, args ...any) error {
	return fault.New(fault.Stale, r.file.At(line), format, args...).
		WithHint("lock again for Python %s on %s", r.options.Python, r.options.Platform)
}

// known refuses names that the file does not have.
func (r *pylockReader) known(what string, asked, have []string) error {
	for _, name := range asked {
		if !slices.ContainsFunc(have, func(h string) bool { return wheel.Normalize(h) == wheel.Normalize(name) }) {
			return r.file.Usage(0, "file has no %s %q; there are %s", what, name, cmp.Or(strings.Join(slices.Sorted(slices.Values(have)), ", "), "none"))
		}
	}
	return nil
}

func normalized(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, wheel.Normalize(n))
	}
	return strings.Join(all, " ")
}

// holds evaluates a marker.
func (r *pylockReader) holds(marker string, line int) (bool, error) {
	if marker == "" {
		return true, nil
	}
	requirement, err := pypi.ParseRequirement("package ; " + marker)
	if err != nil {
		return false, r.file.Usage(line, "marker: %w", err)
	}
	return requirement.Applies(r.env), nil
}

// allows evaluates a requires-python.
func (r *pylockReader) allows(specifiers string, line int) (bool, error) {
	s, err := pypi.ParseSpecifiers(specifiers)
	if err != nil {
		return false, r.file.Usage(line, "requires-python: %w", err)
	}
	return s.Contains(r.python), nil
}

// wheels returns the wheels of the packages that are wanted.
func (r *pylockReader) wheels() ([]Imported, error) {
	first := map[string]int{} // lines
	var all []Imported
	for n := range r.content.Packages {
		p, line := &r.content.Packages[n], r.lines.pkg(n)
		if p.Name == "" {
			return nil, r.file.Usage(line, "an entry of packages has no name")
		}
		if ok, err := r.holds(p.Marker, line); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		name := wheel.Normalize(p.Name)
		if first[name] > 0 {
			return nil, r.file.Usage(line, "%s is listed twice for %s, first in line %d", quote(p.Name), r.options.Platform, first[name])
		}
		first[name] = line
		if ok, err := r.allows(p.RequiresPython, line); err != nil {
			return nil, err
		} else if !ok {
			return nil, r.stale(line, "%s requires Python %s, not %s", quote(p.Name), p.RequiresPython, r.options.Python)
		}
		wheels, err := r.choices(n, p)
		if err != nil {
			return nil, err
		}
		all = append(all, wheels...)
	}
	return all, nil
}

// choices returns a package's wheels.
func (r *pylockReader) choices(n int, p *pylockPackage) (all []Imported, err error) {
	line := r.lines.pkg(n)
	artifacts := p.Wheels
	switch {
	case p.VCS != nil:
		return nil, notWheel(r.file, line, p.Name, p.VCS.place(), "a repository")
	case p.Directory != nil:
		return nil, notWheel(r.file, line, p.Name, p.Directory.place(), "a source directory")
	case p.Archive != nil:
		artifacts = []pylockArtifact{*p.Archive}
	case len(p.Wheels) == 0 && p.Sdist != nil:
		return nil, notWheel(r.file, line, p.Name, p.Sdist.place(), "a source distribution")
	case len(p.Wheels) == 0:
		return nil, r.file.Usage(line, "%s has no wheel", quote(p.Name))
	}
	for k, a := range artifacts {
		i := Imported{
			Platform: r.options.Platform, Name: p.Name, Line: r.lines.wheel(n, k), Size: a.Size, RequiresPython: p.RequiresPython,
			SHA256: a.Hashes["sha256"], MD5: a.Hashes["md5"],
		}
		if err := r.check(&i, a.place()); err != nil {
			return nil, err
		}
		if err := i.setWheel(r.file, a.place(), p.Version); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

// check refuses values of the wrong form.
func (r *pylockReader) check(i *Imported, place string) error {
	switch {
	case place == "":
		return r.file.Usage(i.Line, "%s has a wheel without URL and path", quote(i.Name))
	case i.Size < 0:
		return r.file.Usage(i.Line, "%s: size %d is not a number of bytes", quote(i.Name), i.Size)
	case i.MD5 != "" && !isHex(i.MD5, 32):
		return r.file.Usage(i.Line, "%s: md5 %q is not 32 lower-case hex digits", quote(i.Name), i.MD5)
	case i.SHA256 != "" && !isHex(i.SHA256, 64):
		return r.file.Usage(i.Line, "%s: sha256 %q is not 64 lower-case hex digits", quote(i.Name), i.SHA256)
	}
	return nil
}
