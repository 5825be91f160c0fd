package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// request is a case that is measured.
type request struct {
	channels []string // folders of the shared data, the first one first
	specs    string   // separated by ", "
}

// requests are the usual ones.
var requests = []request{
	{[]string{"channels/cpython"}, "python 3.11.*, requests, pip"},
	{[]string{"repodata/conda-forge-py39-2024-05"}, "python 3.9.*, pip, curl"},
	{[]string{"repodata/defaults-current-2021-11"}, "python 3.9.*, numpy, pandas"},
	{[]string{"repodata/defaults-current-2021-11"}, "python, scikit-learn, matplotlib, jupyter"},
	{[]string{"repodata/conda-forge-py39-2024-05", "repodata/defaults-current-2021-11"}, "python 3.9.*, pandas, flask, sqlalchemy"},
	{[]string{"repodata/free-2016-09"}, "anaconda"},
	{[]string{"repodata/conda-forge-2016-09", "repodata/free-2016-09"}, "python 3.5.*, pandas, jupyter"},
	{[]string{"repodata/defaults-current-2021-11"}, "python 3.6.*, pandas >=1.3"}, // has no answer
}

// linux64 are a target's virtual packages.
var linux64 = [][3]string{{"__unix", "0", "0"}, {"__linux", "4.18", "0"}, {"__glibc", "2.28", "0"}, {"__archspec", "1", "x86_64"}}

// usual measures the usual requests.
func (b *bench) usual(ctx context.Context) error {
	fmt.Fprintln(b.out, "Solve only, its processor time, and whole processes; median (min) in ms; peak memory of the process in MB")
	b.row("request", "packages", "solve: ours", "py-rattler", "ratio", "processor: ours", "py-rattler", "ratio",
		"process: ours", "py-rattler", "ratio", "memory: ours", "py-rattler")
	b.row(slices.Repeat([]string{"---"}, 13)...)
	var ratios, processor times
	for _, r := range requests {
		j := job{Subdirs: []string{"linux-64", "noarch"}, Specs: strings.Split(r.specs, ", "), Virtual: linux64, Seconds: 60}
		for _, dir := range r.channels {
			c, err := b.channel(dir)
			if err != nil {
				return err
			}
			j.Channels = append(j.Channels, c)
		}
		ours, peer, err := b.turns(ctx, j, j)
		if err != nil {
			return fmt.Errorf("%s: %w", r.specs, err)
		}
		ratios = append(ratios, peer.solve.median()/ours.solve.median())
		processor = append(processor, peer.cpu.median()/ours.cpu.median())
		b.row(r.specs, count(ours.packages), ours.solve.String(), peer.solve.String(), ratio(peer.solve, ours.solve),
			ours.cpu.String(), peer.cpu.String(), ratio(peer.cpu, ours.cpu),
			ours.wall.String(), peer.wall.String(), ratio(peer.wall, ours.wall), megabytes(ours.peak), megabytes(peer.peak))
	}
	fmt.Fprintf(b.out, "\nSolve only: ratios %s; of processor time %s\n", ratios.spread(), processor.spread())
	fmt.Fprintf(b.out, "Solve only begins with an open channel and the request as text, for both: what it leads to is found and read from\n"+
		"the channel's JSON, each time anew, and chosen from. Neither keeps records or match specs from one answer to the next;\n"+
		"ours keeps unpacked JSON, the other the mapped file. The first of %d answers of a process does not count.\n\n", again)
	return nil
}

// channel makes a folder with repodata.json alone, which both read.
func (b *bench) channel(dir string) (channel, error) {
	c := channel{Name: filepath.Base(dir), Dir: filepath.Join(b.work, filepath.Base(dir))}
	for _, subdir := range []string{"linux-64", "noarch"} {
		from := filepath.Join(b.data, filepath.FromSlash(dir), subdir, "repodata.json")
		data, err := readPlain(from)
		if errors.Is(err, os.ErrNotExist) && subdir == "noarch" {
			continue
		}
		if err != nil {
			return c, err
		}
		to := filepath.Join(c.Dir, subdir)
		if err := os.MkdirAll(to, 0o700); err != nil {
			return c, err
		}
		if err := os.WriteFile(filepath.Join(to, "repodata.json"), data, 0o600); err != nil {
			return c, err
		}
	}
	return c, nil
}

// readPlain reads a file, or its .zst.
func readPlain(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if !errors.Is(err, os.ErrNotExist) {
		return data, err
	}
	f, err := os.Open(file + ".zst")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}

// figures are what was measured of one tool.
type figures struct {
	open, solve, wall times
	cpu               times // for each solve
	peak              int64 // of whole processes
	packages          int
}

// again is how often a process solves where only solving is measured.
const again = 6

// turns lets both tools solve in turns.
func (b *bench) turns(ctx context.Context, ours, peer job) (o, p figures, err error) {
	for range b.rounds {
		for _, x := range []struct {
			tool
			job
			*figures
		}{{b.ours, ours, &o}, {b.peer, peer, &p}} {
			for _, repeat := range []int{1, again} {
				x.Repeat = repeat
				r, err := x.run(ctx, x.job)
				if err != nil {
					return o, p, err
				}
				if r.Failed != "" {
					return o, p, fmt.Errorf("%s: %s", x.name, r.Failed)
				}
				x.packages = r.Packages
				if repeat > 1 {
					x.solve, x.cpu = append(x.solve, r.Solve[1:]...), append(x.cpu, r.CPU)
					continue
				}
				x.open, x.wall = append(x.open, r.Open), append(x.wall, r.wall)
				x.peak = max(x.peak, r.Peak)
			}
		}
	}
	if (o.packages == 0) != (p.packages == 0) {
		return o, p, fmt.Errorf("ours has %d packages, py-rattler %d", o.packages, p.packages)
	}
	return o, p, nil
}

// times are seconds.
type times []float64

func (t times) median() float64 {
	s := slices.Clone(t)
	slices.Sort(s)
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

func (t times) String() string {
	return fmt.Sprintf("%.1f (%.1f)", t.median()*1000, slices.Min(t)*1000)
}

// spread tells the least, the greatest and the median of ratios.
func (t times) spread() string {
	return fmt.Sprintf("from %.1f to %.1f, median %.1f", slices.Min(t), slices.Max(t), t.median())
}

// ratio is that of medians, then that of minima.
func ratio(peer, ours times) string {
	return fmt.Sprintf("%.1f (%.1f)", peer.median()/ours.median(), slices.Min(peer)/slices.Min(ours))
}

func megabytes(n int64) string { return fmt.Sprint((n + 500_000) / 1_000_000) }

func count(packages int) string {
	return cmp.Or(strings.TrimLeft(fmt.Sprint(packages), "0"), "none")
}
