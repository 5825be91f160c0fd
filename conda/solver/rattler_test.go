package solver

import (
	"math/rand/v2"
	"slices"
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
	defaults := of("defaults", "repodata", "defaults-current-2021-11")
	forge := of("forge", "repodata", "conda-forge-py39-2024-05")
	return []corpus{
		{"cpython", of("cpython", "channels", "cpython"), 40},
		{"defaults", defaults, 60},
		{"features", of("free", "repodata", "free-2016-09"), 30},
		{"two channels", slices.Concat(forge, defaults), 60},
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

// randomProblem varies what a problem can have beside specs.
func randomProblem(t testing.TB, seed uint64, records []Record) Problem {
	r := rand.New(rand.NewPCG(seed, 7))
	p := Problem{Records: records, Virtual: linux64(), Specs: randomSpecs(r, records)}
	p.Priority = Priority(seed % 3)
	switch r.IntN(6) {
	case 0:
		p.ExcludeNewer = records[r.IntN(len(records))].Timestamp
	case 1:
		p.Constraints = randomSpecs(r, records)
	case 2: // an old lock, and one more request
		s, err := Solve(t.Context(), p)
		if err == nil {
			p.Favored = s.Records
			p.Specs = append(p.Specs, randomSpecs(r, records)[0])
		}
	case 3:
		p.Pinned = records[r.IntN(len(records)):][:1]
	}
	return p
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
				p := randomProblem(t, seed, records)
				v := o.solve(t, c.repos, p)
				if v.Failed != "" {
					t.Fatalf("seed %d: py-rattler failed on %q: %s", seed, p.Specs, v.Failed)
				}
				if v.None != "" {
					none++
				}
				if diff := cmp.Diff(v.lines(), ours(t, p)); diff != "" {
					t.Errorf("seed %d, %q, priority %d, newer %d, constraints %q, %d favored, %d pinned: (-rattler +ours)\n%s",
						seed, p.Specs, p.Priority, p.ExcludeNewer, p.Constraints, len(p.Favored), len(p.Pinned), diff)
				}
			}
			t.Logf("%d problems, %d without answer", c.problems, none)
		})
	}
}
