package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
)

// locked returns the versions that the environment has, the default first.
func (w *Want) locked() []string {
	if w.Lock == nil {
		return nil
	}
	rows := slices.Clone(w.Lock.Go)
	slices.SortStableFunc(rows, func(a, b lock.Toolchain) int {
		switch {
		case a.Default && !b.Default:
			return -1
		case b.Default && !a.Default:
			return 1
		}
		return 0
	})
	var versions []string
	for _, t := range rows {
		if t.Image && !slices.Contains(versions, t.Version) {
			versions = append(versions, t.Version)
		}
	}
	return versions
}

// goroot tells of a GOROOT that is set: each toolchain finds its own, so it can
// only be wrong (design.md §10).
func (c *check) goroot() {
	root, env := c.Env["GOROOT"], true
	if root == "" {
		root, env = c.GoFile["GOROOT"], false
	}
	if root == "" {
		return
	}
	severity, wrong := Warning, "every other toolchain would take it for its own"
	if len(c.Gos) > 0 && c.Gos[0].Root != "" && path.Clean(c.Gos[0].Root) != path.Clean(root) {
		severity, wrong = Error, fmt.Sprintf("but %s belongs to %s: it would use the wrong compiler and library", c.Gos[0].Path, c.Gos[0].Root)
	}
	if !env {
		c.found(severity, "goroot-file", "GOROOT", "delete the line GOROOT= from "+c.GoFileAt, "is %q by go env -w, %s", root, wrong)
		return
	}
	remedy := "unset GOROOT"
	if at, ok := c.sets("GOROOT"); ok {
		remedy += ", and delete the line " + at
	}
	if c.Image != nil {
		remedy = "take GOROOT out of the image's ENV"
	}
	c.found(severity, "goroot-env", "GOROOT", remedy, "is %q by %s, %s", root, c.environment(), wrong)
}

// commands judges which go wins.
func (c *check) commands() {
	locked := c.want.locked()
	if len(c.Gos) == 0 {
		if len(locked) > 0 {
			c.found(Error, "go-missing", "go", c.give("go "+locked[0]), "PATH has none, and the lock has go %s", strings.Join(locked, ", "))
		}
		return
	}
	if c.Image == nil && c.GoEnv == nil && !c.told("goroot-env", "goroot-file") {
		c.found(Error, "go-broken", c.Gos[0].Path, "put another go first on PATH, or install this one again", "does not run: %s", cmp.Or(c.GoError, "no answer"))
		return
	}
	version := c.version()
	if len(locked) > 0 && version != "" && !c.fits(version, locked) {
		c.wrong(version, locked)
		return
	}
	var others []string
	for _, g := range c.Gos[1:] {
		if g.Version != version && version != "" {
			others = append(others, c.describe(g))
		}
	}
	if len(others) > 0 {
		c.found(Warning, "go-several", c.Gos[0].Path, "take the others off PATH, or remove them",
			"is go %s (%s) and wins because %s comes first on PATH; behind it: %s", version, c.Gos[0].Origin, path.Dir(c.Gos[0].Path), strings.Join(others, ", "))
	}
}

// fits reports whether a version may be the first go. Of several in an image
// the default must be.
func (c *check) fits(version string, locked []string) bool {
	if c.Image != nil {
		return version == locked[0]
	}
	return slices.Contains(locked, version)
}

// wrong tells why a go that is not the lock's wins.
func (c *check) wrong(version string, locked []string) {
	first := c.Gos[0]
	for _, g := range c.Gos[1:] {
		if c.fits(g.Version, locked) {
			c.found(Error, "go-shadowed", first.Path, fmt.Sprintf("put %s before %s on PATH", path.Dir(g.Path), path.Dir(first.Path)),
				"is go %s (%s) and wins over %s of the lock, because %s comes first on PATH", version, first.Origin, c.describe(g), path.Dir(first.Path))
			return
		}
	}
	c.found(Error, "go-version", first.Path, c.give("go "+locked[0]), "is go %s (%s), the lock has go %s", version, first.Origin, strings.Join(locked, ", "))
}

// give says how to get what the lock has.
func (c *check) give(what string) string {
	if c.Image != nil {
		return "build the image from the lock"
	}
	return "put " + what + " first on PATH, or work by gophersnake run -- CMD"
}

func (c *check) describe(g Go) string {
	return fmt.Sprintf("%s (go %s, %s)", g.Path, cmp.Or(g.Version, "of an unknown version"), g.Origin)
}

// goEnv compares what go uses with [go.env]. An image's variables are compared
// with activation instead, which has those of [go.env].
func (c *check) goEnv() {
	if c.Image != nil || len(c.Gos) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(c.want.GoEnv)) {
		want := c.want.GoEnv[key]
		value, where := c.setting(key)
		if got, ok := c.GoEnv[key]; ok && key != "GOTOOLCHAIN" {
			value = got
		}
		if value == want || key == "GOTOOLCHAIN" && c.told("gotoolchain", "go-mod") {
			continue
		}
		remedy := fmt.Sprintf("export %s=%q", key, want)
		switch {
		case where == c.environment() && want == "":
			remedy = "unset " + key
		case where == c.GoFileAt && where != "":
			remedy = "go env -u " + key + ", or " + remedy
		}
		from := ""
		if where != "" {
			from = " by " + where
		}
		c.found(Error, "go-env", key, remedy, "is %q%s, [go.env] says %q", value, from, want)
	}
}

// cgo tells of a compiler that is asked for and not there. Go turns cgo off by
// itself where nobody asks for it and there is no compiler (Go 1.20).
func (c *check) cgo() {
	cc := c.GoEnv["CC"]
	if c.GoEnv["CGO_ENABLED"] != "1" || cc == "" {
		return
	}
	command := strings.Fields(cc)[0]
	if there, looked := c.Exists[command]; there || !looked {
		return
	}
	enabled, byWhom := c.setting("CGO_ENABLED")
	_, named := c.setting("CC")
	if enabled != "1" && named == "" {
		return
	}
	why := cmp.Or(byWhom, named)
	c.found(Error, "cgo-compiler", "CGO_ENABLED", "unset CC, set CGO_ENABLED=0, or install the compiler", "cgo is on (by %s), and its compiler %q is not on PATH", why, cc)
}

// path tells of elements that name whatever directory one is in: go refuses
// to run programs from them (package os/exec, ErrDot).
func (c *check) path() {
	for i, p := range c.Path {
		if !strings.HasPrefix(p, "/") && !(c.OS == "windows" && len(p) > 2 && p[1] == ':') {
			c.found(Warning, "path-relative", "PATH", "write absolute directories only", "element %d is %q, the directory that one happens to be in", i+1, p)
			return
		}
	}
	bin := c.Env["GOBIN"]
	if bin == "" {
		bin = c.GoEnv["GOBIN"]
	}
	if bin == "" && c.GoEnv["GOPATH"] != "" {
		first, _, _ := strings.Cut(c.GoEnv["GOPATH"], c.listSeparator())
		bin = path.Join(first, "bin")
	}
	if bin != "" && c.Exists[bin] && !c.has(bin) {
		c.found(Warning, "gobin-path", bin, fmt.Sprintf("append %s to PATH", bin), "has programs of go install, and is not on PATH")
	}
}

func (c *check) listSeparator() string {
	if c.OS == "windows" {
		return ";"
	}
	return ":"
}
