package release

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/platforms"
)

// Releases finds toolchains in a module proxy, in the download site's index, or
// in both together.
type Releases struct {
	Proxy     Proxy      // nil: modules are not asked for
	Downloads *Downloads // nil: archives are not asked for

	// Skipped, if not nil, is told of each version that fulfils a wish and
	// is newer than the one chosen, with the platforms that it is not there
	// for.
	Skipped func(version string, missing []platforms.Platform)
}

// Resolve returns the newest version that fulfils a wish ([ParseWish]) and
// that is there for every platform given: "1.26.8". Where there is none
// the error is of class "usage" and its hint names the nearest version.
func (r *Releases) Resolve(ctx context.Context, wish string, on []platforms.Platform) (string, error) {
	w, err := ParseWish(wish)
	if err != nil {
		return "", err
	}
	all, err := r.list(ctx)
	if err != nil {
		return "", err
	}
	if v, ok := w.Exact(); ok {
		return v, r.checkExact(ctx, v, on, all)
	}
	candidates := all.matching(w)
	if len(all) == 0 && r.Proxy != nil {
		if candidates, err = r.probe(ctx, w, on); err != nil {
			return "", err
		}
	}
	for _, v := range candidates {
		missing, err := r.missing(ctx, v, on)
		if err != nil {
			return "", err
		}
		if len(missing) == 0 {
			return v, nil
		}
		if r.Skipped != nil {
			r.Skipped(v, missing)
		}
	}
	e := newError("usage", "go "+wish, "%s no such release for %s", r.who(), names(on))
	return "", r.suggest(ctx, e, all.nearest(w.bound(), on), on)
}

// who says who has or has not.
func (r *Releases) who() string {
	switch {
	case r.Downloads == nil:
		return "the module proxy has"
	case r.Proxy == nil:
		return "the download index has"
	}
	return "module proxy and download index have"
}

// Has reports whether a toolchain is there.
func (r *Releases) Has(ctx context.Context, version string, p platforms.Platform) (bool, error) {
	if r.Proxy != nil {
		_, err := readAll(ctx, r.Proxy, file(version, p, ".info"))
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	if r.Downloads == nil {
		return false, nil
	}
	_, ok, err := r.Downloads.Find(ctx, version, p)
	return ok, err
}

// missing returns the platforms that the proxy refuses a version for. A
// proxy's list may be longer or shorter than what it gives, so it is asked.
func (r *Releases) missing(ctx context.Context, v string, on []platforms.Platform) ([]platforms.Platform, error) {
	var missing []platforms.Platform
	for _, p := range on {
		ok, err := r.Has(ctx, v, p)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

func (r *Releases) checkExact(ctx context.Context, v string, on []platforms.Platform, all listed) error {
	missing, err := r.missing(ctx, v, on)
	if err != nil || len(missing) == 0 {
		return err
	}
	var e *Error
	if len(missing) == len(on) && len(all[v]) == 0 {
		e = newError("usage", "go "+v, "%s no such release", r.who())
	} else {
		e = newError("usage", "go "+v, "%s no toolchain for %s", r.who(), names(missing))
	}
	return r.suggest(ctx, e, all.nearest(v, on), on)
}

// maxSuggest is how many listed versions are asked for before no nearest one
// is named.
const maxSuggest = 5

// suggest adds the nearest version that exists as a hint.
func (r *Releases) suggest(ctx context.Context, e *Error, near []string, on []platforms.Platform) error {
	for _, v := range near[:min(len(near), maxSuggest)] {
		if missing, err := r.missing(ctx, v, on); err == nil && len(missing) == 0 {
			return e.advise("the nearest release for %s is %s", names(on), v)
		}
	}
	return e
}

func names(ps []platforms.Platform) string {
	var all []string
	for _, p := range ps {
		all = append(all, p.String())
	}
	if n := len(all); n > 1 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}

// listed holds the versions of a proxy's list and the platforms of each.
type listed map[string][]platforms.Platform

// list reads the proxy's list and the index. A proxy that gives none has an
// empty one.
func (r *Releases) list(ctx context.Context) (listed, error) {
	all := listed{}
	if r.Proxy != nil {
		data, err := readAll(ctx, r.Proxy, Path+"/@v/list")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = parseList(string(data))
	}
	if r.Downloads == nil {
		return all, nil
	}
	archives, err := r.Downloads.all(ctx)
	for _, a := range archives {
		if !slices.Contains(all[a.Version], a.Platform) {
			all[a.Version] = append(all[a.Version], a.Platform)
		}
	}
	return all, err
}

// parseList reads lines like "v0.0.1-go1.26.8.linux-amd64" and passes over
// those for other platforms.
func parseList(text string) listed {
	all := make(listed)
	for line := range strings.SplitSeq(text, "\n") {
		name, _, _ := strings.Cut(line, " ")
		name, ok := strings.CutPrefix(strings.TrimSpace(name), versionPrefix)
		if !ok {
			continue
		}
		for _, p := range platforms.All() {
			v, ok := strings.CutSuffix(name, suffix(p))
			if ok && goVersion(v) == "go"+v && !slices.Contains(all[v], p) {
				all[v] = append(all[v], p)
			}
		}
	}
	return all
}

// matching returns the versions that fulfil a wish, newest first.
func (all listed) matching(w Wish) []string {
	var vs []string
	for v := range all {
		if w.Match(v) {
			vs = append(vs, v)
		}
	}
	slices.SortFunc(vs, func(a, b string) int { return compare(b, a) })
	return vs
}

// nearest returns the listed releases for all platforms, the closest to v
// first: in its own series the newest before it, then the oldest after it, then
// the same over all other series.
func (all listed) nearest(v string, on []platforms.Platform) []string {
	var near []string
	for c, has := range all {
		if c != v && !prerelease(c) && containsAll(has, on) {
			near = append(near, c)
		}
	}
	rank := func(c string) (n int) {
		if !sameSeries(c, v) {
			n = 2
		}
		if compare(c, v) > 0 {
			n++
		}
		return n
	}
	slices.SortFunc(near, func(a, b string) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		if compare(a, v) > 0 {
			return compare(a, b)
		}
		return compare(b, a)
	})
	return near
}

func containsAll(has, want []platforms.Platform) bool {
	for _, p := range want {
		if !slices.Contains(has, p) {
			return false
		}
	}
	return true
}
