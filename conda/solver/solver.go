package solver

import (
	"context"
	"errors"
	"slices"

	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
	"github.com/gophersnake/gophersnake/tree"
)

// Solve chooses the records of an environment. The error is an [*Unsatisfiable]
// if there is no choice, a tree.Error of class usage for a request that cannot
// be read, or the cause of the context's end.
func Solve(ctx context.Context, p Problem) (Solution, error) {
	pl := newPool(&p)
	request, err := pl.request()
	if err != nil {
		return Solution{}, err
	}
	chosen, err := sat.Solve(ctx, pl, request)
	var c *sat.Conflict
	if errors.As(err, &c) {
		return Solution{}, pl.unsatisfiable(ctx, request, c)
	}
	if err != nil {
		return Solution{}, err
	}
	records := make([]Record, 0, len(chosen))
	for _, x := range chosen {
		if _, part := pl.extras[x]; !part && !pl.virtual[x] {
			records = append(records, *pl.records[x])
		}
	}
	return newSolution(records), nil
}

// request reads the user's specs. Virtual packages are
// the first that is asked for, so that what constrains them holds.
func (p *pool) request() (sat.Problem, error) {
	read := func(texts []string, what string) ([]spec, error) {
		var out []spec
		for _, text := range texts {
			s, err := parseSpec(text)
			if err != nil {
				return nil, tree.NewError(what, "%w", err).WithClass("usage")
			}
			out = append(out, s)
		}
		return out, nil
	}
	specs, err := read(p.problem.Specs, "requested package")
	if err != nil {
		return sat.Problem{}, err
	}
	limits, err := read(p.problem.Constraints, "constraint")
	if err != nil {
		return sat.Problem{}, err
	}
	only := map[string]string{}
	for _, s := range specs {
		if _, twice := only[s.Name]; !twice && s.Channel != "" {
			only[s.Name] = s.Channel
		}
	}
	p.index(only)

	request := sat.Problem{Size: len(p.problem.Records)}
	for _, r := range p.problem.Virtual {
		request.Requires = append(request.Requires, p.newSet(anyVersion(r.Name)))
	}
	for _, s := range specs {
		when, err := p.alternatives(s.When)
		if err != nil {
			return sat.Problem{}, tree.NewError("requested package", "%w", err).WithClass("usage")
		}
		for _, v := range append([]sat.VersionSet{p.newSet(s)}, p.extraSets(s)...) {
			p.lines[v] = s.text
			if when == nil {
				request.Requires = append(request.Requires, v)
			} else {
				request.When = append(request.When, sat.Conditional{Set: v, If: when})
			}
		}
	}
	for _, s := range limits {
		if s.When != nil {
			return sat.Problem{}, tree.NewError("constraint", "%q: a constraint has no condition", s.text).WithClass("usage")
		}
		request.Constrains = append(request.Constrains, p.shared(s))
	}
	return request, nil
}

// coreTries is how many smaller requests are tried to shorten an explanation,
// and coreEffort how many conflicts each try may take.
const (
	coreTries  = 40
	coreEffort = 2000
)

// unsatisfiable explains a conflict. The search finds one reason, not the
// shortest; requests that can be left out while there is still no answer are.
func (p *pool) unsatisfiable(ctx context.Context, request sat.Problem, c *sat.Conflict) error {
	request.Effort = coreEffort
	if c.Hard {
		request.Effort /= 10 // to find out what is needless would be as hard
	}
	request.Requires = p.involved(request, c)
	tries := 0
	for i := len(request.Requires) - 1; i >= 0 && tries < coreTries; i-- {
		if i >= len(request.Requires) || len(request.Requires) == 1 {
			continue
		}
		less := request
		less.Requires = slices.Delete(slices.Clone(request.Requires), i, i+1)
		tries++
		_, err := sat.Solve(ctx, p, less)
		var smaller *sat.Conflict
		if errors.As(err, &smaller) {
			c = smaller
			request.Requires = p.involved(less, c)
		}
	}
	return &Unsatisfiable{Reasons: reasons(c.Explain(p))}
}

// involved returns the requests that take part in a conflict, in their order.
func (p *pool) involved(request sat.Problem, c *sat.Conflict) []sat.VersionSet {
	var out []sat.VersionSet
	for _, v := range request.Requires {
		if slices.ContainsFunc(c.Reasons, func(r sat.Reason) bool {
			return r.Kind == sat.Requires && r.Solvable == sat.Root && r.Set == v
		}) {
			out = append(out, v)
		}
	}
	return out
}
