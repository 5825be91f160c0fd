// Package solvertest makes problems for tests and benchmarks of solvers.
//
// # Hard problems
//
// [Hard] makes a channel in which every version of a package wants narrow ranges
// of a few others, at random, and a request for some of them. Most such problems
// are near the border between those with many answers and those with none, where
// a search has to learn much before it can decide. Equal seeds make equal
// problems, on every machine.
package solvertest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/gophersnake/gophersnake/conda/solver"
)

// Size says how large and how dense a hard problem is.
type Size struct {
	Names    int // packages
	Versions int // of each
	Depends  int // of each version
	Width    int // versions that a dependency allows
	Requests int
}

// Sizes returns the sizes that the hard problems of this package go round.
func Sizes() []Size {
	return []Size{
		{Names: 140, Versions: 10, Depends: 4, Width: 4, Requests: 3},
		{Names: 150, Versions: 10, Depends: 3, Width: 4, Requests: 4},
		{Names: 200, Versions: 11, Depends: 3, Width: 5, Requests: 4},
		{Names: 180, Versions: 10, Depends: 3, Width: 4, Requests: 4},
		{Names: 300, Versions: 10, Depends: 3, Width: 5, Requests: 4},
	}
}

// Channel is the channel of the records that Hard makes.
const Channel = "hard"

// Hard makes the problem of a seed.
func Hard(seed uint64) solver.Problem {
	sizes := Sizes()
	return Sized(seed, sizes[seed%uint64(len(sizes))])
}

// Sized makes the problem of a seed in a given size.
func Sized(seed uint64, s Size) solver.Problem {
	r := rand.New(rand.NewPCG(seed, 0x68617264))
	name := func(i int) string { return fmt.Sprintf("p%04d", i) }
	var p solver.Problem
	for i := range s.Names {
		// All versions of a package depend on the same few names, as real ones
		// do, with one now and then that they do not share.
		usual := make([]int, s.Depends)
		for k := range usual {
			usual[k] = r.IntN(s.Names)
		}
		for v := range s.Versions {
			rec := solver.Record{
				Name: name(i), Version: fmt.Sprintf("%d.0", v+1), Build: "0", Channel: Channel, Subdir: "linux-64",
				Timestamp: 1700000000000 + int64(v)*1000,
			}
			rec.FileName = fmt.Sprintf("%s-%s-%s.conda", rec.Name, rec.Version, rec.Build)
			rec.URL = "https://channel.example/" + Channel + "/linux-64/" + rec.FileName
			rec.MD5 = fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
			for _, on := range usual {
				if r.IntN(8) == 0 {
					on = r.IntN(s.Names)
				}
				if on == i {
					continue
				}
				low := 1 + r.IntN(s.Versions-s.Width+1)
				rec.Depends = append(rec.Depends, fmt.Sprintf("%s >=%d,<%d", name(on), low, low+s.Width))
			}
			p.Records = append(p.Records, rec)
		}
	}
	for _, i := range r.Perm(s.Names)[:s.Requests] {
		p.Specs = append(p.Specs, name(i))
	}
	return p
}

// Repodata returns records as the repodata.json of a subdir, in their order.
func Repodata(records []solver.Record, subdir string) ([]byte, error) {
	out := fmt.Appendf(nil, `{"info":{"subdir":%q},"packages":{},"packages.conda":{`, subdir)
	for i := range records {
		r := &records[i]
		text, err := json.Marshal(map[string]any{
			"name": r.Name, "version": r.Version, "build": r.Build, "build_number": r.BuildNumber, "subdir": r.Subdir,
			"depends": append([]string{}, r.Depends...), "constrains": append([]string{}, r.Constrains...), "timestamp": r.Timestamp, "md5": r.MD5, "size": r.Size,
		})
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "\n%q:%s", r.FileName, text)
	}
	return append(out, "\n}}\n"...), nil
}
