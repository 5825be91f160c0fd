// Package plan decides which conda packages share a layer.
//
// A client pulls a layer again when anything in it changed, so packages that
// change together should lie together, and a large package should not be
// pulled again because of a small one. But overlay file systems stack at most
// 127 layers, and each costs a request. The plan:
//
//   - the cost of a group is what it makes clients pull: its size times how often
//     it changes, the sum over its packages. What was built long ago changes
//     rarely, by its age; see [rate];
//   - two groups are joined where that costs less than a layer does, the cheapest
//     first: tiny packages share layers, large and often changed ones have their own;
//   - packages that the same environments use go together, so that
//     environments share whole layers;
//   - what an old plan says of a package that is still there stays, so that a
//     changed package changes its own layer only. That also holds where
//     environments come, go, or take up a package: a group then serves those
//     that use any of its packages;
//   - no image has more groups than the budget. Where it would, groups are joined
//     although that costs more: of the same environments before others, new ones
//     before old ones, the cheapest first;
//   - of a first plan, what environments share and what was built long ago lies
//     deepest.
package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
)

// layerCost is what a layer costs beside its content, on the scale of a join's
// cost: 2 MiB that are pulled again for each change of a new package.
const layerCost = 2 << 20 * newRate

// item is a package over all its platforms.
type item struct {
	name  string
	envs  []string
	size  int64 // the largest archive, in bytes
	built int64 // the latest, in milliseconds
}

// Conda returns the groups of the packages, bottom to top. The budget is the
// most layers of an image that they may take, 1 or more. old may be nil.
func Conda(packages []lock.Conda, budget int, old []lock.Group) []lock.Group {
	p := &planner{items: items(packages), budget: max(1, budget)}
	for _, it := range p.items {
		p.now = max(p.now, it.built)
	}
	p.keep(old)
	p.add()
	p.shrink()
	groups := make([]lock.Group, len(p.groups))
	for i, g := range p.groups {
		slices.Sort(g.Packages)
		groups[i] = g.Group
	}
	if p.kept == 0 {
		p.order(groups)
	}
	return groups
}

// planner is a plan on its way.
type planner struct {
	items  map[string]item // by name
	now    int64           // when the newest was built
	budget int
	groups []group
	kept   int    // so many of the groups, the first, are from the old plan
	fresh  []item // that no old group has, by name
}

// group is a group with what its joining with others costs by.
type group struct {
	lock.Group
	size int64 // of its packages, in bytes
	rate int64 // how often it changes: the sum of rate
}

// newRate is the rate of a package that was built just now.
const newRate = 1000

// rate is how often a package is likely to change, by its age at the time when
// the newest one was built: newRate if that is the same day or unknown, half of it
// after 30 days, a tenth after nine months.
func (p *planner) rate(it item) int64 {
	const day = 24 * 60 * 60 * 1000
	if it.built == 0 {
		return newRate
	}
	return 30 * newRate / (30 + (p.now-it.built)/day)
}

// put adds a package to a group.
func (p *planner) put(g *group, it item) {
	g.Packages = append(g.Packages, it.name)
	g.Envs = union(g.Envs, it.envs)
	g.size += it.size
	g.rate += p.rate(it)
}

// cost is what more is pulled when two groups are one.
func cost(a, b group) int64 { return a.rate*b.size + b.rate*a.size }

// join adds another group.
func (g *group) join(with group) {
	g.Packages = append(g.Packages, with.Packages...)
	g.Envs = union(g.Envs, with.Envs)
	g.size += with.size
	g.rate += with.rate
}

func items(packages []lock.Conda) map[string]item {
	byName := map[string]item{}
	for _, p := range packages {
		it := byName[p.Name]
		it.name = p.Name
		it.size = max(it.size, p.Size)
		it.built = max(it.built, p.Timestamp)
		it.envs = slices.Concat(it.envs, p.Envs)
		slices.Sort(it.envs)
		it.envs = slices.Compact(it.envs)
		byName[p.Name] = it
	}
	return byName
}

// keep takes over the old groups without the packages that are gone. The
// environments of a group are those that use any of its packages.
func (p *planner) keep(old []lock.Group) {
	placed := map[string]bool{}
	for _, from := range old {
		var g group
		for _, name := range from.Packages {
			if it, ok := p.items[name]; ok && !placed[name] {
				placed[name] = true
				p.put(&g, it)
			}
		}
		if len(g.Packages) > 0 {
			p.groups = append(p.groups, g)
		}
	}
	p.kept = len(p.groups)
	for _, name := range slices.Sorted(maps.Keys(p.items)) {
		if !placed[name] {
			p.fresh = append(p.fresh, p.items[name])
		}
	}
}

