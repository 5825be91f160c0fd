package solver

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
	"github.com/gophersnake/gophersnake/conda/version"
	"github.com/gophersnake/gophersnake/tree"
)

// pool numbers the names, records and specs of a problem. It implements
// sat.Provider.
type pool struct {
	problem *Problem
	names   map[string]sat.Name
	text    []string // of names
	cands   []sat.Candidates
	loaded  []bool
	offered map[string][]*Record
	only    map[string]string

	records  []*Record // by solvable; nil for sat.Root
	versions []version.Version
	sameAs   []sat.Solvable // the first of those around it that have the same version
	nameOf   []sat.Name
	virtual  map[sat.Solvable]bool
	extras   map[sat.Solvable]extra  // candidates that stand for an extra of a record
	broken   map[sat.Solvable]string // why a record cannot be used at all
	rank     []int32                 // by solvable: place among those of its name; 0 until ranked
	equals   []int32                 // by solvable: how many have its rank
	orders   map[sat.Solvable][]sat.Solvable
	channels map[string]int

	specs    []spec // by version set
	setName  []sat.Name
	sets     map[string]int32 // by text: place in read
	read     []parsed
	wanted   map[wish]*sat.Dependencies
	lines    map[sat.VersionSet]string // the user's own words
	meanings map[string]sat.VersionSet // of plain specs, by what they mean
	highest  []*reach                  // by version set
	lists    slab

	scratch scratch
}

// slab gives out short lists of one allocation.
type slab []sat.VersionSet

// slabSize is how many elements are allocated at once.
const slabSize = 1 << 10

// room returns an empty list with room for n elements; nil for none.
func (s *slab) room(n int) []sat.VersionSet {
	if n == 0 {
		return nil
	}
	if n > len(*s) {
		*s = make([]sat.VersionSet, max(n, slabSize))
	}
	list := (*s)[:0:n]
	*s = (*s)[n:]
	return list
}

// parsed is the outcome of reading a dependency once.
type parsed struct {
	set    sat.VersionSet     // that it asks for
	extras []sat.VersionSet   // those of its extras
	when   [][]sat.VersionSet // its condition; nil if it has none
	err    error
}

// wish tells lists of dependencies and constraints that records share from all
// others: by where they begin, and their lengths.
type wish struct {
	depends, constrains *string
	lengths             [2]int
}

// maxRoom is for how many records there is room at first.
const maxRoom = 1 << 13

func newPool(p *Problem) *pool {
	n := min(len(p.Records), maxRoom)
	pl := &pool{
		problem: p, names: map[string]sat.Name{}, offered: map[string][]*Record{},
		virtual: map[sat.Solvable]bool{}, extras: map[sat.Solvable]extra{}, broken: map[sat.Solvable]string{},
		records: []*Record{nil}, versions: make([]version.Version, 1), sameAs: []sat.Solvable{0}, nameOf: []sat.Name{-1}, rank: []int32{0}, equals: []int32{0}, orders: map[sat.Solvable][]sat.Solvable{},
		channels: map[string]int{}, sets: make(map[string]int32, n/2), wanted: map[wish]*sat.Dependencies{}, lines: map[sat.VersionSet]string{},
		meanings: make(map[string]sat.VersionSet, n/2),
	}
	pl.records, pl.versions = slices.Grow(pl.records, n), slices.Grow(pl.versions, n)
	pl.sameAs = slices.Grow(pl.sameAs, n)
	pl.nameOf, pl.rank, pl.equals = slices.Grow(pl.nameOf, n), slices.Grow(pl.rank, n), slices.Grow(pl.equals, n)
	for _, c := range p.Channels {
		pl.channel(c)
	}
	return pl
}

func (p *pool) channel(name string) int {
	n, ok := p.channels[name]
	if !ok {
		n = len(p.channels)
		p.channels[name] = n
	}
	return n
}

func (p *pool) name(s string) sat.Name {
	n, ok := p.names[s]
	if !ok {
		n = sat.Name(len(p.text))
		p.names[s] = n
		p.text = append(p.text, s)
		p.cands = append(p.cands, sat.Candidates{})
		p.loaded = append(p.loaded, false)
	}
	return n
}

// add makes a record a candidate of its name.
func (p *pool) add(n sat.Name, r *Record) sat.Solvable {
	x := sat.Solvable(len(p.records))
	v, same := p.versions[x-1], p.sameAs[x-1]
	if v.String() != r.Version || r.Version == "" {
		var err error
		same = x
		if v, err = version.Parse(r.Version); err != nil {
			p.broken[x] = err.Error()
		}
	}
	p.records = append(p.records, r)
	p.versions = append(p.versions, v)
	p.sameAs = append(p.sameAs, same)
	p.nameOf = append(p.nameOf, n)
	p.rank = append(p.rank, 0)
	p.equals = append(p.equals, 0)
	p.cands[n].All = append(p.cands[n].All, x)
	return x
}

func (p *pool) exclude(x sat.Solvable, format string, args ...any) {
	c := &p.cands[p.nameOf[x]]
	c.Excluded = append(c.Excluded, sat.Exclusion{Solvable: x, Reason: fmt.Sprintf(format, args...)})
}

