package repodata

import (
	"encoding/json"
	"testing"
)

// union returns 18.5 MB of repodata: 40,629 records.
func union(b *testing.B) []byte {
	return read(b, shared(b, "repodata", "union-linux-64", "repodata.json.zst"))
}

// some returns 200 names spread over a document.
func some(b *testing.B, r *Repodata) []string {
	var names []string
	for i, name := range r.Names() {
		if i%(len(r.Names())/200) == 0 && len(names) < 200 {
			names = append(names, name)
		}
	}
	if len(names) != 200 {
		b.Fatalf("%d names", len(names))
	}
	return names
}

func BenchmarkOpen(b *testing.B) {
	data := union(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkValid is what only checking the syntax costs encoding/json.
func BenchmarkValid(b *testing.B) {
	data := union(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if !json.Valid(data) {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkNames200(b *testing.B) {
	data := union(b)
	r, err := Open(data, Options{})
	if err != nil {
		b.Fatal(err)
	}
	names := some(b, r)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if r, err = Open(data, Options{}); err != nil {
			b.Fatal(err)
		}
		n = 0
		for _, name := range names {
			records, err := r.Records(name)
			if err != nil {
				b.Fatal(err)
			}
			n += len(records)
		}
	}
	b.ReportMetric(float64(n), "records")
}

// BenchmarkEncodingJSON decodes all records, as encoding/json must.
func BenchmarkEncodingJSON(b *testing.B) {
	data := union(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var doc struct {
			Packages map[string]plain
			Conda    map[string]plain `json:"packages.conda"`
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			b.Fatal(err)
		}
	}
}
