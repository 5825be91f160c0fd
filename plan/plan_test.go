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
		{40, [][]string{{"python"}, {"openssl"}, {"tzdata", "xz", "zlib"}, {"pip"}, {"numpy"}}},
		{4, [][]string{{"python"}, {"openssl"}, {"pip", "tzdata", "xz", "zlib"}, {"numpy"}}},
		{3, [][]string{{"python"}, {"pip", "tzdata", "xz", "zlib"}, {"numpy", "openssl"}}},
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

// TestVariantAdded: a variant that uses what is there shares its layers, and
// nobody's layers change; one that uses a part of a group changes it for nobody
// else.
func TestVariantAdded(t *testing.T) {
	one := []lock.Conda{pkg("python", 20<<20, 1, "default"), pkg("a", 1, 2, "default"), pkg("b", 1, 3, "default")}
	old := Conda(one, 40, nil)
	both := []string{"default", "k8s"}
	got := Conda([]lock.Conda{pkg("python", 20<<20, 1, both...), pkg("a", 1, 2, both...), pkg("b", 1, 3, both...), pkg("yaml", 1, 9, "k8s")}, 40, old)
	want := []lock.Group{
		{Envs: both, Packages: []string{"python"}},
		{Envs: both, Packages: []string{"a", "b"}},
		{Envs: []string{"k8s"}, Packages: []string{"yaml"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = Conda([]lock.Conda{pkg("python", 20<<20, 1, both...), pkg("a", 1, 2, both...), pkg("b", 1, 3, "default")}, 40, old)
	if diff := cmp.Diff(want[:2], got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(old, Conda(one, 40, got)); diff != "" { // the variant goes again
		t.Error(diff)
	}
}

// TestBudgetLowered: the smallest groups are joined, the rest stays.
func TestBudgetLowered(t *testing.T) {
	packages := []lock.Conda{pkg("python", 20<<20, 5), pkg("numpy", 9<<20, 6), pkg("a", 7<<20, 1), pkg("b", 6<<20, 2), pkg("c", 5<<20, 3)}
	old := Conda(packages, 40, nil)
	if diff := cmp.Diff([][]string{{"a"}, {"b"}, {"c"}, {"python"}, {"numpy"}}, names(old)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([][]string{{"a"}, {"b", "c"}, {"python"}, {"numpy"}}, names(Conda(packages, 4, old))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"a", "b", "c", "numpy", "python"}}, names(Conda(packages, 1, old))); diff != "" {
		t.Error(diff)
	}
}

// TestManyVariants: the budget is of one image, however many variants there
// are: what is common is planned as for one.
func TestManyVariants(t *testing.T) {
	var envs []string
	var packages []lock.Conda
	for i := range 200 {
		envs = append(envs, fmt.Sprintf("env%03d", i))
		packages = append(packages, pkg(fmt.Sprintf("own%03d", i), 1<<20, 100, envs[i]))
	}
	for i := range 10 {
		packages = append(packages, pkg(fmt.Sprintf("big%d", i), 10<<20, int64(i), envs...))
	}
	got := Conda(packages, 11, nil)
	if len(got) != 10+200 {
		t.Errorf("%d groups", len(got))
	}
	for i, g := range got[:10] {
		if len(g.Packages) != 1 || len(g.Envs) != 200 {
			t.Errorf("group %d: %v of %d", i, g.Packages, len(g.Envs))
		}
	}
	// More sets of environments than layers: still within the budget.
	packages = nil
	for i := range 64 {
		p := pkg(fmt.Sprintf("p%02d", i), 1<<20, int64(i), "all")
		for bit := range 6 {
			if i>>bit&1 == 1 {
				p.Envs = append(p.Envs, fmt.Sprintf("env%d", bit))
			}
		}
		packages = append(packages, p)
	}
	checkBudget(t, packages, Conda(packages, 5, nil), 5)
}

// TestAge: what was built long ago shares a layer where what is new does not.
func TestAge(t *testing.T) {
	const year = 365 * 24 * 60 * 60 * 1000
	got := Conda([]lock.Conda{
		pkg("old", 1<<20, year), pkg("older", 2<<20, year/2),
		pkg("new", 2<<20, 9*year), pkg("newer", 2<<20, 9*year+1), pkg("unknown", 2<<20, 0),
	}, 40, nil)
	if diff := cmp.Diff([][]string{{"unknown"}, {"old", "older"}, {"new"}, {"newer"}}, names(got)); diff != "" {
		t.Error(diff)
	}
}

// TestOneChange: when one package changes, its group alone does, and a client
// pulls little more than that package.
func TestOneChange(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var packages []lock.Conda
	var total int64
	for i := range 100 {
		size := int64(100e6 / float64(i+1) / float64(i+1))
		packages = append(packages, pkg(fmt.Sprintf("p%03d", i), size, r.Int64N(1000)))
		total += size
	}
	old := Conda(packages, 30, nil)
	checkBudget(t, packages, old, 30)
	pulled := map[string]int64{} // by a change of the package
	for _, g := range old {
		var size int64
		for _, p := range packages {
			if slices.Contains(g.Packages, p.Name) {
				size += p.Size
			}
		}
		for _, name := range g.Packages {
			pulled[name] = size
		}
	}
	for i, p := range packages {
		changed := slices.Clone(packages)
		changed[i].Version, changed[i].Timestamp = "2", 9999
		if diff := cmp.Diff(old, Conda(changed, 30, old)); diff != "" {
			t.Fatalf("%s: %s", p.Name, diff)
		}
		if again := pulled[p.Name]; again > p.Size+total/100 {
			t.Errorf("%s of %d bytes: %d of %d pulled again", p.Name, p.Size, again, total)
		}
	}
}

// checkBudget checks that every package is in exactly one group, whose
// environments are those of its packages, and that no environment has more
// groups than the budget.
func checkBudget(t *testing.T, packages []lock.Conda, got []lock.Group, budget int) {
	t.Helper()
	count, envs := map[string]int{}, map[string][]string{}
	for _, p := range packages {
		envs[p.Name] = union(envs[p.Name], p.Envs)
	}
	seen := map[string]bool{}
	for _, g := range got {
		var of []string
		for _, name := range g.Packages {
			if seen[name] || envs[name] == nil {
				t.Fatalf("%s is in two groups, or is nobody's", name)
			}
			seen[name] = true
			of = union(of, envs[name])
		}
		if diff := cmp.Diff(of, g.Envs); diff != "" || !slices.IsSorted(g.Packages) {
			t.Fatalf("group %v: %s", g.Packages, diff)
		}
		for _, env := range g.Envs {
			count[env]++
		}
	}
	if len(seen) != len(envs) {
		t.Fatalf("%d packages placed of %d", len(seen), len(envs))
	}
	for env, n := range count {
		if n > budget {
			t.Fatalf("%s has %d groups, budget %d", env, n, budget)
		}
	}
}

// Within the budget, whatever the order of the input, whatever plan came before
// and whatever its budget was; and a plan for the same packages stays.
func TestProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var old []lock.Group
	for round := range 300 {
		var packages []lock.Conda
		for i := range r.IntN(60) {
			var envs []string
			for _, env := range []string{"a", "b", "c", "d"} {
				if r.IntN(3) > 0 {
					envs = append(envs, env)
				}
			}
			if envs != nil {
				packages = append(packages, pkg(fmt.Sprint("p", i), r.Int64N(20<<20), r.Int64N(1000), envs...))
			}
		}
		budget := 1 + r.IntN(20)
		got := Conda(packages, budget, old)
		checkBudget(t, packages, got, budget)
		if diff := cmp.Diff(got, Conda(packages, budget, got)); diff != "" {
			t.Fatalf("round %d: not sticky: %s", round, diff)
		}
		r.Shuffle(len(packages), func(i, j int) { packages[i], packages[j] = packages[j], packages[i] })
		if diff := cmp.Diff(got, Conda(packages, budget, old)); diff != "" {
			t.Fatalf("round %d: input order matters: %s", round, diff)
		}
		old = got
	}
}

// BenchmarkConda plans the largest environments that are likely.
func BenchmarkConda(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var packages []lock.Conda
			for i := range n {
				packages = append(packages, pkg(fmt.Sprint("p", i), int64(20e3*r.ExpFloat64()*r.ExpFloat64()*r.ExpFloat64()), r.Int64N(1e12)))
			}
			for b.Loop() {
				Conda(packages, 30, nil)
			}
		})
	}
}
