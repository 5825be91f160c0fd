package sat

// cache remembers what the provider said, by dense id.
type cache struct {
	solvables []known
	sets      []knownSet
	names     []*Candidates
}

// known is what is remembered of a solvable.
type known struct {
	deps     *Dependencies
	variable int32 // or 0
	encoded  bool  // it has clauses
}

// knownSet is what is remembered of a version set.
type knownSet struct {
	matching []Solvable // nil until asked for
	excluded []Solvable // members of the name that are outside the set, likewise
	sorted   span       // candidates in the arena
	offered  bool       // all of them can be reached
	gate     int32      // helper variable of its requirement, or 0
	shared   int32      // helper variable of its constraint, or 0
	met      int32      // helper variable that is true if a member is chosen, or 0
}

// span is a range of the clause arena, once it is made.
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
func put[T any](s *[]T, i int, v T) { *ref(s, i) = v }

// ref returns an element, growing the slice with zero values as needed. It is
// good until the slice grows again.
func ref[T any](s *[]T, i int) *T {
	if n := i + 1 - len(*s); n > 0 {
		*s = append(*s, make([]T, n)...)
	}
	return &(*s)[i]
}

// solvable returns what is remembered of one, good until another is asked for.
func (s *Solver) solvable(x Solvable) *known { return ref(&s.cache.solvables, int(x)) }

// set returns what is remembered of a version set, good until another is asked
// for.
func (s *Solver) set(v VersionSet) *knownSet { return ref(&s.cache.sets, int(v)) }

func (s *Solver) variable(x Solvable) int32 {
	k := s.solvable(x)
	if k.variable == 0 {
		k.variable = s.newVariable(x)
	}
	return k.variable
}

// Dependencies implements [Lookup].
func (s *Solver) Dependencies(x Solvable) *Dependencies {
	if d := s.solvable(x).deps; d != nil {
		return d
	}
	var d *Dependencies
	if x == Root {
		d = &Dependencies{Requires: s.root.Requires, Constrains: s.root.Constrains, When: s.root.When}
	} else {
		d = s.p.Dependencies(x)
	}
	s.solvable(x).deps = d
	return d
}

func (s *Solver) candidates(n Name) *Candidates {
	c := at(s.cache.names, int(n))
	if c == nil {
		got := s.p.Candidates(n)
		c = &got
		put(&s.cache.names, int(n), c)
		ref(&s.activity, int(n))
	}
	return c
}

// Matching implements [Lookup].
func (s *Solver) Matching(v VersionSet) []Solvable {
	if m := s.set(v).matching; m != nil {
		return m
	}
	m := s.p.Filter(v, s.candidates(s.p.SetName(v)).All)
	if m == nil {
		m = []Solvable{}
	}
	s.set(v).matching = m
	return m
}

// outside returns the solvables of a set's name that are not in the set.
func (s *Solver) outside(v VersionSet) []Solvable {
	if out := s.set(v).excluded; out != nil {
		return out
	}
	in := s.Matching(v)
	all := s.candidates(s.p.SetName(v)).All
	out := make([]Solvable, 0, len(all)-len(in))
	for _, x := range all {
		if len(in) > 0 && in[0] == x {
			in = in[1:]
			continue
		}
		out = append(out, x)
	}
	s.set(v).excluded = out
	return out
}

// ordered returns the members of a set as positive literals in the arena, the
// one to try first in front.
func (s *Solver) ordered(v VersionSet) span {
	if got := s.set(v).sorted; got.made {
		return got
	}
	list := append(s.list[:0], s.Matching(v)...)
	s.list = list
	if len(list) > 0 {
		s.p.Sort(s, list)
	}
	moveToFront(list, s.candidates(s.p.SetName(v)).Favored)
	r := span{from: int32(len(s.c.arena)), made: true}
	for _, x := range list {
		s.c.arena = append(s.c.arena, pos(s.variable(x)))
	}
	r.to = int32(len(s.c.arena))
	s.set(v).sorted = r
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
