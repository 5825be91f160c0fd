package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// report is all that was measured.
type report struct {
	Head    head           `json:"head"`
	Image   int64          `json:"image"` // bytes of our image's blobs
	Large   []largePackage `json:"large"` // the packages that change, from small to large
	Results []*result      `json:"results"`
	Points  []*point       `json:"points"`
}

// largePackage is a large package that a case changes.
type largePackage struct {
	Case   string `json:"case"`
	Size   int64  `json:"size"`   // bytes of its files
	Packed int64  `json:"packed"` // of its archive
}

// head says what is compared, by name.
type head [][2]string

func (h *head) add(name, value string) { *h = append(*h, [2]string{name, value}) }

func (h head) text() string {
	var s strings.Builder
	for _, l := range h {
		fmt.Fprintf(&s, "%s: %s\n", l[0], l[1])
	}
	return s.String()
}

// result is what one tool took for one case.
type result struct {
	Case  string `json:"case"`
	Tool  string `json:"tool"`
	Costs []cost `json:"costs"` // of each round
}

// point is what one tool took for one image of a series.
type point struct {
	Series string  `json:"series"`
	What   string  `json:"what"`
	Tool   string  `json:"tool"`
	X      float64 `json:"x"`
	Costs  []cost  `json:"costs"`
}

func wall(c cost) float64  { return c.Wall }
func cpu(c cost) float64   { return c.CPU }
func mem(c cost) float64   { return float64(c.Peak) / 1e6 }
func sent(c cost) float64  { return float64(c.Sent) / 1e6 }
func blobs(c cost) float64 { return float64(c.Layers) }
func got(c cost) float64   { return float64(c.Fetched) }

// median returns the median of one figure; of an even number, the mean of the
// two in the middle.
func median(costs []cost, figure func(cost) float64) float64 {
	if len(costs) == 0 {
		return 0
	}
	all := make([]float64, len(costs))
	for i, c := range costs {
		all[i] = figure(c)
	}
	slices.Sort(all)
	n := len(all) / 2
	if len(all)%2 == 0 {
		return (all[n-1] + all[n]) / 2
	}
	return all[n]
}

func (r *report) note(name, tool string, c cost) {
	if found := r.find(name, tool); found != nil {
		found.Costs = append(found.Costs, c)
		return
	}
	r.Results = append(r.Results, &result{name, tool, []cost{c}})
}

// find returns the result of a tool in a case, or nil.
func (r *report) find(name, tool string) *result {
	i := slices.IndexFunc(r.Results, func(r *result) bool { return r.Case == name && r.Tool == tool })
	if i < 0 {
		return nil
	}
	return r.Results[i]
}

func (r *report) point(series, what, tool string, x float64, c cost) {
	i := slices.IndexFunc(r.Points, func(p *point) bool { return p.Series == series && p.What == what && p.Tool == tool && p.X == x })
	if i < 0 {
		i = len(r.Points)
		r.Points = append(r.Points, &point{series, what, tool, x, nil})
	}
	r.Points[i].Costs = append(r.Points[i].Costs, c)
}

// cases returns the names of all cases, in the order of the first result.
func (r *report) cases() []string {
	var names []string
	for _, x := range r.Results {
		if !slices.Contains(names, x.Case) {
			names = append(names, x.Case)
		}
	}
	return names
}

// of returns the results of a case, ours first.
func (r *report) of(name string) (all []*result) {
	for _, x := range r.Results {
		if x.Case == name {
			all = append(all, x)
		}
	}
	return all
}

// markdown returns the tables.
func (r *report) markdown() string {
	var s strings.Builder
	for _, l := range r.Head {
		fmt.Fprintf(&s, "- %s: %s\n", l[0], l[1])
	}
	if len(r.Results) == 0 {
		return s.String()
	}
	s.WriteString("\n| case | tool | wall s | cpu s | peak MB | sent MB | blobs sent | downloaded | × our wall | × our cpu |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, name := range r.cases() {
		all := r.of(name)
		for i, x := range all {
			title, ratios := name, " | "
			if i > 0 {
				title = ""
				ratios = fmt.Sprintf("%.1f | %.1f", ratio(x, all[0], wall), ratio(x, all[0], cpu))
			}
			m := func(f func(cost) float64) float64 { return median(x.Costs, f) }
			fmt.Fprintf(&s, "| %s | %s | %.2f | %.2f | %.0f | %.2f | %.0f | %.0f | %s |\n", title, x.Tool, m(wall), m(cpu), m(mem), m(sent), m(blobs), m(got), ratios)
		}
	}
	s.WriteString("\n| to reach | measured | reached |\n|---|---|---|\n")
	for _, g := range r.goals() {
		reached := "**no**"
		if g.met {
			reached = "yes"
		}
		fmt.Fprintf(&s, "| %s | %s | %s |\n", g.want, g.measured, reached)
	}
	return s.String()
}

// ratio returns a median of a divided by that of b.
func ratio(a, b *result, figure func(cost) float64) float64 {
	return median(a.Costs, figure) / median(b.Costs, figure)
}

func (r *report) print(out io.Writer) { fmt.Fprint(out, "\n", r.markdown()) }

// files are where the figures go.
type files struct {
	json, markdown, svg string
}

// read takes the figures of an earlier run.
func (r *report) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, r); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func (r *report) write(to files) error {
	if to.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(to.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if to.markdown != "" {
		if err := replaceFigures(to.markdown, r.markdown()); err != nil {
			return err
		}
	}
	if to.svg != "" {
		for name, text := range r.plots() {
			if err := writeFile(filepath.Join(to.svg, name+".svg"), []byte(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// The lines of a document between which the tables stand.
const (
	figuresBegin = "<!-- figures: written by bench/run -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// replaceFigures puts the tables into a document.
func replaceFigures(file, tables string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(figuresBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(figuresEnd))
	if !ok || !ok2 {
		return fmt.Errorf("%s: lacks the lines %q and %q", file, strings.TrimSpace(figuresBegin), strings.TrimSpace(figuresEnd))
	}
	return os.WriteFile(file, slices.Concat(before, []byte(figuresBegin), []byte(tables), []byte(figuresEnd), after), 0o644)
}
