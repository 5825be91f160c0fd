package solver

import (
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
	"github.com/gophersnake/gophersnake/tree"
)

// extra is an optional group of dependencies of a record.
type extra struct {
	of      sat.Solvable
	depends []string
}

// maxAlternatives is how many alternatives a condition may have that is written
// as all of this or all of that.
const maxAlternatives = 64

// An extra is a name of its own, "name[extra]", with a candidate for each record
// that has the extra, which requires that record. So all extras of a name are
// those of one record.

func cutExtra(name string) (base, extra string, ok bool) {
	base, rest, ok := strings.Cut(name, "[")
	return base, strings.TrimSuffix(rest, "]"), ok
}

// extraSets returns for each extra that a spec names the set of records that
// match and have it.
func (p *pool) extraSets(s spec) []sat.VersionSet {
	var sets []sat.VersionSet
	for _, x := range s.Extras {
		m := *s.MatchSpec
		sets = append(sets, p.newNamed(p.name(s.Name+"["+x+"]"), spec{MatchSpec: &m, text: s.text, plain: s.plain}))
	}
	return sets
}

// loadExtra makes the candidates of an extra.
func (p *pool) loadExtra(n sat.Name, base, name string) {
	of := p.Candidates(p.name(base))
	for _, x := range of.All {
		for _, e := range p.records[x].Extras {
			if e.Name != name {
				continue
			}
			y := p.add(n, p.records[x])
			p.extras[y] = extra{of: x, depends: e.Depends}
			if x == of.Favored {
				p.cands[n].Favored = y
			}
		}
	}
}

// exactly is the spec of one record.
func (p *pool) exactly(x sat.Solvable) spec {
	s := anyVersion(p.records[x].Name)
	s.text = p.SolvablesText([]sat.Solvable{x})
	s.only = x
	return s
}

// alternatives returns a condition as the sets of which all must be met in one of
// the alternatives; nil for no condition.
func (p *pool) alternatives(w *matchspec.Condition) ([][]sat.VersionSet, error) {
	switch {
	case w == nil:
		return nil, nil
	case w.Spec != nil:
		s := spec{MatchSpec: w.Spec, text: w.Spec.String(), plain: w.Spec.Plain()}
		if w.Spec.Name == "" || len(w.Spec.Extras) > 0 {
			return nil, tree.NewError(s.text, "no condition on a package").WithClass("usage")
		}
		return [][]sat.VersionSet{{p.shared(s)}}, nil
	}
	var out [][]sat.VersionSet
	if w.All != nil {
		out = [][]sat.VersionSet{nil}
	}
	for _, part := range slices.Concat(w.All, w.Any) {
		list, err := p.alternatives(part)
		if err != nil {
			return nil, err
		}
		if w.Any != nil {
			out = append(out, list...)
		} else {
			var both [][]sat.VersionSet
			for _, a := range out {
				for _, b := range list {
					both = append(both, append(a[:len(a):len(a)], b...))
				}
			}
			out = both
		}
		if len(out) > maxAlternatives {
			return nil, tree.NewError(w.String(), "a condition with more than %d alternatives", maxAlternatives).WithClass("usage")
		}
	}
	return out, nil
}
