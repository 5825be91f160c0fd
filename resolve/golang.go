package resolve

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/modfile"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// hosts are the platforms that gophersnake compiles on.
func hosts() []platforms.Platform {
	return slices.DeleteFunc(platforms.All(), func(p platforms.Platform) bool { return p.OS == "windows" })
}

// golang locks the Go toolchain of an environment: for its images, and for the
// machines that may compile its programs. Programs without [go] versions are
// compiled by the Go that go.mod names, which is not put into the image.
func (s *resolver) golang(ctx context.Context, env *spec.Environment) error {
	var wish string
	inImage := false
	switch {
	case len(env.Go.Tools) > 0:
		return unsupported("go.tools", "installing Go tools")
	case env.Go.Source != "module":
		return unsupported("go.source", "a Go toolchain from "+env.Go.Source)
	case len(env.Go.Versions) > 1:
		return unsupported("go.versions", "more than one Go in an image")
	case len(env.Go.Versions) == 1:
		wish, inImage = env.Go.Versions[0], true
	case len(env.CLI) > 0:
		wish = "go.mod"
	default:
		return nil
	}
	if wish == "go.mod" {
		var err error
		if wish, err = s.goMod(); err != nil {
			return err
		}
	}
	version, err := s.goVersion(ctx, wish, env, inImage)
	if err != nil {
		return err
	}
	for _, p := range platforms.All() {
		image := inImage && slices.Contains(env.Image.Platforms, p)
		if !image && !slices.Contains(hosts(), p) {
			continue
		}
		if err := s.toolchain(ctx, version, p, image, env.Name); err != nil {
			return err
		}
	}
	return nil
}

// goMod returns the Go that go.mod asks for: its toolchain line, else its go
// line.
func (s *resolver) goMod() (string, error) {
	if s.GoMod == "" {
		return "", fault.New(fault.Usage, "go.versions", "no go.mod in this directory or above it").WithHint("name a version, such as \"1.26\"")
	}
	data, err := s.ReadFile(s.GoMod)
	if err != nil {
		return "", err
	}
	f, err := modfile.Parse(s.GoMod, data, nil) // ParseLax passes over toolchain lines
	if err != nil {
		return "", badMod(s.GoMod, err)
	}
	switch {
	case f.Toolchain != nil && f.Toolchain.Name != "default":
		return f.Toolchain.Name, nil
	case f.Go != nil:
		return f.Go.Version, nil
	}
	return "", fault.New(fault.Usage, s.GoMod, "no go line").WithHint("add one, or set [go] versions")
}

// badMod says where a go.mod is wrong.
func badMod(name string, err error) error {
	var list modfile.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return fault.New(fault.Usage, name, "%w", err)
	}
	e := list[0]
	return fault.New(fault.Usage, fmt.Sprintf("%s:%d", name, e.Pos.Line), "%w", e.Err)
}

// goVersion keeps the old lock's version while it fulfils the same wish.
func (s *resolver) goVersion(ctx context.Context, wish string, env *spec.Environment, inImage bool) (string, error) {
	if !s.Update("go") && s.Old.InputHash == s.InputHash {
		for _, t := range s.Old.Go {
			if slices.Contains(t.Envs, env.Name) {
				return t.Version, nil
			}
		}
	}
	on := []platforms.Platform{{OS: "linux", Arch: "amd64"}}
	if inImage {
		on = env.Image.Platforms
	}
	return s.GoVersion(ctx, wish, on)
}

// toolchain adds one toolchain.
func (s *resolver) toolchain(ctx context.Context, version string, p platforms.Platform, image bool, env string) error {
	t, ok := s.oldToolchain(version, p, image)
	if !ok {
		var err error
		if t, err = s.Toolchain(ctx, version, p, image); err != nil {
			return err
		}
	}
	t.Envs, t.Version, t.Platform, t.Source = []string{env}, version, p, "module"
	t.Image, t.Host = image, slices.Contains(hosts(), p)
	s.lock.Go = append(s.lock.Go, t)
	return nil
}

// oldToolchain returns what the old lock says, also that a host has none: a
// lock without a reason to change asks nobody.
func (s *resolver) oldToolchain(version string, p platforms.Platform, image bool) (lock.Toolchain, bool) {
	if s.Update("go") {
		return lock.Toolchain{}, false
	}
	for _, t := range s.Old.Go {
		if t.Version == version && t.Platform == p && (!image || t.ZipSHA256 != "") {
			if !image {
				t.ZipSHA256, t.Size = "", 0
			}
			return t, true
		}
	}
	return lock.Toolchain{}, false
}
