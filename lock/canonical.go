package lock

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/platforms"
)

// DefaultEnv is how the lock's text names the top level of gophersnake.toml,
// which has no name of its own and is "" in memory. A variant cannot be called
// so.
const DefaultEnv = "default"

// canonical returns a copy of a lock in the order that Marshal documents, with
// the top level's environment spelled as asked. It shares the strings' lists
// that it does not sort.
func canonical(l *Lock, spelling string) *Lock {
	c := *l
	c.Base = mergeEnvs(l.Base, spelling, func(b *Base) (string, *[]string) { return b.Platform.String() + b.Manifest, &b.Envs })
	for i := range c.Base {
		c.Base[i].Links = sorted(c.Base[i].Links, func(a, b Link) int { return cmp.Compare(a.Path, b.Path) })
		c.Base[i].Dirs = sorted(c.Base[i].Dirs, func(a, b Dir) int { return cmp.Compare(a.Path, b.Path) })
	}
	slices.SortStableFunc(c.Base, func(a, b Base) int {
		return cmp.Or(platforms.Compare(a.Platform, b.Platform), slices.Compare(a.Envs, b.Envs), cmp.Compare(a.Image, b.Image), cmp.Compare(a.Suite, b.Suite))
	})
	c.Deb = mergeEnvs(l.Deb, spelling, func(d *Deb) (string, *[]string) { return d.Platform.String() + d.Path, &d.Envs })
	slices.SortStableFunc(c.Deb, func(a, b Deb) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), platforms.Compare(a.Platform, b.Platform), slices.Compare(a.Envs, b.Envs), cmp.Compare(a.Path, b.Path))
	})
	c.Solve = mergeEnvs(l.Solve, spelling, func(s *Solve) (string, *[]string) { return s.Platform.String(), &s.Envs })
	slices.SortStableFunc(c.Solve, func(a, b Solve) int {
		return cmp.Or(slices.Compare(a.Envs, b.Envs), platforms.Compare(a.Platform, b.Platform))
	})
	c.Conda = mergeUses(l.Conda, spelling, func(p *Conda) (string, *[]string, *[]platforms.Platform) { return p.URL, &p.Envs, &p.Platforms })
	slices.SortStableFunc(c.Conda, compareConda)
	c.Wheel = mergeUses(l.Wheel, spelling, func(w *Wheel) (string, *[]string, *[]platforms.Platform) { return w.URL, &w.Envs, &w.Platforms })
	slices.SortStableFunc(c.Wheel, compareWheels)
	c.Go = mergeEnvs(l.Go, spelling, func(t *Toolchain) (string, *[]string) { return t.Platform.String() + t.Version, &t.Envs })
	slices.SortStableFunc(c.Go, func(a, b Toolchain) int {
		return cmp.Or(compareVersions(a.Version, b.Version), platforms.Compare(a.Platform, b.Platform),
			slices.Compare(a.Envs, b.Envs), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name(), b.Name()))
	})
	c.Tool = mergeEnvs(l.Tool, spelling, func(t *Tool) (string, *[]string) { return t.Package, &t.Envs })
	slices.SortStableFunc(c.Tool, func(a, b Tool) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), slices.Compare(a.Envs, b.Envs), cmp.Compare(a.Go, b.Go))
	})
	c.Activation = mergeEnvs(l.Activation, spelling, func(a *Activation) (string, *[]string) { return a.Platform.String(), &a.Envs })
	slices.SortStableFunc(c.Activation, func(a, b Activation) int {
		return cmp.Or(platforms.Compare(a.Platform, b.Platform), slices.Compare(a.Envs, b.Envs))
	})
	c.Plan = slices.Clone(l.Plan)
	for i, g := range c.Plan {
		c.Plan[i] = Group{Envs: sortEnvs(g.Envs, spelling), Packages: slices.Compact(sorted(g.Packages, strings.Compare))}
	}
	c.Layer = slices.Compact(sorted(l.Layer, compareLayers))
	return &c
}

func sorted[T any](list []T, compare func(a, b T) int) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, compare)
	return list
}

func compareLayers(a, b Layer) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.DiffID, b.DiffID), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Size, b.Size))
}

// compareVersions orders Go versions by number: 1.9 before 1.26.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	return slices.CompareFunc(as, bs, func(x, y string) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
}