// add makes groups of the fresh items, those of the same environments together.
func (p *planner) add() {
	sets := map[string][]group{}
	for _, it := range p.fresh {
		var g group
		p.put(&g, it)
		set := strings.Join(it.envs, "\x00")
		sets[set] = append(sets[set], g)
	}
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		// The smallest is nearest to all. Where it stands first it is nearest to
		// none before it, so that gather seldom has to look again.
		slices.SortStableFunc(sets[set], func(a, b group) int { return cmp.Compare(a.size, b.size) })
		p.groups = append(p.groups, gather(sets[set], p.budget)...)
	}
}

// gather joins groups, the cheapest two first, as long as that costs less than
// a layer or there are more than the budget.
func gather(groups []group, budget int) []group {
	near := make([]int, len(groups)) // the later group that is cheapest to join with, or -1
	look := func(i int) {
		near[i] = -1
		for j := i + 1; j < len(groups); j++ {
			if groups[j].Packages != nil && (near[i] < 0 || cost(groups[i], groups[j]) < cost(groups[i], groups[near[i]])) {
				near[i] = j
			}
		}
	}
	for i := range groups {
		look(i)
	}
	for left := len(groups); ; left-- {
		best := -1
		for i, j := range near {
			if j >= 0 && (best < 0 || cost(groups[i], groups[j]) < cost(groups[best], groups[near[best]])) {
				best = i
			}
		}
		if best < 0 || cost(groups[best], groups[near[best]]) > layerCost && left <= budget {
			return slices.DeleteFunc(groups, func(g group) bool { return g.Packages == nil })
		}
		gone := near[best]
		groups[best].join(groups[gone])
		groups[gone], near[gone] = group{}, -1
		for i := range near { // what was not nearest has become no nearer
			if i == best || near[i] == best || near[i] == gone {
				look(i)
			}
		}
	}
}

// shrink joins groups until no environment has more than the budget.
func (p *planner) shrink() {
	var envs []string
	for _, it := range p.items {
		envs = append(envs, it.envs...)
	}
	slices.Sort(envs)
	for _, env := range slices.Compact(envs) {
		for p.count(env) > p.budget {
			low, high := p.pair(env)
			p.groups[low].join(p.groups[high])
			p.groups = slices.Delete(p.groups, high, high+1)
			if high < p.kept {
				p.kept--
			}
		}
	}
}

// count is how many groups an environment's image has.
func (p *planner) count(env string) (n int) {
	for _, g := range p.groups {
		if slices.Contains(g.Envs, env) {
			n++
		}
	}
	return n
}

// pair returns the two groups of an environment, the lower one first, that are
// to be joined.
func (p *planner) pair(env string) (low, high int) {
	var of []int
	for i, g := range p.groups {
		if slices.Contains(g.Envs, env) {
			of = append(of, i)
		}
	}
	low = -1
	for k, j := range of {
		for _, i := range of[:k] {
			if low < 0 || p.prefer(i, j, low, high) < 0 {
				low, high = i, j
			}
		}
	}
	return low, high
}

// prefer compares joining i with j and joining k with l.
func (p *planner) prefer(i, j, k, l int) int {
	differ := func(a, b int) int { return btoi(!slices.Equal(p.groups[a].Envs, p.groups[b].Envs)) }
	old := func(a, b int) int { return btoi(a < p.kept) + btoi(b < p.kept) }
	return cmp.Or(cmp.Compare(differ(i, j), differ(k, l)), cmp.Compare(old(i, j), old(k, l)),
		cmp.Compare(cost(p.groups[i], p.groups[j]), cost(p.groups[k], p.groups[l])))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// order sorts groups bottom to top: those that more environments share first,
// then those whose newest package is oldest.
func (p *planner) order(groups []lock.Group) {
	newest := func(g lock.Group) (t int64) {
		for _, name := range g.Packages {
			t = max(t, p.items[name].built)
		}
		return t
	}
	slices.SortStableFunc(groups, func(a, b lock.Group) int {
		return cmp.Or(cmp.Compare(len(b.Envs), len(a.Envs)), cmp.Compare(newest(a), newest(b)),
			strings.Compare(a.Packages[0], b.Packages[0]))
	})
}

// union returns the names of two sorted lists, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
