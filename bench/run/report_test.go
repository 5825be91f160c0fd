package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		walls []float64
		want  float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 100, 2}, 3},
	} {
		var costs []cost
		for _, w := range tt.walls {
			costs = append(costs, cost{Wall: w})
		}
		if got := median(costs, wall); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.walls, got, tt.want)
		}
	}
}

// measured is a report in which ours reaches some goals and misses others.
func measured() *report {
	r := &report{Image: 300e6, Large: []largePackage{{"package of 4 MB changed", 4e6, 1e6}, {"package of 64 MB changed", 64e6, 16e6}}}
	r.Head.add("machine", "linux/amd64, 2 cores")
	note := func(name, tool string, seconds float64, megabytes int64) {
		r.note(name, tool, cost{Wall: seconds, CPU: 2 * seconds, Peak: megabytes * 1e6})
	}
	note(caseCold, oursName, 5, 140)
	note(caseCold, "BuildKit", 50, 300)
	note(caseCold, "umoci insert", 12, 31)
	note(caseUnchanged, oursName, 0.05, 40)
	note(caseUnchanged, "BuildKit", 1.2, 300)
	r.note(caseSmall, oursName, cost{Wall: 0.1, Sent: 4e6, Layers: 3})
	note(caseSmall, "BuildKit", 30, 300)
	r.note("package of 4 MB changed", oursName, cost{Wall: 0.2, Sent: 1e6})
	r.note("package of 64 MB changed", oursName, cost{Wall: 1.2, Sent: 24e6})
	note(caseFirst, oursName, 5, 140)
	note(caseSecond, oursName, 5.1, 140)
	r.note(caseFresh, oursName, cost{Wall: 0.2, Layers: 1})
	note(casePrograms, oursName, 0.1, 60)
	note(casePrograms, "goreleaser", 3, 130)
	note(casePrograms, "ko", 0.9, 130)
	note(caseEdited, oursName, 2.4, 130)
	note(caseEdited, "go build loop", 2, 130)
	return r
}

