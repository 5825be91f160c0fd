package resolve

import (
	"context"
	"slices"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/lock"
)

// first solves a target by itself. Where packages are updated and nothing else is
// asked for than before, only they and what they need may change, unless there is
// no answer without the others.
func (s *resolver) first(ctx context.Context, t *target, old lock.Selection) (solver.Solution, error) {
	if !s.updates(old) || !t.sameQuestion(old.Solve) {
		return solver.Solve(ctx, t.problem)
	}
	soft := t.problem
	t.pin(s.Update)
	found, err := solver.Solve(ctx, t.problem)
	if _, no := unsatisfiable(err); no {
		t.problem = soft
		return solver.Solve(ctx, soft)
	}
	return found, err
}

// pin holds fast what the old lock has of all names but those that are updated and
// those that these may need.
func (t *target) pin(updated func(name string) bool) {
	free := t.needs(updated)
	var favored []solver.Record
	pinned := slices.Clip(t.problem.Pinned)
	for _, r := range t.problem.Favored {
		if free[r.Name] {
			favored = append(favored, r)
		} else {
			pinned = append(pinned, r)
		}
	}
	t.problem.Favored, t.problem.Pinned = favored, pinned
}

// needs returns the names for which of holds, and those that any of their records
// depends on, and so on.
func (t *target) needs(of func(name string) bool) map[string]bool {
	depends := map[string]map[string]bool{} // match specs, by name
	for _, r := range t.problem.Records {
		if depends[r.Name] == nil {
			depends[r.Name] = map[string]bool{}
		}
		for _, text := range r.Depends {
			depends[r.Name][text] = true
		}
	}
	free := map[string]bool{}
	var todo []string
	add := func(name string) {
		if !free[name] {
			free[name] = true
			todo = append(todo, name)
		}
	}
	for name := range depends {
		if of(name) {
			add(name)
		}
	}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for text := range depends[name] {
			if m, err := matchspec.Parse(text); err == nil {
				add(m.Name)
			}
		}
	}
	return free
}