// Candidates implements sat.Provider.
func (p *pool) Candidates(n sat.Name) sat.Candidates {
	if !p.loaded[n] {
		p.loaded[n] = true
		p.load(n)
	}
	return p.cands[n]
}

// SetName implements sat.Provider.
func (p *pool) SetName(v sat.VersionSet) sat.Name { return p.setName[v] }

// NameOf implements sat.Provider.
func (p *pool) NameOf(x sat.Solvable) sat.Name { return p.nameOf[x] }

// Filter implements sat.Provider.
func (p *pool) Filter(v sat.VersionSet, in []sat.Solvable) []sat.Solvable {
	s := &p.specs[v]
	out := p.scratch.found[:0]
	fits, known := false, sat.Root
	for _, x := range in {
		if s.only != sat.Root && s.only != x {
			continue
		}
		if p.sameAs[x] != known {
			fits, known = s.Version.Matches(p.versions[x]), p.sameAs[x]
		}
		if fits && s.matches(p.records[x], p.versions[x]) {
			out = append(out, x)
		}
	}
	p.scratch.found = out
	return slices.Clone(out)
}

// Dependencies implements sat.Provider.
func (p *pool) Dependencies(x sat.Solvable) *sat.Dependencies {
	if why := p.broken[x]; why != "" {
		return &sat.Dependencies{Unknown: why}
	}
	r := p.records[x]
	if e, ok := p.extras[x]; ok {
		own := p.newSet(p.exactly(e.of))
		d := p.wants(e.depends, nil)
		if d.Unknown == "" {
			d.Requires = append([]sat.VersionSet{own}, d.Requires...)
		}
		return d
	}
	if p.problem.AddPip && r.Name == "python" && (strings.HasPrefix(r.Version, "2.") || strings.HasPrefix(r.Version, "3.")) {
		return p.wants(append(slices.Clip(r.Depends), "pip"), r.Constrains)
	}
	var k wish
	if len(r.Depends) > 0 {
		k.depends, k.lengths[0] = &r.Depends[0], len(r.Depends)
	}
	if len(r.Constrains) > 0 {
		k.constrains, k.lengths[1] = &r.Constrains[0], len(r.Constrains)
	}
	d, ok := p.wanted[k]
	if !ok {
		d = p.wants(r.Depends, r.Constrains)
		p.wanted[k] = d
	}
	return d
}

// wants reads dependencies and constraints.
func (p *pool) wants(depends, constrains []string) *sat.Dependencies {
	d := &sat.Dependencies{Requires: p.lists.room(len(depends))}
	for _, text := range depends {
		got := p.set(text)
		if got.err != nil {
			return &sat.Dependencies{Unknown: fmt.Sprintf("its dependency %q cannot be read: %v", text, got.err)}
		}
		if got.when == nil {
			d.Requires = append(append(d.Requires, got.set), got.extras...)
			continue
		}
		for _, v := range append([]sat.VersionSet{got.set}, got.extras...) {
			d.When = append(d.When, sat.Conditional{Set: v, If: got.when})
		}
	}
	d.Constrains = p.lists.room(len(constrains))
	for _, text := range constrains {
		got := p.set(text)
		err := got.err
		if err == nil && got.when != nil {
			err = tree.NewError("", "a constraint has no condition").WithClass("usage")
		}
		if err != nil {
			return &sat.Dependencies{Unknown: fmt.Sprintf("its constraint %q cannot be read: %v", text, err)}
		}
		d.Constrains = append(d.Constrains, got.set)
	}
	return d
}

// set reads a match spec of a record, once for each text. What it returns is good
// until the next call.
func (p *pool) set(text string) *parsed {
	i, ok := p.sets[text]
	if !ok {
		got := p.parse(text)
		i = int32(len(p.read))
		p.read = append(p.read, got)
		p.sets[text] = i
	}
	return &p.read[i]
}

func (p *pool) parse(text string) parsed {
	s, err := parseSpec(text)
	if err != nil {
		return parsed{err: err}
	}
	when, err := p.alternatives(s.When)
	if err != nil {
		return parsed{err: err}
	}
	v := p.shared(s)
	return parsed{set: v, extras: p.extraSets(s), when: when}
}

// shared returns the one version set of all texts that mean the same, such as
// "zlib 1.2*" and "zlib 1.2.*". Which sets are one has a part in the order of
// decisions.
func (p *pool) shared(s spec) sat.VersionSet {
	if !s.plain {
		return p.newSet(s)
	}
	n := p.name(s.Name)
	key := binary.AppendUvarint(p.scratch.key[:0], uint64(n))
	key, _ = s.Version.AppendText(key)
	key = append(append(key, ' '), s.Build.String()...)
	key = append(append(key, ' '), s.BuildNumber.String()...)
	p.scratch.key = key
	v, ok := p.meanings[string(key)]
	if !ok {
		v = p.newNamed(n, s)
		p.meanings[string(key)] = v
	}
	return v
}

func (p *pool) newSet(s spec) sat.VersionSet { return p.newNamed(p.name(s.Name), s) }

func (p *pool) newNamed(n sat.Name, s spec) sat.VersionSet {
	v := sat.VersionSet(len(p.specs))
	p.specs = append(p.specs, s)
	p.setName = append(p.setName, n)
	return v
}