func TestGoals(t *testing.T) {
	var got []string
	for _, g := range measured().goals() {
		got = append(got, map[bool]string{true: "yes", false: "no"}[g.met]+" | "+g.want+" | "+g.measured)
	}
	want := []string{
		"yes | cold: ≥ 5 × BuildKit | 10.0 × (cpu 10.0 ×)",
		"no | cold: ≥ 2.5 × umoci insert | 2.4 × (cpu 2.4 ×)",
		"yes | nothing changed: ≤ 0.1 s with the closure check | 0.050 s",
		"yes | nothing changed: nothing downloaded, no layer sent | 0 downloaded, 0 blobs sent",
		"yes | nothing changed: ≥ 10 × BuildKit | 24.0 × (cpu 24.0 ×)",
		"yes | one small package changed: ≥ 50 × BuildKit | 300.0 × (cpu +Inf ×)",
		"no | one small package changed: ≤ 1 % of the image's bytes sent | 1.33 % of 300 MB",
		"yes | one large package changed: bytes in proportion to it | 1.00, 1.50 × its archive",
		"yes | one large package changed: time at most in proportion to it | 0.20, 1.20 s",
		"yes | second platform: no slower than the first (within 5 %) | 1.02 × its time (cpu 1.02 ×)",
		"no | fresh machine: 0 packages downloaded, 0 layers sent | 0 downloaded, 1 blobs sent",
		"yes | fresh machine: ≤ 1 s | 0.20 s",
		"yes | six programs, source unchanged: ≥ 20 × goreleaser | 30.0 × (cpu 30.0 ×)",
		"no | six programs, source unchanged: ≥ 10 × ko | 9.0 × (cpu 9.0 ×)",
		"yes | six programs, source edited: ≤ 1.3 × a bare go build loop | 1.20 × (cpu 1.20 ×)",
		"yes | peak memory, from nothing: ≤ 150 MB | 140 MB at most",
		"yes | peak memory, from nothing: below BuildKit's client and daemon | 140 MB against 300 MB",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := (&report{}).goals(); len(got) != 0 {
		t.Errorf("of nothing measured: %v", got)
	}
}

// TestProportion: the large packages miss their goals where a small one costs
// too much for its size, and where a large one takes too long.
func TestProportion(t *testing.T) {
	r := measured()
	r.find("package of 4 MB changed", oursName).Costs[0].Sent = 4e6
	r.find("package of 64 MB changed", oursName).Costs[0].Wall = 0.2*16 + 0.1
	for _, g := range r.proportion() {
		if g.met {
			t.Errorf("%s: %s: reached", g.want, g.measured)
		}
	}
}

func TestMarkdown(t *testing.T) {
	text := measured().markdown()
	for _, line := range []string{
		"- machine: linux/amd64, 2 cores",
		"| cold | gophersnake | 5.00 | 10.00 | 140 | 0.00 | 0 | 0 |  |  |",
		"|  | BuildKit | 50.00 | 100.00 | 300 | 0.00 | 0 | 0 | 10.0 | 10.0 |",
		"| cold: ≥ 5 × BuildKit | 10.0 × (cpu 10.0 ×) | yes |",
		"| cold: ≥ 2.5 × umoci insert | 2.4 × (cpu 2.4 ×) | **no** |",
	} {
		if !strings.Contains(text, "\n"+line+"\n") && !strings.HasPrefix(text, line+"\n") {
			t.Errorf("lacks the line %q:\n%s", line, text)
		}
	}
}

// TestFiles: what was written is read again, and the document keeps what stands
// around the tables.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	r := measured()
	for series, xs := range map[string][]float64{seriesPackages: {13, 26}, seriesSize: {10, 70}, seriesCores: {1, 2}} {
		for _, x := range xs {
			r.point(series, pointCold, oursName, x, cost{Wall: x / 10})
		}
	}
	to := files{json: filepath.Join(dir, "x.json"), markdown: filepath.Join(dir, "x.md"), svg: filepath.Join(dir, "svg")}
	document := "before\n" + figuresBegin + "old\n" + figuresEnd + "after\n"
	if err := os.WriteFile(to.markdown, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.write(to); err != nil {
		t.Fatal(err)
	}
	var again report
	if err := again.read(to.json); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &again); diff != "" {
		t.Errorf("read again: %s", diff)
	}
	text, err := os.ReadFile(to.markdown)
	if want := "before\n" + figuresBegin + r.markdown() + figuresEnd + "after\n"; err != nil || string(text) != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, text, want)
	}
	for _, name := range []string{"cases", seriesPackages, seriesSize, seriesCores} {
		text, err := os.ReadFile(filepath.Join(to.svg, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		checkSVG(t, name, string(text))
	}
	if err := replaceFigures(to.json, ""); err == nil || !strings.Contains(err.Error(), "lacks the lines") {
		t.Errorf("a document without the lines: %v", err)
	}
}

// checkSVG checks that a plot is XML, and that all it draws lies inside.
func checkSVG(t *testing.T, name, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "text" && e.Attr == nil {
			t.Errorf("%s: a text without a place", name)
		}
	}
	for _, bad := range []string{"NaN", "Inf", `="-`} {
		if strings.Contains(text, bad) {
			t.Errorf("%s: has %s:\n%s", name, bad, text)
		}
	}
}

// TestPlotLine: a larger figure is drawn higher, and further to the right.
func TestPlotLine(t *testing.T) {
	var r report
	for _, x := range []float64{100, 1, 10} {
		r.point(seriesSize, pointCold, oursName, x, cost{Wall: x})
	}
	text := lines(r.Points, "title", "axis")
	want := `<path d="M60.0 344.0L290.0 194.0L520.0 44.0" fill="none"`
	if !strings.Contains(text, want) {
		t.Errorf("lacks %s:\n%s", want, text)
	}
}

func TestCoreCounts(t *testing.T) {
	counts := coreCounts()
	if counts[0] != 1 || len(counts) > 1 && counts[len(counts)-1] == counts[0] {
		t.Errorf("counts %v", counts)
	}
	for i, n := range counts[1:] {
		if n <= counts[i] {
			t.Errorf("counts %v do not rise", counts)
		}
	}
}

func TestMountsBelow(t *testing.T) {
	mounts := "overlay / overlay rw 0 0\nx /tmp/w/a overlay rw 0 0\nx /tmp/w/a/b overlay rw 0 0\nx /tmp/work tmpfs rw 0 0\n"
	if diff := cmp.Diff([]string{"/tmp/w/a/b", "/tmp/w/a"}, mountsBelow(mounts, "/tmp/w")); diff != "" {
		t.Error(diff)
	}
}
