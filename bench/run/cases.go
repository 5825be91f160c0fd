package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"
)

// Names of cases that more than one place knows.
const (
	caseCold      = "cold"
	caseUnchanged = "nothing changed"
	caseSmall     = "one small package changed"
	caseLock      = "lock, one package changed"
	caseFirst     = "first platform"
	caseSecond    = "second platform"
	caseFresh     = "fresh machine"
)

// note keeps a figure.
func (b *bench) note(name, tool string, c cost) { b.report.note(name, tool, c) }

// turns does an action of each tool, in turns. before makes the state that they
// begin in.
func (b *bench) turns(name string, tools []contender, before func() error, do func(contender) (cost, error)) error {
	for round := range b.rounds {
		if before != nil {
			if err := before(); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		for _, t := range tools {
			c, err := do(t)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, t.name(), err)
			}
			b.note(name, t.name(), c)
			b.tell(name, round, t.name(), c)
		}
	}
	return nil
}

// tell prints a figure as it comes.
func (b *bench) tell(name string, round int, tool string, c cost) {
	fmt.Fprintf(b.out, "%s %s, round %d, %s: %.2f s, %.2f cpu s, %d MB, sent %.2f MB in %d blobs, downloaded %d\n",
		time.Now().UTC().Format(time.TimeOnly), name, round+1, tool, c.Wall, c.CPU, c.Peak/1e6, float64(c.Sent)/1e6, c.Layers, c.Fetched)
}

func (b *bench) cold(ctx context.Context) error {
	if !b.only.MatchString(caseCold) {
		return nil
	}
	err := b.turns(caseCold, b.peers, nil, func(t contender) (cost, error) { return t.cold(ctx, b.main) })
	if err != nil {
		return err
	}
	b.report.Image, err = blobBytes(b.main.dir("ours.oci"))
	return err
}

// pushers are the tools that are compared where an image is pushed again: all
// but the one whose packing is umoci's too.
func (b *bench) pushers() []contender { return b.peers[:4] }

// prime makes the state after a build and a push of these tools, where an
// earlier case has not left it.
func (b *bench) prime(ctx context.Context, tools []contender) error {
	for _, t := range tools {
		if b.primed[t.name()] {
			continue
		}
		if err := t.forget(ctx); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
		if _, err := t.push(ctx, b.main); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
		if t == contender(b.ours) {
			ref := b.registry.host + "/" + b.main.image(t.repository()) + ":1"
			if err := b.run(ctx, "crane", "validate", "--insecure", "--remote", ref); err != nil {
				return fmt.Errorf("our image: %w", err)
			}
		}
		b.primed[t.name()] = true
	}
	return nil
}

// pushed does a push and looks whether the tag is there and has changed as it
// should: nil is for tools that write the time into every image.
func (b *bench) pushed(ctx context.Context, t contender, s *site, changes *bool) (cost, error) {
	name := s.image(t.repository())
	before, err := b.registry.digest(ctx, name)
	if err != nil {
		return cost{}, err
	}
	c, err := t.push(ctx, s)
	if err != nil {
		return c, err
	}
	after, err := b.registry.digest(ctx, name)
	if err == nil && changes != nil && *changes != (before != after) {
		err = fmt.Errorf("%s: the digest was %s and is %s", name, before, after)
	}
	return c, err
}

func (b *bench) unchanged(ctx context.Context) error {
	if !b.only.MatchString(caseUnchanged) {
		return nil
	}
	if err := b.prime(ctx, b.pushers()); err != nil {
		return err
	}
	return b.turns(caseUnchanged, b.pushers(), nil, func(t contender) (cost, error) {
		same := new(bool)
		if t != contender(b.ours) {
			same = nil
		}
		return b.pushed(ctx, t, b.main, same)
	})
}

// changed is the cases of one package that changed: the smallest and the largest
// with all tools, and four more large ones.
func (b *bench) changed(ctx context.Context) error {
	if b.main == nil {
		return nil
	}
	p := b.main.payloads[0]
	if err := b.change(ctx, caseSmall, p.smallest(), b.pushers()); err != nil {
		return err
	}
	names := b.largeCases()
	for i, name := range names {
		k := p.packages[i]
		b.report.Large = append(b.report.Large, largePackage{name, k.size, k.packed})
	}
	for i := len(names) - 1; i >= 0; i-- {
		tools := b.pushers()
		if i < len(names)-1 {
			tools = tools[:1]
		}
		if err := b.change(ctx, names[i], i, tools); err != nil {
			return err
		}
	}
	return nil
}

// largeCases returns the names of the cases of large packages, from the smallest.
func (b *bench) largeCases() (names []string) {
	for _, size := range largeSizes(b.total()) {
		names = append(names, fmt.Sprintf("package of %.1f MB changed", float64(size)/1e6))
	}
	return names
}

// imageCases returns the names of all cases that want the image.
func (b *bench) imageCases() []string {
	return append(b.largeCases(), caseCold, caseUnchanged, caseSmall, caseSecond, caseFresh, seriesCores)
}

