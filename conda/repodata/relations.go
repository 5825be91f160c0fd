package repodata

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/tree"
)

// maxRelations is how long a chain of related channels may be (CEP 42).
const maxRelations = 10

// graph is the channels that a user named, and those that are related to them.
// The order in which they count is found as CEP 42 says: the user's order holds,
// and a relation between two of the user's channels that contradicts it does
// not; a base comes before the channel that names it, what is overridden after
// it, and both as near to it as they can. A circle is an error.
type graph struct {
	nodes []*node
	byKey map[string]*node
}

type node struct {
	channel *Channel
	subdirs []*Subdir
	depth   int // relations from a channel of the user's
	user    int // place in the user's order, from 1
	before  []*node
	after   []*node // that it overrides
	state   int     // of sorted: 1 while what is before it is sorted, 2 after
}

func newGraph(channels []*Channel) *graph {
	g := &graph{byKey: map[string]*node{}}
	for _, c := range channels {
		if n, isNew := g.node(c); isNew {
			n.user = len(g.nodes)
			if n.user > 1 {
				n.before = g.nodes[n.user-2 : n.user-1]
			}
		}
	}
	return g
}

// node returns the node of a channel.
func (g *graph) node(c *Channel) (n *node, isNew bool) {
	key := strings.TrimRight(c.URL, "/")
	if n := g.byKey[key]; n != nil {
		return n, false
	}
	n = &node{channel: c}
	g.byKey[key] = n
	g.nodes = append(g.nodes, n)
	return n, true
}

// discover returns the channels that others are related to and that are new.
func (g *graph) discover(ctx context.Context, from []*node, related func(context.Context, string) (*Channel, error)) ([]*node, error) {
	var found []*node
	for _, n := range slices.Clone(from) {
		for _, s := range n.subdirs {
			base, overrides := s.info.Base, s.info.Overrides
			if base != "" && base == overrides {
				return nil, tree.NewError(s.where(), "channel_relations: %q is base and overridden", base)
			}
			for _, ref := range []string{base, overrides} {
				if ref == "" {
					continue
				}
				to, isNew, err := g.related(ctx, n, s, ref, related)
				if err != nil {
					return nil, err
				}
				if isNew {
					found = append(found, to)
				}
				g.relate(n, to, ref == base)
			}
		}
	}
	return found, nil
}

// related returns the channel that a reference in a subdir of n leads to.
func (g *graph) related(ctx context.Context, n *node, s *Subdir, ref string, open func(context.Context, string) (*Channel, error)) (*node, bool, error) {
	if ref != ".." && !strings.HasPrefix(ref, "../") {
		return nil, false, tree.NewError(s.where(), "channel_relations: %q does not begin with ../", ref)
	}
	location, err := resolve(dirRef(n.channel.URL), dirRef(ref))
	if err != nil {
		return nil, false, tree.NewError(s.where(), "channel_relations: %w", err)
	}
	location = strings.TrimRight(location, "/")
	if to := g.byKey[location]; to != nil {
		return to, false, nil
	}
	if n.depth == maxRelations {
		return nil, false, tree.NewError(s.where(), "channel_relations: a chain of more than %d channels", maxRelations)
	}
	c, err := open(ctx, location)
	if err != nil {
		return nil, false, err
	}
	to, isNew := g.node(c)
	if isNew {
		to.depth = n.depth + 1
	}
	return to, isNew, nil
}

// relate notes that a channel has a base, or overrides another.
func (g *graph) relate(n, to *node, base bool) {
	first, second := n, to
	if base {
		first, second = to, n
	}
	if first.user > 0 && second.user > 0 && first.user >= second.user || slices.Contains(second.before, first) {
		return
	}
	second.before = append(slices.Clip(second.before), first)
	if !base {
		first.after = append(first.after, second)
	}
}

// sorted returns the nodes in the order in which they count.
func (g *graph) sorted() ([]*node, error) {
	var order []*node
	var visit func(n *node) error
	visit = func(n *node) error {
		switch n.state {
		case 1:
			return tree.NewError(n.channel.Name, "the relations of channels lead in a circle").WithHint("name the channels in the order that is wanted")
		case 2:
			return nil
		}
		n.state = 1
		for _, m := range n.before {
			if err := visit(m); err != nil {
				return err
			}
		}
		n.state = 2
		order = append(order, n)
		for _, m := range n.after {
			ready := !slices.ContainsFunc(m.before, func(b *node) bool { return b.state != 2 })
			if m.state == 0 && ready {
				if err := visit(m); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, n := range g.nodes {
		if err := visit(n); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// where returns what errors call the file of a subdir.
func (s *Subdir) where() string { return s.channel.where(path.Join(s.dir, s.Form)) }
