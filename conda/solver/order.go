package solver

import (
	"cmp"
	"slices"

	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
	"github.com/gophersnake/gophersnake/conda/version"
)

// reach is the highest version that a dependency can select. Its zero value is
// none.
type reach struct {
	version version.Version
	tracked bool // it has track_features
	some    bool
}

// compare orders reaches, the better one first. Some comes before none.
func (a *reach) compare(b *reach) int {
	switch {
	case !a.some || !b.some:
		return compareBool(!a.some, !b.some)
	case a.tracked != b.tracked:
		return compareBool(a.tracked, b.tracked)
	}
	return b.version.Compare(a.version)
}

// compareBool puts false first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// scratch is room for intermediate results.
type scratch struct {
	keys       []uint64
	key        []byte
	found      []sat.Solvable
	names, own []sat.Name
	reaches    []reach
	order      []int32
	sorted     []sat.Solvable
}

// Sort implements sat.Provider; the package comment has the order.
func (p *pool) Sort(l sat.Lookup, in []sat.Solvable) {
	p.rankName(p.nameOf[in[0]])
	keys := p.scratch.keys[:0]
	for i, x := range in {
		keys = append(keys, uint64(p.rank[x])<<32|uint64(i))
	}
	p.scratch.keys = keys
	slices.Sort(keys)
	sorted := p.scratch.sorted[:0]
	for _, k := range keys {
		sorted = append(sorted, in[uint32(k)])
	}
	p.scratch.sorted = sorted
	copy(in, sorted)
	for from := 0; from < len(in); {
		to := from + 1
		for to < len(in) && p.rank[in[to]] == p.rank[in[from]] {
			to++
		}
		if to-from > 1 {
			p.sortGroup(l, in[from:to])
		}
		from = to
	}
}

// rankName numbers the records of a name by all that does not depend on the
// requirement; equal records have equal ranks.
func (p *pool) rankName(n sat.Name) {
	all := p.cands[n].All
	if p.rank[all[0]] != 0 {
		return
	}
	list := slices.Clone(all)
	slices.SortStableFunc(list, p.compare)
	rank := int32(1)
	for from := 0; from < len(list); rank++ {
		to := from
		for ; to < len(list) && p.compare(list[from], list[to]) == 0; to++ {
			p.rank[list[to]] = rank
		}
		for _, x := range list[from:to] {
			p.equals[x] = int32(to - from)
		}
		from = to
	}
}

// sortGroup orders records of one rank. Where they are all of that rank, as they
// mostly are, the order is found once.
func (p *pool) sortGroup(l sat.Lookup, in []sat.Solvable) {
	if int(p.equals[in[0]]) != len(in) {
		p.sortEqual(l, in)
		return
	}
	key := in[0] // the first of them in the order of the channel's file
	order, ok := p.orders[key]
	if !ok {
		p.sortEqual(l, in)
		p.orders[key] = slices.Clone(in)
		return
	}
	copy(in, order)
}

func (p *pool) compare(a, b sat.Solvable) int {
	x, y := p.records[a], p.records[b]
	if c := compareBool(len(x.TrackFeatures) > 0, len(y.TrackFeatures) > 0); c != 0 {
		return c
	}
	if p.problem.Priority == Flexible {
		if c := cmp.Compare(p.channel(x.Channel), p.channel(y.Channel)); c != 0 {
			return c
		}
	}
	return cmp.Or(p.versions[b].Compare(p.versions[a]), cmp.Compare(y.BuildNumber, x.BuildNumber))
}

// sortEqual orders records of one rank by what their common dependencies reach,
// then by time.
func (p *pool) sortEqual(l sat.Lookup, in []sat.Solvable) {
	n, reaches := p.common(l, in)
	order := p.scratch.order[:0]
	for i := range in {
		order = append(order, int32(i))
	}
	p.scratch.order = order
	slices.SortStableFunc(order, func(i, j int32) int {
		a, b := reaches[int(i)*n:][:n], reaches[int(j)*n:][:n]
		for k := range a {
			if c := a[k].compare(&b[k]); c != 0 {
				return c
			}
		}
		return cmp.Compare(p.records[in[j]].Timestamp, p.records[in[i]].Timestamp)
	})
	sorted := p.scratch.sorted[:0]
	for _, i := range order {
		sorted = append(sorted, in[i])
	}
	p.scratch.sorted = sorted
	copy(in, sorted)
}

// common returns how many names all of the records depend on, and for each record
// and name, in alphabetical order, what it reaches: where a record has several
// specs on a name, the least of what they reach.
func (p *pool) common(l sat.Lookup, in []sat.Solvable) (int, []reach) {
	names := p.commonNames(l, in)
	n := len(names)
	reaches := p.scratch.reaches[:0]
	var last *sat.Dependencies
	for i, x := range in {
		d := l.Dependencies(x)
		if d == last { // as the record before it
			reaches = append(reaches, reaches[(i-1)*n:]...)
			continue
		}
		last = d
		reaches = append(reaches, make([]reach, n)...)
		for _, v := range d.Requires {
			k := slices.Index(names, p.setName[v])
			if k < 0 {
				continue
			}
			r := &reaches[i*n+k]
			if h := p.reach(l, v); h.some && (!r.some || h.compare(r) > 0) {
				*r = *h
			}
		}
	}
	p.scratch.reaches = reaches
	return n, reaches
}

// commonNames returns the names that all of the records depend on, in
// alphabetical order.
func (p *pool) commonNames(l sat.Lookup, in []sat.Solvable) []sat.Name {
	names, own := p.scratch.names[:0], p.scratch.own
	var last *sat.Dependencies
	for i, x := range in {
		d := l.Dependencies(x)
		if d == last {
			continue
		}
		last = d
		own = own[:0]
		for _, v := range d.Requires {
			own = append(own, p.setName[v])
		}
		if i == 0 {
			names = append(names, own...)
			continue
		}
		names = slices.DeleteFunc(names, func(n sat.Name) bool { return !slices.Contains(own, n) })
	}
	slices.SortFunc(names, func(a, b sat.Name) int { return cmp.Compare(p.text[a], p.text[b]) })
	p.scratch.names, p.scratch.own = names, own
	return slices.Compact(names)
}

// reach returns the highest version among the members of a set; of equal ones,
// the first.
func (p *pool) reach(l sat.Lookup, v sat.VersionSet) *reach {
	for len(p.highest) <= int(v) {
		p.highest = append(p.highest, nil)
	}
	if best := p.highest[v]; best != nil {
		return best
	}
	best := new(reach)
	p.highest[v] = best
	last := sat.Root
	for _, x := range l.Matching(v) {
		if p.sameAs[x] == last {
			continue // the first counts
		}
		last = p.sameAs[x]
		if at := p.versions[x]; !best.some || at.Compare(best.version) > 0 {
			*best = reach{at, len(p.records[x].TrackFeatures) > 0, true}
		}
	}
	return best
}
