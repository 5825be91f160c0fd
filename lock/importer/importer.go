// Package importer reads other tools' lock files: @EXPLICIT files (CEP 23),
// conda-lock.yml version 1 (CEP 37), pixi.lock versions 4 to 7 and pylock.toml
// version 1 (PEP 751). It turns bytes into packages and asks nobody: what a file
// lacks stays zero, and whoever resolves fetches the packages to learn the rest.
//
// Rules that hold for all formats:
//
//   - Name, version, build and subdir of a conda package come from the URL,
//     split as CEP 26 and 36 say:
//     CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda or .tar.bz2.
//   - Name and version of a Python package come from the URL, split as PEP 427
//     says. One that is no wheel is refused: its code would have to be run.
//   - User names, passwords and tokens (/t/TOKEN/) are taken out of URLs:
//     credentials never come from a lock file, and never enter ours.
//   - "~" and "$VARIABLE" are refused where the formats allow them: a lock
//     must mean the same on every machine.
//   - Hashes are lower-case hexadecimal. A package may have an MD5 alone, or
//     nothing where the format allows that; the caller decides whether it trusts
//     that.
//   - No environment has two conda packages of one name, or two Python packages.
//     A pylock.toml alone may offer several wheels of one, which the caller
//     chooses from.
//
// Errors name the line. Their class is usage, verification for a name or URL
// that could lead outside of its place, or stale for a file that was made for
// another platform.
package importer

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/internal/yamltree"
	"github.com/gophersnake/gophersnake/platforms"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = yamltree.MaxSize

// Imported is a package that another tool locked: one of conda's, or a wheel.
type Imported struct {
	Platform platforms.Platform // what it was locked for
	URL      string             // without credentials: a URL, file:// included, or a path as written
	MD5      string             // hex, or ""
	SHA256   string             // hex, or ""
	Size     int64              // bytes; 0 where the file does not tell
	Name     string             // of a wheel: normalised (PEP 503)
	Version  string             // as in the file's name
	Line     int                // in the lock file, from 1

	// Of conda packages alone.
	Build       string
	BuildNumber uint64   // 0 where the file does not tell
	Subdir      string   // "noarch", "linux-64", …; "" where neither file nor URL tells
	Depends     []string // match specs; nil where the file does not tell
	Constrains  []string // match specs; nil where the file does not tell
	Channel     string   // URL of the channel; "" where neither file nor URL tells

	// Of wheels alone.
	Requires       []string // PEP 508; nil where the file does not tell
	RequiresPython string   // PEP 440; "" where the file does not tell
}

func quote(name string) string { return fmt.Sprintf("package %q", name) }

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

// subdirs are conda's names of platforms (CEP 26), of which platforms knows
// those that gophersnake can make something for.
var subdirs = regexp.MustCompile(`^(noarch|(linux|osx|win|freebsd|zos|emscripten|wasi)-[a-z0-9_]+)$`)

// setURL reads what a conda package's URL or path tells: all of it but the
// hash.
func (i *Imported) setURL(f yamltree.File, raw string) error {
	where, err := i.setPlace(f, raw)
	if err != nil {
		return err
	}
	if err := i.setFileName(f, path.Base(where)); err != nil {
		return err
	}
	if dir := path.Base(path.Dir(where)); subdirs.MatchString(dir) {
		i.Subdir = dir
		if strings.Contains(i.URL, "://") {
			i.Channel = parent(parent(i.URL))
		}
	}
	return nil
}

