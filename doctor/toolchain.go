package doctor

import (
	"cmp"
	"go/version"
	"slices"
	"strings"
)

// firstSwitching is the first Go that reads GOTOOLCHAIN.
const firstSwitching = "1.21"

// toolchain says what go would do about go.mod and GOTOOLCHAIN (Go Toolchains,
// "Go toolchain selection"). It needs the version of the go that wins.
func (c *check) toolchain() {
	have := c.version()
	if have == "" || c.told("go-version", "go-shadowed", "go-missing", "go-broken") {
		return
	}
	value, where := c.setting("GOTOOLCHAIN")
	value = cmp.Or(value, "auto")
	if compare(have, firstSwitching) < 0 {
		value = "local"
	}
	name, mode := split(value)
	subject := "GOTOOLCHAIN"
	switch {
	case name == "":
		c.found(Error, "gotoolchain", subject, c.unset(where), "%q is none of local, auto, path, and names no toolchain", value)
		return
	case name != "local" && !c.allowed(strings.TrimPrefix(name, "go"), have):
		c.found(Error, "gotoolchain", subject, c.unset(where), "is %q by %s: every go command is %s, not %s", value, where, name, c.expected(have))
		return
	case name != "local":
		have = strings.TrimPrefix(name, "go")
	}
	c.goMod(have, value, mode)
}

// split takes a value of GOTOOLCHAIN apart: "go1.26.8+auto" is a toolchain and
// what to do when that is too old, "" for nothing. A value that is none has no
// name.
func split(value string) (name, mode string) {
	switch value {
	case "auto", "path":
		return "local", value
	}
	name, mode, _ = strings.Cut(value, "+")
	if mode != "" && mode != "auto" && mode != "path" {
		return "", ""
	}
	if name != "local" && !version.IsValid(name) {
		return "", ""
	}
	return name, mode
}

// allowed reports whether a toolchain that is forced is one of the lock, or
// without a lock the one there is.
func (c *check) allowed(v, have string) bool {
	if locked := c.want.locked(); len(locked) > 0 {
		return slices.Contains(locked, v)
	}
	return v == have
}

// expected is what the go command should be.
func (c *check) expected(have string) string {
	if locked := c.want.locked(); len(locked) > 0 {
		return "go " + strings.Join(locked, " or ") + " of the lock"
	}
	return "the go " + have + " that is installed"
}

func (c *check) unset(where string) string {
	if where == c.environment() {
		return c.drop("GOTOOLCHAIN")
	}
	return "go env -u GOTOOLCHAIN"
}

// goMod says what go does where go.mod asks for a newer one than it is.
func (c *check) goMod(have, value, mode string) {
	m := c.GoMod
	if m.Go == "" || compare(have, m.Go) >= 0 {
		return
	}
	// What it switches to is the toolchain line's, where that is newer.
	asked := m.Go
	if m.Toolchain != "" && compare(m.Toolchain, asked) > 0 && mode != "" {
		asked = m.Toolchain
	}
	there := slices.Contains(c.Named, asked)
	locked := slices.Contains(c.want.locked(), asked)
	lockIt := "write versions = [\"" + asked + "\"] into [go] and run gophersnake lock, or lower the go line"
	switch {
	case mode == "":
		c.found(Error, "go-mod", m.File, lockIt, "asks for go %s, and go %s with GOTOOLCHAIN=%s refuses to work", m.Go, have, value)
	case there || mode == "auto" && locked:
	case mode == "path":
		c.found(Error, "go-mod", m.File, lockIt, "asks for go %s, and GOTOOLCHAIN=%s finds no command go%s on PATH", asked, value, asked)
	default:
		c.found(Warning, "go-mod", m.File, lockIt+", or set GOTOOLCHAIN=local", "asks for go %s: go %s with GOTOOLCHAIN=%s downloads it, and nothing locks what it downloads", asked, have, value)
	}
}

func compare(a, b string) int { return version.Compare("go"+a, "go"+b) }
