package resolve

import (
	"context"
	"fmt"
	goversion "go/version"
	"slices"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// hosts are the platforms that gophersnake compiles on.
func hosts() []platforms.Platform {
	return slices.DeleteFunc(platforms.All(), func(p platforms.Platform) bool { return p.OS == "windows" })
}

// golang locks the Go toolchains of an environment: for its images, and for the
// machines that may compile its programs, which the newest does. Of several the
// first that is asked for is the default. Programs without [go] versions are
// compiled by the Go that go.mod names, which is not put into the image.
func (s *resolver) golang(ctx context.Context, env *spec.Environment) error {
	if s.fromConda(env) {
		return s.condaGo(ctx, env)
	}
	versions, inImage, err := s.goVersions(ctx, env)
	if err != nil || len(versions) == 0 {
		return err
	}
	newest := slices.MaxFunc(versions, func(a, b string) int { return goversion.Compare("go"+a, "go"+b) })
	for i, v := range versions {
		for _, p := range platforms.All() {
			t := lock.Toolchain{
				Version: v, Platform: p, Source: sourceOf(env), Image: inImage && slices.Contains(env.Image.Platforms, p),
				Host: v == newest && slices.Contains(hosts(), p),
			}
			if !t.Image && !t.Host {
				continue
			}
			t.Default = t.Image && i == 0 && len(versions) > 1
			if err := s.toolchain(ctx, t, env.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// sourceOf returns where toolchains come from that are not a conda package: those
// that compile never are.
func sourceOf(env *spec.Environment) string {
	if env.Go.Source == lock.SourceConda {
		return sourceAuto
	}
	return env.Go.Source
}

// sourceAuto is the wish for the first source that has a toolchain.
const sourceAuto = "auto"

// goWishes returns what an environment asks for, in its order, and whether it lies
// in its images.
func (s *resolver) goWishes(env *spec.Environment) (wishes []string, inImage bool, err error) {
	written := env.Go.Versions
	inImage = len(written) > 0
	if !inImage && len(env.CLI) > 0 {
		written = []string{"go.mod"}
	}
	for _, w := range written {
		if !spec.IsGoFile(w) {
			wishes = append(wishes, w)
			continue
		}
		more, err := s.goFile(w)
		if err != nil {
			return nil, false, err
		}
		wishes = append(wishes, more...)
	}
	return wishes, inImage, nil
}

// goVersions returns the versions that an environment asks for, in its order,
// each once, and whether they lie in its images.
func (s *resolver) goVersions(ctx context.Context, env *spec.Environment) (versions []string, inImage bool, err error) {
	wishes, inImage, err := s.goWishes(env)
	if err != nil {
		return nil, false, err
	}
	for _, wish := range wishes {
		v, err := s.goVersion(ctx, wish, env, inImage)
		if err != nil {
			return nil, false, err
		}
		if !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	return versions, inImage, nil
}

// goFile returns the wishes of a file that [go] versions names.
func (s *resolver) goFile(name string) ([]string, error) {
	file := s.GoFiles[name]
	if name == "go.mod" {
		file = s.GoMod
	}
	if file == "" {
		return nil, fault.New(fault.Usage, "go.versions", "no %s in this directory or above it", name).WithHint("name a version, such as \"1.26\"")
	}
	data, err := s.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return release.FileWishes(file, data)
}

// goVersion keeps the old lock's version while it fulfils the same wish: of
// those that do the newest was the answer, for it was there to be chosen.
func (s *resolver) goVersion(ctx context.Context, wish string, env *spec.Environment, inImage bool) (string, error) {
	if !s.Update("go") && s.Old.InputHash == s.InputHash {
		if v := s.oldVersion(wish, env.Name, inImage); v != "" {
			return v, nil
		}
	}
	on := []platforms.Platform{{OS: "linux", Arch: "amd64"}}
	if inImage {
		on = env.Image.Platforms
	}
	asked := fmt.Sprint(sourceOf(env), wish, on)
	if v, ok := s.goAnswers[asked]; ok {
		return v, nil
	}
	v, err := s.GoVersion(ctx, sourceOf(env), wish, on)
	if err == nil {
		s.goAnswers[asked] = v
	}
	return v, err
}

func (s *resolver) oldVersion(wish, env string, inImage bool) (newest string) {
	w, err := release.ParseWish(wish)
	if err != nil {
		return "" // GoVersion says so
	}
	for _, t := range s.Old.Go {
		if slices.Contains(t.Envs, env) && (t.Image || !inImage) && w.Match(t.Version) &&
			(newest == "" || goversion.Compare("go"+t.Version, "go"+newest) > 0) {
			newest = t.Version
		}
	}
	return newest
}

// toolchain adds one toolchain of a version and a platform.
func (s *resolver) toolchain(ctx context.Context, want lock.Toolchain, env string) error {
	t, ok := s.oldToolchain(want)
	if !ok {
		var err error
		if t, err = s.Toolchain(ctx, want); err != nil {
			return err
		}
	}
	t.Envs, t.Version, t.Platform = []string{env}, want.Version, want.Platform
	t.Image, t.Host, t.Default = want.Image, want.Host, want.Default
	s.lock.Go = append(s.lock.Go, t)
	return nil
}

// oldToolchain returns what the old lock says, also that a host has none: a
// lock without a reason to change asks nobody.
func (s *resolver) oldToolchain(want lock.Toolchain) (lock.Toolchain, bool) {
	if s.Update("go") {
		return lock.Toolchain{}, false
	}
	for _, t := range s.Old.Go {
		same := t.Source == want.Source && len(t.PassedOver) == 0
		if want.Source == sourceAuto { // what "auto" said, or would say first
			same = t.Source == lock.SourceModule || t.Source == lock.SourceRelease && len(t.PassedOver) > 0
		}
		if !same || t.Version != want.Version || t.Platform != want.Platform || want.Image && t.ZipSHA256 == "" && t.SignedBy == "" {
			continue
		}
		if !want.Image && t.Source == lock.SourceModule {
			t.ZipSHA256, t.Size = "", 0
		}
		if !want.Image {
			t.SignedBy = ""
		}
		return t, true
	}
	return lock.Toolchain{}, false
}
