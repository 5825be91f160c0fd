package solver

import (
	"slices"

	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
)

// index notes which records there are of each name, so that those of names that
// nothing leads to cost nothing more. only maps names to the channel that a
// request asks for.
func (p *pool) index(only map[string]string) {
	p.only = only
	all := p.problem.Records
	for from := 0; from < len(all); {
		// Records of one name and channel mostly follow each other.
		name, channel, to := all[from].Name, all[from].Channel, from+1
		for to < len(all) && all[to].Name == name && all[to].Channel == channel {
			to++
		}
		p.channel(channel)
		list := slices.Grow(p.offered[name], to-from)
		for i := range all[from:to] {
			list = append(list, &all[from+i])
		}
		p.offered[name] = list
		from = to
	}
}

// load makes the candidates of a name.
func (p *pool) load(n sat.Name) {
	name := p.text[n]
	if base, x, ok := cutExtra(name); ok {
		p.loadExtra(n, base, x)
		return
	}
	for i := range p.problem.Virtual {
		if r := &p.problem.Virtual[i]; r.Name == name {
			p.virtual[p.add(n, r)] = true
		}
	}
	channel, only := p.only[name]
	owner, owned := "", false
	best := p.bestFormats(p.offered[name])
	p.cands[n].All = slices.Grow(p.cands[n].All, len(best))
	for _, r := range best {
		x := p.add(n, r)
		if p.tooNew(r) {
			text := p.tooNewText()
			if r.published() == 0 {
				text = p.undatedText()
			}
			p.exclude(x, "%s", text)
		}
		if only && !inChannel(r, channel) {
			p.exclude(x, "requested from channel %s, not %s", channel, r.Channel)
			continue
		}
		if !owned {
			owner, owned = r.Channel, true
		} else if owner != r.Channel && p.problem.Priority == Strict {
			p.exclude(x, "channel %s comes after %s, which has this name too (strict channel priority)", r.Channel, owner)
		}
	}
	// Records of a lock stand beside those of the channels, even where they are
	// the same, and neither channel nor date excludes them: that they were chosen
	// once outweighs that. (That they count twice is part of how rattler decides.)
	for i := range p.problem.Favored {
		if r := &p.problem.Favored[i]; r.Name == name {
			p.cands[n].Favored = p.add(n, r)
		}
	}
	for i := range p.problem.Pinned {
		if r := &p.problem.Pinned[i]; r.Name == name {
			p.cands[n].Locked = p.add(n, r)
		}
	}
}

// bestFormats returns the records without those that give way to the same build
// in another format.
func (p *pool) bestFormats(of []*Record) []*Record {
	if len(of) == 0 || !slices.ContainsFunc(of, func(r *Record) bool { return r.format() != of[0].format() }) {
		return of
	}
	type key struct{ version, build string }
	at := make(map[key]int32, len(of)) // the last one of a version and build
	before := make([]int32, 0, len(of))
	out := make([]*Record, 0, len(of))
	for _, r := range of {
		k := key{r.Version, r.Build}
		last, some := at[k]
		if !some {
			last = -1
		}
		j := last
		for j >= 0 && (out[j].Subdir != r.Subdir || out[j].Channel != r.Channel) {
			j = before[j]
		}
		if j < 0 {
			at[k] = int32(len(out))
			out, before = append(out, r), append(before, last)
			continue
		}
		was, is := p.tooNew(out[j]), p.tooNew(r)
		if was && !is || was == is && r.format() > out[j].format() {
			out[j] = r
		}
	}
	return out
}

func (p *pool) tooNew(r *Record) bool {
	if p.problem.ExcludeNewer == 0 {
		return false
	}
	at := r.published()
	return at > p.problem.ExcludeNewer || at == 0 && !p.problem.AllowUndated
}

func (p *pool) tooNewText() string { return "newer than " + date(p.problem.ExcludeNewer) }

func (p *pool) undatedText() string {
	return "does not say when it appeared, and nothing newer than " + date(p.problem.ExcludeNewer) + " is allowed"
}
