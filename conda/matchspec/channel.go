package matchspec

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// subdirs returns the platform directories that may follow a channel.
func subdirs() []string {
	return []string{
		"noarch", "linux-32", "linux-64", "linux-aarch64", "linux-armv6l", "linux-armv7l", "linux-loong64",
		"linux-loongarch64", "linux-ppc", "linux-ppc64", "linux-ppc64le", "linux-riscv32", "linux-riscv64",
		"linux-s390x", "linux-sparc64", "osx-64", "osx-arm64", "win-32", "win-64", "win-arm64", "freebsd-64",
		"emscripten-wasm32", "wasi-wasm32", "zos-z",
	}
}

// splitChannel cuts a known subdir from the end of a channel. "*" is any
// channel.
func splitChannel(text string) (channel, subdir string) {
	channel = strings.TrimRight(text, "/")
	for {
		at := strings.LastIndexByte(channel, '/')
		if at < 0 || !slices.Contains(subdirs(), channel[at+1:]) {
			break
		}
		if subdir == "" {
			subdir = channel[at+1:]
		}
		channel = strings.TrimRight(channel[:at], "/")
	}
	if channel == "*" {
		channel = ""
	}
	return channel, subdir
}

// packageURL returns the URL and the name of a package file given as URL or
// absolute path. is reports whether the text is one of them.
func packageURL(text string) (file, name string, is bool, problem string) {
	scheme, rest, found := strings.Cut(text, "://")
	place := text
	switch {
	case found && isScheme(scheme):
		u, err := url.Parse(text)
		if err != nil || u.Host == "" && rest[:min(1, len(rest))] != "/" {
			return "", "", true, "not a URL"
		}
		file, place = text, u.Path
	case strings.HasPrefix(text, "/"):
		file = (&url.URL{Scheme: "file", Path: text}).String()
	case len(text) > 2 && text[1] == ':' && (text[2] == '\\' || text[2] == '/'):
		file = (&url.URL{Scheme: "file", Path: "/" + strings.ReplaceAll(text, `\`, "/")}).String()
	default:
		return "", "", false, ""
	}
	name, ok := archiveName(path.Base(strings.ReplaceAll(place, `\`, "/")))
	if !ok {
		return "", "", true, "not a URL or path of a package file"
	}
	return file, name, true, ""
}

func isScheme(s string) bool {
	for i := range len(s) {
		if c := lower(s[i]); (c < 'a' || c > 'z') && (i == 0 || !strings.ContainsRune("+-.0123456789", rune(c))) {
			return false
		}
	}
	return s != ""
}

// archiveName returns the package name in name-version-build.ext.
func archiveName(file string) (string, bool) {
	stem, ok := strings.CutSuffix(file, ".conda")
	if !ok {
		if stem, ok = strings.CutSuffix(file, ".tar.bz2"); !ok {
			return "", false
		}
	}
	for range 2 {
		at := strings.LastIndexByte(stem, '-')
		if at <= 0 {
			return "", false
		}
		stem = stem[:at]
	}
	name := strings.ToLower(stem)
	return name, badNameByte(name) < 0
}

// badNameByte returns where a package name has a byte that none may have.
func badNameByte(name string) int {
	for i := range len(name) {
		c := lower(name[i])
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return i
		}
	}
	return -1
}
