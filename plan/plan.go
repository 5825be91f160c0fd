// Package plan decides which conda packages share a layer.
//
// A client pulls a layer again when anything in it changed, so packages that
// change together should lie together, and a large package should not be
// pulled again because of a small one. But overlay file systems stack at most
// 127 layers, and each costs a request. The plan:
//
//   - a package of [Large] bytes or more has a layer of its own, as long as
//     the budget allows, the largest first;
//   - the rest share layers of about [Share] bytes, in the order of their
//     build time: what was built long ago rarely changes and lies deepest;
//   - packages that the same environments use go together, so that
//     environments share whole layers;
//   - what an old plan says of a package that is still there stays, so that a
//     changed package changes its own layer only. That also holds where
//     environments come, go, or take up a package: a group then serves those
//     that use any of its packages;
//   - no image has more groups than the budget. Where it would, because the
//     budget was lowered or there are too many sets of environments, the
//     smallest groups are joined, those of the same environments first.
package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/lock"
)

// Sizes of packages as archives, in bytes.
const (
	Large = 8 << 20
	Share = 8 << 20
)

// item is a package over all its platforms.
type item struct {
	name  string
	envs  []string
	size  int64 // the largest
	built int64 // the latest, in milliseconds
}

// Conda returns the groups of the packages, bottom to top. The budget is the
// most layers of an image that they may take, 1 or more. old may be nil.
func Conda(packages []lock.Conda, budget int, old []lock.Group) []lock.Group {
	p := &planner{items: items(packages), budget: max(1, budget)}
	p.keep(old)
	first := len(p.groups) == 0
	p.place()
	p.shrink()
	for _, g := range p.groups {
		slices.Sort(g.Packages)
	}
	if first {
		p.order()
	}
	return p.groups
}

// planner is a plan on its way.
type planner struct {
	items  map[string]item // by name
	budget int
	groups []lock.Group
	fresh  []item // that no old group has
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
	for _, g := range old {
		var kept lock.Group
		for _, name := range g.Packages {
			if it, ok := p.items[name]; ok && !placed[name] {
				placed[name] = true
				kept.Packages = append(kept.Packages, name)
				kept.Envs = union(kept.Envs, it.envs)
			}
		}
		if len(kept.Packages) > 0 {
			p.groups = append(p.groups, kept)
		}
	}
	for _, it := range p.items {
		if !placed[it.name] {
			p.fresh = append(p.fresh, it)
		}
	}
	slices.SortFunc(p.fresh, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.size/Large, a.size/Large), cmp.Compare(a.built, b.built), strings.Compare(a.name, b.name))
	})
}

// place gives every fresh item a group.
func (p *planner) place() {
	shared := map[string]int{}     // environments → the group that is being filled
	waiting := map[string][]item{} // environments → items that have none yet
	for _, it := range p.fresh {
		waiting[key(it.envs)] = append(waiting[key(it.envs)], it)
	}
	for _, it := range p.fresh {
		set := key(it.envs)
		waiting[set] = waiting[set][1:]
		i, open := shared[set]
		switch room := p.room(it.envs, waiting, shared); {
		case it.size >= Large && (room > 1 || room == 1 && (open || len(waiting[set]) == 0)):
			p.groups = append(p.groups, lock.Group{Envs: it.envs, Packages: []string{it.name}})
		case open && (p.size(p.groups[i])+it.size <= Share || room < 1):
			p.groups[i].Packages = append(p.groups[i].Packages, it.name)
		case room < 1 && p.smallest(it.envs) >= 0:
			i := p.smallest(it.envs)
			p.groups[i].Packages = append(p.groups[i].Packages, it.name)
			shared[set] = i
		default:
			shared[set] = len(p.groups)
			p.groups = append(p.groups, lock.Group{Envs: it.envs, Packages: []string{it.name}})
		}
	}
}

// room is how many groups may be added for a set of environments, so that every
// other set which waits for its first group can have one.
func (p *planner) room(envs []string, waiting map[string][]item, shared map[string]int) int {
	room := p.budget
	for _, env := range envs {
		free := p.budget - p.count(env)
		for set, items := range waiting {
			_, open := shared[set]
			if !open && len(items) > 0 && set != key(envs) && slices.Contains(items[0].envs, env) {
				free--
			}
		}
		room = min(room, free)
	}
	return room
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

// smallest returns the smallest group of the environments, or -1.
func (p *planner) smallest(envs []string) int {
	best := -1
	for i, g := range p.groups {
		if slices.Equal(g.Envs, envs) && (best < 0 || p.size(g) < p.size(p.groups[best])) {
			best = i
		}
	}
	return best
}

func (p *planner) size(g lock.Group) (n int64) {
	for _, name := range g.Packages {
		n += p.items[name].size
	}
	return n
}

// shrink joins groups until no environment has more than the budget.
func (p *planner) shrink() {
	var envs []string
	for _, it := range p.items {
		envs = union(envs, it.envs)
	}
	for _, env := range envs {
		for p.count(env) > p.budget {
			i, j := p.pair(env)
			p.groups[i].Packages = append(p.groups[i].Packages, p.groups[j].Packages...)
			p.groups[i].Envs = union(p.groups[i].Envs, p.groups[j].Envs)
			p.groups = slices.Delete(p.groups, j, j+1)
		}
	}
}

// pair returns the two groups of an environment, the lower one first, whose
// joining costs clients the least: the smallest ones of the same environments,
// or if no two are, the smallest ones.
func (p *planner) pair(env string) (low, high int) {
	var best int64
	same := false
	low = -1
	for i, a := range p.groups {
		for j, b := range p.groups[:i] {
			if !slices.Contains(a.Envs, env) || !slices.Contains(b.Envs, env) {
				continue
			}
			equal, size := slices.Equal(a.Envs, b.Envs), p.size(a)+p.size(b)
			if low < 0 || equal && !same || equal == same && size < best {
				low, high, best, same = j, i, size, equal
			}
		}
	}
	return low, high
}

// order sorts groups bottom to top: those that more environments share first,
// then those whose newest package is oldest.
func (p *planner) order() {
	newest := func(g lock.Group) (t int64) {
		for _, name := range g.Packages {
			t = max(t, p.items[name].built)
		}
		return t
	}
	slices.SortStableFunc(p.groups, func(a, b lock.Group) int {
		return cmp.Or(cmp.Compare(len(b.Envs), len(a.Envs)), cmp.Compare(newest(a), newest(b)),
			strings.Compare(a.Packages[0], b.Packages[0]))
	})
}

func key(envs []string) string { return strings.Join(envs, "\x00") }

// union returns the names of two sorted lists, sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
