package solver

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomChannel writes a channel in which requests conflict often: few names,
// many builds, narrow specs, equal versions.
func randomChannel(t testing.TB, r *rand.Rand, channel string) repo {
	t.Helper()
	names := 4 + r.IntN(9)
	versions := 2 + r.IntN(6)
	wish := func() string {
		n := fmt.Sprintf("p%02d", r.IntN(names))
		v := 1 + r.IntN(versions)
		switch r.IntN(8) {
		case 0:
			return n
		case 1:
			return fmt.Sprintf("%s <%d", n, v+1)
		case 2:
			return fmt.Sprintf("%s %d.*", n, v)
		case 3:
			return fmt.Sprintf("%s >=%d,<%d", n, v, v+2)
		case 4:
			return fmt.Sprintf("%s !=%d", n, v)
		case 5:
			return fmt.Sprintf("%s %d.*|%d.*", n, v, 1+r.IntN(versions))
		case 6:
			return fmt.Sprintf("%s * b%d*", n, r.IntN(3))
		}
		return fmt.Sprintf("%s >=%d", n, v)
	}
	packages := map[string]any{}
	for n := range names {
		for v := range versions {
			for b := range 1 + r.IntN(3) {
				depends, constrains := []string{}, []string{}
				for range r.IntN(4) {
					depends = append(depends, wish())
				}
				if r.IntN(5) == 0 {
					constrains = append(constrains, wish())
				}
				record := map[string]any{
					"name": fmt.Sprintf("p%02d", n), "version": fmt.Sprintf("%d.0", v+1),
					"build": fmt.Sprintf("b%d_%d", b, b/2), "build_number": b / 2, "subdir": "linux-64",
					"depends": depends, "constrains": constrains,
					"timestamp": 1700000000000 + int64(r.IntN(3))*1000,
					"md5":       fmt.Sprintf("%032x", r.Uint64()), "size": 1,
				}
				if r.IntN(12) == 0 {
					record["track_features"] = "slow"
				}
				packages[fmt.Sprintf("p%02d-%d.0-b%d_%d.tar.bz2", n, v+1, b, b/2)] = record
			}
		}
	}
	data, err := json.Marshal(map[string]any{ // sorted by file name
		"info": map[string]string{"subdir": "linux-64"}, "packages": packages, "packages.conda": map[string]any{},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "repodata.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return repo{channel, "linux-64", path}
}

func TestSameAsRattlerOnRandomChannels(t *testing.T) {
	o := newOracle(t)
	none, total := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		repos := []repo{randomChannel(t, r, "one")}
		if seed%3 == 0 {
			repos = append(repos, randomChannel(t, r, "two"))
		}
		var records []Record
		for _, r := range repos {
			records = append(records, loadRepo(t, r)...)
		}
		for i := range uint64(4) {
			p := randomProblem(t, seed*4+i, "linux-64", records)
			v := o.solve(t, repos, p)
			if v.Failed != "" {
				t.Fatalf("seed %d: py-rattler failed on %q: %s", seed, p.Specs, v.Failed)
			}
			total++
			if v.None != "" {
				none++
			}
			if diff := cmp.Diff(v.lines(), lines(answer(t, p))); diff != "" {
				t.Errorf("seed %d/%d, %q, priority %d, newer %d, constraints %q, %d favored, %d pinned: (-rattler +ours)\n%s",
					seed, i, p.Specs, p.Priority, p.ExcludeNewer, p.Constraints, len(p.Favored), len(p.Pinned), diff)
			}
		}
	}
	t.Logf("%d problems, %d without answer", total, none)
}
