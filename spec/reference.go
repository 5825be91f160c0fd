package spec

import (
	"errors"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/internal/fault"
)

// The forms of the parts of references.
var (
	// OCI distribution-spec, "Pulling manifests".
	tagForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	// A part of a repository's path, by the same.
	partForm   = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	hostForm   = regexp.MustCompile(`^(?:` + label + `(?:\.` + label + `)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

	// User and password, with or without a scheme before them.
	userinfoForm = regexp.MustCompile(`://[^/\s|]*@|(?:^|[,|])[^/\s,|@:]+:[^/\s,|]*@`)
	tokenForm    = regexp.MustCompile(`/t/[^/\s,|]+/`) // as conda channels have it
	// What redact hides: all up to the last "@", and queries.
	hiddenForm = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://|^)\S*@`)
	queryForm  = regexp.MustCompile(`\?\S*`)
)

// label is a part of a host name (RFC 1123).
const label = `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`

// CheckTag reports what keeps a string from being a tag (OCI
// distribution-spec). The error is of class usage.
func CheckTag(tag string) error {
	if f := checkTag(tag); f.problem != "" {
		return fault.New(fault.Usage, "", "%s", f.problem).WithHint("%s", f.hint)
	}
	return nil
}

func checkTag(tag string) flaw {
	if within(tagForm, maxTag, tag) {
		return flaw{}
	}
	return flawf("%q is not a tag", tag).
		hinted(`tags are at most 128 letters, digits, "_", "." and "-", and begin with none of the last two`)
}

// checkTagTemplate checks a tag whose templates stand for what may be in a tag.
func checkTagTemplate(s, _ string) flaw {
	plain, f := expand(s, func(string) (string, flaw) { return "0", flaw{} })
	if f.problem != "" {
		return f
	}
	f = checkTag(plain)
	if f.problem != "" && plain != s {
		return flawf("%q does not make a tag", s).hinted("%s", f.hint)
	}
	return f
}

// checkRepository wants a name without tag or digest, by the grammar of
// distribution references: [HOST[:PORT]/]PATH.
func checkRepository(s, _ string) flaw {
	const hint = "a repository is HOST[:PORT]/PATH, as in registry.example.com/team/app"
	if s == "" {
		return absent()
	}
	if strings.Contains(s, "://") {
		return flawf("%q is a URL, not a repository", redact(s)).hinted("%s", hint)
	}
	if strings.Contains(s, "@") {
		return flawf("%q has a digest or credentials", s[strings.LastIndex(s, "@"):]).hinted("%s", hint)
	}
	if len(s) > 255 {
		return flawf("%d bytes; a repository has at most 255", len(s)).hinted("%s", hint)
	}
	host, rest := splitHost(s)
	if host != "" && !hostForm.MatchString(host) {
		return flawf("%q is not a repository: %q is not a host", s, host).hinted("%s", hint)
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		return flawf("%q has a tag", s).hinted("tags stand in image.tags")
	}
	for part := range strings.SplitSeq(rest, "/") {
		if !partForm.MatchString(part) {
			return flawf("%q is not a repository: %q is not lower case letters and digits with single \".\", \"_\", \"__\" or \"-\" between them", s, part).
				hinted("%s", hint)
		}
	}
	return flaw{}
}

// splitHost cuts a reference's host off: the first part where it has a dot or
// a port, or is localhost.
func splitHost(s string) (host, rest string) {
	first, after, found := strings.Cut(s, "/")
	if found && (strings.ContainsAny(first, ".:[") || first == "localhost") {
		return first, after
	}
	return "", s
}

// checkBase wants a registry reference, oci:DIR, oci-archive:FILE or scratch.
func checkBase(s, subject string) flaw {
	for _, transport := range []string{"oci", "oci-archive"} {
		if place, ok := strings.CutPrefix(s, transport+":"); ok {
			if place == "" || strings.ContainsFunc(place, unicode.IsControl) {
				return flawf("%q names no place", s).hinted("write oci:DIR[:TAG] or oci-archive:FILE[:TAG]")
			}
			return flaw{}
		}
	}
	if s == "scratch" {
		return flaw{}
	}
	if i := strings.Index(s, "://"); i >= 0 {
		return flawf("%q is a URL, not a reference", redact(s)).hinted("write [HOST[:PORT]/]PATH[:TAG][@DIGEST], oci:DIR or oci-archive:FILE")
	}
	name, digest, found := strings.Cut(s, "@")
	if found && !digestForm.MatchString(digest) {
		return flawf("%q is not a digest", digest).hinted("digests are sha256: and 64 hex digits")
	}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		if f := checkTag(name[i+1:]); f.problem != "" {
			return f
		}
		name = name[:i]
	}
	return checkRepository(name, subject)
}

