package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/lock"
)

func pkg(name string, size, built int64, envs ...string) lock.Conda {
	if len(envs) == 0 {
		envs = []string{"default"}
	}
	return lock.Conda{Name: name, Size: size, Timestamp: built, Envs: envs}
}

func names(groups []lock.Group) (got [][]string) {
	for _, g := range groups {
		got = append(got, g.Packages)
	}
	return got
}

func TestConda(t *testing.T) {
	packages := []lock.Conda{
		pkg("python", 20<<20, 50), pkg("numpy", 9<<20, 90),
		pkg("zlib", 1<<10, 10), pkg("xz", 1<<10, 20), pkg("tzdata", 1<<10, 80), pkg("openssl", 7<<20, 70), pkg("pip", 3<<20, 85),
	}
	for _, tt := range []struct {
		budget int
		want   [][]string
	}{
		{40, [][]string{{"python"}, {"openssl", "tzdata", "xz", "zlib"}, {"pip"}, {"numpy"}}},
		{3, [][]string{{"python"}, {"openssl", "pip", "tzdata", "xz", "zlib"}, {"numpy"}}},
		{1, [][]string{{"numpy", "openssl", "pip", "python", "tzdata", "xz", "zlib"}}},
	} {
		if diff := cmp.Diff(tt.want, names(Conda(packages, tt.budget, nil))); diff != "" {
			t.Errorf("budget %d: %s", tt.budget, diff)
		}
	}
}

func TestSticky(t *testing.T) {
	old := Conda([]lock.Conda{pkg("a", 1, 1), pkg("b", 1, 2), pkg("big", 9<<20, 3), pkg("gone", 1, 4)}, 40, nil)
	got := Conda([]lock.Conda{pkg("a", 9<<20, 100), pkg("b", 1, 2), pkg("big", 1, 3), pkg("new", 1, 5)}, 40, old)
	want := [][]string{{"big"}, {"a", "b"}, {"new"}}
	if diff := cmp.Diff(want, names(got)); diff != "" {
		t.Error(diff)
	}
}

func TestEnvironmentsShare(t *testing.T) {
	got := Conda([]lock.Conda{pkg("both", 1, 9, "a", "b"), pkg("one", 1, 1, "a"), pkg("other", 1, 1, "b")}, 40, nil)
	want := []lock.Group{
		{Envs: []string{"a", "b"}, Packages: []string{"both"}},
		{Envs: []string{"a"}, Packages: []string{"one"}},
		{Envs: []string{"b"}, Packages: []string{"other"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every package is in exactly one group, within the budget, whatever the order
// of the input and whatever plan came before.
func TestProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var old []lock.Group
	for round := range 300 {
		var packages []lock.Conda
		for i := range r.IntN(60) {
			if r.IntN(4) > 0 {
				packages = append(packages, pkg(fmt.Sprint("p", i), r.Int64N(20<<20), r.Int64N(1000)))
			}
		}
		budget := 1 + r.IntN(20)
		if len(old) > budget {
			old = nil
		}
		got := Conda(packages, budget, old)
		if len(got) > budget {
			t.Fatalf("round %d: %d groups, budget %d", round, len(got), budget)
		}
		seen := slices.Concat(names(got)...)
		slices.Sort(seen)
		if len(seen) != len(packages) || len(slices.Compact(seen)) != len(packages) {
			t.Fatalf("round %d: %d packages placed, want %d", round, len(seen), len(packages))
		}
		r.Shuffle(len(packages), func(i, j int) { packages[i], packages[j] = packages[j], packages[i] })
		if diff := cmp.Diff(got, Conda(packages, budget, old)); diff != "" {
			t.Fatalf("round %d: input order matters: %s", round, diff)
		}
		old = got
	}
}