// change measures pushes after a change of one package.
func (b *bench) change(ctx context.Context, name string, i int, tools []contender) error {
	if !b.only.MatchString(name) {
		return nil
	}
	if err := b.prime(ctx, tools); err != nil {
		return err
	}
	yes := true
	before := func() error {
		c, err := b.main.change(ctx, i)
		if err == nil {
			b.note(caseLock, b.ours.name(), c)
		}
		return err
	}
	return b.turns(name, tools, before, func(t contender) (cost, error) { return b.pushed(ctx, t, b.main, &yes) })
}

// platforms compares the second platform with the first.
func (b *bench) platforms(ctx context.Context) error {
	if !b.only.MatchString(caseSecond) {
		return nil
	}
	return b.turns(caseSecond, b.peers[:1], nil, func(contender) (cost, error) {
		first, err := b.ours.cold(ctx, b.main)
		if err != nil {
			return first, err
		}
		b.note(caseFirst, b.ours.name(), first)
		return b.ours.build(ctx, b.main, "linux/arm64")
	})
}

// fresh is a machine that has the lock alone.
func (b *bench) fresh(ctx context.Context) error {
	if !b.only.MatchString(caseFresh) {
		return nil
	}
	if err := b.prime(ctx, b.peers[:1]); err != nil {
		return err
	}
	before := func() error { return b.ours.freshMachine(b.main) }
	return b.turns(caseFresh, b.peers[:1], before, func(t contender) (cost, error) { return b.pushed(ctx, t, b.main, new(bool)) })
}

// Names of the series that are plotted.
const (
	seriesPackages = "packages"
	seriesSize     = "size"
	seriesCores    = "cores"

	pointCold    = "from nothing"
	pointChanged = "one package changed"
)

// scale measures what is plotted: builds from nothing and after a change of one
// package, of images with more packages, with larger ones, and on fewer cores.
func (b *bench) scale(ctx context.Context) error {
	tools := []contender{b.ours, b.kit, &umoci{b}}
	if b.only.MatchString(seriesPackages) {
		for _, n := range []int{13, 26, 51, 102, 204} {
			if err := b.point(ctx, seriesPackages, float64(n), tools, spread(b.seed, b.total()/4, n)); err != nil {
				return err
			}
		}
	}
	if b.only.MatchString(seriesSize) {
		for _, part := range []int64{8, 4, 2, 1} {
			if err := b.point(ctx, seriesSize, math.Round(float64(b.total()/part)/1e6), tools, spread(b.seed, b.total()/part, fullCount)); err != nil {
				return err
			}
		}
	}
	if b.only.MatchString(seriesCores) {
		return b.fewerCores(ctx, tools)
	}
	return nil
}

// point measures one image of a series.
func (b *bench) point(ctx context.Context, series string, x float64, tools []contender, sizes []int64) error {
	s, err := b.newSite(ctx, fmt.Sprintf("%s%.0f", series, x), false, sizes, "linux-64")
	if err != nil {
		return err
	}
	if err := b.points(ctx, series, x, tools, s); err != nil {
		return err
	}
	least := s.payloads[0].smallest()
	for _, t := range tools[:2] {
		if _, err := t.push(ctx, s); err != nil {
			return err
		}
	}
	yes := true
	for round := range b.pointRounds() {
		if _, err := s.change(ctx, least); err != nil {
			return err
		}
		for _, t := range tools[:2] {
			c, err := b.pushed(ctx, t, s, &yes)
			if err != nil {
				return fmt.Errorf("%s %g: %s: %w", series, x, t.name(), err)
			}
			b.report.point(series, pointChanged, t.name(), x, c)
			b.tell(fmt.Sprintf("%s %g, %s", series, x, pointChanged), round, t.name(), c)
		}
	}
	return removeAll(s.dir())
}

// pointRounds is how often each point of a series is measured.
func (b *bench) pointRounds() int { return min(b.rounds, 3) }

// points measures builds from nothing.
func (b *bench) points(ctx context.Context, series string, x float64, tools []contender, s *site) error {
	for round := range b.pointRounds() {
		for _, t := range tools {
			c, err := t.cold(ctx, s)
			if err != nil {
				return fmt.Errorf("%s %g: %s: %w", series, x, t.name(), err)
			}
			b.report.point(series, pointCold, t.name(), x, c)
			b.tell(fmt.Sprintf("%s %g, %s", series, x, pointCold), round, t.name(), c)
		}
	}
	return nil
}

// fewerCores measures builds from nothing on 1, 2, 4 … cores.
func (b *bench) fewerCores(ctx context.Context, tools []contender) error {
	for _, n := range coreCounts() {
		if err := b.kit.pin(ctx, n); err != nil {
			return err
		}
		b.cores = n
		err := b.points(ctx, seriesCores, float64(n), tools, b.main)
		if b.cores = 0; err != nil {
			return err
		}
	}
	return b.kit.pin(ctx, runtime.NumCPU())
}

// coreCounts returns 1, 2, 4 … up to what the machine has.
func coreCounts() (counts []int) {
	for n := 1; n < runtime.NumCPU(); n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, runtime.NumCPU())
}
