package solver

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSameInParallel solves one problem many times at once: neither the order of
// maps nor that of goroutines has a part in the answer or in the reasons.
func TestSameInParallel(t *testing.T) {
	var problems []Problem
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 11))
		records := loadRepo(t, randomChannel(t, r, "one"))
		for i := range uint64(3) {
			problems = append(problems, randomProblem(t, seed*4+i, "linux-64", records))
		}
	}
	p, _ := parse(t, "a/x-1-0: y 1\na/z-1-0: y 2\na/y-1-0\na/y-2-0\nwant x\nwant z")
	problems = append(problems, p)
	for _, p := range problems {
		got := make([]string, 50)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				s, err := Solve(t.Context(), p)
				if err != nil {
					got[i] = err.Error()
				}
				for _, r := range s.Records {
					got[i] += r.URL + "\n"
				}
			})
		}
		wg.Wait()
		for _, other := range got[1:] {
			if diff := cmp.Diff(got[0], other); diff != "" {
				t.Fatalf("%q has two answers:\n%s", p.Specs, diff)
			}
		}
	}
}