// setPlace sets the URL, if it is one that all machines understand alike, and
// returns its path.
func (i *Imported) setPlace(f yamltree.File, raw string) (string, error) {
	i.URL = stripSecrets(raw)
	where, show := i.URL, shown(raw)
	if strings.HasPrefix(where, "~") {
		return "", f.Usage(i.Line, "%q starts with ~, which is not expanded", show).WithHint("write the path itself")
	}
	if strings.Contains(where, "$") {
		return "", f.Usage(i.Line, "%q holds a variable, which is not expanded", show).WithHint("write the URL itself; credentials belong in the configuration")
	}
	scheme, _, ok := strings.Cut(where, "://")
	if !ok {
		if strings.Contains(where, `\`) {
			return "", f.Usage(i.Line, "path %q has backslashes", show).WithHint("write it with slashes")
		}
		return where, nil
	}
	u, err := url.Parse(where)
	if err != nil || u.Opaque != "" {
		return "", f.Usage(i.Line, "%q is not a URL of a package", show)
	}
	if u.RawQuery != "" {
		return "", f.Usage(i.Line, "%q has a query, which is no part of a package's URL", show)
	}
	switch scheme {
	case "https", "http", "oci", "file":
	default:
		return "", f.Usage(i.Line, "%q has the scheme %q, which is not https, http, oci or file", show, scheme)
	}
	if err := safe(u); err != nil {
		return "", fault.New(fault.Verification, f.At(i.Line), "%q %s", show, err)
	}
	return u.Path, nil
}

// parent returns a URL without its last element; package path would clean its
// double slash.
func parent(u string) string { return u[:max(strings.LastIndexByte(u, '/'), 0)] }

// safe refuses path elements that a server and a file system understand
// differently, hidden by percent-encoding too.
func safe(u *url.URL) error {
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, `/\`) || hasControl(plain) {
			return fmt.Errorf("holds the path element %q", segment)
		}
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

// setFileName splits NAME-VERSION-BUILD.EXTENSION from the right (CEP 26).
func (i *Imported) setFileName(f yamltree.File, name string) error {
	stem, ok := strings.CutSuffix(name, ".conda")
	if !ok {
		if stem, ok = strings.CutSuffix(name, ".tar.bz2"); !ok {
			return f.Usage(i.Line, "file %q does not end in .conda or .tar.bz2", name)
		}
	}
	build := strings.LastIndexByte(stem, '-')
	version := strings.LastIndexByte(stem[:max(build, 0)], '-')
	if version <= 0 || build == version+1 || build == len(stem)-1 {
		return f.Usage(i.Line, "file %q is not called NAME-VERSION-BUILD", name)
	}
	if strings.Contains(stem, "..") || hasControl(stem) {
		return fault.New(fault.Verification, f.At(i.Line), "file %q holds .., a space or a control character", name)
	}
	i.Name, i.Version, i.Build = stem[:version], stem[version+1:build], stem[build+1:]
	return nil
}

// setHashes reads the keys md5 and sha256 of a mapping.
func (i *Imported) setHashes(m yamltree.Mapping) (err error) {
	for _, k := range []struct {
		key    string
		digits int
		to     *string
	}{{"md5", 32, &i.MD5}, {"sha256", 64, &i.SHA256}} {
		if *k.to, err = m.Optional(quote(i.Name), k.key); err != nil {
			return err
		}
		if *k.to != "" && !isHex(*k.to, k.digits) {
			return m.File.Usage(yamltree.LineOf(m.At[k.key]), "%s: %s %q is not %d lower-case hex digits", quote(i.Name), k.key, *k.to, k.digits)
		}
	}
	return nil
}

// setSize reads the key size of a mapping.
func (i *Imported) setSize(m yamltree.Mapping) error {
	size, err := m.Optional(quote(i.Name), "size")
	if err != nil || size == "" {
		return err
	}
	if i.Size, err = strconv.ParseInt(size, 10, 64); err != nil || i.Size < 0 {
		return m.File.Usage(yamltree.LineOf(m.At["size"]), "%s: size %q is not a number of bytes", quote(i.Name), size)
	}
	return nil
}

// fits checks a package's subdir against the platform it was locked for.
func (i *Imported) fits(f yamltree.File) error {
	if i.Subdir == "" || i.Subdir == "noarch" || i.Subdir == i.Platform.Subdir() {
		return nil
	}
	return fault.New(fault.Stale, f.At(i.Line), "package %q is for %s, not for %s", i.Name, i.Subdir, i.Platform.Subdir())
}

// unique finds packages of one name, and drops those that are listed again
// word for word.
func unique(f yamltree.File, list []Imported) ([]Imported, error) {
	type key struct {
		name string
		p    platforms.Platform
	}
	first := map[key]Imported{}
	var all []Imported
	for _, i := range list {
		k := key{i.Name, i.Platform}
		was, again := first[k]
		switch {
		case !again:
			first[k] = i
			all = append(all, i)
		case was.URL != i.URL || was.SHA256 != i.SHA256 || was.MD5 != i.MD5:
			return nil, f.Usage(i.Line, "package %q is listed twice for %s, first in line %d", i.Name, i.Platform, was.Line)
		}
	}
	return all, nil
}