// sortEnvs returns environments sorted and once each, the top level first.
func sortEnvs(envs []string, spelling string) []string {
	var plain []string
	for _, e := range envs {
		if e == DefaultEnv {
			e = ""
		}
		plain = append(plain, e)
	}
	slices.Sort(plain)
	plain = slices.Compact(plain)
	if len(plain) > 0 && plain[0] == "" {
		plain[0] = spelling
	}
	return plain
}

// mergeEnvs joins rows that differ in their environments alone. of returns a
// row's environments, and what rows that can be joined have in common.
func mergeEnvs[T any](rows []T, spelling string, of func(*T) (id string, envs *[]string)) []T {
	byText := map[string]T{}
	members := map[string][]string{}
	texts := distinct(rows, func(row *T) string { id, _ := of(row); return id })
	for _, row := range rows {
		id, envs := of(&row)
		own := *envs
		*envs = nil
		key := texts.of(id, &row)
		byText[key] = row
		members[key] = append(members[key], own...)
	}
	var merged []T
	for _, key := range sortedKeys(byText) {
		row := byText[key]
		_, envs := of(&row)
		*envs = sortEnvs(members[key], spelling)
		merged = append(merged, row)
	}
	return merged
}

// texts tells rows apart, in an order that is the same whatever order they came
// in. Most rows of a lock are the only ones of their id, and that tells.
type texts map[string]int // how many rows have an id

func distinct[T any](rows []T, id func(*T) string) texts {
	t := texts{}
	for i := range rows {
		t[id(&rows[i])]++
	}
	return t
}

// of returns the text of a row, a pointer to it without its environments and
// platforms.
func (t texts) of(id string, row any) string {
	if t[id] == 1 {
		return id
	}
	return id + "\x00" + block(row)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// mergeUses joins rows of one package: each environment has a set of
// platforms, and environments with the same set share a row. That is one
// answer for any way of cutting the same facts into rows. of is as for
// mergeEnvs.
func mergeUses[T any](rows []T, spelling string, of func(*T) (id string, envs *[]string, on *[]platforms.Platform)) []T {
	packages := map[string]T{}
	by := map[string]map[string][]platforms.Platform{} // by package, then environment
	texts := distinct(rows, func(row *T) string { id, _, _ := of(row); return id })
	for _, row := range rows {
		id, envs, ps := of(&row)
		own, on := *envs, *ps
		*envs, *ps = nil, nil
		key := texts.of(id, &row)
		packages[key] = row
		if by[key] == nil {
			by[key] = map[string][]platforms.Platform{}
		}
		for _, env := range sortEnvs(own, "") {
			by[key][env] = append(by[key][env], on...)
		}
	}
	var merged []T
	for _, key := range sortedKeys(packages) {
		for _, u := range split(by[key], spelling) {
			row := packages[key]
			_, envs, ps := of(&row)
			*envs, *ps = u.envs, u.platforms
			merged = append(merged, row)
		}
	}
	return merged
}

// use is where a package lies.
type use struct {
	envs      []string
	platforms []platforms.Platform
}

// split returns one use for each set of platforms.
func split(by map[string][]platforms.Platform, spelling string) []use {
	var all []use
	for _, env := range sortedKeys(by) {
		set := slices.Compact(sorted(by[env], platforms.Compare))
		i := slices.IndexFunc(all, func(u use) bool { return slices.Equal(u.platforms, set) })
		if i < 0 {
			all = append(all, use{platforms: set})
			i = len(all) - 1
		}
		all[i].envs = append(all[i].envs, env)
	}
	for i := range all {
		all[i].envs = sortEnvs(all[i].envs, spelling)
	}
	return all
}

func compareWheels(a, b Wheel) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), slices.CompareFunc(a.Platforms, b.Platforms, platforms.Compare),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.URL, b.URL), slices.Compare(a.Envs, b.Envs))
}

func compareConda(a, b Conda) int {
	if a.Name != b.Name { // and the rest need not be looked at
		return cmp.Compare(a.Name, b.Name)
	}
	return cmp.Or(cmp.Compare(a.Subdir, b.Subdir),
		slices.CompareFunc(a.Platforms, b.Platforms, platforms.Compare),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.Build, b.Build), cmp.Compare(a.URL, b.URL),
		slices.Compare(a.Envs, b.Envs))
}
