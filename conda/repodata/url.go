package repodata

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// join returns the location of a path in the channel.
func (c *Channel) join(ref string) string { return strings.TrimSuffix(c.URL, "/") + "/" + ref }

// isURL tells a URL from a path.
func isURL(s string) bool { return strings.Contains(s, "://") }

// dirRef makes a reference one to a directory.
func dirRef(ref string) string {
	if ref == "" || strings.HasSuffix(ref, "/") {
		return ref
	}
	return ref + "/"
}

// resolve returns where a reference in a document leads (RFC 3986); base is the
// document's directory with a slash at its end: a URL, or a path. A remote
// document cannot name a file of this machine.
func resolve(base, ref string) (string, error) {
	switch {
	case ref == "" || ref == "./":
		return base, nil
	case isURL(base):
		from, err := url.Parse(base)
		if err != nil {
			return "", fmt.Errorf("%q is no URL", base)
		}
		to, err := from.Parse(ref)
		if err != nil {
			return "", fmt.Errorf("%q is no URL", ref)
		}
		if to.Scheme != from.Scheme && (to.Scheme == "file" || to.Host == "") {
			return "", fmt.Errorf("%q leads out of the network", ref)
		}
		return to.String(), nil
	case isURL(ref), path.IsAbs(ref):
		return ref, nil
	}
	return dirRef(path.Join(base, ref)), nil
}

// escapePath escapes a file name for the end of a URL, not of a path. Only
// what cannot stand there is escaped, since channels compare byte by byte.
func escapePath(base, file string) string {
	if !isURL(base) || !mustEscape(file) {
		return file
	}
	var b strings.Builder
	for i := range len(file) {
		if c := file[i]; needsEscape(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// mustEscape says whether any byte of a file name needs it.
func mustEscape(file string) bool {
	for i := range len(file) {
		switch c := file[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_':
		case needsEscape(rune(c)):
			return true
		}
	}
	return false
}

func needsEscape(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"#%<>?[\\]^`{|}", c)
}
