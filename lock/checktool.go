package lock

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
)

// importPath and moduleVersion are looser than the go command's own forms, and
// tight enough for names of files, URLs and arguments.
var (
	importPath    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*(/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*$`)
	moduleVersion = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.-]+)?(\+incompatible)?$`)
)

func (c *checker) tool(key string, t *Tool) {
	r := row{c, key, fmt.Sprintf("tool %q", t.Package)}
	r.envs(t.Envs)
	if !importPath.MatchString(t.Package) {
		r.unsafe("package", "is not an import path")
	}
	if t.Package != t.Module && !strings.HasPrefix(t.Package, t.Module+"/") || t.Module == "" {
		r.unsafe("module", "%q does not hold it", t.Module)
	}
	if !moduleVersion.MatchString(t.Version) {
		r.unsafe("version", "%q is not a version of a module", t.Version)
	}
	if t.H1 == "" || !isH1(t.H1) {
		r.usage("h1", "%q is not h1: and a SHA-256 in base64", t.H1)
	}
	if t.Needs != "" && !goVersion.MatchString(t.Needs) {
		r.usage("needs", "%q is not a version of Go", t.Needs)
	}
	if !goVersion.MatchString(t.Go) {
		r.usage("go", "%q is not a version of Go", t.Go)
	}
}

// isH1 reports whether a text has the form of a module's hash.
func isH1(s string) bool {
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "h1:"))
	return err == nil && len(sum) == 32 && strings.HasPrefix(s, "h1:")
}

// compiler checks that the Go of a tool is in the lock, for each environment.
func (c *checker) compiler(l *Lock, i int) {
	t := l.Tool[i]
	for _, env := range sortEnvs(t.Envs, "") {
		has := func(g Toolchain) bool {
			return g.Version == t.Go && g.Source != SourceConda && slices.Contains(sortEnvs(g.Envs, ""), env)
		}
		if !slices.ContainsFunc(l.Go, has) {
			c.report(fault.Usage, fmt.Sprintf("tool[%d].go", i), "tool %q is compiled by go %s, which the lock has not", t.Package, t.Go)
		}
	}
}
