package solver

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/conda/version"
)

// corpus is a set of files of one platform to make problems from.
type corpus struct {
	name     string
	subdir   string
	repos    []repo
	problems int
	// differ explains, by seed, where an answer differs from rattler's.
	differ map[uint64]string
}

func corpora(t testing.TB) []corpus {
	of := func(channel, subdir string, elem ...string) []repo {
		var out []repo
		for _, s := range []string{subdir, "noarch"} {
			if s != subdir && !has(t, append(elem, s)...) {
				continue
			}
			out = append(out, repo{channel, s, plain(t, append(elem, s, "repodata.json")...)})
		}
		return out
	}
	one := func(channel, subdir string, elem ...string) []repo { return of(channel, subdir, elem...)[:1] }
	const linux = "linux-64"
	sharedData(t)
	defaults := of("defaults", linux, "repodata", "defaults-current-2021-11")
	forge := of("forge", linux, "repodata", "conda-forge-py39-2024-05")
	free := of("free", linux, "repodata", "free-2016-09")
	old := of("forge", linux, "repodata", "conda-forge-2016-09")
	r := of("r", linux, "repodata", "r-current-2021-07")
	union := []repo{{"union", linux, plain(t, "repodata", "union-linux-64", "repodata.json")}}
	const shuffled = "html5lib 0.999 and zeromq 4.1.5 have two builds that are equal but for their place in the file; " +
		"rattler's reader shuffles the records of a file that is not sorted by name"
	out := []corpus{
		{name: "defaults", subdir: linux, repos: defaults, problems: 60},
		{name: "features", subdir: linux, repos: free, problems: 30},
		{name: "two channels", subdir: linux, repos: slices.Concat(forge, defaults), problems: 60},
		{name: "old channels", subdir: linux, repos: slices.Concat(old, free), problems: 60},
		{name: "old channels, other order", subdir: linux, repos: slices.Concat(free, old), problems: 20},
		{name: "r", subdir: linux, repos: slices.Concat(r, defaults), problems: 20},
		{name: "old r", subdir: linux, repos: slices.Concat(of("r", linux, "repodata", "r-full-2018-09"), free), problems: 20},
		{name: "pytorch", subdir: linux, repos: slices.Concat(one("pytorch", linux, "repodata", "pytorch"), defaults), problems: 20},
		{name: "noarch first", subdir: linux, repos: slices.Concat(one("main", "noarch", "repodata", "main-noarch-full-2021-06"), defaults), problems: 20},
		{name: "noarch last", subdir: linux, repos: slices.Concat(defaults, one("late", "noarch", "repodata", "conda-forge-current-2019-08-noarch-only")), problems: 20},
		{name: "union", subdir: linux, repos: union, problems: 40, differ: map[uint64]string{6: shuffled, 32: shuffled}},
	}
	for _, subdir := range []string{"linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"} {
		out = append(out, corpus{name: "cpython " + subdir, subdir: subdir, repos: of("cpython", subdir, "channels", "cpython"), problems: 12})
	}
	for _, subdir := range forgeSubdirs {
		repos := of("forge", subdir, "repodata", "conda-forge-py39-2024-05")
		out = append(out, corpus{name: "forge " + subdir, subdir: subdir, repos: repos, problems: 16})
	}
	return out
}

// forgeSubdirs are the platforms of conda-forge-py39-2024-05.
var forgeSubdirs = []string{"linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64", "win-arm64"}

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
func randomProblem(t testing.TB, seed uint64, subdir string, records []Record) Problem {
	r := rand.New(rand.NewPCG(seed, 7))
	p := Problem{Records: records, Virtual: virtual(subdir), Specs: randomSpecs(r, records)}
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

// older names the packages that a request names and that are older in ours than
// in theirs.
func older(p Problem, theirs []Record, ours []Record) []string {
	var out []string
	for _, text := range p.Specs {
		name := strings.Fields(text)[0]
		a := slices.IndexFunc(theirs, func(r Record) bool { return r.Name == name })
		b := slices.IndexFunc(ours, func(r Record) bool { return r.Name == name })
		if a < 0 || b < 0 {
			continue
		}
		v, _ := version.Parse(theirs[a].Version)
		w, _ := version.Parse(ours[b].Version)
		if w.Compare(v) < 0 {
			out = append(out, fmt.Sprintf("%s %s, not %s", name, ours[b].Version, theirs[a].Version))
		}
	}
	return out
}

// TestSameAsRattler compares answers to generated requests. A request that has
// an answer with one has one with the other, and no requested package is older.
func TestSameAsRattler(t *testing.T) {
	o := newOracle(t)
	total, none, different := 0, 0, 0
	for _, c := range corpora(t) {
		t.Run(c.name, func(t *testing.T) {
			var records []Record
			for _, r := range c.repos {
				records = append(records, loadRepo(t, r)...)
			}
			for seed := range uint64(c.problems) {
				if raceDetector && seed%20 != 0 {
					continue // .ci/run solves all of them without it
				}
				p := randomProblem(t, seed, c.subdir, records)
				v := o.solve(t, c.repos, p)
				if v.Failed != "" {
					t.Fatalf("seed %d: py-rattler failed on %q: %s", seed, p.Specs, v.Failed)
				}
				s, err := answer(t, p)
				total++
				if v.None != "" {
					none++
				}
				where := fmt.Sprintf("seed %d, %q, priority %d, newer %d, constraints %q, %d favored, %d pinned",
					seed, p.Specs, p.Priority, p.ExcludeNewer, p.Constraints, len(p.Favored), len(p.Pinned))
				if (err != nil) != (v.None != "") {
					t.Errorf("%s: rattler says %v, ours %v", where, v.lines(), err)
					continue
				}
				if list := older(p, v.records(records), s.Records); len(list) > 0 {
					t.Errorf("%s: older than rattler's: %q", where, list)
				}
				diff := cmp.Diff(v.lines(), lines(s, err))
				switch why, known := c.differ[seed]; {
				case diff == "" && known:
					t.Errorf("%s: answers are equal, though the table says why not: %s", where, why)
				case diff != "":
					different++
					if !known {
						t.Errorf("%s: (-rattler +ours)\n%s", where, diff)
					}
				}
			}
		})
	}
	t.Logf("%d problems, %d without answer, %d answers that differ", total, none, different)
	if total < 300 && !raceDetector || different*100 > max(total, 100) {
		t.Errorf("%d of %d answers differ", different, total)
	}
}
