package repodata

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// renamed returns a copy of a document of all records: of copy i, each name
// has a suffix, in file names and dependencies too, so that the copy is closed.
func renamed(t testing.TB, doc map[string]map[string]map[string]any, copies int) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"info":{"subdir":"linux-64"}`)
	for _, section := range []string{"packages", "packages.conda"} {
		fmt.Fprintf(&b, `,%q:{`, section)
		files := make([]string, 0, len(doc[section]))
		for file := range doc[section] {
			files = append(files, file)
		}
		slices.Sort(files)
		comma := ""
		for i := range copies {
			for _, file := range files {
				text, err := json.Marshal(renamedRecord(doc[section][file], i))
				if err != nil {
					t.Fatal(err)
				}
				stem, _ := cutExt(file)
				name, _ := nameOf(stem)
				fmt.Fprintf(&b, `%s"%s-copy%d%s":%s`, comma, name, i, file[len(name):], text)
				comma = ","
			}
		}
		b.WriteString("}")
	}
	b.WriteString("}")
	return b.Bytes()
}

func renamedRecord(record map[string]any, i int) map[string]any {
	r := make(map[string]any, len(record))
	for key, value := range record {
		r[key] = value
	}
	r["name"] = fmt.Sprintf("%s-copy%d", r["name"], i)
	for _, key := range []string{"depends", "constrains"} {
		list, _ := r[key].([]any)
		specs := make([]string, len(list))
		for k, spec := range list {
			specs[k] = spec.(string)
			if name := specName(specs[k]); name != "" && !strings.HasPrefix(name, "__") {
				specs[k] = fmt.Sprintf("%s-copy%d%s", name, i, specs[k][len(name):])
			}
		}
		r[key] = specs
	}
	return r
}

// large makes a channel of 12 copies of a real document: 487,548 records.
func large(b *testing.B) *Channel {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(union(b), &all); err != nil {
		b.Fatal(err)
	}
	doc := map[string]map[string]map[string]any{}
	for _, section := range []string{"packages", "packages.conda"} {
		records := map[string]map[string]any{}
		if err := json.Unmarshal(all[section], &records); err != nil {
			b.Fatal(err)
		}
		doc[section] = records
	}
	root := b.TempDir()
	if err := os.Mkdir(filepath.Join(root, "linux-64"), 0o777); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "linux-64", "repodata.json.zst"), pack(b, renamed(b, doc, 12)), 0o666); err != nil {
		b.Fatal(err)
	}
	return &Channel{Name: "large", URL: "https://channel.example/large", Source: dir(root)}
}

// BenchmarkLarge opens a channel of the size of conda-forge and reads what
// python and numpy lead to: without a cache, with an empty one, and with one
// that has the Pack.
func BenchmarkLarge(b *testing.B) {
	c := large(b)
	files, err := c.Get(b.Context(), "linux-64/repodata.json.zst", Want{})
	if err != nil {
		b.Fatal(err)
	}
	c.Source = stated{&mem{files: map[string][]byte{"linux-64/repodata.json.zst": files}}}
	run := func(b *testing.B, cache Cache) {
		set, err := Closure(context.Background(), []*Channel{c}, []string{"linux-64"}, []string{"python-copy3", "numpy-copy3"}, Options{Cache: cache})
		if err != nil {
			b.Fatal(err)
		}
		if len(set.Names()) < 50 {
			b.Fatalf("%d names", len(set.Names()))
		}
	}
	b.Run("none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			run(b, nil)
		}
	})
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			run(b, memory{})
		}
	})
	b.Run("warm", func(b *testing.B) {
		cache := memory{}
		run(b, cache)
		b.ReportAllocs()
		for b.Loop() {
			run(b, cache)
		}
	})
}
