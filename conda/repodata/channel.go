package repodata

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// subdirs are those that may stand at the end of a channel's URL (CEP 26).
const subdirs = " noarch emscripten-wasm32 freebsd-64 linux-32 linux-64 linux-aarch64 linux-armv6l linux-armv7l linux-ppc64 linux-ppc64le linux-riscv32 linux-riscv64 linux-s390x osx-64 osx-arm64 wasi-wasm32 win-32 win-64 win-arm64 zos-z "

// ParseChannel returns the name and the URL of a channel that a user wrote: a
// name, which stands below the alias ("https://HOST"), a URL (https, http, file
// or oci), or a path that begins with "." or "/". A subdir and slashes at the
// end are cut off. The name of a URL lacks user, password and token: it is for
// records and people, the URL for requests.
func ParseChannel(s, alias string) (name, location string, err error) {
	bad := func(problem string) (string, string, error) {
		return "", "", tree.NewError("", "channel %q: %s", redact(s), problem).WithClass("usage")
	}
	trimmed := cutSubdir(strings.TrimSpace(s))
	switch {
	case trimmed == "":
		return bad("is empty")
	case isURL(trimmed):
		u, err := url.Parse(trimmed)
		switch {
		case err != nil:
			return bad("is no URL")
		case !slices.Contains([]string{"https", "http", "file", "oci"}, u.Scheme):
			return bad("has a scheme that is none of https, http, file and oci")
		case u.RawQuery != "" || u.Fragment != "":
			return bad("has a query or a fragment")
		}
		return redact(trimmed), trimmed, nil
	case trimmed[0] == '.' || trimmed[0] == '/':
		p := path.Clean(trimmed)
		return p, p, nil
	case strings.Trim(strings.ToLower(trimmed), "abcdefghijklmnopqrstuvwxyz0123456789._-/") != "" || path.Clean(trimmed) != trimmed:
		return bad("is no name, URL or path")
	case alias == "":
		return bad("is a name, and no alias says where channels are")
	}
	return trimmed, strings.TrimRight(alias, "/") + "/" + trimmed, nil
}

// cutSubdir cuts slashes and a subdir off the end.
func cutSubdir(s string) string {
	if strings.Trim(s, "/") == "" && s != "" {
		return "/"
	}
	s = strings.TrimRight(s, "/")
	if i := strings.LastIndexByte(s, '/'); i > 0 && strings.Contains(subdirs, " "+s[i+1:]+" ") {
		return strings.TrimRight(s[:i], "/")
	}
	return s
}

// redact takes user, password, query and token (/t/TOKEN) out of a URL.
func redact(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	rest, _, _ = strings.Cut(rest, "?")
	host, p, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	parts := strings.Split(p, "/")
	if i := slices.Index(parts, "t"); i >= 0 && i+1 < len(parts) {
		parts = slices.Delete(parts, i, i+2)
	}
	return strings.TrimRight(scheme+"://"+host+"/"+strings.Join(parts, "/"), "/")
}
