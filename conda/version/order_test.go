package version_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

func parse(tb testing.TB, s string) version.Version {
	tb.Helper()
	v, err := version.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// condaVersion is what conda's VersionOrder parses a version into: the epoch,
// then segments of numbers (without leading zeros) and quoted text.
func condaVersion(text string) [][]string {
	var segments [][]string
	for s := range strings.SplitSeq(strings.Trim(text, "[]"), "], [") {
		segments = append(segments, strings.Split(s, ", "))
	}
	return segments
}

func condaCompare(a, b [][]string) int {
	for i := range max(len(a), len(b)) {
		x, y := at(a, i), at(b, i)
		for j := range max(len(x), len(y)) {
			p, q := at(x, j), at(y, j)
			if c := condaComponent(p, q); c != 0 {
				return c
			}
		}
	}
	return 0
}

func at[E any](s []E, i int) E {
	var zero E
	if i < len(s) {
		return s[i]
	}
	return zero
}

func condaComponent(a, b string) int {
	rank := func(s string) int {
		switch {
		case s == "inf":
			return 2
		case strings.HasPrefix(s, "'"):
			return 0
		}
		return 1
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 || rank(a) != 1 {
		return cmp.Or(c, strings.Compare(strings.Trim(a, "'"), strings.Trim(b, "'")))
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// TestCondaOrder checks the order of all published versions against the parsed
// form that conda gave, by conda's rule for comparing it.
func TestCondaOrder(t *testing.T) {
	type entry struct {
		version version.Version
		conda   [][]string
	}
	var entries []entry
	for _, line := range vectors(t, "parsed_versions.txt") {
		s, parsed, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("bad line %q", line)
		}
		if strings.Contains(s, "+") {
			continue // the file has no local parts
		}
		entries = append(entries, entry{parse(t, s), condaVersion(parsed)})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return condaCompare(a.conda, b.conda) })
	for i := 1; i < len(entries); i++ {
		a, b := entries[i-1], entries[i]
		if got, want := a.version.Compare(b.version), condaCompare(a.conda, b.conda); got != want {
			t.Errorf("%s to %s: %d, conda %d", a.version, b.version, got, want)
		}
	}
	t.Logf("%d versions", len(entries))
}

// TestRealOrderLaws checks that real versions have one order: what sorting
// finds of neighbours holds for any two.
func TestRealOrderLaws(t *testing.T) {
	var all []version.Version
	for _, s := range vectors(t, "versions-conda-forge.txt") {
		all = append(all, parse(t, s))
	}
	slices.SortFunc(all, version.Version.Compare)
	place := make([]int, len(all)) // the same for equal versions
	for i := 1; i < len(all); i++ {
		place[i] = place[i-1]
		if !all[i].Equal(all[i-1]) {
			place[i]++
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500_000 {
		i, j := r.IntN(len(all)), r.IntN(len(all))
		if got, want := all[i].Compare(all[j]), cmp.Compare(place[i], place[j]); got != want {
			t.Fatalf("%s to %s: %d, but they stand at %d and %d", all[i], all[j], got, place[i], place[j])
		}
	}
}
