package resolve

import (
	"context"
	"errors"
	"fmt"
	goversion "go/version"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/golang/release"
	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/lock"
	"github.com/gophersnake/gophersnake/spec"
)

// A Go of conda is the package "go" of the environment's channels: [go] versions
// become requests of it beside the others, [go.env] CGO_ENABLED asks for one of
// its variants, go-cgo or go-nocgo, and the toolchain lies in conda's prefix. An
// environment holds one package of a name, so there is one Go. Programs and tools
// are compiled by a module or an archive of the same version.

// goPackage is the name of the toolchain's package.
const goPackage = "go"

// withGo returns the environment with the requests that its Go adds to those of
// conda: where conda is its source, and where "auto" finds the Go nowhere else. A
// Go that a lock file of another tool has is taken from there.
func (s *resolver) withGo(ctx context.Context, env *spec.Environment) (*spec.Environment, error) {
	wishes, inImage, err := s.goWishes(env)
	if err != nil || !inImage {
		return env, err
	}
	why := ""
	switch env.Go.Source {
	case lock.SourceConda:
	case sourceAuto:
		if why, err = s.nowhereElse(ctx, env); why == "" || err != nil || len(wishes) > 1 || len(env.Conda.Channels) == 0 {
			return env, err
		}
		s.Note(fmt.Sprintf("go %s is conda's: %s", wishes[0], why))
	default:
		return env, nil
	}
	if len(wishes) > 1 {
		return nil, fault.New(fault.Usage, "go.versions", "conda gives an environment one Go, and %d are asked for", len(wishes)).
			WithHint("give each a table [env.X] of its own, or take [go] source = \"module\"")
	}
	requests, err := goRequests(wishes[0], env.Go.Env["CGO_ENABLED"])
	if err != nil {
		return nil, err
	}
	with := *env
	with.Go.Source = lock.SourceConda
	if with.Conda.Lock == "" {
		with.Conda.Dependencies = slices.Concat(env.Conda.Dependencies, requests)
	}
	s.condaGos[env.Name] = why
	return &with, nil
}

// nowhereElse says why there is no Go as a module or an archive, or "".
func (s *resolver) nowhereElse(ctx context.Context, env *spec.Environment) (why string, err error) {
	if s.Old.InputHash == s.InputHash && !s.Update("go") {
		for _, t := range s.Old.Go {
			if slices.Contains(t.Envs, env.Name) && t.Image && t.Source == lock.SourceConda && len(t.PassedOver) > 0 {
				_, why, _ = strings.Cut(t.PassedOver[0], ": ")
				return why, nil
			}
		}
	}
	_, _, err = s.goVersions(ctx, env)
	none := new(release.Error)
	if errors.As(err, &none) && none.Class() == string(fault.Usage) && none.Place != "" {
		return none.Problem, nil
	}
	return "", nil // golang says it
}

// goRequests returns the match specs of a wish ([release.ParseWish]). A version of
// two parts stands for its series, which conda writes otherwise.
func goRequests(wish, cgo string) ([]string, error) {
	w, err := release.ParseWish(wish)
	if err != nil {
		return nil, err
	}
	all := []string{goPackage + " " + w.Conda()}
	switch cgo {
	case "0":
		all = append(all, "go-nocgo")
	case "1":
		all = append(all, "go-cgo")
	}
	return all, nil
}

// fromConda reports whether an environment's Go is a conda package.
func (s *resolver) fromConda(env *spec.Environment) bool {
	_, ok := s.condaGos[env.Name]
	return ok
}

// condaGo locks the Go that conda's solve or another tool's lock chose, and what
// compiles beside it.
func (s *resolver) condaGo(ctx context.Context, env *spec.Environment) error {
	versions := map[string]bool{}
	for _, p := range env.Image.Platforms {
		packages := s.lock.For(env.Name, p).Conda
		i := slices.IndexFunc(packages, func(c lock.Conda) bool { return c.Name == goPackage })
		if i < 0 {
			return fault.New(fault.Usage, "go.source", "the packages of conda for %s have no %q", p, goPackage).
				WithHint("add it to the lock file of conda, or take [go] source = \"module\"")
		}
		c := packages[i]
		t := lock.Toolchain{
			Envs: []string{env.Name}, Platform: p, Version: c.Version, Source: lock.SourceConda,
			File: path.Base(c.URL), SHA256: c.SHA256, Size: c.Size, Image: true,
		}
		if why := s.condaGos[env.Name]; why != "" {
			t.PassedOver = []string{"module and release: " + why}
		}
		s.lock.Go = append(s.lock.Go, t)
		versions[c.Version] = true
	}
	if len(env.CLI) == 0 && len(env.Go.Tools) == 0 {
		return nil
	}
	newest := slices.MaxFunc(slices.Collect(maps.Keys(versions)), func(a, b string) int { return goversion.Compare("go"+a, "go"+b) })
	for _, p := range hosts() {
		if err := s.toolchain(ctx, lock.Toolchain{Version: newest, Platform: p, Source: sourceAuto, Host: true}, env.Name); err != nil {
			return err
		}
	}
	return nil
}
