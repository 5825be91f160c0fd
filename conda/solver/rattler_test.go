package solver

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// corpus is a set of files to make problems from.
type corpus struct {
	name     string
	repos    []repo
	problems int
}

func corpora(t testing.TB) []corpus {
	of := func(channel string, elem ...string) []repo {
		var out []repo
		for _, subdir := range []string{"linux-64", "noarch"} {
			path := sharedData(t, append(elem, subdir, "repodata.json")...)
			out = append(out, repo{channel, subdir, path})
		}
		return out
	}
	return []corpus{
		{"cpython", of("cpython", "channels", "cpython"), 40},
		{"defaults", of("defaults", "repodata", "defaults-current-2021-11"), 60},
	}
}

// randomSpecs asks for some names of a channel, often for an older version.
func randomSpecs(r *rand.Rand, records []Record) []string {
	var out []string
	for range 1 + r.IntN(4) {
		x := records[r.IntN(len(records))]
		switch r.IntN(5) {
		case 0:
			out = append(out, x.Name+" "+x.Version+".*")
		case 1:
			out = append(out, x.Name+" <="+x.Version)
		default:
			out = append(out, x.Name)
		}
	}
	return out
}

func TestSameAsRattler(t *testing.T) {
	o := newOracle(t)
	for _, c := range corpora(t) {
		t.Run(c.name, func(t *testing.T) {
			var records []Record
			for _, r := range c.repos {
				records = append(records, loadRepo(t, r)...)
			}
			none := 0
			for seed := range uint64(c.problems) {
				p := Problem{Records: records, Virtual: linux64()}
				p.Specs = randomSpecs(rand.New(rand.NewPCG(seed, 7)), records)
				v := o.solve(t, c.repos, p)
				if v.Failed != "" {
					t.Fatalf("seed %d: py-rattler failed on %q: %s", seed, p.Specs, v.Failed)
				}
				if v.None != "" {
					none++
				}
				if diff := cmp.Diff(v.lines(), ours(t, p)); diff != "" {
					t.Errorf("seed %d, %q: (-rattler +ours)\n%s", seed, p.Specs, diff)
				}
			}
			t.Logf("%d problems, %d without answer", c.problems, none)
		})
	}
}
