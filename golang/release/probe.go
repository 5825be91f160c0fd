package release

import (
	"context"
	"fmt"
	"go/version"
	"io"
	"slices"

	"github.com/gophersnake/gophersnake/platforms"
)

// Bounds of a search in a proxy that gives no list: how many versions in a row
// may be missing before the search ends, and the first series in which
// toolchains are made for the module proxy (Go 1.21).
const (
	maxGap      = 4
	maxPatch    = 64
	maxSeries   = 64
	firstSeries = 21
)

// probe asks for one version after the other, for a proxy without a list, and
// returns those that fulfil the wish and exist for the first platform, newest
// first.
func (r *Releases) probe(ctx context.Context, w Wish, on []platforms.Platform) ([]string, error) {
	if len(on) == 0 {
		return nil, nil
	}
	var found []string
	gap := 0
	for n := w.firstSeries(); n < maxSeries+firstSeries && gap < maxGap; n++ {
		vs, err := r.probeSeries(ctx, n, on[0])
		if err != nil {
			return nil, err
		}
		gap++
		if len(vs) > 0 {
			gap = 0
		}
		found = append(found, slices.DeleteFunc(vs, func(v string) bool { return !w.Match(v) })...)
		if w.endsBefore(n + 1) {
			break
		}
	}
	slices.Reverse(found)
	return found, nil
}

func (r *Releases) probeSeries(ctx context.Context, n int, p platforms.Platform) ([]string, error) {
	var found []string
	for patch, gap := 0, 0; patch < maxPatch && gap < maxGap; patch++ {
		v := fmt.Sprintf("1.%d.%d", n, patch)
		if n < firstSeries && patch == 0 {
			v = fmt.Sprintf("1.%d", n) // a first release had no ".0" before Go 1.21
		}
		ok, err := r.Has(ctx, v, p)
		if err != nil {
			return nil, err
		}
		gap++
		if ok {
			gap = 0
			found = append(found, v)
		}
	}
	return found, nil
}

// firstSeries returns the n of the first series 1.n that can fulfil the wish.
func (w Wish) firstSeries() int {
	first := 0
	for _, t := range w.terms {
		if n := series(t.v); t.op != "<" && t.op != "<=" && t.op != "!=" {
			first = max(first, n)
		}
	}
	if first == 0 {
		return firstSeries
	}
	return first
}

// endsBefore reports whether no version of series 1.n or later can fulfil the
// wish.
func (w Wish) endsBefore(n int) bool {
	for _, t := range w.terms {
		if t.op != ">=" && t.op != ">" && t.op != "!=" && series(t.v) < n {
			return true
		}
	}
	return false
}

// series returns n of "go1.n.x".
func series(v string) (n int) {
	_, _ = fmt.Sscanf(version.Lang(v), "go1.%d", &n)
	return n
}

func sameSeries(a, b string) bool { return version.Lang("go"+a) == version.Lang("go"+b) }

// maxText bounds a text that is read into memory: lists, tiles, records.
const maxText = 4 << 20

func readAll(ctx context.Context, p Proxy, path string) ([]byte, error) {
	return readUpTo(ctx, p, path, maxText)
}

func readUpTo(ctx context.Context, p Proxy, path string, limit int64) ([]byte, error) {
	body, err := p.Get(ctx, path)
	if err != nil {
		return nil, newError(classOf(err, "network"), path, "%w", err)
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, newError(classOf(err, "network"), path, "%w", err)
	}
	if int64(len(data)) > limit {
		return nil, newError("verification", path, "answer is larger than %d MiB", limit>>20)
	}
	return data, nil
}
