package link

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// History returns the text of conda-meta/history for an environment that was
// made at once, in the form that conda.history.History and libmamba read: a
// block with the time, the requested specs and what was linked. The time is
// the epoch, so that the same packages make the same bytes.
//
// conda and mamba keep the specs when they update the environment.
func History(specs []string, packages []Record) []byte {
	var b strings.Builder
	b.WriteString("==> 1970-01-01 00:00:00 <==\n")
	for _, dist := range dists(packages) {
		b.WriteString("+" + dist + "\n")
	}
	if len(specs) > 0 {
		b.WriteString("# update specs: [")
		for i, spec := range specs {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(pythonString(spec))
		}
		b.WriteString("]\n")
	}
	return []byte(b.String())
}

// dists returns "channel/subdir::name-version-build" of each package, sorted.
func dists(packages []Record) []string {
	all := make([]string, 0, len(packages))
	for i := range packages {
		r := &packages[i]
		place := path.Join(path.Base(strings.TrimRight(r.Channel, "/")), r.Subdir)
		if r.Channel == "" {
			place = cmp.Or(r.Subdir, "noarch")
		}
		all = append(all, place+"::"+r.Stem())
	}
	slices.Sort(all)
	return all
}

// pythonString returns a Python literal of s. libmamba understands no escapes,
// so that the quote is the one that s lacks, where it lacks one.
func pythonString(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}
