package lock

import (
	"fmt"
	"math"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

func (c *checker) conda(key string, p *Conda) {
	r := row{c, key, fmt.Sprintf("package %q", p.Name)}
	r.envs(p.Envs)
	r.part("name", p.Name)
	r.part("version", p.Version)
	r.part("build", p.Build)
	r.subdir(p)
	if p.BuildNumber > math.MaxInt64 {
		r.usage("build-number", "%d is too large", p.BuildNumber)
	}
	r.given("url", p.URL)
	if err := CheckURL(p.URL); err != nil {
		r.report(fault.ClassOf(err), key+".url", "%s: %s", r.name, err)
	}
	r.hex("sha256", p.SHA256, 64)
	if p.MD5 != "" {
		r.hex("md5", p.MD5, 32)
	}
	r.notNegative("size", p.Size)
	r.notNegative("timestamp", p.Timestamp)
	if !slices.Contains([]string{"", "python", "generic"}, p.Noarch) {
		r.usage("noarch", "%q is not python or generic", p.Noarch)
	}
	if p.SitePackages != "" {
		r.inside("python-site-packages-path", p.SitePackages) // CEP 17
	}
	for _, script := range p.IdleScripts {
		if !slices.Contains(p.LinkScripts, script) {
			r.usage("idle-scripts", "%q is none of link-scripts", script)
		}
	}
	for _, file := range p.Activation {
		r.inside("activation", file)
	}
}

// subdir checks that a package lies in noarch or in its platforms' own subdir.
func (r row) subdir(p *Conda) {
	r.platforms(p.Platforms)
	for _, q := range p.Platforms {
		if p.Subdir != "noarch" && q.Subdir() != p.Subdir {
			r.usage("subdir", "%q is neither noarch nor %s's %s", p.Subdir, q, q.Subdir())
		}
	}
}

// CheckURL checks where a conda package is said to be: an https, http or oci
// URL, or a path relative to gophersnake.toml, of a file that ends in .conda or
// .tar.bz2. A ".." in a URL, or anywhere but at the start of a relative path,
// and a slash hidden by percent-encoding are errors of class verification.
// User names, passwords, tokens in the path (/t/TOKEN/), queries and absolute
// paths are errors of class usage: a lock holds no secret and no path of the
// machine that wrote it. No error repeats a secret.
func CheckURL(s string) error { return checkURL(s, ".conda", ".tar.bz2") }

func checkURL(s string, extensions ...string) error {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if !slices.Contains([]string{"https", "http", "oci"}, scheme) {
			return fault.New(fault.Usage, "", "url has the scheme %q, which is not https, http or oci", scheme)
		}
		if strings.ContainsAny(rest, "?#") {
			return fault.New(fault.Usage, "", "url has a query or a fragment")
		}
		return checkAbsolute(s, extensions)
	}
	return checkRelative(s, extensions)
}

var token = regexp.MustCompile(`/t/[^/]+/`)

func checkAbsolute(s string, extensions []string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return fault.New(fault.Usage, "", "url is not valid") // the cause would quote it, secrets and all
	}
	if u.User != nil || strings.HasPrefix(u.Path, "/t/") && token.MatchString(u.Path) {
		return fault.New(fault.Usage, "", "url of %s holds a user name, password or token", u.Host)
	}
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, `/\`) {
			return fault.New(fault.Verification, "", "url %q holds the path element %q", s, segment)
		}
	}
	return checkFile(u.Path, extensions)
}

func checkRelative(s string, extensions []string) error {
	switch {
	case path.IsAbs(s):
		return fault.New(fault.Usage, "", "url %q is an absolute path", s)
	case strings.ContainsAny(s, `:\`):
		return fault.New(fault.Usage, "", "url %q is neither a URL nor a relative path with slashes", s)
	case s != path.Clean(s):
		return fault.New(fault.Verification, "", "url %q is not a clean path", s)
	}
	return checkFile(s, extensions)
}

func checkFile(s string, extensions []string) error {
	name := path.Base(s)
	if strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || hidden(c) }) {
		return fault.New(fault.Verification, "", "url %q holds a control character", s)
	}
	if !slices.ContainsFunc(extensions, func(e string) bool { return strings.HasSuffix(name, e) }) {
		return fault.New(fault.Usage, "", "url: file %q does not end in %s", name, strings.Join(extensions, " or "))
	}
	return nil
}
