package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// grown is what a project of some environments costs, in processor seconds.
type grown struct {
	Envs     int     `json:"environments"`
	Lock     float64 `json:"lock"`      // nothing was known
	Again    float64 `json:"lockAgain"` // nothing changed
	Check    float64 `json:"check"`
	Plan     float64 `json:"plan"`     // of all cells
	Cell     float64 `json:"cell"`     // push of the first cell, where the machine and the registry have all
	Requests int     `json:"requests"` // of that push
	Push     float64 `json:"push"`     // all cells in one command, likewise
	LockSize int64   `json:"lockSize"` // bytes, with rows
	Peak     int64   `json:"peak"`     // bytes of memory, of the largest of these
}

// repeats is how often a command is run whose median counts.
const repeats = 5

// grow measures projects of growing size, the whole one last.
func (m *machines) grow(ctx context.Context, f *figures) error {
	stop, err := m.begin(ctx, m.proxy)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintln(m.out, "Processor seconds by number of environments; the machine and the registry have all")
	line(m.out, "environments", "lock", "lock again", "check", "plan", "push, first cell", "its requests", "push, all cells", "size of lock", "peak memory")
	line(m.out, slices.Repeat([]string{"---"}, 10)...)
	sizes := []int{1, (m.envs + 3) / 4, m.envs}
	for _, n := range slices.Compact(sizes) {
		g, err := m.growTo(ctx, n)
		if err != nil {
			return fmt.Errorf("%d environments: %w", n, err)
		}
		f.Growth = append(f.Growth, g)
		line(m.out, fmt.Sprint(n), seconds(g.Lock), seconds(g.Again), seconds(g.Check), seconds(g.Plan), seconds(g.Cell), fmt.Sprint(g.Requests), seconds(g.Push), bytesText(g.LockSize), bytesText(g.Peak))
	}
	fmt.Fprintln(m.out)
	return nil
}

func (m *machines) growTo(ctx context.Context, n int) (g grown, err error) {
	p := *m.p
	p.n, p.dir = n, filepath.Join(m.work, fmt.Sprintf("growth-%d", n))
	if err := p.write(); err != nil {
		return g, err
	}
	defer os.RemoveAll(p.dir)
	store := filepath.Join(m.work, fmt.Sprintf("store-%d", n))
	defer os.RemoveAll(store)
	var all spent
	median := func(args ...string) float64 {
		var times []float64
		for range repeats {
			var s spent
			if _, e := m.gophersnake(ctx, &s, p.dir, store, args...); e != nil {
				err = e
			}
			times = append(times, s.CPU)
			all.add(s.CPU, s.Peak, s.Made)
		}
		slices.Sort(times)
		return times[repeats/2]
	}
	g.Envs = n
	for _, step := range []struct {
		args []string
		into *float64
	}{{[]string{"lock"}, &g.Lock}, {[]string{"push"}, new(float64)}} {
		var s spent
		if _, err := m.gophersnake(ctx, &s, p.dir, store, step.args...); err != nil {
			return g, err
		}
		*step.into = s.CPU
	}
	g.Again, g.Check, g.Plan = median("lock"), median("check"), median("plan", "--locked")
	m.proxy.reset()
	g.Cell = median("push", "--locked", "--cell", "0", "--by-digest")
	g.Requests = m.proxy.reset().Requests / repeats
	g.Push = median("push", "--locked")
	if info, e := os.Stat(filepath.Join(p.dir, "gophersnake.lock")); e == nil {
		g.LockSize = info.Size()
	}
	g.Peak = all.Peak
	return g, err
}

// header begins the table of runs.
func (f *figures) header(out io.Writer) {
	fmt.Fprintln(out, "Runs; times in seconds, processor time of all workers and of the busiest; layers made and, of these, made before elsewhere;")
	fmt.Fprintln(out, "packages downloaded and, of these, downloaded before; bytes of blobs sent and, of these, sent before")
	line(out, "case", "workers", "makespan", "processor", "busiest", "layers made", "again", "downloads", "again", "sent", "again", "requests", "read", "peak memory", "plan", "merge: makespan", "processor", "requests")
	line(out, slices.Repeat([]string{"---"}, 18)...)
}

func (r *row) print(out io.Writer) {
	line(out, r.Case, fmt.Sprint(r.Workers), seconds(r.Cells.Seconds), seconds(r.Cells.CPU), seconds(r.Busiest),
		fmt.Sprint(r.Cells.Made), fmt.Sprint(r.MadeAgain), fmt.Sprint(r.Downloads), fmt.Sprint(r.Again),
		bytesText(r.Traffic.Sent), bytesText(r.Traffic.Twice), fmt.Sprint(r.Traffic.Requests), bytesText(r.Traffic.Read), bytesText(r.Cells.Peak),
		seconds(r.Plan.CPU), seconds(r.Merge.Seconds), seconds(r.Merge.CPU), fmt.Sprint(r.MergeRequests))
}

// line prints a row of a table.
func line(out io.Writer, cells ...string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

func seconds(s float64) string { return fmt.Sprintf("%.2f", s) }

func bytesText(n int64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}
