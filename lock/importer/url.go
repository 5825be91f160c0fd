package importer

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

var (
	userInfo = regexp.MustCompile(`(?i)^([a-z][a-z0-9+.-]*://)[^/@]*@`)
	urlToken = regexp.MustCompile(`(?i)^([a-z][a-z0-9+.-]*://[^/]*)/t/[^/]*/`)
)

// stripSecrets returns a URL without user name and password and without the
// token of https://HOST/t/TOKEN/CHANNEL. It works on text, since a URL that
// does not parse must not show its secret in an error either.
func stripSecrets(s string) string {
	for userInfo.MatchString(s) {
		s = userInfo.ReplaceAllString(s, "$1")
	}
	return urlToken.ReplaceAllString(s, "$1/")
}

// shown returns a URL or path as errors show it: without what may be secret in
// it, which a query may be too.
func shown(s string) string {
	s, _, _ = strings.Cut(stripSecrets(s), "?")
	return s
}

// stripAll takes secrets out of the URLs that match specs ("URL::name") and
// requirements ("name @ URL") may have.
func stripAll(list []string) []string {
	for n, s := range list {
		if name, u, ok := strings.Cut(s, "@"); ok && !strings.Contains(name, "://") && strings.Contains(u, "://") {
			list[n] = strings.TrimSpace(name) + " @ " + stripSecrets(strings.TrimSpace(u))
		} else {
			list[n] = stripSecrets(s)
		}
	}
	return list
}

// FileURL returns where a package of another tool's lock file lies as our lock
// says it. A file:// URL and a path become a path relative to base, with
// slashes; every other URL stays. Paths are relative to dir: CEP 23 says the
// working directory. Both dir and base are absolute paths with slashes,
// "C:/work" on Windows. This is arithmetic: no link is followed, and nothing
// need exist.
func FileURL(u, dir, base string) (string, error) {
	target := u
	if scheme, _, ok := strings.Cut(u, "://"); ok {
		if scheme != "file" {
			return u, nil
		}
		parsed, err := url.Parse(u)
		if err != nil || parsed.Host != "" && parsed.Host != "localhost" {
			return "", fault.New(fault.Usage, "", "%q is not a URL of a file on this machine", stripSecrets(u))
		}
		target = parsed.Path
		if drive(target[min(1, len(target)):]) != "" { // file:///C:/work
			target = target[1:]
		}
	}
	for _, p := range []string{dir, base} {
		if !isAbs(p) {
			return "", fault.New(fault.Failed, "", "%q is not an absolute path", p)
		}
	}
	if !isAbs(target) {
		target = dir + "/" + target
	}
	return relative(path.Clean(base), path.Clean(target))
}

// relative returns the way from one clean absolute path to another.
func relative(from, to string) (string, error) {
	if !strings.EqualFold(drive(from), drive(to)) {
		return "", fault.New(fault.Usage, "", "%q lies on another drive than %q", to, from).
			WithHint("move the packages to the drive of gophersnake.toml, or serve them over HTTP")
	}
	a, b := elements(from), elements(to)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return strings.Repeat("../", len(a)) + strings.Join(b, "/"), nil
}

// elements returns a path's elements, without its drive.
func elements(p string) []string {
	return strings.FieldsFunc(p[len(drive(p)):], func(c rune) bool { return c == '/' })
}

// drive returns "C:" of "C:/work", and "" of a path without a drive.
func drive(p string) string {
	if len(p) >= 3 && p[1] == ':' && p[2] == '/' && (p[0]|0x20 >= 'a' && p[0]|0x20 <= 'z') {
		return p[:2]
	}
	return ""
}

func isAbs(p string) bool { return path.IsAbs(p) || drive(p) != "" }
