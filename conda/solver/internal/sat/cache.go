package sat

// cache remembers what the provider said, by dense id.
type cache struct {
	variable []int32 // per solvable: its variable, or 0
	encoded  []bool  // per solvable: has clauses
	deps     []*Dependencies
	block    []Dependencies // where the next ones go
	names    []*Candidates
	matching [][]Solvable
	excluded [][]Solvable // members of the name that are outside the set
	sorted   []span       // per version set: candidates in the arena
	gates    []int32      // per version set: helper variable of its requirement, or 0
	shared   []int32      // per version set: helper variable of its constraint, or 0
	met      []int32      // per version set: helper variable that is true if a member is chosen, or 0
}

// depsBlock is how many dependencies are allocated at once.
const depsBlock = 64

// span is a range of the clause arena; to is 0 until it is made.
type span struct {
	from, to int32
	made     bool
}

// at returns an element, or the zero value beyond the end.
func at[T any](s []T, i int) T {
	if i < len(s) {
		return s[i]
	}
	var zero T
	return zero
}

// put sets an element, growing the slice with zero values as needed.
func put[T any](s *[]T, i int, v T) {
	for len(*s) <= i {
		var zero T
		*s = append(*s, zero)
	}
	(*s)[i] = v
}

func (s *Solver) variable(x Solvable) int32 {
	if v := at(s.cache.variable, int(x)); v != 0 {
		return v
	}
	v := s.newVariable(x)
	put(&s.cache.variable, int(x), v)
	return v
}

// Dependencies implements [Lookup].
func (s *Solver) Dependencies(x Solvable) Dependencies {
	if x == Root {
		return Dependencies{Requires: s.root.Requires, Constrains: s.root.Constrains, When: s.root.When}
	}
	d := at(s.cache.deps, int(x))
	if d == nil {
		if len(s.cache.block) == cap(s.cache.block) {
			s.cache.block = make([]Dependencies, 0, depsBlock)
		}
		s.cache.block = append(s.cache.block, s.p.Dependencies(x))
		d = &s.cache.block[len(s.cache.block)-1]
		put(&s.cache.deps, int(x), d)
	}
	return *d
}

func (s *Solver) candidates(n Name) *Candidates {
	c := at(s.cache.names, int(n))
	if c == nil {
		got := s.p.Candidates(n)
		c = &got
		put(&s.cache.names, int(n), c)
		if int(n) >= len(s.activity) {
			put(&s.activity, int(n), 0)
		}
	}
	return c
}

// Matching implements [Lookup].
func (s *Solver) Matching(v VersionSet) []Solvable {
	m := at(s.cache.matching, int(v))
	if m == nil {
		m = s.p.Filter(v, s.candidates(s.p.SetName(v)).All)
		if m == nil {
			m = []Solvable{}
		}
		put(&s.cache.matching, int(v), m)
	}
	return m
}

// outside returns the solvables of a set's name that are not in the set.
func (s *Solver) outside(v VersionSet) []Solvable {
	out := at(s.cache.excluded, int(v))
	if out != nil {
		return out
	}
	in := s.Matching(v)
	all := s.candidates(s.p.SetName(v)).All
	out = make([]Solvable, 0, len(all)-len(in))
	for _, x := range all {
		if len(in) > 0 && in[0] == x {
			in = in[1:]
			continue
		}
		out = append(out, x)
	}
	put(&s.cache.excluded, int(v), out)
	return out
}

// ordered returns the members of a set as positive literals in the arena, the
// one to try first in front.
func (s *Solver) ordered(v VersionSet) span {
	if got := at(s.cache.sorted, int(v)); got.made {
		return got
	}
	list := append([]Solvable(nil), s.Matching(v)...)
	if len(list) > 0 {
		s.p.Sort(s, list)
	}
	moveToFront(list, s.candidates(s.p.SetName(v)).Favored)
	r := span{from: int32(len(s.c.arena)), made: true}
	for _, x := range list {
		s.c.arena = append(s.c.arena, pos(s.variable(x)))
	}
	r.to = int32(len(s.c.arena))
	put(&s.cache.sorted, int(v), r)
	return r
}

func moveToFront(list []Solvable, x Solvable) {
	for i, y := range list {
		if y == x {
			copy(list[1:i+1], list[:i])
			list[0] = x
			return
		}
	}
}
