package lock

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
)

// problem is what a check found, at a key such as "conda[3].url".
type problem struct {
	key   string
	class fault.Class
	text  string
	hint  string
}

func (p *problem) fault(where string) error {
	err := fault.New(p.class, where, "%s", p.text)
	if p.hint != "" {
		err = err.WithHint("%s", p.hint)
	}
	return err
}

// repair is the way out of a lock that is not as `gophersnake lock` writes it.
const repair = "restore the file from version control, or delete it and run gophersnake lock"

// checker keeps the first problem that it is told.
type checker struct{ first *problem }

func (c *checker) report(class fault.Class, key, format string, args ...any) {
	if c.first == nil {
		c.first = &problem{key: key, class: class, text: fmt.Sprintf(format, args...)}
		if class == fault.Usage {
			c.first.hint = repair
		}
	}
}

// checkBlocks looks at every block by itself.
func checkBlocks(l *Lock) *problem {
	c := &checker{}
	head := row{c, "", "lock"}
	head.digest("input-hash", l.InputHash)
	for i := range l.Base {
		c.base(fmt.Sprintf("base[%d]", i), &l.Base[i])
	}
	for i := range l.Conda {
		c.conda(fmt.Sprintf("conda[%d]", i), &l.Conda[i])
	}
	for i := range l.Deb {
		c.deb(fmt.Sprintf("deb[%d]", i), &l.Deb[i])
	}
	for i := range l.Solve {
		c.solve(fmt.Sprintf("solve[%d]", i), &l.Solve[i])
	}
	for i := range l.Wheel {
		c.wheel(fmt.Sprintf("wheel[%d]", i), &l.Wheel[i])
	}
	for i := range l.Go {
		c.toolchain(fmt.Sprintf("go[%d]", i), &l.Go[i])
	}
	for i := range l.Tool {
		c.tool(fmt.Sprintf("tool[%d]", i), &l.Tool[i])
	}
	for i, a := range l.Activation {
		r := row{c, fmt.Sprintf("activation[%d]", i), fmt.Sprintf("activation for %s", a.Platform)}
		r.envs(a.Envs)
		r.imagePlatform(a.Platform)
		r.activation(a)
	}
	for i, g := range l.Plan {
		r := row{c, fmt.Sprintf("plan[%d]", i), fmt.Sprintf("plan group %d", i+1)}
		r.envs(g.Envs)
		r.packages(g.Packages)
	}
	for i, y := range l.Layer {
		r := row{c, fmt.Sprintf("layer[%d]", i), fmt.Sprintf("layer row %d", i+1)}
		r.digest("key", y.Key)
		r.digest("diff-id", y.DiffID)
		r.digest("digest", y.Digest)
		r.notNegative("size", y.Size)
	}
	return c.first
}

// row is a block under check.
type row struct {
	*checker
	key  string // of the block
	name string // for people
}

// usage reports a value that is wrong.
func (r row) usage(key, format string, args ...any) {
	if r.first != nil {
		return
	}
	r.report(fault.Usage, strings.TrimPrefix(r.key+"."+key, "."), "%s: %s %s", r.name, key, fmt.Sprintf(format, args...))
}

// unsafe reports a value that could lead outside of its place.
func (r row) unsafe(key, format string, args ...any) {
	if r.first != nil {
		return
	}
	r.report(fault.Verification, r.key+"."+key, "%s: %s %s", r.name, key, fmt.Sprintf(format, args...))
}

func (r row) given(key, value string) {
	if value == "" {
		r.usage(key, "is missing")
	}
}

func (r row) digest(key, value string) {
	r.given(key, value)
	if digits, ok := strings.CutPrefix(value, "sha256:"); !ok || !isHex(digits, 64) {
		r.usage(key, "%q is not sha256: and 64 lower-case hex digits", value)
	}
}