// checkHost wants HOST or HOST:PORT.
func checkHost(s, _ string) flaw {
	if hostForm.MatchString(s) {
		return flaw{}
	}
	return flawf("%q is not a host", redact(s)).hinted(`write HOST or HOST:PORT in quotes, without a scheme: [registry."registry.example.com"]`)
}

// checkMirror wants a URL or a host, with a path or without.
func checkMirror(s, subject string) flaw {
	if strings.Contains(s, "://") {
		return checkURL(s, subject)
	}
	host, rest, _ := strings.Cut(s, "/")
	if f := checkNoQuery(s, subject); f.problem != "" {
		return f
	}
	if f := checkHost(host, subject); f.problem != "" || path.Clean("/"+rest) != "/"+rest {
		return flawf("%q is neither a URL nor HOST[:PORT][/PATH]", s)
	}
	return flaw{}
}

// checkURL wants http or https, a host, and no credentials.
func checkURL(s, subject string) flaw {
	if f := checkNoQuery(s, subject); f.problem != "" {
		return f
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return flawf("%q is not an http or https URL", redact(s))
	}
	return flaw{}
}

// checkProxy wants what GOPROXY takes: URLs, direct and off, separated by
// commas or bars.
func checkProxy(s, subject string) flaw {
	if f := checkNoQuery(s, subject); f.problem != "" {
		return f
	}
	for p := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == ',' || c == '|' }) {
		p = strings.TrimSpace(p)
		if u, err := url.Parse(p); p == "direct" || p == "off" || (err == nil && u.Scheme == "file") {
			continue
		}
		if f := checkURL(p, subject); f.problem != "" {
			return f
		}
	}
	if strings.Trim(s, ",| ") == "" {
		return absent()
	}
	return flaw{}
}

// checkChannel wants a channel's name, a URL, or a path relative to the file.
func checkChannel(s, subject string) flaw {
	if f := checkNoQuery(s, subject); f.problem != "" {
		return f
	}
	if f := checkLine(s, subject); f.problem != "" {
		return f
	}
	scheme, rest, isURL := strings.Cut(s, "://")
	switch {
	case !isURL:
		if path.IsAbs(s) {
			return flawf("path %q is absolute", s).hinted("paths are relative to gophersnake.toml; a channel of this machine alone is file://%s", s)
		}
	case scheme != "https" && scheme != "http" && scheme != "file" && scheme != "oci":
		return flawf("channel %q: unknown scheme %q", redact(s), scheme).hinted("https, http, file and oci are known")
	case rest == "":
		return flawf("channel %q has no place", s)
	}
	return flaw{}
}

// checkMatchSpec wants a request for one package.
func checkMatchSpec(s, _ string) flaw {
	_, err := matchspec.Parse(s)
	if err == nil || strings.Contains(s, "{{") { // of templates more can be said
		return flaw{}
	}
	f := flawf("%v", err)
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		f.hint = hinted.Hint()
	}
	return f
}

// checkNoCredentials refuses user names, passwords and conda tokens in URLs:
// the file is shared, and locks and images are made from it.
func checkNoCredentials(s, _ string) flaw {
	if !userinfoForm.MatchString(s) && !tokenForm.MatchString(s) {
		return flaw{}
	}
	return flawf("the URL holds credentials").hinted("remove them: credentials come from the container configuration, .netrc or the environment")
}

// checkNoQuery refuses what checkNoCredentials does and queries, which hold
// tokens too.
func checkNoQuery(s, subject string) flaw {
	if f := checkNoCredentials(s, subject); f.problem != "" || !strings.Contains(s, "?") {
		return f
	}
	return flawf("the URL holds a query").hinted("remove all from ? on: a query may hold a secret")
}

// redact removes what may be secret from a text that holds URLs, and rather
// too much than too little.
func redact(s string) string {
	s = hiddenForm.ReplaceAllString(s, "$1")
	s = queryForm.ReplaceAllString(s, "")
	return tokenForm.ReplaceAllString(s, "/")
}
