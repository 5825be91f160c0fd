package spec

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gophersnake/gophersnake/platforms"
)

// The forms of names. Compiled expressions are never changed.
var (
	wordForm        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+-]*$`)
	variantForm     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	driveForm       = regexp.MustCompile(`^[A-Za-z]:.*$`)
	modeForm        = regexp.MustCompile(`^0?[0-7]{3}$`)
	specialModeForm = regexp.MustCompile(`^0?[0-7]{4}$`)
	fileForm        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]*$`)
	virtualForm     = regexp.MustCompile(`^__[a-z0-9][a-z0-9_.-]*$`)
	snapshotForm    = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z$`)
	debVersionForm  = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~:-]*$`)
	debianForm      = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	extensionForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*\.[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9.+-]+)?$`)
	goVersionForm   = regexp.MustCompile(`^` + goVersion + `$`)
	goRangeForm     = regexp.MustCompile(`^` + goTerm + `(?: ?, ?` + goTerm + `)*$`)
)

const (
	goVersion = `1\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:(?:rc|beta)[1-9][0-9]*)?`
	goTerm    = `(?:>=|<=|>|<|=|!=) ?` + goVersion
)

// The most bytes of names. They are not counts in the expressions above, which
// each start of the program would have to unroll.
const (
	maxAccount = 32
	maxVariant = 64
	maxFile    = 128
	maxTag     = 128
)

// within reports whether a string has a form and is short enough.
func within(form *regexp.Regexp, most int, s string) bool {
	return len(s) <= most && form.MatchString(s)
}

// absent says that a string is empty.
func absent() flaw { return flawf("the string is empty").hinted("remove the key to have its default") }

// checkLine wants one line of text.
func checkLine(s, _ string) flaw {
	switch {
	case strings.TrimSpace(s) == "":
		return absent()
	case strings.ContainsFunc(s, unicode.IsControl):
		return flawf("%q holds a control character", s)
	}
	return flaw{}
}

// noNUL wants what an environment variable can hold.
func noNUL(s, _ string) flaw {
	if strings.Contains(s, "\x00") {
		return flawf("%q holds a NUL", s)
	}
	return flaw{}
}

// checkWord wants a name as suites, components and categories have.
func checkWord(s, _ string) flaw {
	if s == "" {
		return absent()
	}
	if !wordForm.MatchString(s) {
		return flawf("%q is not a name", s).hinted(`names are letters, digits and "_", ".", "/", "+", "-"`)
	}
	return flaw{}
}

// checkVariantName wants a name that can end a tag.
func checkVariantName(s, _ string) flaw {
	if !within(variantForm, maxVariant, s) {
		return flawf("env: %q is not a name for a variant", s).hinted(`names end tags: at most 64 letters, digits, "_" and "-"`)
	}
	return flaw{}
}

// checkAbsolute wants a clean absolute path of the image below its root.
func checkAbsolute(s, _ string) flaw {
	switch {
	case s == "":
		return absent()
	case strings.ContainsFunc(s, unicode.IsControl):
		return flawf("path %q holds a control character", s)
	case !strings.HasPrefix(s, "/"):
		return flawf("path %q is not absolute", s).hinted("write %q", path.Join("/", s))
	case path.Clean(s) != s:
		return flawf("path %q is not clean", s).hinted("write %q", path.Clean(s))
	}
	return flaw{}
}

// checkPrefix wants a place for a conda environment. It is written into files
// over placeholders of 255 bytes, and into #! lines, which end at a space.
func checkPrefix(s, subject string) flaw {
	switch f := checkAbsolute(s, subject); {
	case f.problem != "":
		return f
	case s == "/":
		return flawf("the environment cannot be the root").hinted("write %q", "/opt/conda")
	case len(s) > MaxPrefixSize:
		return flawf("%d bytes; at most %d fit into packages", len(s), MaxPrefixSize)
	case strings.ContainsAny(s, " :"):
		return flawf("%q holds a space or a colon", s).hinted("a space breaks #! lines, a colon breaks PATH")
	}
	return flaw{}
}

// checkRelative wants a path relative to the file.
func checkRelative(s, _ string) flaw {
	switch {
	case s == "":
		return absent()
	case strings.ContainsFunc(s, unicode.IsControl) || strings.Contains(s, `\`):
		return flawf("path %q holds a control character or a backslash", s)
	case path.IsAbs(s) || driveForm.MatchString(s):
		return flawf("path %q is absolute", s).hinted("paths are relative to gophersnake.toml")
	}
	return flaw{}
}

// checkSource wants a relative path that stays below the file's directory.
func checkSource(s, subject string) flaw {
	if f := checkRelative(s, subject); f.problem != "" {
		return f
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == ".." {
			return flawf("path %q is outside the directory of gophersnake.toml", s).hinted(`".." is not allowed: copy the files into the project, or use -C`)
		}
	}
	return flaw{}
}

// checkMode wants permission bits in octal.
func checkMode(s, _ string) flaw {
	if modeForm.MatchString(s) {
		if strings.ContainsAny(s[len(s)-1:], "2367") {
			return flawf("mode %q lets everybody write", s).hinted("set owner, or write %q", s[:len(s)-1]+string(s[len(s)-1]-2))
		}
		return flaw{}
	}
	f := flawf("mode %q is not octal permission bits", s)
	if specialModeForm.MatchString(s) {
		return f.hinted("setuid, setgid and sticky bits are never set")
	}
	return f.hinted(`write "0644", "0755" or the like`)
}

// checkFileName wants one element of a path.
func checkFileName(s, _ string) flaw {
	if s == "" {
		return absent()
	}
	if !within(fileForm, maxFile, s) {
		return flawf("%q is not a file name", s).hinted(`names begin with a letter, a digit or "_" and go on with those, ".", "+" and "-"`)
	}
	return flaw{}
}

// checkPackage wants a Go package: ./DIR or an import path, no pattern.
func checkPackage(s, subject string) flaw {
	switch f := checkRelative(s, subject); {
	case f.problem != "":
		return f
	case strings.HasPrefix(s, "-") || strings.ContainsAny(s, " @") || strings.Contains(s, "..."):
		return flawf("%q is not one package", s).hinted("write ./DIR or an import path, without a version")
	}
	return flaw{}
}

// checkTool wants PACKAGE@VERSION.
func checkTool(s, _ string) flaw {
	pkg, version, found := strings.Cut(s, "@")
	switch {
	case !found:
		return flawf("%q has no version", s).hinted("write %q, or an exact version", s+"@latest")
	case module.CheckImportPath(pkg) != nil:
		return flawf("%q is not an import path", pkg)
	case version != "latest" && !semver.IsValid(version):
		return flawf("%q is not a version", version).hinted("write vMAJOR.MINOR.PATCH or latest")
	}
	return flaw{}
}

// IsGoFile reports whether a value of [go] versions names a file that says which
// Go is wanted.
func IsGoFile(s string) bool {
	return s == "go.mod" || s == "go.work" || s == ".go-version" || s == ".tool-versions"
}

// checkGoVersion wants a file's name, a Go version, or a range of them.
func checkGoVersion(s, _ string) flaw {
	if IsGoFile(s) || goVersionForm.MatchString(s) || goRangeForm.MatchString(s) {
		return flaw{}
	}
	f := flawf("%q is not a Go version", s)
	if bare, ok := strings.CutPrefix(s, "go"); ok && goVersionForm.MatchString(bare) {
		return f.hinted("write %q", bare)
	}
	return f.hinted(`write "1.26", "1.26.8", ">=1.21.0,<1.22.0" or "go.mod"`)
}

// checkVirtual wants the name of a virtual package (CEP 30).
func checkVirtual(s, _ string) flaw {
	if !virtualForm.MatchString(s) {
		return flawf("%q is not a virtual package", s).hinted(`their names begin with "__", as in "__cuda"`)
	}
	return flaw{}
}

func checkSubdir(s, _ string) flaw {
	if _, err := platforms.BySubdir(s); err != nil {
		var known []string
		for _, p := range platforms.All() {
			known = append(known, p.Subdir())
		}
		return flawf("%v", err).suggest(s, known)
	}
	return flaw{}
}

// checkSnapshot wants a time as archives of Debian write it.
func checkSnapshot(s, _ string) flaw {
	if !snapshotForm.MatchString(s) {
		return flawf("%q is not a snapshot's time", s).hinted(`write YYYYMMDDTHHMMSSZ, as in "20261101T000000Z"`)
	}
	return flaw{}
}

// checkDebianPackage wants a package's name, alone or with a version (Debian
// Policy 5.6.1 and 5.6.12).
func checkDebianPackage(s, _ string) flaw {
	name, version, exact := strings.Cut(s, "=")
	switch {
	case !debianForm.MatchString(name):
		return flawf("%q is not a Debian package's name", name)
	case exact && !debVersionForm.MatchString(version):
		return flawf("%q is not a version of Debian package %s", version, name).hinted(`write NAME=VERSION, as in "curl=7.88.1-10+deb12u14"`)
	}
	return flaw{}
}

// debianName returns the name of a package that may have a version.
func debianName(s string) string {
	name, _, _ := strings.Cut(s, "=")
	return name
}

func checkVariable(s, _ string) flaw {
	if s == "" || strings.ContainsFunc(s, func(c rune) bool { return c == '=' || unicode.IsControl(c) || unicode.IsSpace(c) }) {
		return flawf("%q is not a variable's name", s)
	}
	return flaw{}
}

// checkGoVariable wants a variable's name, and refuses GOROOT, which breaks every
// toolchain but one.
func checkGoVariable(s, subject string) flaw {
	if s == "GOROOT" {
		return flawf("GOROOT is never exported").hinted("each toolchain finds its own: remove it")
	}
	return checkVariable(s, subject)
}

func checkExtension(s, _ string) flaw {
	if !extensionForm.MatchString(s) {
		return flawf("%q is not an extension", s).hinted("write PUBLISHER.NAME")
	}
	return flaw{}
}

// isNumber reports whether s is a user's number: 0 to 2147483647, without
// leading zeros.
func isNumber(s string) bool {
	i, err := strconv.ParseInt(s, 10, 32)
	return err == nil && i >= 0 && strconv.FormatInt(i, 10) == s
}