func (r row) hex(key, value string, digits int) {
	r.given(key, value)
	if !isHex(value, digits) {
		r.usage(key, "%q is not %d lower-case hex digits", value, digits)
	}
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

func (r row) notNegative(key string, n int64) {
	if n < 0 {
		r.usage(key, "%d is negative", n)
	}
}

var envName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (r row) envs(envs []string) {
	if len(envs) == 0 {
		r.usage("envs", "is missing or empty")
	}
	seen := map[string]bool{}
	for _, e := range envs {
		if e == "" {
			e = DefaultEnv
		}
		if !envName.MatchString(e) {
			r.usage("envs", "holds %q, which is not the name of an environment", e)
		}
		if seen[e] {
			r.usage("envs", "names %q twice", e)
		}
		seen[e] = true
	}
}

func (r row) imagePlatform(p platforms.Platform) {
	switch {
	case p == platforms.Platform{}:
		r.usage("platform", "is missing")
	case !p.Image():
		r.usage("platform", "%q cannot be the platform of an image", p)
	}
}

func (r row) variables(env []string) {
	for _, v := range env {
		if key, _, ok := strings.Cut(v, "="); !ok || key == "" || strings.Contains(v, "\x00") {
			r.usage("env", "holds %q, which is not KEY=value", v)
		}
	}
}

func (r row) activation(a Activation) {
	r.variables(a.Env)
	if a.Inputs != "" {
		r.digest("inputs", a.Inputs)
	}
	for _, name := range a.Unset {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			r.usage("unset", "holds %q, which is not the name of a variable", name)
		}
	}
	for i, d := range a.Dynamic {
		one := row{r.checker, fmt.Sprintf("%s.dynamic[%d]", r.key, i), fmt.Sprintf("%s, dynamic script %d", r.name, i+1)}
		one.inside("script", d.Script)
		one.part("package", d.Package)
	}
}

// packages checks a list of package names.
func (r row) packages(names []string) {
	if len(names) == 0 {
		r.usage("packages", "is missing or empty")
	}
	for _, n := range names {
		r.part("packages", n)
	}
}

// part checks a name, version or build: it becomes part of file names.
func (r row) part(key, value string) {
	r.given(key, value)
	if strings.ContainsAny(value, `/\`) || value == "." || strings.Contains(value, "..") {
		r.unsafe(key, "%q holds a path", value)
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c == 0x7f || hidden(c) }) {
		r.unsafe(key, "%q holds a space or a control character", value)
	}
}

// inside checks a path relative to an image's root.
func (r row) inside(key, value string) {
	r.given(key, value)
	if value != path.Clean(value) || value == "." || value == ".." || strings.HasPrefix(value, "../") ||
		path.IsAbs(value) || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' }) {
		r.unsafe(key, "%q is not a clean path relative to the root", value)
	}
}

func (c *checker) base(key string, b *Base) {
	r := row{c, key, fmt.Sprintf("base for %s", b.Platform)}
	r.envs(b.Envs)
	r.imagePlatform(b.Platform)
	if b.Suite == "" {
		r.given("image", b.Image)
		r.digest("manifest", b.Manifest)
		r.digest("config", b.Config)
	} else if b.Image != "" || b.Manifest != "" || b.Config != "" || len(b.Layers) > 0 {
		r.usage("suite", "stands beside an image")
	}
	r.variables(b.Env)
	for i, y := range b.Layers {
		l := row{c, fmt.Sprintf("%s.layers[%d]", key, i), fmt.Sprintf("%s, layer %d", r.name, i+1)}
		l.digest("digest", y.Digest)
		l.digest("diff-id", y.DiffID)
		l.notNegative("size", y.Size)
		l.given("media-type", y.MediaType)
	}
	for i, k := range b.Links {
		l := row{c, fmt.Sprintf("%s.links[%d]", key, i), fmt.Sprintf("%s, link %d", r.name, i+1)}
		l.inside("path", k.Path)
		if k.Target != "." { // a link to the root itself
			l.inside("target", k.Target)
		}
	}
	for i, d := range b.Dirs {
		l := row{c, fmt.Sprintf("%s.dirs[%d]", key, i), fmt.Sprintf("%s, directory %d", r.name, i+1)}
		l.inside("path", d.Path)
		if d.Mode < 0 || d.Mode > 0o7777 {
			l.usage("mode", "%#o is not permission bits", d.Mode)
		}
		l.notNegative("uid", int64(d.UID))
		l.notNegative("gid", int64(d.GID))
	}
}

// debName and debVersion are Debian's forms (policy §5.6.1 and §5.6.12).
var (
	debName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	debVersion = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~:-]*$`)
)

func (c *checker) deb(key string, d *Deb) {
	r := row{c, key, fmt.Sprintf("package %q", d.Name)}
	r.envs(d.Envs)
	r.imagePlatform(d.Platform)
	if !debName.MatchString(d.Name) {
		r.usage("name", "is none of Debian's")
	}
	if !debVersion.MatchString(d.Version) {
		r.usage("version", "%q is none of Debian's", d.Version)
	}
	if d.Architecture != "all" && d.Architecture != d.Platform.Debian() {
		r.usage("architecture", "%q is neither all nor %s's %s", d.Architecture, d.Platform, d.Platform.Debian())
	}
	r.inside("path", d.Path)
	r.hex("sha256", d.SHA256, 64)
	r.notNegative("size", d.Size)
}
