package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

// plots returns the plots as SVG, by name.
func (r *report) plots() map[string]string {
	all := map[string]string{}
	if len(r.Results) > 0 {
		all["cases"] = r.bars()
	}
	for series, titles := range map[string][2]string{
		seriesPackages: {"Seconds (logarithmic) against the number of packages; the same bytes in all", "packages"},
		seriesSize:     {fmt.Sprintf("Seconds (logarithmic) against the size of the image; %d packages", fullCount), "MB of files"},
		seriesCores:    {"Seconds (logarithmic) against cores; the image of the table", "cores"},
	} {
		var points []*point
		for _, p := range r.Points {
			if p.Series == series {
				points = append(points, p)
			}
		}
		if len(points) > 0 {
			all[series] = lines(points, titles[0], titles[1])
		}
	}
	return all
}

// The bars' measures, in pixels, and where their axis begins, in seconds.
const (
	barHeight  = 16
	labelWidth = 170
	barsWidth  = 520
	barsBegin  = 0.01
)

// color returns a tool's color: ours stands out.
func color(tool string) string {
	colors := map[string]string{
		oursName: "#0a7f6f", "BuildKit": "#c2571a", "buildah": "#8a5fb0", "umoci insert": "#3b6fb5", "py-rattler + umoci": "#7d8790",
		"goreleaser": "#c2571a", "ko": "#3b6fb5", "go build loop": "#7d8790",
	}
	if c, ok := colors[tool]; ok {
		return c
	}
	return "#333333"
}

// bars returns the processor time of every case and tool, on a logarithmic axis.
func (r *report) bars() string {
	var s strings.Builder
	top := barsBegin * 10
	for _, x := range r.Results {
		top = max(top, median(x.Costs, cpu))
	}
	decades := math.Ceil(math.Log10(top / barsBegin))
	at := func(seconds float64) float64 {
		return barsWidth * math.Log10(max(seconds, barsBegin)/barsBegin) / decades
	}
	y := 58
	for _, name := range r.cases() {
		if name == caseLock || name == caseFirst {
			continue // of ours alone
		}
		label(&s, 10, float64(y+12), "start", `font-weight="bold"`, name)
		y += barHeight + 4
		for _, x := range r.of(name) {
			seconds := median(x.Costs, cpu)
			width := max(at(seconds), 1)
			label(&s, labelWidth-8, float64(y+12), "end", "", x.Tool)
			fmt.Fprintf(&s, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", labelWidth, y+2, width, barHeight-4, color(x.Tool))
			label(&s, labelWidth+width+6, float64(y+12), "start", "", fmt.Sprintf("%.2f", seconds))
			y += barHeight
		}
		y += 10
	}
	var grid strings.Builder
	for d := range int(decades) + 1 {
		x := labelWidth + barsWidth*float64(d)/decades
		fmt.Fprintf(&grid, "<path d=\"M%.1f 52V%d\" stroke=\"#dddddd\"/>\n", x, y)
		label(&grid, x, 46, "middle", "", trim(barsBegin*math.Pow10(d)))
	}
	return svg(labelWidth+barsWidth+70, y+10, "Processor seconds of client and daemon, medians, logarithmic", grid.String()+s.String())
}

// The lines' measures, in pixels.
const (
	plotWidth, plotHeight = 460, 300
	plotLeft, plotTop     = 60, 44
	legendWidth           = 290
)

// lines returns wall times against a figure of the image or the machine, both
// axes logarithmic: a line for each tool and what it did.
func lines(points []*point, title, axis string) string {
	var xs []float64
	low, high := math.Inf(1), 0.0
	for _, p := range points {
		if !slices.Contains(xs, p.X) {
			xs = append(xs, p.X)
		}
		low, high = min(low, median(p.Costs, wall)), max(high, median(p.Costs, wall))
	}
	slices.Sort(xs)
	low, high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)))
	if low == high {
		high *= 10
	}
	atX := func(x float64) float64 {
		if len(xs) == 1 {
			return plotLeft + plotWidth/2
		}
		return plotLeft + plotWidth*math.Log(x/xs[0])/math.Log(xs[len(xs)-1]/xs[0])
	}
	atY := func(y float64) float64 { return plotTop + plotHeight*(1-math.Log(y/low)/math.Log(high/low)) }
	var s strings.Builder
	for y := low; y <= high*1.001; y *= 10 {
		for _, part := range []float64{1, 2, 5} {
			if y*part <= high*1.001 {
				gray := map[bool]string{true: "#cccccc", false: "#eeeeee"}[part == 1]
				fmt.Fprintf(&s, "<path d=\"M%d %.1fh%d\" stroke=\"%s\"/>\n", plotLeft, atY(y*part), plotWidth, gray)
			}
		}
		label(&s, plotLeft-8, atY(y)+4, "end", "", trim(y)+" s")
	}
	for _, x := range xs {
		label(&s, atX(x), plotTop+plotHeight+18, "middle", "", trim(x))
	}
	label(&s, plotLeft+plotWidth/2, plotTop+plotHeight+38, "middle", "", axis)
	drawLines(&s, points, atX, atY)
	return svg(plotLeft+plotWidth+legendWidth, plotTop+plotHeight+50, title, s.String())
}

// drawLines draws the lines and their legend. Dashes are for changes.
func drawLines(s *strings.Builder, points []*point, atX, atY func(float64) float64) {
	var names []string
	groups := map[string][]*point{}
	for _, p := range points {
		name := p.Tool + ", " + p.What
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], p)
	}
	for i, name := range names {
		group := groups[name]
		slices.SortFunc(group, func(a, b *point) int { return int(math.Copysign(1, a.X-b.X)) })
		dash := ""
		if group[0].What != pointCold {
			dash = ` stroke-dasharray="5 4"`
		}
		c := color(group[0].Tool)
		path := ""
		for j, p := range group {
			x, y := atX(p.X), atY(median(p.Costs, wall))
			path += fmt.Sprintf("%c%.1f %.1f", "ML"[min(j, 1)], x, y)
			fmt.Fprintf(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y, c)
		}
		fmt.Fprintf(s, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", path, c, dash)
		y := float64(plotTop + 14 + 22*i)
		fmt.Fprintf(s, "<path d=\"M%d %.1fh24\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", plotLeft+plotWidth+20, y-4, c, dash)
		label(s, plotLeft+plotWidth+50, y, "start", "", name)
	}
}

func label(s *strings.Builder, x, y float64, anchor, more, text string) {
	if more != "" {
		more = " " + more
	}
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more, html.EscapeString(text))
}

// trim prints a number with what of its digits tells something.
func trim(f float64) string {
	return strconv.FormatFloat(f, 'g', max(3, int(math.Log10(max(f, 1)))+1), 64)
}

func svg(width, height int, title, body string) string {
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"+
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"10\" y=\"22\" font-size=\"14\">%s</text>\n%s</svg>\n", width, height, html.EscapeString(title), body)
}
