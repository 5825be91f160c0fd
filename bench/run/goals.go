package main

import (
	"fmt"
	"math"
	"strings"
)

// goal is something that the project wants to reach.
type goal struct {
	want, measured string
	met            bool
}

// goals compares what was measured with what is wanted. Times are wall times; of
// cases that were not measured nothing is said.
func (r *report) goals() (all []goal) {
	add := func(want string, met bool, format string, args ...any) {
		all = append(all, goal{want, fmt.Sprintf(format, args...), met})
	}
	faster := func(name, tool string, least float64) {
		mine, peer := r.find(name, oursName), r.find(name, tool)
		if mine == nil || peer == nil {
			return
		}
		got := ratio(peer, mine, wall)
		add(fmt.Sprintf("%s: ≥ %g × %s", name, least, tool), got >= least, "%.1f × (cpu %.1f ×)", got, ratio(peer, mine, cpu))
	}
	faster(caseCold, "BuildKit", 5)
	faster(caseCold, "umoci insert", 2.5)
	if x := r.find(caseUnchanged, oursName); x != nil {
		t := median(x.Costs, wall)
		add(caseUnchanged+": ≤ 0.1 s with the closure check", t <= 0.1, "%.3f s", t)
		add(caseUnchanged+": nothing downloaded, no layer sent", most(x, got) == 0 && most(x, blobs) == 0, "%.0f downloaded, %.0f blobs sent", most(x, got), most(x, blobs))
	}
	faster(caseUnchanged, "BuildKit", 10)
	faster(caseSmall, "BuildKit", 50)
	if x := r.find(caseSmall, oursName); x != nil && r.Image > 0 {
		part := median(x.Costs, sent) * 1e6 / float64(r.Image)
		add(caseSmall+": ≤ 1 % of the image's bytes sent", part <= 0.01, "%.2f %% of %.0f MB", part*100, float64(r.Image)/1e6)
	}
	all = append(all, r.proportion()...)
	if first, second := r.find(caseFirst, oursName), r.find(caseSecond, oursName); first != nil && second != nil {
		// Two equal times differ by chance.
		const noise = 1.05
		times := ratio(second, first, wall)
		add("second platform: no slower than the first (within 5 %)", times <= noise, "%.2f × its time (cpu %.2f ×)", times, ratio(second, first, cpu))
	}
	if x := r.find(caseFresh, oursName); x != nil {
		t := median(x.Costs, wall)
		add(caseFresh+": 0 packages downloaded, 0 layers sent", most(x, got) == 0 && most(x, blobs) == 0, "%.0f downloaded, %.0f blobs sent", most(x, got), most(x, blobs))
		add(caseFresh+": ≤ 1 s", t <= 1, "%.2f s", t)
	}
	faster(casePrograms, "goreleaser", 20)
	faster(casePrograms, "ko", 10)
	if mine, loop := r.find(caseEdited, oursName), r.find(caseEdited, "go build loop"); mine != nil && loop != nil {
		times := ratio(mine, loop, wall)
		add(caseEdited+": ≤ 1.3 × a bare go build loop", times <= 1.3, "%.2f × (cpu %.2f ×)", times, ratio(mine, loop, cpu))
	}
	return append(all, r.memory()...)
}

// most returns the largest figure of all rounds.
func most(x *result, figure func(cost) float64) float64 {
	top := math.Inf(-1)
	for _, c := range x.Costs {
		top = max(top, figure(c))
	}
	return top
}

// proportion compares the large packages: a package of twice the size may cost
// twice as much, and what is sent for each is in the same proportion to its
// archive, but for a factor of two, which is how much the compressors differ.
func (r *report) proportion() []goal {
	var bytes, seconds []string
	low, high := math.Inf(1), 0.0
	met := true
	var first, last float64
	for _, l := range r.Large {
		x := r.find(l.Case, oursName)
		if x == nil {
			return nil
		}
		part := median(x.Costs, sent) * 1e6 / float64(l.Packed)
		low, high = min(low, part), max(high, part)
		bytes = append(bytes, fmt.Sprintf("%.2f", part))
		last = median(x.Costs, wall)
		if first == 0 {
			first = last
		}
		met = met && last/first <= float64(l.Size)/float64(r.Large[0].Size)
		seconds = append(seconds, fmt.Sprintf("%.2f", last))
	}
	if bytes == nil {
		return nil
	}
	return []goal{
		{"one large package changed: bytes in proportion to it", strings.Join(bytes, ", ") + " × its archive", high <= 2*low},
		{"one large package changed: time at most in proportion to it", strings.Join(seconds, ", ") + " s", met},
	}
}

// memory is the goal of the builds from nothing.
func (r *report) memory() []goal {
	mine, kit := r.find(caseCold, oursName), r.find(caseCold, "BuildKit")
	if mine == nil || kit == nil {
		return nil
	}
	a, b := most(mine, mem), median(kit.Costs, mem)
	return []goal{
		{"peak memory, from nothing: ≤ 150 MB", fmt.Sprintf("%.0f MB at most", a), a <= 150},
		{"peak memory, from nothing: below BuildKit's client and daemon", fmt.Sprintf("%.0f MB against %.0f MB", a, b), a < b},
	}
}
