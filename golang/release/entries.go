package release

import (
	"archive/zip"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Entry is one file of a toolchain, as it lies below GOROOT.
type Entry struct {
	Path string    // relative to GOROOT, slash-separated
	Mode int64     // 0644 or 0755
	File *zip.File // its content
}

// Entries returns the files of a toolchain zip, sorted bytewise by path.
//
//   - All names begin with one module prefix, "golang.org/toolchain@V/", which
//     is cut off. Names that are not clean relative paths, directories and
//     anything but regular files are refused.
//   - "_go.mod" becomes "go.mod" (module zips cannot hold nested modules;
//     cmd/distpack renames them, cmd/go's toolchain switch renames them back).
//   - Modes are a function of the path, as in cmd/distpack: 0755 for what is
//     in bin/ and pkg/tool/, for scripts (.bash, .sh, .pl, .rc) and for
//     go_GOOS_GOARCH_exec; 0644 otherwise. What the zip says of modes is not
//     covered by h1 and is passed over.
//
// Errors are of class "verification".
func Entries(z *zip.Reader) ([]Entry, error) {
	if len(z.File) == 0 {
		return nil, newError("verification", "module zip", "is empty")
	}
	prefix, err := modulePrefix(z.File[0].Name)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(z.File))
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, prefix)
		if !ok || !cleanPath(name) {
			return nil, newError("verification", "module zip", "file name %q is not a clean path below %q", f.Name, prefix)
		}
		if !f.Mode().IsRegular() {
			return nil, newError("verification", "module zip", "file %q is not a regular file", f.Name)
		}
		p := goPath(name)
		entries = append(entries, Entry{Path: p, Mode: mode(p), File: f})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(entries); i++ {
		if entries[i].Path == entries[i-1].Path {
			return nil, newError("verification", "module zip", "has both %q and %q",
				entries[i-1].File.Name, entries[i].File.Name)
		}
	}
	return entries, nil
}

func modulePrefix(name string) (string, error) {
	rest, ok := strings.CutPrefix(name, Path+"@"+versionPrefix)
	version, _, slash := strings.Cut(rest, "/")
	if !ok || !slash || version == "" {
		return "", newError("verification", "module zip", "file name %q is not of the module %s", name, Path)
	}
	return Path + "@" + versionPrefix + version + "/", nil
}

// cleanPath reports whether a name stays below its root on every system that
// it may be unpacked on.
func cleanPath(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsFunc(name, func(r rune) bool {
		return r < 0x20 || r == 0x7f || r == '\\' || r == ':'
	})
}

func goPath(name string) string {
	if dir, base := path.Split(name); base == "_go.mod" {
		return dir + "go.mod"
	}
	return name
}

func mode(p string) int64 {
	if strings.HasPrefix(p, "bin/") || strings.HasPrefix(p, "pkg/tool/") {
		return 0o755
	}
	switch path.Ext(p) {
	case ".bash", ".sh", ".pl", ".rc":
		return 0o755
	}
	if ok, _ := path.Match("go_?*_?*_exec", path.Base(p)); ok { // the pattern is well-formed
		return 0o755
	}
	return 0o644
}
