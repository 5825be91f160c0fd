package repodata

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/tree"
)

// Set holds the candidates that a solver may need.
type Set struct {
	Subdirs []*Subdir // that the channels have, by channel, then as asked for

	records map[string][][]Record // by name and subdir
}

// Names returns all names that were looked for and found, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.records))
	for name := range s.records {
		if slices.ContainsFunc(s.records[name], func(r []Record) bool { return len(r) > 0 }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Records returns the candidates of a name: channel by channel, subdir by
// subdir, each in the order of its file.
func (s *Set) Records(name string) []Record { return slices.Concat(s.records[name]...) }

// All returns the candidates of all names in alphabetical order, those of a name
// as Records does, in parts, which must not be changed.
func (s *Set) All() iter.Seq[[]Record] {
	return func(yield func([]Record) bool) {
		for _, name := range s.Names() {
			for _, records := range s.records[name] {
				if len(records) > 0 && !yield(records) {
					return
				}
			}
		}
	}
}

// Channels returns the names of the channels that have candidates of a name,
// in the order of the channels. More than one means that the first shadows the
// others.
func (s *Set) Channels(name string) []string {
	var channels []string
	for _, records := range s.records[name] {
		if len(records) > 0 && !slices.Contains(channels, records[0].Channel) {
			channels = append(channels, records[0].Channel)
		}
	}
	return channels
}

// Unread returns the formats of a name's files that could not be read.
func (s *Set) Unread(name string) []string {
	var formats []string
	for _, d := range s.Subdirs {
		formats = append(formats, d.Unread(name)...)
	}
	slices.Sort(formats)
	return slices.Compact(formats)
}

// View is what several channels say of several subdirs. Its methods may be
// called by several goroutines.
type View struct {
	Subdirs []*Subdir // that the channels have, by channel, then as asked for

	opts Options
}

// Channels returns the names of the channels in the order in which they count:
// those that were asked for, and those that they are related to (CEP 42).
func (v *View) Channels() []string {
	var names []string
	for _, s := range v.Subdirs {
		if !slices.Contains(names, s.channel.Name) {
			names = append(names, s.channel.Name)
		}
	}
	return names
}

// OpenAll opens subdirs of channels, the most important channel first, and of
// the channels that these are related to (CEP 42), if Options.Related says how.
// A channel may lack some of the subdirs, not all.
func OpenAll(ctx context.Context, channels []*Channel, subdirs []string, o Options) (*View, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &closure{cancel: cancel, jobs: o.jobs()}
	g := newGraph(channels)
	for level := g.nodes; len(level) > 0; {
		if err := c.load(ctx, level, subdirs, o); err != nil {
			return nil, err
		}
		if o.Related == nil {
			break
		}
		var err error
		if level, err = g.discover(ctx, level, o.Related); err != nil {
			return nil, err
		}
	}
	nodes, err := g.sorted()
	if err != nil {
		return nil, err
	}
	v := &View{opts: o}
	for _, n := range nodes {
		v.Subdirs = append(v.Subdirs, n.subdirs...)
	}
	return v, nil
}

// Closure reads the candidates of the names in match specs, and of all names
// that these depend on, from the given subdirs of every channel. Names that no
// channel has, and specs that cannot be read, are left to the solver; virtual
// packages ("__glibc") are not looked for. Extras (CEP 44) are followed where a
// spec asks for one of a name, conditions (CEP 43) always: the solver says which
// of them count.
func (v *View) Closure(ctx context.Context, subdirs, specs []string) (*Set, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := &closure{cancel: cancel, jobs: v.opts.jobs()}
	c.set.records, c.seen = map[string][][]Record{}, map[string]bool{}
	for _, d := range v.Subdirs {
		if slices.Contains(subdirs, d.dir) {
			c.set.Subdirs = append(c.set.Subdirs, d)
		}
	}
	c.workers = 1 // this goroutine
	c.mu.Lock()
	for _, spec := range specs {
		c.follow(ctx, spec)
	}
	c.mu.Unlock()
	c.work(ctx)
	c.wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return &c.set, nil
}

func (o *Options) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return 16
}

// closure is a walk over dependencies. Each name is visited once, so what is
// found does not depend on which answer comes first.
type closure struct {
	cancel context.CancelCauseFunc
	jobs   int // most goroutines
	wg     sync.WaitGroup

	queue   sync.Mutex
	todo    []func() error
	workers int

	mu     sync.Mutex
	set    Set
	seen   map[string]bool // specs that were followed
	extras map[string]bool // names of which a spec wants extras
}

// load opens all subdirs of channels side by side.
func (c *closure) load(ctx context.Context, nodes []*node, subdirs []string, o Options) error {
	for _, n := range nodes {
		n.subdirs = make([]*Subdir, len(subdirs))
		for i, subdir := range subdirs {
			c.run(ctx, true, func() (err error) {
				if n.subdirs[i], err = Load(ctx, n.channel, subdir, o); isAbsent(err) {
					return nil
				}
				return err
			})
		}
	}
	c.wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, n := range nodes {
		if n.subdirs = slices.DeleteFunc(n.subdirs, func(s *Subdir) bool { return s == nil }); len(n.subdirs) == 0 {
			return tree.NewError(n.channel.Name, "has no repodata for %s", strings.Join(subdirs, " or ")).WithClass("usage").WithHint("is this a conda channel?")
		}
	}
	return nil
}

// perWorker is how many names wait for a goroutine before there is one more: to
// wake one costs more than to read a few names.
const perWorker = 32

// run has f called by a goroutine: one of those that there are, unless f waits for
// the network or the disk, or there is much to do. Its error ends the walk.
// Goroutines are used again, since their stacks have grown by then.
func (c *closure) run(ctx context.Context, waits bool, f func() error) {
	c.queue.Lock()
	defer c.queue.Unlock()
	c.todo = append(c.todo, f)
	if c.workers < c.jobs && (waits || len(c.todo) > perWorker*c.workers) {
		c.workers++
		c.wg.Go(func() { c.work(ctx) })
	}
}

// work calls what there is to call until there is no more.
func (c *closure) work(ctx context.Context) {
	for {
		c.queue.Lock()
		if len(c.todo) == 0 {
			c.workers--
			c.queue.Unlock()
			return
		}
		f := c.todo[0]
		c.todo = c.todo[1:]
		c.queue.Unlock()
		if ctx.Err() != nil {
			continue
		}
		if err := f(); err != nil {
			c.cancel(err)
		}
	}
}

// visit reads a name that was not seen before. c.mu is held.
func (c *closure) visit(ctx context.Context, name string) {
	if _, seen := c.set.records[name]; seen || name == "" || strings.HasPrefix(name, "__") {
		return
	}
	all := make([][]Record, len(c.set.Subdirs))
	c.set.records[name] = all
	var here []int // subdirs in memory
	for i, subdir := range c.set.Subdirs {
		if r, ok := subdir.from.(*Repodata); ok && r.held != nil {
			here = append(here, i)
			continue
		}
		c.run(ctx, true, func() error { return c.read(ctx, name, all, i) })
	}
	if len(here) > 0 {
		c.run(ctx, false, func() error { return c.read(ctx, name, all, here...) })
	}
}

// read reads the records of a name in some subdirs, and follows them.
func (c *closure) read(ctx context.Context, name string, all [][]Record, in ...int) error {
	for _, i := range in {
		records, err := c.set.Subdirs[i].Records(ctx, name)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			continue
		}
		specs := distinct(records)
		c.mu.Lock()
		all[i] = records
		for _, spec := range specs {
			c.follow(ctx, spec)
		}
		if c.extras[name] {
			c.followExtras(ctx, records)
		}
		c.mu.Unlock()
	}
	return nil
}

