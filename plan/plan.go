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
//     changed package changes its own layer only.
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
// most layers they may take; it is exceeded only where there are more sets of
// environments than that. old may be nil.
func Conda(packages []lock.Conda, budget int, old []lock.Group) []lock.Group {
	byName := items(packages)
	groups := keep(old, byName)
	placed := map[string]bool{}
	for _, g := range groups {
		for _, name := range g.Packages {
			placed[name] = true
		}
	}
	var fresh []item
	for _, it := range byName {
		if !placed[it.name] {
			fresh = append(fresh, it)
		}
	}
	first := len(old) == 0 || len(groups) == 0
	groups = place(groups, fresh, byName, budget)
	if first {
		order(groups, byName)
	}
	return groups
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

// keep returns the old groups without packages that are gone or whose
// environments changed.
func keep(old []lock.Group, byName map[string]item) []lock.Group {
	var groups []lock.Group
	for _, g := range old {
		kept := lock.Group{Envs: slices.Clone(g.Envs)}
		for _, name := range g.Packages {
			if it, ok := byName[name]; ok && slices.Equal(it.envs, g.Envs) {
				kept.Packages = append(kept.Packages, name)
			}
		}
		if len(kept.Packages) > 0 {
			groups = append(groups, kept)
		}
	}
	return groups
}

// place gives every fresh item a group.
func place(groups []lock.Group, fresh []item, byName map[string]item, budget int) []lock.Group {
	slices.SortFunc(fresh, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.size/Large, a.size/Large), cmp.Compare(a.built, b.built), strings.Compare(a.name, b.name))
	})
	shared := map[string]int{} // environments → the group being filled
	sets := map[string]bool{}
	for _, it := range fresh {
		sets[key(it.envs)] = true
	}
	for _, it := range fresh {
		i, ok := shared[key(it.envs)]
		switch room := budget - len(groups); {
		case it.size >= Large && room > len(sets):
			groups = append(groups, lock.Group{Envs: it.envs, Packages: []string{it.name}})
		case ok && (size(groups[i], byName)+it.size <= Share || room <= len(sets)):
			groups[i].Packages = append(groups[i].Packages, it.name)
		case !ok && room <= 0 && smallest(groups, it.envs, byName) >= 0:
			i := smallest(groups, it.envs, byName)
			groups[i].Packages = append(groups[i].Packages, it.name)
			shared[key(it.envs)] = i
		default:
			shared[key(it.envs)] = len(groups)
			groups = append(groups, lock.Group{Envs: it.envs, Packages: []string{it.name}})
		}
	}
	for _, g := range groups {
		slices.Sort(g.Packages)
	}
	return groups
}

// smallest returns the smallest group of the environments, or -1.
func smallest(groups []lock.Group, envs []string, byName map[string]item) int {
	best := -1
	for i, g := range groups {
		if slices.Equal(g.Envs, envs) && (best < 0 || size(g, byName) < size(groups[best], byName)) {
			best = i
		}
	}
	return best
}

func size(g lock.Group, byName map[string]item) (n int64) {
	for _, name := range g.Packages {
		n += byName[name].size
	}
	return n
}

// order sorts groups bottom to top: those that more environments share first,
// then those whose newest package is oldest.
func order(groups []lock.Group, byName map[string]item) {
	newest := func(g lock.Group) (t int64) {
		for _, name := range g.Packages {
			t = max(t, byName[name].built)
		}
		return t
	}
	slices.SortStableFunc(groups, func(a, b lock.Group) int {
		return cmp.Or(cmp.Compare(len(b.Envs), len(a.Envs)), cmp.Compare(newest(a), newest(b)),
			strings.Compare(a.Packages[0], b.Packages[0]))
	})
}

func key(envs []string) string { return strings.Join(envs, "\x00") }
