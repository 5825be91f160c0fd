package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophersnake/gophersnake/internal/fault"
	"github.com/gophersnake/gophersnake/platforms"
	"github.com/gophersnake/gophersnake/spec"
)

// pick leaves the cells of --cell: pairs of an environment and a platform, by
// their numbers in plan.
func (p *project) pick(texts []string) error {
	envs, err := p.chosen()
	if err != nil {
		return err
	}
	type cell struct {
		env *spec.Environment
		on  platforms.Platform
	}
	var all []cell
	for _, env := range envs {
		ps, err := p.platformsOf(env)
		if err != nil {
			return err
		}
		for _, on := range ps {
			all = append(all, cell{env, on})
		}
	}
	picked := map[string][]platforms.Platform{}
	for _, text := range texts {
		first, last, err := cellRange(text, len(all)-1)
		if err != nil {
			return err
		}
		for _, c := range all[first : last+1] {
			if !slices.Contains(picked[title(c.env)], c.on) {
				picked[title(c.env)] = append(picked[title(c.env)], c.on)
			}
		}
	}
	p.picked = picked
	return nil
}

// cellRange reads "3" or "4-9".
func cellRange(text string, end int) (first, last int, err error) {
	first, bad := strconv.Atoi(text)
	last = first
	if from, to, ok := strings.Cut(text, "-"); bad != nil && ok {
		first, bad = strconv.Atoi(from)
		if bad == nil {
			last, bad = strconv.Atoi(to)
		}
	}
	switch {
	case bad != nil || first > last:
		return 0, 0, fault.New(fault.Usage, "--cell", "%q is neither a number nor a range of numbers", text).WithHint("such as 3 or 0,4-9; gophersnake plan lists the cells")
	case first < 0:
		return 0, 0, fault.New(fault.Usage, "--cell", "there is no cell %d, the last is %d", first, end).WithHint("gophersnake plan lists them")
	case last > end:
		return 0, 0, fault.New(fault.Usage, "--cell", "there is no cell %d, the last is %d", last, end).WithHint("gophersnake plan lists them")
	}
	return first, last, nil
}

// planShard is some of a plan's cells, for one machine.
type planShard struct {
	Shard int    `json:"shard"`
	Cells string `json:"cells"` // for --cell, such as "0,4-9"
	Size  int64  `json:"size"`  // bytes of layers to make, each once
}

// cellCost is what a cell costs besides its layers, in bytes of layers that cost
// as much: about 15 ms.
const cellCost = 1 << 20

// shards divides the cells among n machines, fewer where there are not so many
// cells. Cells that have layers in common go together, since a machine makes
// each layer once, and the machine with most to do has as little as may be: cells
// stand by platform and by their layers from the bottom up, what the plan names
// first before the rest, and that row is cut.
func (d *buildPlan) shards(n int) []planShard {
	order := make([]*planCell, len(d.Cells))
	least, most := int64(0), int64(0)
	place := map[string]int{} // of platforms and layers
	see := func(id string) {
		if _, ok := place[id]; !ok {
			place[id] = len(place)
		}
	}
	for i := range d.Cells {
		order[i] = &d.Cells[i]
		cost := load{}.with(order[i])
		least, most = max(least, cost), most+cost
		see(order[i].Platform)
		for _, y := range order[i].Layers {
			see(y.id())
		}
	}
	slices.SortStableFunc(order, func(a, b *planCell) int {
		return cmp.Or(cmp.Compare(place[a.Platform], place[b.Platform]), slices.CompareFunc(a.Layers, b.Layers, func(x, y planLayer) int {
			return cmp.Compare(place[x.id()], place[y.id()])
		}))
	})
	for least < most { // the smallest limit that n machines keep
		limit := least + (most-least)/2
		if len(cut(order, limit)) <= n {
			most = limit
		} else {
			least = limit + 1
		}
	}
	all := []planShard{}
	for i, part := range cut(order, least) {
		numbers := make([]int, len(part.cells))
		for k, c := range part.cells {
			numbers[k] = c.Cell
		}
		all = append(all, planShard{Shard: i, Cells: ranges(numbers), Size: part.size})
	}
	return all
}

// load is what a machine has to do.
type load struct {
	cells []*planCell
	made  map[string]bool
	size  int64
}

// with returns the cost with one more cell.
func (l load) with(c *planCell) int64 {
	return l.size + l.more(c) + int64(len(l.cells)+1)*cellCost
}

// more is the bytes of a cell's layers that the machine does not make anyway.
func (l load) more(c *planCell) (size int64) {
	for _, y := range c.Layers {
		if y.State != layerBase && !l.made[y.id()] {
			size += y.Size
		}
	}
	return size
}

// cut cuts a row of cells into parts that cost at most limit, or have one cell.
func cut(row []*planCell, limit int64) []load {
	var parts []load
	for _, c := range row {
		last := len(parts) - 1
		if last < 0 || parts[last].with(c) > limit {
			parts = append(parts, load{made: map[string]bool{}})
			last++
		}
		l := &parts[last]
		l.size += l.more(c)
		l.cells = append(l.cells, c)
		for _, y := range c.Layers {
			l.made[y.id()] = true
		}
	}
	return parts
}

// ranges writes numbers as --cell reads them.
func ranges(numbers []int) string {
	slices.Sort(numbers)
	var parts []string
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		text := strconv.Itoa(numbers[i])
		if k > i {
			text += "-" + strconv.Itoa(numbers[k])
		}
		parts = append(parts, text)
		i = k + 1
	}
	return strings.Join(parts, ",")
}