// distinct returns the specs that records depend on, each once.
func distinct(records []Record) []string {
	var specs []string
	lists, seen := map[*string]bool{}, map[string]bool{}
	var last *string
	for i := range records {
		depends := records[i].Depends
		if len(depends) == 0 || &depends[0] == last || lists[&depends[0]] {
			continue
		}
		last = &depends[0]
		lists[last] = true // records share lists
		for _, spec := range depends {
			if !seen[spec] {
				seen[spec] = true
				specs = append(specs, spec)
			}
		}
	}
	return specs
}

// follow visits the names in a match spec, once for each. c.mu is held.
func (c *closure) follow(ctx context.Context, spec string) {
	if c.seen[spec] {
		return
	}
	c.seen[spec] = true
	name := specName(spec)
	c.visit(ctx, name)
	if strings.IndexByte(spec, '[') < 0 {
		return
	}
	m, err := matchspec.Parse(spec)
	if err != nil {
		return // the solver says so
	}
	c.followWhen(ctx, m.When)
	if len(m.Extras) > 0 && !c.extras[name] {
		if c.extras == nil {
			c.extras = map[string]bool{}
		}
		c.extras[name] = true
		for _, records := range c.set.records[name] {
			c.followExtras(ctx, records)
		}
	}
}

func (c *closure) followWhen(ctx context.Context, when *matchspec.Condition) {
	if when == nil {
		return
	}
	if when.Spec != nil {
		c.visit(ctx, when.Spec.Name)
	}
	for _, part := range slices.Concat(when.All, when.Any) {
		c.followWhen(ctx, part)
	}
}

func (c *closure) followExtras(ctx context.Context, records []Record) {
	for i := range records {
		for _, extra := range records[i].Extras {
			for _, spec := range extra.Depends {
				c.follow(ctx, spec)
			}
		}
	}
}

// specName returns the name that a match spec begins with (CEP 29), or "" where
// it has no exact one.
func specName(spec string) string {
	spec, _, _ = strings.Cut(spec, "[")
	spec = strings.TrimSpace(spec)
	if i := strings.IndexAny(spec, " \t=<>!~|,;@#("); i >= 0 {
		spec = spec[:i]
	}
	spec = strings.ToLower(spec[strings.LastIndexByte(spec, ':')+1:])
	if strings.ContainsAny(spec, "*^$/") {
		return ""
	}
	return spec
}

// Closure opens subdirs of channels and reads the closure of match specs from
// them: OpenAll and View.Closure in one.
func Closure(ctx context.Context, channels []*Channel, subdirs, specs []string, o Options) (*Set, error) {
	v, err := OpenAll(ctx, channels, subdirs, o)
	if err != nil {
		return nil, err
	}
	return v.Closure(ctx, subdirs, specs)
}
