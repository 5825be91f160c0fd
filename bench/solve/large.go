package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// largeSpecs are the request on the large channel, of one copy.
var largeSpecs = []string{"python", "numpy", "pandas"}

// large measures a channel of many records.
func (b *bench) large(ctx context.Context) error {
	if b.copies == 0 {
		return nil
	}
	plain, packed := filepath.Join(b.work, "large"), filepath.Join(b.work, "large-zst")
	records, err := b.grow(plain, packed)
	if err != nil {
		return err
	}
	debug.FreeOSMemory()
	cache := filepath.Join(b.work, "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return err
	}
	j := job{Channels: []channel{{"large", plain}}, Subdirs: []string{"linux-64"}, Virtual: linux64, Seconds: 60}
	for _, name := range largeSpecs {
		j.Specs = append(j.Specs, name+suffix(b.copies/2))
	}
	cold, warm := j, j
	cold.Channels = []channel{{"large", packed}}
	warm.Channels, warm.Cache = cold.Channels, cache
	if _, err := b.ours.run(ctx, warm); err != nil { // fills the cache
		return err
	}
	fmt.Fprintf(b.out, "%d records: %s; median (min) in ms, peak memory in MB\n", records, strings.Join(j.Specs, ", "))
	b.row("", "packages", "open", "solve, in the same process", "process", "memory")
	b.row(slices.Repeat([]string{"---"}, 6)...)
	var peer figures
	for _, c := range []struct {
		name string
		job
	}{{"ours, warm cache", warm}, {"ours, .json.zst", cold}, {"ours, .json", j}} {
		ours, p, err := b.turns(ctx, c.job, j)
		if err != nil {
			return err
		}
		b.large1(c.name, ours)
		peer.open, peer.solve, peer.wall = append(peer.open, p.open...), append(peer.solve, p.solve...), append(peer.wall, p.wall...)
		peer.peak, peer.packages = max(peer.peak, p.peak), p.packages
	}
	b.large1("py-rattler, .json", peer)
	fmt.Fprintln(b.out)
	return nil
}

func (b *bench) large1(name string, f figures) {
	b.row(name, count(f.packages), f.open.String(), f.solve.String(), f.wall.String(), megabytes(f.peak))
}

func suffix(copy int) string { return fmt.Sprintf("-c%02d", copy) }

// entry is a record of a repodata.json.
type entry struct {
	name, file string
	record     record
}

type record map[string]json.RawMessage

// grow writes a channel of renamed copies, sorted by name as channels are, once
// plain and once packed, and returns the number of records.
func (b *bench) grow(plain, packed string) (int, error) {
	data, err := readPlain(filepath.Join(b.data, "repodata", "union-linux-64", "repodata.json"))
	if err != nil {
		return 0, err
	}
	var doc struct {
		Packages map[string]record `json:"packages"`
		Conda    map[string]record `json:"packages.conda"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return 0, err
	}
	total := 0
	out := []byte(`{"info":{"subdir":"linux-64"}`)
	for section, records := range map[string]map[string]record{"packages": doc.Packages, "packages.conda": doc.Conda} {
		var list []entry
		for file, r := range records {
			var name string
			if err := json.Unmarshal(r["name"], &name); err != nil {
				return 0, err
			}
			list = append(list, entry{name, file, r})
		}
		slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.file, b.file)) })
		out = fmt.Appendf(out, ",%q:{", section)
		for from := 0; from < len(list); {
			to := from + 1
			for to < len(list) && list[to].name == list[from].name {
				to++
			}
			for n := range b.copies {
				for _, e := range list[from:to] {
					if out, err = e.appendCopy(out, suffix(n)); err != nil {
						return 0, err
					}
					total++
				}
			}
			from = to
		}
		out = append(bytes.TrimSuffix(out, []byte(",")), '}')
	}
	out = append(out, '}')
	return total, writeBoth(plain, packed, out)
}

// appendCopy appends a record whose name, and those of its dependencies, have an
// ending more.
func (e entry) appendCopy(out []byte, ending string) ([]byte, error) {
	renamed := maps.Clone(e.record)
	renamed["name"] = fmt.Appendf(nil, "%q", e.name+ending)
	for _, key := range []string{"depends", "constrains"} {
		specs := []string{}
		if text := e.record[key]; text != nil {
			if err := json.Unmarshal(text, &specs); err != nil {
				return nil, err
			}
		}
		for i, text := range specs {
			specs[i] = rename(text, ending)
		}
		text, err := json.Marshal(specs)
		if err != nil {
			return nil, err
		}
		renamed[key] = text
	}
	text, err := json.Marshal(renamed)
	if err != nil {
		return nil, err
	}
	out = fmt.Appendf(out, "%q:", e.name+ending+strings.TrimPrefix(e.file, e.name))
	return append(append(out, text...), ','), nil
}

// rename gives the name of a match spec an ending, unless it is a virtual
// package.
func rename(spec, ending string) string {
	if strings.HasPrefix(spec, "__") {
		return spec
	}
	end := strings.IndexAny(spec, " =<>!~[")
	if end < 0 {
		end = len(spec)
	}
	return spec[:end] + ending + spec[end:]
}

// writeBoth writes a document plain, and packed with its sha256.
func writeBoth(plain, packed string, data []byte) error {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		return err
	}
	small := z.EncodeAll(data, nil)
	sum := sha256.Sum256(small)
	for file, content := range map[string][]byte{
		filepath.Join(plain, "linux-64", "repodata.json"):             data,
		filepath.Join(packed, "linux-64", "repodata.json.zst"):        small,
		filepath.Join(packed, "linux-64", "repodata.json.zst") + sums: []byte(hex.EncodeToString(sum[:])),
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
