package version_test

import (
	"testing"

	"github.com/gophersnake/gophersnake/conda/version"
)

func BenchmarkParse(b *testing.B) {
	lines := vectors(b, "versions-conda-forge.txt")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := version.Parse(lines[n%len(lines)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func published(b *testing.B) []version.Version {
	var all []version.Version
	for _, line := range vectors(b, "versions-conda-forge.txt") {
		all = append(all, parse(b, line))
	}
	return all
}

func BenchmarkCompare(b *testing.B) {
	all := published(b)
	n := 0
	for b.Loop() {
		all[n%len(all)].Compare(all[(n*7+1)%len(all)])
		n++
	}
}

func BenchmarkMatches(b *testing.B) {
	all := published(b)
	for _, text := range []string{">=1.20,<2.0a0", "1.8.*", "~=3.7.3"} {
		spec, err := version.ParseSpec(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			n := 0
			for b.Loop() {
				spec.Matches(all[n%len(all)])
				n++
			}
		})
	}
}
