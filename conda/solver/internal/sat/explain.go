package sat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Describer names things for a reader.
type Describer interface {
	// RequestText is what the user wrote for a set of the request, or "" if the
	// request has it for another reason.
	RequestText(VersionSet) string
	// SetText is a version set with its name.
	SetText(VersionSet) string
	// SolvablesText is one or more solvables of one name.
	SolvablesText([]Solvable) string
	// EmptyText is why a set without members has none.
	EmptyText(VersionSet) string
	// ExcludedText is why solvables must not be chosen that have one reason.
	ExcludedText(of []Solvable, reason string) string
}

// Node is one step of an explanation; Why says why it cannot be.
type Node struct {
	Text string
	Why  []Node
}

// size is the number of steps.
func (n Node) size() int {
	sum := 1
	for _, w := range n.Why {
		sum += w.size()
	}
	return sum
}

// Explain tells a conflict as trees, one for each part of the request that
// takes part in it, the shortest first. What one tree has told, the following
// ones only point at.
func (c *Conflict) Explain(d Describer) []Node {
	e := explainer{
		Describer: d, s: c.lookup,
		requires: map[Solvable][]VersionSet{}, allows: map[Solvable][]VersionSet{},
		excluded: map[Solvable]string{}, locked: map[Name]Solvable{},
		told: map[VersionSet]bool{},
	}
	for _, r := range c.Reasons {
		switch r.Kind {
		case Requires:
			e.requires[r.Solvable] = append(e.requires[r.Solvable], r.Set)
			e.wishes = append(e.wishes, r)
		case Constrains:
			e.allows[r.Solvable] = append(e.allows[r.Solvable], r.Set)
			e.limits = append(e.limits, r)
		case Locked:
			e.locked[r.Name] = r.Solvable
		case Excluded:
			e.excluded[r.Solvable] = r.Text
		}
	}
	return e.request()
}

// explainer holds the facts of a conflict by what they are about.
type explainer struct {
	Describer
	s        *Solver
	requires map[Solvable][]VersionSet
	allows   map[Solvable][]VersionSet
	wishes   []Reason // of kind Requires
	limits   []Reason // of kind Constrains
	excluded map[Solvable]string
	locked   map[Name]Solvable
	told     map[VersionSet]bool
}

func (e *explainer) request() []Node {
	// Lengths are measured first, each tree by itself, then the trees are told in
	// that order.
	parts := slices.Clone(e.requires[Root])
	length := make(map[VersionSet]int, len(parts))
	order := make(map[VersionSet]int, len(parts))
	for i, v := range e.s.root.Requires {
		order[v] = i
	}
	for _, v := range parts {
		length[v] = e.set("", v).size()
		clear(e.told)
	}
	slices.SortFunc(parts, func(a, b VersionSet) int {
		return cmp.Or(cmp.Compare(length[a], length[b]), cmp.Compare(order[a], order[b]))
	})
	var out []Node
	for _, v := range parts {
		label := "required " + e.SetText(v)
		if line := e.RequestText(v); line != "" {
			label = fmt.Sprintf("requested %q", line)
		}
		out = append(out, e.set(label, v))
	}
	for _, v := range e.allows[Root] {
		out = append(out, Node{Text: "only " + e.SetText(v) + " is allowed"})
	}
	return out
}

// set tells why no member of a version set can be chosen.
func (e *explainer) set(label string, v VersionSet) Node {
	n := Node{Text: label}
	in := e.s.Matching(v)
	switch {
	case len(in) == 0:
		n.Text += ": " + e.EmptyText(v)
	case e.told[v]:
		n.Text += ": see above"
	default:
		e.told[v] = true
		n.Why = e.members(v)
	}
	return n
}

// members groups the members of a set by the reason that rules them out.
func (e *explainer) members(v VersionSet) []Node {
	r := e.s.ordered(v)
	groups := map[string][]Solvable{}
	var keys []string
	for _, l := range e.s.c.arena[r.from:r.to] {
		x := e.s.vars[l>>1].solvable
		k := e.key(v, x)
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], x)
	}
	var out []Node
	for _, k := range keys {
		out = append(out, e.member(v, groups[k]))
	}
	return out
}

// needs are the sets that a solvable requires. Those without members count as one
// for each name, as a negative number: builds that want each their own build of
// what is not there are told once.
func (e *explainer) needs(x Solvable) []int32 {
	var out []int32
	for _, v := range e.requires[x] {
		if len(e.s.Matching(v)) == 0 {
			out = append(out, -1-int32(e.s.p.SetName(v)))
		} else {
			out = append(out, int32(v))
		}
	}
	return out
}

// key is equal for solvables that are ruled out by the same facts.
func (e *explainer) key(v VersionSet, x Solvable) string {
	k := fmt.Sprint(e.excluded[x], e.locked[e.s.p.NameOf(x)], e.needs(x), e.allows[x])
	if len(e.requires[x])+len(e.allows[x]) == 0 && e.excluded[x] == "" {
		k += e.clash(v, x)
	}
	return k
}

// member tells why solvables with the same key cannot be chosen.
func (e *explainer) member(v VersionSet, group []Solvable) Node {
	n := Node{Text: e.SolvablesText(group)}
	x := group[0]
	if why := e.excluded[x]; why != "" {
		n.Text += ": " + e.ExcludedText(group, why)
		return n
	}
	if l, ok := e.locked[e.s.p.NameOf(x)]; ok && l != x {
		n.Text += ": " + e.SolvablesText([]Solvable{l}) + " is locked"
		return n
	}
	for i, need := range e.requires[x] {
		label := "requires " + e.SetText(need)
		if slices.ContainsFunc(group, func(y Solvable) bool { return e.requires[y][i] != need }) {
			label += " or the like"
		}
		n.Why = append(n.Why, e.set(label, need))
	}
	for _, only := range e.allows[x] {
		n.Why = append(n.Why, Node{Text: "allows only " + e.SetText(only)})
	}
	if len(n.Why) == 0 {
		if clash := e.clash(v, x); clash != "" {
			n.Text += ": " + clash
		} else {
			n.Text += ": conflicts with what else is required"
		}
	}
	return n
}

const theRequest = "the request"

// clash names the others that want another member of a solvable's name; only the
// request, if it does.
func (e *explainer) clash(v VersionSet, x Solvable) string {
	var out []string
	add := func(by Solvable, verb string, set VersionSet) {
		who := theRequest
		if by != Root {
			who = e.SolvablesText([]Solvable{by})
		}
		if text := who + " " + verb + " " + e.SetText(set); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	outside := func(set VersionSet) bool {
		return set != v && e.s.p.SetName(set) == e.s.p.NameOf(x) && !slices.Contains(e.s.Matching(set), x)
	}
	for _, r := range e.limits {
		if outside(r.Set) {
			add(r.Solvable, "allows only", r.Set)
		}
	}
	for _, r := range e.wishes {
		if outside(r.Set) && len(e.s.Matching(r.Set)) > 0 {
			add(r.Solvable, "requires", r.Set)
		}
	}
	if i := slices.IndexFunc(out, func(text string) bool { return strings.HasPrefix(text, theRequest) }); i >= 0 {
		return out[i]
	}
	if more := len(out) - 2; more > 0 {
		out = append(out[:2], fmt.Sprintf("%d more disagree", more))
	}
	return strings.Join(out, ", ")
}
