package fetch

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const stars = "***"

// Redact returns a URL, or a path, for people to read: without user and
// password, query and fragment, with "***" for the token of conda's
// "/t/<token>/" paths, and with control bytes escaped. It also takes text that
// is no valid URL, and URLs in the paths of others.
func Redact(rawURL string) string {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return escape(dropTokens(rawURL))
	}
	rest = dropUser(rest)
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	parts := strings.Split(rest, "://")
	for i := range parts[1:] {
		parts[i+1] = dropUser(parts[i+1])
	}
	return escape(dropTokens(scheme + "://" + strings.Join(parts, "://")))
}

// dropUser cuts "user:password@". A password with a slash in it ends the
// authority early (RFC 3986 §3.2), which shows in a port that is no number.
func dropUser(rest string) string {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		return rest[at+1:]
	}
	_, port, _ := strings.Cut(rest[:end], ":")
	if strings.HasPrefix(rest, "[") || strings.Trim(port, "0123456789") == "" {
		return rest
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return rest[at+1:]
	}
	return stars + rest[end:]
}

// dropTokens replaces what follows each "t" element of a path.
func dropTokens(s string) string {
	parts := strings.Split(s, "/")
	for i := 1; i < len(parts); i++ {
		if parts[i-1] == "t" && parts[i] != "" && i >= 2 {
			parts[i] = stars
		}
	}
	return strings.Join(parts, "/")
}

// escape makes text safe to print: what is not printable is written as \xNN or
// \uNNNN, so that it cannot move a terminal's cursor or hide text.
func escape(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1, r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// urlSecrets lists the parts of a URL that Redact drops, as a server's text may
// repeat them.
func urlSecrets(u *url.URL) []string {
	var all []string
	if pass, ok := u.User.Password(); ok {
		all = append(all, pass, url.PathEscape(pass), url.QueryEscape(pass))
	}
	for _, values := range u.Query() {
		for _, v := range values {
			all = append(all, v, url.QueryEscape(v))
		}
	}
	for _, path := range []string{u.Path, u.EscapedPath()} {
		parts := strings.Split(path, "/")
		for i := 1; i < len(parts); i++ {
			if parts[i-1] == "t" {
				all = append(all, parts[i])
			}
		}
	}
	return all
}

// scrub cuts known secrets out of a text. What has fewer than four bytes is no
// secret, and would tear words apart.
func (j *job) scrub(text string) string {
	for _, s := range j.secrets {
		if len(s) >= 4 {
			text = strings.ReplaceAll(text, s, stars)
		}
	}
	return text
}
