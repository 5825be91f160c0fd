package tool

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gophersnake/gophersnake/golang/release"
)

// Latest is the wish for the newest version.
const Latest = "latest"

// Fulfils reports whether a version is one that a wish may mean. It does not
// say that it is the newest.
func Fulfils(version, wish string) bool {
	switch {
	case wish == Latest || wish == version:
		return true
	case exact(wish):
		return false
	}
	return strings.HasPrefix(version, wish+".") && semver.Prerelease(version) == ""
}

// exact reports whether a wish is for one version: v1.2.3, not v1.2.
func exact(wish string) bool {
	return semver.Canonical(wish) == strings.TrimSuffix(wish, "+incompatible")
}

// choose returns the version of a module that a wish means. A path that is no
// module's is a noModule, a version that it does not have elsewhere.
func choose(ctx context.Context, p release.Proxy, modPath, wish string) (string, error) {
	all, err := list(ctx, p, modPath)
	if err != nil {
		return "", err
	}
	if exact(wish) {
		err := has(ctx, p, modPath, wish)
		if errors.Is(err, fs.ErrNotExist) {
			if len(all) == 0 {
				return "", noModule{modPath}
			}
			return "", elsewhere{unknown(modPath, wish, all)}
		}
		return wish, err
	}
	fit, err := fitting(ctx, p, modPath, wish, all)
	if err != nil {
		return "", err
	}
	if len(fit) > 0 {
		return fit[len(fit)-1], nil
	}
	if wish == Latest {
		return latest(ctx, p, modPath)
	}
	if len(all) == 0 {
		return "", noModule{modPath}
	}
	return "", elsewhere{unknown(modPath, wish, all)}
}

// fitting returns the versions that fulfil a wish and are not retracted, oldest
// first: releases if there are any.
func fitting(ctx context.Context, p release.Proxy, modPath, wish string, all []string) ([]string, error) {
	if len(all) == 0 {
		return nil, nil
	}
	retracted, err := retractions(ctx, p, modPath, newest(all))
	if err != nil {
		return nil, err
	}
	fit := slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !Fulfils(v, wish) || retracted(v) })
	if releases := released(fit); len(releases) > 0 {
		return releases, nil
	}
	return fit, nil
}

func released(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return semver.Prerelease(v) != "" })
}

// newest returns the version whose go.mod says which ones are retracted.
func newest(all []string) string {
	if releases := released(all); len(releases) > 0 {
		return releases[len(releases)-1]
	}
	return all[len(all)-1]
}

// unknown says that a module has no such version, and which is near.
func unknown(modPath, wish string, all []string) error {
	e := problem("usage", modPath+"@"+wish, "the module proxy has no such version")
	near := all[0]
	for _, v := range all {
		if semver.Compare(v, wish) <= 0 || semver.Compare(near, wish) > 0 && semver.Compare(v, near) < 0 {
			near = v
		}
	}
	return hinted(e, "the nearest version is %s", near)
}

// list returns the versions that a proxy tells of, oldest first.
func list(ctx context.Context, p release.Proxy, modPath string) ([]string, error) {
	data, err := read(ctx, p, modPath, "/@v/list")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []string
	for _, v := range strings.Fields(string(data)) {
		if exact(v) && module.Check(modPath, v) == nil && !module.IsPseudoVersion(v) {
			all = append(all, v)
		}
	}
	semver.Sort(all)
	return all, nil
}

// has asks whether a proxy has a version.
func has(ctx context.Context, p release.Proxy, modPath, version string) error {
	escaped, err := module.EscapeVersion(version)
	if err != nil || module.Check(modPath, version) != nil {
		return fs.ErrNotExist
	}
	_, err = read(ctx, p, modPath, "/@v/"+escaped+".info")
	return err
}

// latest asks a proxy for what it calls the latest version of a module without
// versions.
func latest(ctx context.Context, p release.Proxy, modPath string) (string, error) {
	data, err := read(ctx, p, modPath, "/@latest")
	if errors.Is(err, fs.ErrNotExist) {
		return "", noModule{modPath}
	}
	if err != nil {
		return "", err
	}
	var info struct{ Version string }
	if err := json.Unmarshal(data, &info); err != nil || !exact(info.Version) || module.Check(modPath, info.Version) != nil {
		return "", problem("network", modPath, "the module proxy's latest version %q is none", info.Version)
	}
	return info.Version, nil
}

// retractions reads which versions a version's go.mod retracts.
func retractions(ctx context.Context, p release.Proxy, modPath, version string) (func(v string) bool, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return nil, problem("network", modPath, "version %q: %w", version, err)
	}
	none := func(string) bool { return false }
	data, err := read(ctx, p, modPath, "/@v/"+escaped+".mod")
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return none, nil // what is chosen is read again, strictly
	}
	return func(v string) bool {
		return slices.ContainsFunc(f.Retract, func(r *modfile.Retract) bool {
			return semver.Compare(r.Low, v) <= 0 && semver.Compare(v, r.High) <= 0
		})
	}, nil
}

// maxText bounds a text of a proxy.
const maxText = 4 << 20

// read reads a file of a module in a proxy.
func read(ctx context.Context, p release.Proxy, modPath, file string) ([]byte, error) {
	escaped, err := module.EscapePath(modPath)
	if err != nil {
		return nil, noModule{modPath}
	}
	body, err := p.Get(ctx, escaped+file)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(body, maxText+1))
	if closed := body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, problem("network", escaped+file, "%w", err)
	}
	if len(data) > maxText {
		return nil, problem("network", escaped+file, "answer is larger than 4 MiB")
	}
	return data, nil
}
