package doctor

import (
	"cmp"
	"strconv"
	"strings"
)

// oldest is the oldest macOS that each Go runs and links for, newest Go first
// (release notes, "Ports", "Darwin").
var oldest = []struct{ golang, macos string }{
	{"1.27", "13.0"},
	{"1.25", "12.0"},
	{"1.23", "11.0"},
	{"1.21", "10.15"},
	{"1.17", "10.13"},
	{"1.15", "10.12"},
}

// macos judges what conda's compilers for macOS leave in the environment. Go
// does not read the variables, the C compiler and the linker that cgo starts
// do.
func (c *check) macos() {
	if c.OS != "darwin" || c.GoEnv["CGO_ENABLED"] != "1" {
		return
	}
	sdk := cmp.Or(c.Env["SDKROOT"], c.Env["CONDA_BUILD_SYSROOT"])
	there, looked := c.Exists[sdk]
	switch {
	case sdk != "" && looked && !there:
		c.found(Error, "sdkroot", "SDKROOT", `export SDKROOT="$(xcrun --show-sdk-path)"`, "%q is no directory, so cgo finds no headers", sdk)
	case sdk == "" && strings.Contains(c.GoEnv["CC"], "-apple-darwin"):
		c.found(Error, "sdkroot", "SDKROOT", `export SDKROOT="$(xcrun --show-sdk-path)"`, "is not set, and %s, which is conda's compiler, has no SDK of its own", c.GoEnv["CC"])
	}
	target, have := c.Env["MACOSX_DEPLOYMENT_TARGET"], c.version()
	for _, o := range oldest {
		if compare(have, o.golang) < 0 {
			continue
		}
		if target != "" && older(target, o.macos) {
			c.found(Warning, "macos-target", "MACOSX_DEPLOYMENT_TARGET", "export MACOSX_DEPLOYMENT_TARGET="+o.macos,
				"is %q, and go %s makes programs for macOS %s and newer: the linker warns, or leaves symbols out", target, have, o.macos)
		}
		return
	}
}

// older compares versions of macOS, "10.9" and "11.0".
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range bs {
		x := 0
		if i < len(as) {
			x, _ = strconv.Atoi(as[i])
		}
		if y, _ := strconv.Atoi(bs[i]); x != y {
			return x < y
		}
	}
	return false
}
