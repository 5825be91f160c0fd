package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophersnake/gophersnake/output/outputtest"
)

// TestShards divides cells: each is in one shard, cells with the same layers are
// together, and there are no more shards than machines.
func TestShards(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	var d buildPlan
	for i, layers := range []string{"x a", "x b", "y a", "y b", "x a", "y a", "x c"} {
		c := planCell{Cell: i, Platform: "linux/amd64"}
		for name := range strings.FieldsSeq(layers) {
			size := int64(100 * mb)
			if name == "x" || name == "y" {
				size = 1000 * mb
			}
			c.Layers = append(c.Layers, planLayer{Size: size, State: layerMake, key: name})
		}
		d.Cells = append(d.Cells, c)
	}
	d.Cells[6].Platform = "linux/arm64"
	d.Cells[6].Layers = append([]planLayer{{Size: 9000 * mb, State: layerBase, Digest: "base"}}, d.Cells[6].Layers...)
	for n, want := range map[int]string{
		1: "0-6",
		2: "0-2,4-5 | 3,6", // 2,200 MB each; 1,200 and 2,300 would be a longer wait
		3: "0-1,4 | 2-3,5 | 6",
		7: "0 | 4 | 1 | 2 | 5 | 3 | 6",
	} {
		var got []string
		for i, s := range d.shards(n) {
			if s.Shard != i || s.Size > 2500*mb {
				t.Errorf("%d machines: %+v", n, s)
			}
			got = append(got, s.Cells)
		}
		if text := strings.Join(got, " | "); text != want {
			t.Errorf("%d machines: %s, want %s", n, text, want)
		}
	}
	if got := (&buildPlan{}).shards(3); len(got) != 0 {
		t.Errorf("no cells: %v", got)
	}
}

// TestManyShards: whatever the number of machines, each cell is in one shard, and
// no shard costs more where there are more machines.
func TestManyShards(t *testing.T) {
	t.Parallel()
	var d buildPlan
	for i := range 120 {
		c := planCell{Cell: i, Platform: []string{"linux/amd64", "linux/arm64"}[i%2]}
		for k, n := range []int{1, i / 2 % 5, i % 30, i} {
			c.Layers = append(c.Layers, planLayer{Size: int64(1+(n*7+k)%40) << 18, State: layerMake, key: fmt.Sprint(k, n, c.Platform)})
		}
		d.Cells = append(d.Cells, c)
	}
	last := int64(1) << 60
	for n := 1; n <= 130; n++ {
		var all []string
		worst := int64(0)
		shards := d.shards(n)
		for _, s := range shards {
			count := 0
			for text := range strings.SplitSeq(s.Cells, ",") {
				first, end, err := cellRange(text, len(d.Cells)-1)
				if err != nil {
					t.Fatal(err)
				}
				for i := first; i <= end; i++ {
					all = append(all, fmt.Sprintf("%03d", i))
					count++
				}
			}
			worst = max(worst, s.Size+int64(count)*cellCost)
		}
		slices.Sort(all)
		if len(all) != 120 || len(slices.Compact(all)) != 120 || len(shards) > n || worst > last {
			t.Fatalf("%d machines: %d cells in %d shards, the worst costs %d, before %d", n, len(all), len(shards), worst, last)
		}
		last = worst
	}
}

// TestPlanAsksOnce: a layer that many cells have is asked for once.
func TestPlanAsksOnce(t *testing.T) {
	t.Parallel()
	registry := outputtest.NewRegistry(t)
	s, _ := pushSite(t, registry)
	s.write("gophersnake.toml", s.read("gophersnake.toml")+"[env.b]\nimage.labels = { b = \"b\" }\n[env.c]\nimage.labels = { c = \"c\" }\n")
	s.ok("-q", "push")
	registry.Log()
	s.ok("-q", "plan")
	var asked []string
	for _, line := range registry.Log() {
		if strings.HasPrefix(line, "HEAD ") {
			asked = append(asked, line)
		}
	}
	once := slices.Compact(slices.Sorted(slices.Values(asked)))
	slices.Sort(asked)
	if diff := cmp.Diff(once, asked); diff != "" || len(once) < 3 {
		t.Errorf("%d layers: %s", len(once), diff)
	}
}
