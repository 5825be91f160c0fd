package resolve

import (
	"context"
	"errors"
	goversion "go/version"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/golang/tool"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// tools locks the Go tools of an environment, and a toolchain to compile them
// where none that is locked is new enough.
func (s *resolver) tools(ctx context.Context, env *spec.Environment) error {
	names := map[string]string{}
	for _, written := range env.Go.Tools {
		pkg, wish, _ := strings.Cut(written, "@") // spec has checked it
		if err := s.public(env, pkg); err != nil {
			return err
		}
		t, ok := s.oldTool(pkg, wish)
		if !ok {
			var err error
			if t, err = s.Tool(ctx, pkg, wish); err != nil {
				return err
			}
		}
		if other := names[t.Name()]; other != "" {
			return fault.New(fault.Usage, "go.tools", "%q and %q are both called %s", other, pkg, t.Name()).WithHint("leave one of them out")
		}
		names[t.Name()] = pkg
		var err error
		if t.Go, err = s.compiler(ctx, env, t); err != nil {
			return err
		}
		t.Envs = []string{env.Name}
		s.lock.Tool = append(s.lock.Tool, t)
	}
	return nil
}

// public refuses a tool that GOPRIVATE says is private, of this machine or of the
// image: the checksum database must not hear of it, and has no hash of it.
func (s *resolver) public(env *spec.Environment, pkg string) error {
	for _, patterns := range []string{s.GoPrivate, env.Go.Env["GOPRIVATE"]} {
		if module.MatchPrefixPatterns(patterns, pkg) {
			return fault.New(fault.Usage, "go.tools", "%q is private by GOPRIVATE, and tools are public modules that the checksum database knows", pkg).
				WithHint("require its module in go.mod and compile it as [[cli]] with package = %q: go.sum has its hash", pkg)
		}
	}
	return nil
}

// oldTool returns what the old lock says, where it is what is asked for now.
func (s *resolver) oldTool(pkg, wish string) (lock.Tool, bool) {
	for _, t := range s.Old.Tool {
		if t.Package == pkg && tool.Fulfils(t.Version, wish) && !s.Update(pkg) && !s.Update(t.Name()) {
			return t, true
		}
	}
	return lock.Tool{}, false
}

// compiler returns the newest locked Go that compiles a tool. Where there is
// none it locks one that no image has: the one of the old lock, else the newest
// there is.
func (s *resolver) compiler(ctx context.Context, env *spec.Environment, t lock.Tool) (string, error) {
	if v := newestFor(s.lock.Go, env.Name, t); v != "" {
		return v, nil
	}
	version := ""
	if !s.Update("go") {
		version = newestFor(s.Old.Go, env.Name, t)
	}
	if version == "" {
		var err error
		on := []platforms.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
		version, err = s.GoVersion(ctx, sourceOf(env), ">="+needs(t), on)
		if none := new(release.Error); errors.As(err, &none) && none.Class() == string(fault.Usage) {
			return "", fault.New(fault.Usage, t.Module+"@"+t.Version, "needs Go %s, and there is none so new", needs(t)).
				WithHint("choose an older version of the tool")
		}
		if err != nil {
			return "", err
		}
	}
	s.Note("go " + version + " compiles " + t.Name() + ", which needs Go " + needs(t) + "; it is not in the image")
	for _, p := range hosts() {
		if err := s.toolchain(ctx, lock.Toolchain{Version: version, Platform: p, Source: sourceOf(env), Host: true}, env.Name); err != nil {
			return "", err
		}
	}
	return version, nil
}

// oldestGo compiles tools whose go.mod has no go line. It is the first whose
// toolchain is a module for all platforms.
const oldestGo = "1.21"

// needs returns the oldest Go that compiles a tool.
func needs(t lock.Tool) string {
	if t.Needs == "" || goversion.Compare("go"+t.Needs, "go"+oldestGo) < 0 {
		return oldestGo
	}
	return t.Needs
}

// newestFor returns the newest toolchain of an environment that compiles a tool
// on hosts, or "".
func newestFor(all []lock.Toolchain, env string, t lock.Tool) (newest string) {
	for _, g := range all {
		v := "go" + g.Version
		if slices.Contains(g.Envs, env) && g.Host && g.Hash() != "" && goversion.Compare(v, "go"+needs(t)) >= 0 &&
			(newest == "" || goversion.Compare(v, "go"+newest) > 0) {
			newest = g.Version
		}
	}
	return newest
}
