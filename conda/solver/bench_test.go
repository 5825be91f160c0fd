package solver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
	"github.com/gophersnake/gophersnake/conda/repodata"
	"github.com/gophersnake/gophersnake/conda/solver"
	"github.com/gophersnake/gophersnake/conda/solver/solvertest"
)

// BenchmarkSolve chooses among the records that a request leads to, and with
// "/closure" finds them in an open channel too.
func BenchmarkSolve(b *testing.B) {
	for _, bb := range []struct{ name, channel, specs string }{
		{"forge", "conda-forge-py39-2024-05", "python 3.9.*, pip, curl"},
		{"defaults", "defaults-current-2021-11", "python, scikit-learn, matplotlib, jupyter"},
		{"anaconda", "free-2016-09", "anaconda"},
		{"none", "defaults-current-2021-11", "python 3.6.*, pandas >=1.3"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			root := filepath.Join("..", "..", "..", "shared", "data", "repodata", bb.channel)
			if _, err := os.Stat(root); err != nil {
				b.Skipf("no shared test data: %v", err)
			}
			p := solver.Problem{
				Specs:   strings.Split(bb.specs, ", "),
				Virtual: unix("__linux=4.18", "__glibc=2.28", "__archspec=1=x86_64"),
			}
			var names []string
			for _, s := range p.Specs {
				m, err := matchspec.Parse(s)
				if err != nil {
					b.Fatal(err)
				}
				names = append(names, m.Name)
			}
			subdirs := []string{"linux-64", "noarch"}
			channel := &repodata.Channel{Name: "c", URL: "https://channel.example/c", Source: folder(root)}
			view, err := repodata.OpenAll(b.Context(), []*repodata.Channel{channel}, subdirs, repodata.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for _, every := range []bool{false, true} {
				b.Run(map[bool]string{false: "solve", true: "closure"}[every], func(b *testing.B) {
					b.ReportAllocs()
					p.Records = nil
					for b.Loop() {
						if every || p.Records == nil {
							set, err := view.Closure(b.Context(), subdirs, names)
							if err != nil {
								b.Fatal(err)
							}
							p.Records = solver.FromSet(set)
						}
						if _, err := solver.Solve(b.Context(), p); (err != nil) != (bb.name == "none") {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

func BenchmarkHard(b *testing.B) {
	p := solvertest.Hard(0)
	for b.Loop() {
		if _, err := solver.Solve(b.Context(), p); err == nil {
			b.Fatal("an answer to a problem without one")
		}
	}
}
