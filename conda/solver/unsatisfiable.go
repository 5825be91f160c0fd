package solver

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophersnake/gophersnake/conda/solver/internal/sat"
)

// Unsatisfiable says why a request has no answer. Its class is
// "unsatisfiable".
type Unsatisfiable struct {
	// Reasons are trees, one for each request that takes part, the shortest
	// first. Requests that could be met are not among them.
	Reasons []Reason
}

// Reason is one step of an explanation.
type Reason struct {
	Text string   // one line, with names, versions and the user's words
	Why  []Reason // why it cannot be
}

// Limits of what Error tells; Reasons has it all.
const (
	maxBranches = 8  // at one step
	maxLines    = 60 // in all
)

// Error tells the reasons as a tree, one a line. Of very many it leaves some
// out, and says so.
func (u *Unsatisfiable) Error() string {
	d := drawing{left: maxLines}
	d.WriteString("the requested packages cannot be installed together")
	d.reasons(u.Reasons, "\n")
	if d.left < 0 {
		d.WriteString("\n…")
	}
	return d.String()
}

// Class returns "unsatisfiable".
func (u *Unsatisfiable) Class() string { return "unsatisfiable" }

// drawing is a tree as text.
type drawing struct {
	strings.Builder
	left int // lines
}

func (d *drawing) reasons(list []Reason, indent string) {
	for i, r := range list {
		if d.left--; d.left < 0 {
			return // Error says so at the end
		}
		if more := len(list) - i; i == maxBranches && more > 1 {
			fmt.Fprintf(d, "%s└─ … %d more", indent, more)
			return
		}
		branch, below := "├─ ", "│  "
		if i == len(list)-1 {
			branch, below = "└─ ", "   "
		}
		d.WriteString(indent + branch + r.Text)
		d.reasons(r.Why, indent+below)
	}
}

func reasons(nodes []sat.Node) []Reason {
	var out []Reason
	for _, n := range nodes {
		out = append(out, Reason{Text: n.Text, Why: reasons(n.Why)})
	}
	return out
}

// RequestText implements sat.Describer.
func (p *pool) RequestText(v sat.VersionSet) string { return p.lines[v] }

// SetText implements sat.Describer.
func (p *pool) SetText(v sat.VersionSet) string { return p.specs[v].text }

// EmptyText implements sat.Describer. What the target is, virtual packages say.
func (p *pool) EmptyText(v sat.VersionSet) string {
	n := p.setName[v]
	all := p.Candidates(n).All
	target := strings.HasPrefix(p.text[n], "__")
	switch {
	case target && len(all) == 0:
		return "the target has no " + p.text[n]
	case target:
		return "the target has " + p.SolvablesText(all)
	case len(all) == 0:
		if base, x, ok := cutExtra(p.text[n]); ok && len(p.Candidates(p.name(base)).All) > 0 {
			return "no " + base + " has an extra " + x
		}
		return "no such package"
	}
	return "no match among " + p.SolvablesText(all)
}

// ExcludedText implements sat.Describer. Of records that are too new it tells
// which one a later limit would allow first.
func (p *pool) ExcludedText(of []sat.Solvable, reason string) string {
	if reason != p.tooNewText() {
		return reason
	}
	first := of[0]
	for _, x := range of[1:] {
		if p.records[x].published() < p.records[first].published() {
			first = x
		}
	}
	r := p.records[first]
	return fmt.Sprintf("%s; the first after that is %s %s of %s", reason, r.Name, r.Version, date(r.published()))
}

func date(milliseconds int64) string {
	return time.UnixMilli(milliseconds).UTC().Format(time.RFC3339)
}

// manyVersions is from how many versions on a list is cut in the middle.
const manyVersions = 6

// SolvablesText implements sat.Describer: the name and the versions, the higher
// ones first; a single record is told with its build.
func (p *pool) SolvablesText(list []sat.Solvable) string {
	r, name := p.records[list[0]], p.text[p.nameOf[list[0]]]
	if len(list) == 1 {
		return strings.TrimRight(name+" "+r.Version+" "+r.Build, " ")
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b sat.Solvable) int { return p.versions[b].Compare(p.versions[a]) })
	var versions []string
	for _, x := range sorted {
		versions = append(versions, p.records[x].Version)
	}
	versions = slices.Compact(versions)
	if n := len(versions); n > manyVersions {
		versions = append(versions[:3:3], fmt.Sprintf("… (%d more)", n-4), versions[n-1])
	}
	return name + " " + strings.Join(versions, " | ")
}
