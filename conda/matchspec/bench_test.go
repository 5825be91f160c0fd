package matchspec_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gophersnake/gophersnake/conda/matchspec"
)

func BenchmarkParse(b *testing.B) {
	var specs []string
	for in := bufio.NewScanner(bytes.NewReader(shared(b, "vectors/matchspec-shared-1500.jsonl"))); in.Scan(); {
		var c struct{ Spec string }
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			b.Fatal(err)
		}
		specs = append(specs, c.Spec)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := matchspec.Parse(specs[n%len(specs)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkMatches(b *testing.B) {
	python := records(b)["python"]
	for _, text := range []string{"python >=3.7,<3.8.0a0", "python 3.7.*", "python 3.7.* *_cpython"} {
		spec, err := matchspec.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			n := 0
			for b.Loop() {
				spec.Matches(python[n%len(python)])
				n++
			}
		})
	}
}
